import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { isMap } from '../contract/json-values.js';
import { bodyOf, order, taskMessage } from './messages.js';

/** In the value of a key that says that an attempt will not publish any more. */
const FENCED = 'fenced';
/** How long it is remembered which attempt follows a task: longer than any task takes. */
const REMEMBERED_SECONDS = 7 * 86_400;
const REPLIES = 'reply.celery.pidbox';
const BINDINGS = `_kombu.binding.${REPLIES}`;
/** Between the parts of a binding of kombu. */
const SEPARATOR = '\x06\x16';
const UNACKED = 'unacked';
const CONNECT_MS = 5_000;
const COMMAND_MS = 5_000;
/** For the end of a connection: where there was none, nothing but this ends the wait. */
const DISCONNECT_MS = 100;

/** In one step, so that a message is there once, whoever sends it however often. */
const PUBLISH = `if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[2]) then
redis.call('LPUSH', KEYS[2], ARGV[3]) end return redis.call('GET', KEYS[1])`;
/** Sets the value where there is none, and returns that which is there. */
const FENCE = `redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[2]) return redis.call('GET', KEYS[1])`;

/** When somebody last followed a task: of Redis, as the clocks of workers differ. */
const FOLLOWED = 'taskchain:celery:followed';
const NOW = `local t = redis.call('TIME') local now = t[1] * 1000 + math.floor(t[2] / 1000)`;
const KEEP = `${NOW} return redis.call('ZADD', KEYS[1], now, ARGV[1])`;
const LEFT = `${NOW} return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1])`;

/** What the result key of a task says. */
export interface FarMeta {
  readonly status: string;
  readonly result: unknown;
}

/** Where the message of a task is: `gone` once a worker has acknowledged it, and where it never was. */
export type Whereabouts = 'queued' | 'unacked' | 'gone';

const followerKey = (id: string): string => `taskchain:celery:${id}`;
const metaKey = (id: string): string => `celery-task-meta-${id}`;

/** The Redis behind a fleet of Celery workers, as far as the engine needs it. All methods throw what ioredis throws. */
export class Broker {
  private readonly redis: Redis;

  constructor(
    url: string,
    private readonly queue: string,
    private readonly commandMs = COMMAND_MS,
  ) {
    this.redis = new Redis(url, {
      ...{ connectTimeout: CONNECT_MS, commandTimeout: commandMs, maxRetriesPerRequest: 1 },
      retryStrategy: (times) => Math.min(100 * times, 1_000),
      connectionName: 'task-chain',
      disconnectTimeout: DISCONNECT_MS,
    });
    // Each command fails as well, where somebody looks.
    this.redis.on('error', () => undefined);
  }

  async version(): Promise<string> {
    const info = await this.redis.info('server');
    return /(?:valkey|redis)_version:(\S+)/.exec(info)?.[1] ?? 'of no version';
  }

  /** Puts the task into the queue unless that was done before. Returns the attempt that follows it. */
  async publish(id: string, attempt: number, argument: unknown): Promise<number> {
    const message = taskMessage(id, argument);
    const keys = [followerKey(id), this.queue] as const;
    return Number(await this.redis.eval(PUBLISH, 2, ...keys, String(attempt), REMEMBERED_SECONDS, message));
  }

  /** Sees to it that a task which is not published never will be. Returns whether it has been published. */
  async fence(id: string): Promise<boolean> {
    return (await this.redis.eval(FENCE, 1, followerKey(id), FENCED, REMEMBERED_SECONDS)) !== FENCED;
  }

  /** The attempt that follows the task; undefined for none. */
  async follower(id: string): Promise<number | undefined> {
    const value = await this.redis.get(followerKey(id));
    return value === null || value === FENCED ? undefined : Number(value);
  }

  /** From now on this attempt follows the task. */
  async adopt(id: string, attempt: number): Promise<void> {
    await this.redis.set(followerKey(id), String(attempt), 'EX', REMEMBERED_SECONDS, 'XX');
  }

  /** Notes that somebody follows this now. */
  async keep(what: string): Promise<void> {
    await this.redis.eval(KEEP, 1, FOLLOWED, what);
  }

  /** Notes that nobody has to follow this any more. */
  async letGo(what: string): Promise<void> {
    await this.redis.zrem(FOLLOWED, what);
  }

