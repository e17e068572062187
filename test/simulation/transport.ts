/**
 * Models of the queue and of the status channel.
 *
 * Queue (libs/queues/src/task-queues.ts): jobs by id, a known id is ignored, the most urgent first; a taken job stays
 * `active` until its worker finishes it, or until 15 s after that worker died or stood still; it may lose a job, or everything, with a new
 * generation. Channel (status-channel.ts): a message is handed out again when it was not acknowledged in time; messages may be lost, doubled and late, and
 * come in any order.
 */

export interface Job {
  readonly id: string;
  readonly chainId: string;
  readonly position: number;
  readonly attempt: number;
  readonly taskType: string;
  readonly priority: number;
  readonly timeoutMs: number | null;
}

interface StoredJob {
  readonly job: Job;
  /** The worker that took it. */
  worker: string | null;
  /** When a job is given up whose worker no longer renews its lock. */
  dropAt: number | null;
}

/** The lock of 10 s, and the interval of 5 s in which it is looked for those that ran out. */
const LOCK_MS = 15_000;

export class ModelQueue {
  generation = 1;
  private readonly jobs = new Map<string, StoredJob>();

  add(jobs: readonly Job[]): void {
    for (const job of jobs) if (!this.jobs.has(job.id)) this.jobs.set(job.id, { job, worker: null, dropAt: null });
  }

  take(worker: string): Job | null {
    let best: StoredJob | null = null;
    for (const stored of this.jobs.values()) {
      if (stored.worker === null && (best === null || stored.job.priority > best.job.priority)) best = stored;
    }
    if (best === null) return null;
    best.worker = worker;
    return best.job;
  }

  finish(id: string): void {
    this.jobs.delete(id);
  }

  state(id: string): 'waiting' | 'active' | 'missing' {
    const stored = this.jobs.get(id);
    return stored === undefined ? 'missing' : stored.worker === null ? 'waiting' : 'active';
  }

  /** A dead or stopped worker renews no lock; one that continues renews those that it still has. */
  workerStops(worker: string, now: number): void {
    for (const stored of this.jobs.values()) if (stored.worker === worker) stored.dropAt ??= now + LOCK_MS;
  }

  workerGoesOn(worker: string): void {
    for (const stored of this.jobs.values()) if (stored.worker === worker) stored.dropAt = null;
  }

  /** Drops the jobs whose lock has run out. */
  expire(now: number): void {
    for (const [id, { dropAt }] of this.jobs) if (dropAt !== null && dropAt <= now) this.jobs.delete(id);
  }

  flush(): void {
    this.jobs.clear();
    this.generation++;
  }

  loseOne(n: number): void {
    const id = [...this.jobs.keys()][n % this.jobs.size];
    if (id !== undefined) this.jobs.delete(id);
  }

  get waiting(): number {
    let count = 0;
    for (const stored of this.jobs.values()) if (stored.worker === null) count++;
    return count;
  }

  get size(): number {
    return this.jobs.size;
  }
}

export type Lane = 'done' | 'notes' | 'beats';

/** What one run of an attempt says of itself. `runId` begins with the job's id. */
export interface RunReport {
  readonly kind: 'started' | 'succeeded' | 'failed' | 'released';
  readonly chainId: string;
  readonly position: number;
  readonly attempt: number;
  readonly runId: string;
  readonly workerId: string;
  readonly elapsedMs: number;
  readonly code?: string;
  readonly retryable?: boolean;
  readonly random?: number;
}

export interface Heartbeat {
  readonly kind: 'heartbeat';
  readonly workerId: string;
  readonly tasks: readonly (Job & { readonly runId: string })[];
}

export type Message = RunReport | Heartbeat;

interface StoredMessage {
  readonly id: number;
  readonly lane: Lane;
  readonly body: Message;
  visibleAt: number;
}

/** An unacknowledged message comes again after this long, ms. */
const HIDE_MS = 3_000;

export class ModelChannel {
  private nextId = 1;
  private messages: StoredMessage[] = [];

  publish(lane: Lane, body: Message, now: number): void {
    this.messages.push({ id: this.nextId++, lane, body, visibleAt: now });
  }

  /** Hands out up to `most` messages, from any place of the lane that `n` says. */
  receive(lane: Lane, most: number, n: number, now: number): { ids: number[]; bodies: Message[] } {
    const visible = this.messages.filter((message) => message.lane === lane && message.visibleAt <= now);
    const taken: StoredMessage[] = [];
    while (taken.length < most && visible.length > 0) taken.push(...visible.splice(n % visible.length, 1));
    for (const message of taken) message.visibleAt = now + HIDE_MS;
    return { ids: taken.map(({ id }) => id), bodies: taken.map(({ body }) => body) };
  }

  acknowledge(ids: readonly number[]): void {
    this.messages = this.messages.filter(({ id }) => !ids.includes(id));
  }

  backlog(lane: Lane, now: number): number {
    let count = 0;
    for (const message of this.messages) if (message.lane === lane && message.visibleAt <= now) count++;
    return count;
  }

  loseOne(n: number): void {
    if (this.messages.length > 0) this.messages.splice(n % this.messages.length, 1);
  }

  doubleOne(n: number, now: number): void {
    const message = this.messages[n % this.messages.length];
    if (message !== undefined) this.publish(message.lane, message.body, now);
  }

  delayOne(n: number, ms: number, now: number): void {
    const message = this.messages[n % this.messages.length];
    if (message !== undefined) message.visibleAt = now + ms;
  }

  flush(): void {
    this.messages = [];
  }

  get size(): number {
    return this.messages.length;
  }
}
