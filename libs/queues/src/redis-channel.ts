import { randomUUID } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import type { Lane } from './messages.js';
import { NOTHING, type Delivery, type StatusChannel } from './status-channel.js';

const GROUP = 'listeners';
/**
 * Another listener takes over messages that were not acknowledged for this long, ms. PostgreSQL ends a transaction
 * that waits for its client after the same time, so that a stopped listener costs the same on both backends. A listener
 * that is only slow loses nothing: a report that is applied twice takes effect once.
 */
const TAKE_OVER_MS = 3_000;
/** Where it found none, it looks again after this long, ms. */
const LOOK_MS = 1_500;
/** A subscriber sends no command, so it would not notice that its connection swallows bytes: it pings this often, ms. */
const PING_EVERY_MS = 5_000;

type Entry = [id: string, fields: string[]];

/**
 * A Redis Stream per lane with one consumer group. An entry is deleted when it is acknowledged, so a stream holds
 * what is still to do and is never trimmed by length. One stream rather than partitions: a chain's consistency comes
 * from its version in PostgreSQL, not from the order of its messages.
 */
export class RedisChannel implements StatusChannel {
  private readonly consumer = randomUUID();
  private readonly readers = new Map<Lane, Redis | Cluster>();
  private readonly takenOver = new Map<Lane, number>();
  private subscriber: Redis | Cluster | undefined;
  private pings: NodeJS.Timeout | undefined;

  constructor(
    private readonly redis: Redis | Cluster,
    private readonly prefix: string,
  ) {}

  async publish(lane: Lane, message: object): Promise<void> {
    await this.redis.xadd(this.key(lane), '*', 'm', JSON.stringify(message));
  }

  async receive(lane: Lane, max: number, waitMs: number): Promise<Delivery> {
    const abandoned = await this.takeOver(lane, max);
    const entries = abandoned.length > 0 ? abandoned : await this.read(lane, max, waitMs);
    if (entries.length === 0) return NOTHING;
    const ids = entries.map(([id]) => id);
    return {
      messages: entries.map(([, fields]) => fields[1] ?? ''),
      ack: async () => {
        // In one transaction: an entry that is acknowledged and not deleted would never be delivered, nor go away.
        await this.redis
          .multi()
          .xack(this.key(lane), GROUP, ...ids)
          .xdel(this.key(lane), ...ids)
          .exec();
      },
      release: async () => {
        this.takenOver.delete(lane);
      },
    };
  }

  async broadcast(message: object): Promise<void> {
    await this.redis.publish(this.control, JSON.stringify(message));
  }

  async subscribe(onMessage: (text: string) => void): Promise<void> {
    const subscriber = (this.subscriber ??= this.redis.duplicate());
    this.pings ??= setInterval(() => void subscriber.ping().catch(() => undefined), PING_EVERY_MS).unref();
    subscriber.on('message', (_channel, text) => onMessage(text));
    await subscriber.subscribe(this.control);
  }

  async backlog(lane: Lane): Promise<number> {
    return this.redis.xlen(this.key(lane));
  }

  async close(): Promise<void> {
    clearInterval(this.pings);
    for (const reader of this.readers.values()) reader.disconnect();
    this.subscriber?.disconnect();
  }

  private async read(lane: Lane, max: number, waitMs: number): Promise<Entry[]> {
    const reader = this.readers.get(lane) ?? this.redis.duplicate();
    this.readers.set(lane, reader);
    return this.withGroup(lane, async () => {
      const answer = (await reader.xreadgroup(
        'GROUP',
        GROUP,
        this.consumer,
        'COUNT',
        max,
        'BLOCK',
        waitMs,
        'STREAMS',
        this.key(lane),
        '>',
      )) as [string, Entry[]][] | null;
      return answer?.[0]?.[1] ?? [];
    });
  }

  /** Takes what a dead listener, or this one before a fault, did not acknowledge. */
  private async takeOver(lane: Lane, max: number): Promise<Entry[]> {
    const now = performance.now();
    if (now - (this.takenOver.get(lane) ?? -Infinity) < LOOK_MS) return [];
    const entries = await this.withGroup(lane, async () => {
      const own = (await this.redis.xreadgroup(
        'GROUP',
        GROUP,
        this.consumer,
        'COUNT',
        max,
        'STREAMS',
        this.key(lane),
        '0',
      )) as [string, Entry[]][] | null;
      const mine = (own?.[0]?.[1] ?? []).filter(([, fields]) => fields !== null);
      if (mine.length > 0) return mine;
      const [, claimed] = (await this.redis.xautoclaim(
        this.key(lane),
        GROUP,
        this.consumer,
        TAKE_OVER_MS,
        '0',
        'COUNT',
        max,
      )) as [string, Entry[]];
      return claimed.filter(([, fields]) => fields !== null);
    });
    if (entries.length === 0) this.takenOver.set(lane, now);
    return entries;
  }

  /** Creates the consumer group where Redis has lost it, or never had it. */
  private async withGroup<T>(lane: Lane, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      // After a flush the stream is gone, and a read that waits on it fails.
      if (!(error instanceof Error) || !/NOGROUP|UNBLOCKED/.test(error.message)) throw error;
      await this.redis.xgroup('CREATE', this.key(lane), GROUP, '0', 'MKSTREAM').catch((e: Error) => {
        if (!e.message.includes('BUSYGROUP')) throw e;
      });
      return work();
    }
  }

  private get control(): string {
    return `${this.prefix}:control`;
  }

  private key(lane: Lane): string {
    return `${this.prefix}:status:${lane}`;
  }
}
