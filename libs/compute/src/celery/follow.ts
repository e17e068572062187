import { isMap } from '../contract/json-values.js';
import { TaskFailure } from '../contract/task-type.js';
import type { Broker, FarMeta, Whereabouts } from './broker.js';

/** How often, and how long, the far side is asked. Tests have shorter ones. */
export interface Patience {
  /** Between two looks at the result. */
  readonly lookMs: number;
  /** Between two looks at the message, which reads the whole queue. */
  readonly searchMs: number;
  /** Between two questions to the workers. */
  readonly askMs: number;
  /** How long a worker may take to answer. */
  readonly answerMs: number;
  /** How long a message may be in no place: a worker takes it out of the queue, and notes it a moment later. */
  readonly goneMs: number;
  /** How long a message may lie in the queue while no worker answers. */
  readonly noWorkerMs: number;
  /** How long the broker may take to answer. */
  readonly commandMs: number;
  /** How long the broker may be away. */
  readonly awayMs: number;
  /** Between two notes that somebody follows the task. */
  readonly keepMs: number;
  /** After this time a task that nobody follows is ended: its worker died, and no attempt came after it. */
  readonly leftMs: number;
}

export const PATIENCE: Patience = {
  ...{ lookMs: 500, searchMs: 3_000, askMs: 15_000, answerMs: 1_500 },
  ...{ goneMs: 6_000, noWorkerMs: 60_000, commandMs: 5_000, awayMs: 60_000 },
  ...{ keepMs: 20_000, leftMs: 600_000 },
};

/** Starts of a task without a retry in between that are still no loop: a worker may be stopped once or twice. */
const MOST_STARTS = 4;
/** Questions in a row that no worker answers before the worker counts as lost: it may be busy. */
const TWICE = 2;
/** After this time a revoke that nobody has confirmed is none, ms: a run must end within 2 s. */
const CONFIRM_MS = 1_200;
const CONFIRM_EVERY_MS = 50;
const ENDED = ['SUCCESS', 'FAILURE', 'REVOKED'];
/** What the workers of the design name their stages. */
const STAGES: Readonly<Record<string, string>> = {
  celery_task_started: 'started at the fleet',
  task_started: 'started at the fleet',
  cluster_init: 'the fleet makes its cluster',
  cluster_initialized: 'the fleet makes its devices',
  device_creation: 'the fleet makes its devices',
  devices_initialized: 'the fleet computes',
  task_execution: 'the fleet computes',
  task_completed: 'the fleet has computed',
};

/** One task at a fleet. */
export interface FarTask {
  /** Whether other fleets run it too, which wait for it meanwhile. */
  readonly isShared: boolean;
  readonly broker: Broker;
  /** Celery's id, which events name as `execution_id` as well. */
  readonly id: string;
  /** The folder of its files in the exchange. */
  readonly folder: string;
  /** Whose fleet it is, for messages. */
  readonly fleet: string;
  /** The attempt of this run: another one that follows the task by now is its master. */
  readonly attempt: number;
}

/** Whether a task that was published before can still come to a result. */
export async function isUnderWay({ broker, id }: FarTask): Promise<boolean> {
  const { status } = await broker.meta(id);
  if (status === 'SUCCESS') return true;
  return !ENDED.includes(status) && (await broker.whereabouts(id)) !== 'gone';
}

/** What names a task among those that are followed. */
export const nameOf = ({ folder, id }: Pick<FarTask, 'folder' | 'id'>): string => `${folder} ${id}`;

/**
 * Ends a task, wherever it is: takes its message back, or has its worker end it, and waits for that. Where no worker confirms it, the message is removed: no other worker gets it. Does
 * nothing where another attempt follows the task.
 */
export async function cancel(task: FarTask): Promise<void> {
  const { broker, id, attempt } = task;
  if ((await broker.follower(id)) !== attempt) return;
  await end(broker, id);
  await broker.letGo(nameOf(task));
}

async function end(broker: Broker, id: string): Promise<void> {
  if (await broker.withdraw(id)) return;
  if (ENDED.includes((await broker.meta(id)).status)) return broker.forget(id);
  await broker.revoke(id);
  const until = performance.now() + CONFIRM_MS;
  while (performance.now() < until) {
    if (ENDED.includes((await broker.meta(id)).status)) break;
    await new Promise((later) => setTimeout(later, CONFIRM_EVERY_MS));
  }
  await broker.forget(id);
  // A worker whose child had just died may have put it back.
  await broker.withdraw(id);
}

/** What is heard of a task on its way. */
export interface Hearing {
  /** A worker has begun it, and holds a slot for it. */
  readonly started: () => void;
  readonly progress: (fraction: number, stage: string) => void;
}

