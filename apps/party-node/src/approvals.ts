import { endOf, type Decision, type From } from './decision.js';
import { requireInputs } from './inputs.js';
import { membersOf, requireKnown } from './members.js';
import { NodeFolder } from './node-folder.js';
import { Refusal } from './refusal.js';
import { withStore, type Offer, type SiteStore } from './site-store.js';
import { hashOf, makersOf, offeredTask, type SharedTask } from './task-file.js';

/** What made the inputs of a task at this site. */
export interface Origins {
  /** Each earlier task, `<chain>/<task>`, and the hash of what it was; undefined where it has made nothing here. */
  readonly makers: readonly { readonly maker: string; readonly made: string | undefined }[];
  /** The hash of the task with them, as the owner's signed statements judge it. */
  readonly judged: string;
  /** The same, as an accept is bound to it. */
  readonly from: From;
}

/** What a person sees of a task before deciding. */
export interface ShownTask {
  readonly task: SharedTask;
  readonly origins: Origins;
  /** Its runs, the oldest first. */
  readonly runs: readonly ShownRun[];
  readonly standing?: Standing | undefined;
}

/** A run of a task, with what was decided of it here. */
export interface ShownRun extends Pick<Offer, 'run' | 'state' | 'received' | 'answer' | 'outcome'> {
  readonly decision?: Decision | undefined;
}

/** An accept of all later runs of a task, whether or not that is offered now. */
export interface Standing {
  readonly hash: string;
  /** `<chain>/<task>` */
  readonly maker?: string | undefined;
  /** In ISO 8601. */
  readonly ends: string;
  /** How many more runs may begin under it. Absent: any number. */
  readonly left?: number;
}

/** What a refusal came to. */
interface Refused {
  /** How many runs waited or ran. */
  readonly runs: number;
  /** Whether it took back an accept of all later runs. */
  readonly later: boolean;
  /** Whether there is something to see of the task still. */
  readonly isOffered: boolean;
}

/** All runs that were offered, the oldest first, with their task where it is one for this site. */
export function offered(store: SiteStore): readonly (Offer & { readonly read?: SharedTask | undefined })[] {
  return store.list().map((offer) => ({ ...offer, read: readOf(offer.task) }));
}

/** What runs without asking, the oldest first. */
export function standing(store: SiteStore): readonly Standing[] {
  return store.standing().map((made) => {
    const left = store.left(made);
    return { hash: made.hash, maker: made.maker, ends: endOf(made), ...(left !== Infinity && { left }) };
  });
}

/** The accept of all later runs of a task, if one counts. */
export function standingOn(store: SiteStore, hash: string): Standing | undefined {
  return standing(store).find((each) => each.hash === hash);
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
  return { task, origins: originsOf(store, task), runs, standing: standingOn(store, hash) };
}

/** Whether an accept would count for a run of it: it waits, or is accepted and has not begun. */
export const isOpen = ({ state }: Pick<Offer, 'state'>): boolean => state === 'WAITING' || state === 'ACCEPTED';
/** Whether a refusal would count for it. */
export const isRefusable = (run: Pick<Offer, 'state'>): boolean => isOpen(run) || run.state === 'RUNNING';

/** The most runs that an accept can be bounded to. */
const MOST_RUNS = 1_000;

/** What a person accepts. */
interface Accepting {
  /** All later runs as well. */
  readonly again: boolean;
  /** With `again`: how many runs may begin under it. */
  readonly most?: number | undefined;
  /** The hash of the origins that the person has seen; without it, those of now count. */
  readonly judged?: string;
  /** The runs that the person has seen; without it, those that wait now. */
  readonly seen?: readonly string[];
}

/** Takes part in the task of a hash. Returns how many runs wait that were accepted. Throws Refusal. */
export async function accept(folder: string, hash: string, { again, most, judged, seen }: Accepting): Promise<number> {
  if (most !== undefined && !(again && Number.isInteger(most) && most >= 1 && most <= MOST_RUNS))
    throw new Refusal(`A number of runs is 1 to ${MOST_RUNS}, and goes with an accept of later runs.`);
  const site = new NodeFolder(folder);
  const file = await site.read();
  return withStore(folder, (store) => {
    const offers = offersOf(store, hash);
    const task = taskOf(offers);
    requireKnown(membersOf(file, task));
    const origins = originsOf(store, task);
    if (judged !== undefined && origins.judged !== judged)
      throw new Refusal('What the task reads was made anew meanwhile: look at it again.');
    // An accept is for what the task reads: so that has to be there.
    requireInputs(site, file.name, store, task.reads);
    const meant = offers.filter((offer) => isOpen(offer) && (seen?.includes(offer.run) ?? true));
    if (meant.length === 0 && !again)
      throw new Refusal(`No run of this task ${seen ? 'that you were shown ' : ''}waits for you.`);
    // It takes the place of the decision by which others were accepted, and which a run that begins just now still has to find.
    const kept = offers.filter(
      (offer) => offer.state === 'RUNNING' || (isOpen(offer) && store.decided(offer)?.decision === 'accept'),
    );
    const runs = [...new Set([...meant, ...kept].map(({ run }) => run))];
    const maker = `${task.statement.chain_id}/${task.statement.task_id}`;
    // `from` is what was looked at: what is made anew in this moment is not accepted with it.
    const { from } = origins;
    const at = new Date().toISOString();
    store.decide({ hash, maker, decision: 'accept', runs, again, ...(most !== undefined && { most }), from, at });
    return meant.length;
  });
}

/** Takes no part in it. An accept that still counts is taken back, also where the task is offered no longer. Throws Refusal. */
export function refuse(folder: string, hash: string, reason?: string): Promise<Refused> {
  return withStore(folder, (store) => {
    if ((reason?.length ?? 0) > 500) throw new Refusal('--reason takes 500 characters at most.');
    const before = store.lastDecision(hash);
    const isAccepted = before?.decision === 'accept';
    const offers = isAccepted ? listed(store, hash) : offersOf(store, hash);
    const runs = offers.filter(isRefusable).map(({ run }) => run);
    const at = new Date().toISOString();
    store.decide({ hash, decision: 'refuse', runs, again: false, ...(reason !== undefined && { reason }), at });
    return { runs: runs.length, later: isAccepted && before.again, isOffered: offers.length > 0 };
  });
}

const listed = (store: SiteStore, hash: string): readonly Offer[] => store.list().filter((each) => each.hash === hash);

function offersOf(store: SiteStore, hash: string): readonly Offer[] {
  const found = listed(store, hash);
  if (found.length > 0) return found;
  const left = standingOn(store, hash);
  if (left)
    throw new Refusal(
      `The task ${hash} is not offered now. Every later run of it is accepted until ${left.ends}. To take that back: approvals refuse ${hash}`,
    );
  throw new Refusal(`No task with the hash ${hash} was offered. See: approvals ls`);
}

/** Every offer of a hash has the same task. A row of an earlier version does not say what made its inputs. */
const taskOf = ([first]: readonly Offer[]): SharedTask => offeredTask(first!.task);

function originsOf(store: SiteStore, task: SharedTask): Origins {
  const makers = makersOf(task);
  const from = store.from(makers);
  return {
    makers: makers.map((maker) => ({ maker, made: from[maker.split('/')[1]!] })),
    judged: hashOf({ ...task.statement, from }),
    from,
  };
}

function readOf(task: unknown): SharedTask | undefined {
  try {
    return offeredTask(task);
  } catch {
    return undefined;
  }
}
