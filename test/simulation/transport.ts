/**
 * What carries jobs and reports, in memory, as far as a schedule can hurt it.
 *
 * Queue (libs/queues/src/task-queues.ts): jobs by id, a known id is ignored, the most urgent first; a taken job stays
 * `active` until its worker finishes it, or until 15 s after that worker died or stood still; it may lose a job, or
 * everything with its markers. Channel (status-channel.ts): a message is handed out again when it was not acknowledged in
 * time; messages may be lost, doubled and late, and come in any order.
 */
import type { Redis } from 'ioredis';
import { jobId, TaskQueues, type Backend, type Control, type Delivery, type JobState, type Lane } from '#libs/queues';
import type { StatusChannel, TaskJob } from '#libs/queues';
import type { Process } from './process.js';

interface StoredJob {
  readonly job: TaskJob;
  /** The worker that took it. */
  worker: string | null;
  /** When a job is given up whose worker no longer renews its lock. */
  dropAt: number | null;
}

/** The lock of 10 s, and the interval of 5 s in which it is looked for those that ran out. */
const LOCK_MS = 15_000;

export class ModelQueue {
  /** Markers of the queue by their keys. */
  readonly marks = new Map<string, string>();
  private readonly jobs = new Map<string, StoredJob>();

  add(jobs: readonly TaskJob[]): void {
    for (const job of jobs) {
      if (!this.jobs.has(jobId(job))) this.jobs.set(jobId(job), { job, worker: null, dropAt: null });
    }
  }

  take(worker: string): TaskJob | null {
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

  state(id: string): JobState {
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
    this.marks.clear();
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

interface StoredMessage {
  readonly id: number;
  readonly lane: Lane;
  readonly text: string;
  visibleAt: number;
}

/** An unacknowledged message comes again after this long, ms. */
const HIDE_MS = 3_000;

export class ModelChannel {
  private nextId = 1;
  private messages: StoredMessage[] = [];

  publish(lane: Lane, body: object, now: number): void {
    this.store(lane, JSON.stringify(body), now);
  }

  /** Hands out up to `most` messages, from any place of the lane that `n` says. */
  receive(lane: Lane, most: number, n: number, now: number): { ids: number[]; messages: string[] } {
    const visible = this.messages.filter((message) => message.lane === lane && message.visibleAt <= now);
    const taken: StoredMessage[] = [];
    while (taken.length < most && visible.length > 0) taken.push(...visible.splice(n % visible.length, 1));
    for (const message of taken) message.visibleAt = now + HIDE_MS;
    return { ids: taken.map(({ id }) => id), messages: taken.map(({ text }) => text) };
  }

  acknowledge(ids: readonly number[]): void {
    this.messages = this.messages.filter(({ id }) => !ids.includes(id));
  }

  release(ids: readonly number[], now: number): void {
    for (const message of this.messages) if (ids.includes(message.id)) message.visibleAt = now;
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
    if (message !== undefined) this.store(message.lane, message.text, now);
  }

  delayOne(n: number, ms: number, now: number): void {
    const message = this.messages[n % this.messages.length];
    if (message !== undefined) message.visibleAt = now + ms;
  }

  flush(): void {
    this.messages = [];
  }

  private store(lane: Lane, text: string, now: number): void {
    this.messages.push({ id: this.nextId++, lane, text, visibleAt: now });
  }
}

/** What the transport of a process reaches. */
export interface Carriers {
  readonly clock: { readonly now: number };
  readonly queue: ModelQueue;
  readonly channel: ModelChannel;
  send(jobs: readonly TaskJob[]): void;
  /** A message as it is handed out. */
  read(text: string): string;
  stateOf(id: string): JobState;
  broadcast(control: Control): void;
}

/** A message counts for so many unread ones: with a handful, a missing job may be finished rather than lost. */
const BACKLOG_SCALE = 40;

/** The queues as one process sees them. */
export class ProcessQueues extends TaskQueues {
  constructor(
    private readonly process: Process,
    private readonly carriers: Carriers,
  ) {
    const none = (): never => {
      throw new Error('there is no BullMQ here');
    };
    super([], none, none);
  }

  override send(jobs: readonly TaskJob[]): Promise<void> {
    return this.process.gate('send jobs', () => this.carriers.send(jobs));
  }

  override state(_type: string, id: string): Promise<JobState> {
    return this.process.gate('ask for a job', () => this.carriers.stateOf(id));
  }
}

/** The status channel as one process sees it. */
export class ProcessChannel implements StatusChannel {
  constructor(
    private readonly process: Process,
    private readonly carriers: Carriers,
  ) {}

  async publish(lane: Lane, message: object): Promise<void> {
    this.carriers.channel.publish(lane, message, this.carriers.clock.now);
  }

  async receive(lane: Lane): Promise<Delivery> {
    const { carriers, process } = this;
    const { channel, clock } = carriers;
    const { ids, messages } = await process.gate(`receive ${lane}`, (n) =>
      channel.receive(lane, 1 + (n % 4), n >> 2, clock.now),
    );
    return {
      messages: messages.map((text) => carriers.read(text)),
      ack: () => process.gate('acknowledge', () => channel.acknowledge(ids)),
      release: () => process.gate('release', () => channel.release(ids, clock.now)),
    };
  }

  broadcast(message: Control): Promise<void> {
    return this.process.gate('broadcast', () => this.carriers.broadcast(message));
  }

  async subscribe(): Promise<void> {}

  async backlog(lane: Lane): Promise<number> {
    return BACKLOG_SCALE * this.carriers.channel.backlog(lane, this.carriers.clock.now);
  }

  async close(): Promise<void> {}
}

/** The queue's markers as Redis keeps them: the commands that the engine gives, and no others. */
export function redisOf(process: Process, { queue, channel }: Carriers): Backend {
  const commands = {
    get: (key: string) => process.gate('read a marker', () => queue.marks.get(key) ?? null),
    set: (key: string, value: string, first?: 'NX') =>
      process.gate('set a marker', () => {
        if (first === undefined || !queue.marks.has(key)) queue.marks.set(key, value);
      }),
    scan: async () => ['0', ['everything']],
    unlink: () =>
      process.gate('empty the queue', () => {
        queue.flush();
        channel.flush();
      }),
  };
  return { kind: 'redis', prefix: 'tc', redis: commands as unknown as Redis };
}