/**
 * Publishes a task, unless that was done, and waits for its end. The result key is the truth: events tell how far it is, and how often it began. Throws TaskFailure REMOTE_FAILED,
 * WORKER_CRASH_LOOP, FLEET_WORKER_LOST, NO_WORKER, BROKER_LOST (the last three may be tried again), and the signal's reason.
 */
export async function follow(
  task: FarTask,
  argument: object,
  signal: AbortSignal,
  hearing: Hearing,
  patience = PATIENCE,
): Promise<void> {
  const { broker, id } = task;
  const watch = new Watch(task, patience, hearing);
  let wake = (): void => undefined;
  const onAbort = (): void => wake();
  let stopListening: (() => void) | undefined;
  let isPublished = false;
  signal.addEventListener('abort', onAbort);
  try {
    for (;;) {
      signal.throwIfAborted();
      const changed = new Promise<void>((resolve) => (wake = resolve));
      try {
        // Before it is published: a worker may be quick, and events are not kept.
        stopListening ??= await broker.listen(
          id,
          (event) => watch.event(event),
          () => wake(),
        );
        if (!isPublished) {
          await watch.keep();
          if ((await broker.publish(id, task.attempt, argument)) !== task.attempt) throw another(task);
          isPublished = true;
        }
        if (await watch.look()) return;
        await watch.keep();
        watch.isThere();
      } catch (error) {
        if (error instanceof TaskFailure) throw error;
        watch.isAway(error);
      }
      const timer = setTimeout(wake, patience.lookMs);
      if (!signal.aborted) await changed;
      clearTimeout(timer);
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    stopListening?.();
  }
}

/** What is known of a task that is followed. */
class Watch {
  private starts = 0;
  private searched = -Infinity;
  private asked = -Infinity;
  private gone: number | undefined;
  private unanswered = 0;
  private alone: number | undefined;
  private away: number | undefined;
  private kept = -Infinity;

  constructor(
    private readonly task: FarTask,
    private readonly patience: Patience,
    private readonly hearing: Hearing,
  ) {}

  /** Takes in what some worker says of some task; anything else has no effect. */
  event(event: unknown): void {
    if (!isMap(event) || event.execution_id !== this.task.id || !isMap(event.data)) return;
    const { stage, progress } = event.data;
    if (stage === 'celery_task_started') {
      this.starts += 1;
      this.hearing.started();
    }
    const words = typeof stage === 'string' && Object.hasOwn(STAGES, stage) ? STAGES[stage]! : undefined;
    if (words === undefined) return;
    const fraction = typeof progress === 'number' && progress >= 0 && progress <= 1 ? progress : 0;
    this.hearing.progress(fraction, words);
  }

  /** Whether the task has succeeded. */
  async look(): Promise<boolean> {
    const { broker, id, fleet, attempt } = this.task;
    const meta = await broker.meta(id);
    if (meta.status === 'SUCCESS' || meta.status === 'STARTED') this.hearing.started();
    if (meta.status === 'SUCCESS') return true;
    if (meta.status === 'REVOKED') throw await this.revoked();
    if (this.task.isShared) this.keepSlot(meta);
    if (meta.status === 'RETRY') {
      this.starts = 0;
      this.hearing.progress(0, 'the fleet tries again');
    }
    if (this.starts > MOST_STARTS) {
      await cancel(this.task);
      throw new TaskFailure(
        'WORKER_CRASH_LOOP',
        `${fleet}: the worker's process died ${this.starts - 1} times at this task, which was taken back. Most often it has too little memory: give it more, or the task smaller tables.`,
        false,
        { starts: this.starts },
      );
    }
    const now = performance.now();
    // A worker of the design notes a failure by itself first, by which Celery 5.7 may fail to note the end. What Celery notes has the kind of the error.
    if (meta.status === 'FAILURE' && kindOf(meta.result) !== undefined) throw failed(fleet, meta.result);
    if (now - this.searched < this.patience.searchMs) return false;
    this.searched = now;
    const place = await broker.whereabouts(id);
    if (place === 'gone') return this.isGone(meta, now);
    this.gone = undefined;
    if (now - this.asked < this.patience.askMs) return false;
    this.asked = now;
    if ((await broker.follower(id)) !== attempt) throw another(this.task);
    await this.askWorkers(place, now);
    return false;
  }

  /** Notes now and then that the task is followed. */
  async keep(): Promise<void> {
    const now = performance.now();
    if (now - this.kept < this.patience.keepMs) return;
    await this.task.broker.keep(nameOf(this.task));
    this.kept = now;
  }

  isThere(): void {
    this.away = undefined;
  }

  isAway(cause: unknown): void {
    const now = performance.now();
    this.away ??= now;
    if (now - this.away < this.patience.awayMs) return;
    const { fleet } = this.task;
    const message = `${fleet}: its broker does not answer. The task goes on there, and the next attempt looks for it.`;
    throw new TaskFailure('BROKER_LOST', message, true, {}, { cause });
  }

  /** Throws where the task has left its slot, which another may have by now: the other fleets would wait for it, and others for them. All of them begin anew together. */
  private keepSlot({ status, result }: FarMeta): void {
    const { fleet } = this.task;
    if (status === 'RETRY') throw failed(fleet, result, true);
    if (this.starts <= 1) return;
    throw new TaskFailure('FLEET_WORKER_LOST', `${fleet}: the worker's process died at this task.`, true);
  }

  private async isGone(meta: FarMeta, now: number): Promise<false> {
    this.gone ??= now;
    if (now - this.gone < this.patience.goneMs || (await this.isHeld())) return false;
    const { fleet } = this.task;
    if (meta.status === 'FAILURE') throw failed(fleet, meta.result);
    throw new TaskFailure('FLEET_WORKER_LOST', `${fleet}: its message is gone, and there is no result.`, true);
  }

  private async askWorkers(place: Whereabouts, now: number): Promise<void> {
    const { broker, fleet, id } = this.task;
    const { answerMs, noWorkerMs } = this.patience;
    if (place === 'queued') {
      this.unanswered = 0;
      const isAny = Object.keys(await broker.ask('ping', {}, answerMs)).length > 0;
      this.alone = isAny ? undefined : (this.alone ?? now);
      this.hearing.progress(0, isAny ? 'waits in the queue of the fleet' : 'waits for a worker of the fleet');
      if (this.alone === undefined || now - this.alone < noWorkerMs) return;
      await cancel(this.task);
      throw new TaskFailure('NO_WORKER', `${fleet}: no worker answers. The task was taken back.`, true);
    }
    this.unanswered = (await this.isHeld()) ? 0 : this.unanswered + 1;
    if (this.unanswered < TWICE || (await broker.whereabouts(id)) !== 'unacked') return;
    await cancel(this.task);
    const message = `${fleet}: the worker that took the task does not answer. The task was taken from it.`;
    throw new TaskFailure('FLEET_WORKER_LOST', message, true);
  }

  /** Whether a worker says that it has the task. */
  private async isHeld(): Promise<boolean> {
    const { broker, id } = this.task;
    // The first has it while it runs or waits for a process, the second while it waits to be tried again, which Celery 5.2 leaves out of the first.
    const [held, later] = await Promise.all([
      broker.ask('query_task', { ids: [id] }, this.patience.answerMs),
      broker.ask('scheduled', {}, this.patience.answerMs),
    ]);
    const isLater = (each: unknown): boolean => isMap(each) && isMap(each.request) && each.request.id === id;
    const known = Object.values(held).flatMap((each) => (isMap(each) && Object.hasOwn(each, id) ? [each[id]] : []));
    if (known.some((each) => Array.isArray(each) && each[0] === 'active')) this.hearing.started();
    return known.length > 0 || Object.values(later).some((each) => Array.isArray(each) && each.some(isLater));
  }

  private async revoked(): Promise<TaskFailure> {
    const { broker, id, fleet, attempt } = this.task;
    const isOurs = (await broker.follower(id)) === attempt;
    const message = isOurs ? 'somebody there revoked the task' : 'another attempt of the task revoked it';
    return new TaskFailure('REMOTE_FAILED', `${fleet}: ${message}.`, !isOurs, { error_type: 'TaskRevoked' });
  }
}

const another = ({ fleet }: FarTask): TaskFailure =>
  new TaskFailure('FLEET_WORKER_LOST', `${fleet}: another attempt follows the task.`, true);

const isKind = (value: unknown): value is string => typeof value === 'string' && /^[A-Za-z_][\w.]{0,63}$/.test(value);

/** The kind of the error as Celery notes it; undefined of what a worker of the design notes by itself. */
function kindOf(result: unknown): string | undefined {
  return isMap(result) && isKind(result.exc_type) ? result.exc_type : undefined;
}

/** What a fleet's error comes to. Its text may quote data: only its kind is told. */
function failed(fleet: string, result: unknown, isRetryable = false): TaskFailure {
  const own = isMap(result) && isKind(result.error_type) ? result.error_type : undefined;
  const name = kindOf(result) ?? own;
  if (name === 'WorkerLostError') {
    return new TaskFailure('FLEET_WORKER_LOST', `${fleet}: the worker's process died at this task.`, true);
  }
  const isTime = name === 'TimeLimitExceeded' || name === 'SoftTimeLimitExceeded';
  const why = isTime ? 'the task took longer than a fleet may' : 'the task failed there';
  return new TaskFailure(
    'REMOTE_FAILED',
    `${fleet}: ${why} (${name ?? 'no kind'}). Its worker's log says more.`,
    isRetryable,
    { error_type: name ?? null },
  );
}
