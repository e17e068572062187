import type { Cluster, Redis } from 'ioredis';
import type { System } from '../../test/faults/system.js';
import { quantile } from '../statistics.js';

const STREAM = 'tc:status:done';

/**
 * Sees when each run's end comes to Redis, by the clock of the stream: whole milliseconds, rounded down, so that times since then are
 * reported up to 1 ms too long. It reads beside the listener; what that one has acknowledged before the tap comes to it is not seen.
 */
export class ReportTap {
  /** When the end of a task request was reported, epoch ms. */
  private readonly reported = new Map<string, number>();
  private open = true;
  private readonly reading: Promise<void>;

  private constructor(private readonly redis: Redis | Cluster) {
    this.reading = this.read();
  }

  static start({ backend }: System): ReportTap {
    if (backend.kind !== 'redis') throw new Error('only the reports in Redis can be seen');
    return new ReportTap(backend.redis.duplicate());
  }

  /** Forgets what was seen so far. */
  clear(): void {
    this.reported.clear();
  }

  /** From each report seen since `clear` to the commit of what it says, ms. */
  async lags(system: System): Promise<Lags> {
    const rows = await system.rows<{ id: string; at: number }>(
      `SELECT task_request_id AS id, (extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000)::float8 AS at
         FROM task_attempts WHERE task_request_id = ANY ($1)`,
      [[...this.reported.keys()]],
    );
    const lags = rows.map(({ id, at }) => at - this.reported.get(id)!);
    return { seen: lags.length, p50: quantile(lags, 0.5), p99: quantile(lags, 0.99) };
  }

  async close(): Promise<void> {
    this.open = false;
    this.redis.disconnect();
    await this.reading;
  }

  private async read(): Promise<void> {
    let last = '0-0';
    while (this.open) {
      const answer = await this.redis.xread('COUNT', 1_000, 'BLOCK', 1_000, 'STREAMS', STREAM, last).catch(() => null);
      for (const [id, fields] of answer?.[0]?.[1] ?? []) {
        const { taskRequestId } = JSON.parse(fields[1]!) as { taskRequestId: string };
        this.reported.set(taskRequestId, Number(id.split('-')[0]));
        last = id;
      }
    }
  }
}

export interface Lags {
  readonly seen: number;
  readonly p50: number;
  readonly p99: number;
}
