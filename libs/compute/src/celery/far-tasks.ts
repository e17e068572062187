import { RunStopped, TaskFailure, type TaskRun } from '../contract/task-type.js';
import { Broker } from './broker.js';
import { farId } from './far-id.js';
import { fleetsOf, type CelerySettings, type Fleet } from './fleet.js';
import { cancel, follow, isUnderWay, nameOf, type FarTask, type Hearing, type Patience } from './follow.js';

/** How many attempts back a task may still be under way. */
const MOST_BACK = 20;

/** What a run has at its fleets. */
export interface FarTasks {
  /** The attempt whose ids the tasks have: this one, or an earlier one that lost its worker while the fleet went on. */
  readonly published: number;
  readonly isAdopted: boolean;
  /**
   * Publishes the tasks, unless they are, and waits until all have succeeded. When one fails, or the signal is aborted, the others are ended. A fleet gets its task once that before
   * it has begun its own: of two tasks none holds a slot of one fleet while it waits for that which the other holds. A run that is handed over leaves them as they are.
   */
  complete(
    argumentOf: (fleet: Fleet) => (id: string) => object,
    signal: AbortSignal,
    progress: (fraction: number, stage: string) => void,
  ): Promise<void>;
  /** Whether no other attempt follows the tasks, or will. Never throws. */
  isOurs(): Promise<boolean>;
}

interface Request {
  readonly run: Pick<TaskRun, 'chainId' | 'taskId' | 'attempt' | 'dataRoot' | 'signal' | 'log'>;
  readonly settings: CelerySettings;
  readonly parties: readonly string[];
  /** Whether all parties have still what belongs to the task that this attempt published. */
  readonly isKept: (attempt: number) => Promise<boolean>;
  readonly patience?: Patience;
}

/**
 * Runs `work` with the fleets of a task. Earlier attempts are looked for first: one that the fleet still runs, or has completed, is adopted; all others are ended, and those that were not
 * published never will be. Throws TaskFailure ENGINE_NOT_READY where a party has no fleet, and BROKER_LOST.
 */
export async function withFarTasks<T>(request: Request, work: (far: FarTasks) => Promise<T>): Promise<T> {
  const { run, settings, parties } = request;
  const seed = Number.parseInt(farId(run.chainId, run.taskId, run.attempt, '').slice(0, 8), 16);
  const fleets = fleetsOf(settings, parties, seed, run.dataRoot);
  if ('missing' in fleets) {
    const message = `The engine celery has no broker of ${fleets.missing}: its operator names one in CELERY_BROKERS.`;
    throw new TaskFailure('ENGINE_NOT_READY', message);
  }
  const all = fleets.map((fleet) => ({
    fleet,
    broker: new Broker(fleet.url, settings.queue, request.patience?.commandMs),
  }));
  const tasksOf = (attempt: number): Required<FarTask & { fleetOf: Fleet }>[] =>
    all.map(({ fleet, broker }) => ({
      ...{ broker, fleet: fleet.name, fleetOf: fleet, attempt: run.attempt, isShared: all.length > 1 },
      id: farId(run.chainId, run.taskId, attempt, fleet.party),
      folder: farId(run.chainId, run.taskId, attempt, ''),
    }));
  try {
    const published = await earlier(request, tasksOf).catch((error: unknown) => {
      if (error instanceof TaskFailure) throw error;
      throw lost(error);
    });
    run.signal.throwIfAborted();
    if (published !== undefined) run.log('info', `the fleet has the task of attempt ${published}: it is followed`);
    const tasks = tasksOf(published ?? run.attempt);
    return await work({
      published: published ?? run.attempt,
      isAdopted: published !== undefined,
      async complete(argumentOf, signal, progress) {
        const stop = new AbortController();
        const both = AbortSignal.any([signal, stop.signal]);
        const fractions = tasks.map(() => 0);
        const begun = tasks.map(() => gate());
        const one = async ({ fleetOf, ...task }: (typeof tasks)[number], at: number): Promise<void> => {
          const hearing: Hearing = {
            started: () => begun[at]!.give(),
            progress(fraction, stage) {
              fractions[at] = Math.max(fractions[at]!, fraction);
              progress(Math.min(...fractions), stage);
            },
          };
          try {
            await begun[at - 1]?.given;
            await follow(task, argumentOf(fleetOf)(task.id), both, hearing, request.patience);
          } catch (error) {
            stop.abort(error);
            throw error;
          } finally {
            begun[at]!.give();
          }
        };
        progress(0, 'waits for the fleet');
        const ends = await Promise.allSettled(tasks.map(one));
        const failed = ends.some(({ status }) => status === 'rejected');
        if (!failed) {
          // One that stays there is ended as one that nobody follows.
          await Promise.allSettled(tasks.map((task) => task.broker.letGo(nameOf(task))));
          return;
        }
        const reason: unknown = signal.aborted ? signal.reason : stop.signal.reason;
        if (isHandedOver(run.signal)) throw reason;
        // The next attempt looks for what goes on behind a broker that is away.
        await Promise.all(tasks.map((task) => cancel(task).catch(() => undefined)));
        throw reason;
      },
      async isOurs() {
        if (isHandedOver(run.signal)) return false;
        const followers = await Promise.all(tasks.map(({ broker, id }) => broker.follower(id).catch(() => -1)));
        return followers.every((follower) => follower === undefined || follower === run.attempt);
      },
    });
  } finally {
    for (const { broker } of all) broker.close();
  }
}

/** The attempt whose tasks are adopted; undefined for none. */
async function earlier(
  { run, isKept }: Request,
  tasksOf: (attempt: number) => readonly FarTask[],
): Promise<number | undefined> {
  let found: number | undefined;
  for (let attempt = run.attempt; attempt > Math.max(0, run.attempt - MOST_BACK); attempt -= 1) {
    const tasks = tasksOf(attempt);
    const isOwn = attempt === run.attempt;
    const published = await Promise.all(
      tasks.map(({ broker, id }) =>
        isOwn ? broker.follower(id).then((follower) => follower !== undefined) : broker.fence(id),
      ),
    );
    if (!published.includes(true)) continue;
    const isWhole = found === undefined && !published.includes(false) && (await isKept(attempt));
    await Promise.all(tasks.map(({ broker, id }) => broker.adopt(id, run.attempt)));
    const underWay = isWhole ? await Promise.all(tasks.map(isUnderWay)) : [false];
    if (!underWay.includes(false)) found = attempt;
    else {
      await Promise.all(tasks.map((task) => cancel(task)));
      if (isOwn) throw new TaskFailure('FLEET_WORKER_LOST', 'The fleet no longer has the task of this attempt.', true);
    }
  }
  return found;
}

const isHandedOver = ({ reason }: AbortSignal): boolean => reason instanceof RunStopped && reason.isHandedOver;

const lost = (cause: unknown): TaskFailure =>
  new TaskFailure('BROKER_LOST', 'A broker of CELERY_BROKERS does not answer.', true, {}, { cause });

/** What some wait for, and another gives. */
function gate(): { readonly given: Promise<void>; readonly give: () => void } {
  let give = (): void => undefined;
  const given = new Promise<void>((resolve) => (give = resolve));
  return { given, give: () => give() };
}