  /** What nobody has followed for so long. */
  async left(forMs: number): Promise<readonly string[]> {
    return (await this.redis.eval(LEFT, 1, FOLLOWED, forMs)) as string[];
  }

  async meta(id: string): Promise<FarMeta> {
    const text = await this.redis.get(metaKey(id));
    const value: unknown = text === null ? undefined : JSON.parse(text);
    if (!isMap(value) || typeof value.status !== 'string') return { status: 'PENDING', result: null };
    return { status: value.status, result: value.result };
  }

  async whereabouts(id: string): Promise<Whereabouts> {
    // The next of both places is looked at last: a message that moves meanwhile is seen in one of them.
    if ((await this.redis.lrange(this.queue, 0, -1)).some((text) => text.includes(id))) return 'queued';
    return (await this.redis.hvals(UNACKED)).some((text) => text.includes(id)) ? 'unacked' : 'gone';
  }

  /** Takes a message back that no worker has taken. Returns whether there was one. */
  async withdraw(id: string): Promise<boolean> {
    const texts = (await this.redis.lrange(this.queue, 0, -1)).filter((text) => text.includes(id));
    let removed = 0;
    for (const text of texts) removed += await this.redis.lrem(this.queue, 0, text);
    return removed > 0;
  }

  /** Removes the message that a worker has and does not acknowledge: no other worker gets it. */
  async forget(id: string): Promise<void> {
    for (const [tag, text] of Object.entries(await this.redis.hgetall(UNACKED))) {
      if (!text.includes(id)) continue;
      await this.redis.multi().hdel(UNACKED, tag).zrem(`${UNACKED}_index`, tag).exec();
    }
  }

  /** Tells all workers to end the task, and not to begin it. */
  async revoke(id: string): Promise<void> {
    await this.send(order('revoke', { arguments: { task_id: id, terminate: true, signal: 'SIGTERM' } }));
  }

  /** Asks all workers, and returns what those say that answer in time, by worker. */
  async ask(method: string, question: object, withinMs: number): Promise<Readonly<Record<string, unknown>>> {
    const [own, ticket] = [randomUUID(), randomUUID()];
    const replies = `${own}.${REPLIES}`;
    const binding = [own, '', replies].join(SEPARATOR);
    const answers: Record<string, unknown> = {};
    const listener = this.listener(withinMs);
    try {
      await this.redis.sadd(BINDINGS, binding);
      const replyTo = { exchange: REPLIES, routing_key: own };
      await this.send(order(method, { arguments: question, ticket, reply_to: replyTo }));
      const until = performance.now() + withinMs;
      for (let left = withinMs; left > 0; left = until - performance.now()) {
        const answer = await listener.brpop(replies, Math.max(0.05, left / 1_000));
        if (answer === null) break;
        const body = bodyOf(answer[1]);
        if (isMap(body)) Object.assign(answers, body);
      }
    } finally {
      listener.disconnect();
      await this.redis.multi().srem(BINDINGS, binding).del(replies).exec();
    }
    return answers;
  }

  /** Listens for what workers say of all tasks, and for changes of one. Returns how to stop that. */
  async listen(id: string, onEvent: (event: unknown) => void, onChange: () => void): Promise<() => void> {
    const listener = this.listener(0);
    listener.on('message', (channel: string, text: string) => {
      if (channel !== EVENTS) return onChange();
      let event: unknown;
      try {
        event = JSON.parse(text);
      } catch {
        return;
      }
      onEvent(event);
    });
    try {
      await listener.subscribe(EVENTS, metaKey(id));
    } catch (error) {
      listener.disconnect();
      throw error;
    }
    return () => listener.disconnect();
  }

  close(): void {
    this.redis.disconnect();
  }

  /** A connection on which a command may wait so long for its answer. Without a limit one that was cut as it began would be waited for without end. */
  private listener(withinMs: number): Redis {
    const listener = this.redis.duplicate({ commandTimeout: this.commandMs + withinMs });
    listener.on('error', () => undefined);
    return listener;
  }

  private async send(text: string): Promise<void> {
    await this.redis.publish(`/${this.redis.options.db ?? 0}.celery.pidbox`, text);
  }
}

/** The channel on which the workers of the design say how far they are. */
const EVENTS = 'task_status_events';
