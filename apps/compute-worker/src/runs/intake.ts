import type { TaskQueues } from '#libs/queues';

/** Jobs that wait beside a free slot for this long, while none is taken, mean that a queue's processor is dead, ms. */
const STUCK_MS = 30_000;
/** It looks at most this often, ms: probes come more often, and a look asks once a type. */
const LOOK_MS = 20_000;

/** Whether the worker takes what its queues hold. It looks only when it is asked, and not at each probe. */
export class Intake {
  private readonly busy = new Map<string, number>();
  /** Since when jobs of a type have been seen waiting beside a free slot. */
  private readonly since = new Map<string, number>();
  private looked = -Infinity;
  private stopped = false;

  constructor(
    private readonly slots: Readonly<Record<string, number>>,
    private readonly queues: Pick<TaskQueues, 'depth'>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Counts a job that was taken; call what it returns when its slot is free again. */
  took(type: string): () => void {
    this.since.delete(type);
    this.busy.set(type, (this.busy.get(type) ?? 0) + 1);
    return () => void this.busy.set(type, this.busy.get(type)! - 1);
  }

  /** From now on no job is to be taken. */
  stop(): void {
    this.stopped = true;
  }

  /** The types that are stuck now; rejects when the queue does not answer. */
  async stuck(): Promise<string[]> {
    if (this.stopped) return [];
    const types = Object.keys(this.slots);
    if (this.now() - this.looked >= LOOK_MS) {
      // One after the other: all at once would open ten connections to PostgreSQL that nobody else needs.
      for (const type of types) await this.look(type);
      this.looked = this.now();
    }
    return types.filter((type) => this.now() - (this.since.get(type) ?? Infinity) > STUCK_MS);
  }

  private async look(type: string): Promise<void> {
    const free = (this.busy.get(type) ?? 0) < this.slots[type]!;
    const { waiting, prioritized } = free ? await this.queues.depth(type) : { waiting: 0, prioritized: 0 };
    if (waiting + prioritized === 0) this.since.delete(type);
    else if (!this.since.has(type)) this.since.set(type, this.now());
  }
}
