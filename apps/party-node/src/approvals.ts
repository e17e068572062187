import { requireInputs } from './inputs.js';
import { NodeFolder } from './node-folder.js';
import { Refusal } from './refusal.js';
import { withStore, type Decision, type Offer, type SiteStore } from './site-store.js';
import { hashOf, makersOf, offeredTask, type SharedTask } from './task-file.js';

/** What made the inputs of a task at this site. */
export interface Origins {
  /** Each earlier task, `<chain>/<task>`, and the hash of what it was; undefined where it has made nothing here. */
  readonly makers: readonly { readonly maker: string; readonly made: string | undefined }[];
  /** The hash of the task with them, as the owner's signed statements judge it. */
  readonly judged: string;
}

/** What a person sees of a task before deciding. */
export interface ShownTask {
  readonly task: SharedTask;
  readonly origins: Origins;
  /** Its runs, the oldest first. */
  readonly runs: readonly ShownRun[];
}

/** A run of a task, with what was decided of it here. */
export interface ShownRun extends Pick<Offer, 'run' | 'state' | 'received' | 'answer' | 'outcome'> {
  readonly decision?: Decision | undefined;
}

/** All runs that were offered, the oldest first, with their task where it is one for this site. */
export function offered(store: SiteStore): readonly (Offer & { readonly read?: SharedTask | undefined })[] {
  return store.list().map((offer) => ({ ...offer, read: readOf(offer.task) }));
}

/** The task of a hash. Throws Refusal where none was offered. */
export function shownTask(store: SiteStore, hash: string): ShownTask {
  const found = offersOf(store, hash);
  const task = taskOf(found);
  const runs = found.map((offer): ShownRun => {
    const { run, state, received, answer, outcome } = offer;
    // What a run came to counts once it counts at all sites.
    return {
      run,
      state,
      received,
      answer: state === 'PREPARED' ? undefined : answer,
      outcome,
      decision: store.decided(offer),
    };
  });
  return { task, origins: originsOf(store, task), runs };
}

/** Whether an accept would count for a run of it: it waits, or is accepted and has not begun. */
export const isOpen = ({ state }: Pick<Offer, 'state'>): boolean => state === 'WAITING' || state === 'ACCEPTED';
/** Whether a refusal would count for it. */
export const isRefusable = (run: Pick<Offer, 'state'>): boolean => isOpen(run) || run.state === 'RUNNING';

/**
 * Takes part in the task of a hash, in its runs that wait, and with `again` in all later ones. `judged` is of the origins that the person has
 * seen; without it, those of now count. Returns how many runs wait. Throws Refusal.
 */
export async function accept(
  folder: string,
  hash: string,
  { again, judged }: { readonly again: boolean; readonly judged?: string },
): Promise<number> {
  const site = new NodeFolder(folder);
  const { name } = await site.read();
  return withStore(folder, (store) => {
    const task = taskOf(offersOf(store, hash));
    if (judged !== undefined && originsOf(store, task).judged !== judged)
      throw new Refusal('What the task reads was made anew meanwhile: look at it again.');
    // An accept is for what the task reads: so that has to be there.
    requireInputs(site, name, store, task.reads);
    return decide(store, hash, { decision: 'accept', again, from: store.from(makersOf(task)) });
  });
}

/** Takes no part in it. Returns how many runs waited or ran. Throws Refusal. */
export function refuse(folder: string, hash: string, reason?: string): Promise<number> {
  return withStore(folder, (store) => {
    if ((reason?.length ?? 0) > 500) throw new Refusal('--reason takes 500 characters at most.');
    return decide(store, hash, { decision: 'refuse', again: false, ...(reason !== undefined && { reason }) });
  });
}

function decide(store: SiteStore, hash: string, made: Omit<Decision, 'hash' | 'runs' | 'at'>): number {
  const offers = offersOf(store, hash);
  const waiting = offers.filter(isOpen);
  if (waiting.length === 0 && !made.again && made.decision === 'accept')
    throw new Refusal('No run of this task waits for you.');
  // Its decision takes the place of the one that a run which begins just now still has to find.
  const running = offers.filter(({ state }) => state === 'RUNNING');
  const runs = [...waiting, ...running].map(({ run }) => run);
  store.decide({ hash, runs, ...made, at: new Date().toISOString() });
  return made.decision === 'accept' ? waiting.length : runs.length;
}

function offersOf(store: SiteStore, hash: string): readonly Offer[] {
  const found = store.list().filter((each) => each.hash === hash);
  if (found.length === 0) throw new Refusal(`No task with the hash ${hash} was offered. See: approvals ls`);
  return found;
}

/** Every offer of a hash has the same task. A row of an earlier version does not say what made its inputs. */
const taskOf = ([first]: readonly Offer[]): SharedTask => offeredTask(first!.task);

function originsOf(store: SiteStore, task: SharedTask): Origins {
  const makers = makersOf(task);
  const from = store.from(makers);
  return {
    makers: makers.map((maker) => ({ maker, made: from[maker.split('/')[1]!] })),
    judged: hashOf({ ...task.statement, from }),
  };
}

function readOf(task: unknown): SharedTask | undefined {
  try {
    return offeredTask(task);
  } catch {
    return undefined;
  }
}
