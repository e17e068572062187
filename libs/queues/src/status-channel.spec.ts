import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import {
  createTestDatabase,
  describeUnless,
  noRedis,
  startTestRedis,
  type TestDatabase,
  type TestRedis,
} from '#libs/testing';
import { closeBackend, openBackend, openChannel, pingBackend, type Backend } from './backend.js';
import { LANES } from './messages.js';
import { queueGeneration } from './queue-marks.js';
import type { Delivery, StatusChannel } from './status-channel.js';

const skipped = await noRedis();

/** Longer than a delivery of a dead consumer is left alone, on either backend. */
const REDELIVERY_MS = 30_000;

/** Everything a test opened, for its end. */
class Room {
  private readonly backends: Backend[] = [];
  private readonly channels: StatusChannel[] = [];

  constructor(private readonly options: { databaseUrl: string; redisUrl: string | undefined }) {}

  backend(): Backend {
    const backend = openBackend({ ...this.options, maxConnections: 6 });
    this.backends.push(backend);
    return backend;
  }

  channel(backend = this.backend()): StatusChannel {
    const channel = openChannel(backend);
    this.channels.push(channel);
    return channel;
  }

  async close(): Promise<void> {
    for (const channel of this.channels) await channel.close();
    for (const backend of this.backends) await closeBackend(backend);
  }
}

for (const kind of ['postgres', 'redis'] as const) {
  describeUnless(kind === 'redis' && skipped, `the status channel on ${kind}`, () => {
    let database: TestDatabase;
    let redis: TestRedis | undefined;
    beforeAll(async () => {
      database = await createTestDatabase();
      if (kind === 'redis') redis = await startTestRedis();
    });
    afterAll(async () => {
      await redis?.stop();
      await database.drop();
    });
    const test = (name: string, work: (room: Room) => Promise<void>) =>
      it(name, async () => {
        const room = new Room({ databaseUrl: database.url, redisUrl: redis?.url });
        try {
          await work(room);
        } finally {
          await room.close();
        }
      });

    test('delivers what was published, in order, as it was, until it is acknowledged', async (room) => {
      const channel = room.channel();
      const sent = Array.from({ length: 30 }, (_, n) => ({
        n,
        text: '爱丽丝 \u0000 \ud800 "\\" 🎉',
        more: [null, 1.5],
      }));
      for (const message of sent) await channel.publish('done', message);
      expect(await channel.backlog('done')).toBe(30);
      expect(await channel.backlog('notes')).toBe(0);
      const first = await channel.receive('done', 20, 5_000);
      expect(read(first)).toEqual(sent.slice(0, 20));
      await first.ack();
      expect(await channel.backlog('done')).toBe(10);
      const second = await channel.receive('done', 20, 5_000);
      expect(read(second)).toEqual(sent.slice(20));
      await second.ack();
      expect(await channel.backlog('done')).toBe(0);
      const none = await channel.receive('done', 20, 1);
      expect(none.messages).toEqual([]);
      await none.ack();
      await none.release();
    });

    test('keeps the lanes apart', async (room) => {
      const channel = room.channel();
      await Promise.all([...LANES].reverse().map((lane) => channel.publish(lane, { lane })));
      for (const lane of LANES) {
        const delivery = await channel.receive(lane, 10, 5_000);
        expect(read(delivery)).toEqual([{ lane }]);
        await delivery.ack();
      }
    });

    test('stores every one of many messages that are published at once', async (room) => {
      const [publisher, consumer] = [room.channel(), room.channel()];
      await Promise.all(Array.from({ length: 500 }, (_, n) => publisher.publish('done', { n })));
      const seen = await drain(consumer, 500, 120);
      expectEachOnce(seen, 500);
    });

    test('delivers again what was released', async (room) => {
      const channel = room.channel();
      await channel.publish('done', { n: 1 });
      const first = await channel.receive('done', 10, 5_000);
      expect(read(first)).toEqual([{ n: 1 }]);
      await first.release();
      // At once: its wait is longer than the test's.
      const again = await channel.receive('done', 10, 600_000);
      expect(read(again)).toEqual([{ n: 1 }]);
      await again.ack();
      expect(await channel.backlog('done')).toBe(0);
    });

    if (kind === 'postgres')
      test('claims nothing where it has just taken all, and looks once for all lanes', async (room) => {
        const backend = room.backend();
        const channel = room.channel(backend);
        await channel.publish('done', { n: 1 });
        await channel.publish('done', { n: 2 });
        await (await channel.receive('done', 1, 5_000)).ack();
        await (await channel.receive('done', 10, 5_000)).ack();
        for (const lane of LANES) await (await channel.receive(lane, 10, 1)).ack();
        const asked: string[] = [];
        const { pool } = backend as Extract<Backend, { kind: 'postgres' }>;
        pool.on('acquire', (client) => {
          const query = client.query.bind(client);
          client.query = ((statement: string | { name: string }, ...rest: unknown[]) => {
            asked.push(typeof statement === 'string' ? statement : statement.name);
            return Reflect.apply(query, client, [statement, ...rest]);
          }) as typeof client.query;
        });
        // Looks within 100 ms are shared, and the last one is not to count.
        await delay(150);
        const deliveries = await Promise.all(LANES.map((lane) => channel.receive(lane, 10, 1_000)));
        expect(deliveries.flatMap(({ messages }) => messages)).toEqual([]);
        expect(asked).toEqual(['lanes-held']);
      });

    test('delivers to another consumer what a dead one did not acknowledge', async (room) => {
      const dying = room.backend();
      const [dead, heir] = [room.channel(dying), room.channel()];
      await heir.publish('done', { n: 1 });
      const held = await dead.receive('done', 10, 5_000);
      expect(read(held)).toEqual([{ n: 1 }]);
      // It has looked before: nothing wakes it when the message is there again.
      for (let looks = 0; looks < 2; looks += 1) expect((await heir.receive('done', 10, 50)).messages).toEqual([]);
      await die(dying);
      await held.ack().catch(() => undefined);
      const until = performance.now() + REDELIVERY_MS;
      let delivery: Delivery;
      do delivery = await heir.receive('done', 10, 500);
      while (delivery.messages.length === 0 && performance.now() < until);
      expect(read(delivery)).toEqual([{ n: 1 }]);
      await delivery.ack();
      expect(await heir.backlog('done')).toBe(0);
    });

    test('shares the messages among consumers, each to one of them', async (room) => {
      const consumers = [room.channel(), room.channel()];
      const publisher = room.channel();
      const seen: number[][] = [[], []];
      let left = 300;
      const consume = async (who: number) => {
        while (left > 0) {
          const delivery = await consumers[who]!.receive('done', 7, 200);
          seen[who]!.push(...numbers(delivery));
          left -= delivery.messages.length;
          await delivery.ack();
        }
      };
      const publish = async (from: number, to: number) => {
        for (let n = from; n < to; n += 10) {
          await Promise.all(Array.from({ length: 10 }, (_, i) => publisher.publish('done', { n: n + i })));
        }
      };
      await publish(0, 20);
      // Each holds some before the other has given its own back.
      const held = [await consumers[0]!.receive('done', 7, 30_000), await consumers[1]!.receive('done', 7, 30_000)];
      expect(held.map(({ messages }) => messages.length > 0)).toEqual([true, true]);
      for (const [who, delivery] of held.entries()) {
        seen[who]!.push(...numbers(delivery));
        left -= delivery.messages.length;
        await delivery.ack();
      }
      await Promise.all([publish(20, 300), consume(0), consume(1)]);
      expectEachOnce([...seen[0]!, ...seen[1]!], 300);
    });

    test('wakes a consumer that waits', async (room) => {
      const [publisher, consumer] = [room.channel(), room.channel()];
      const began = performance.now();
      // Its first look finds nothing, which is no answer yet.
      const waiting = consumer.receive('done', 10, 60_000);
      expect(await Promise.race([waiting, delay(300, 'waits')])).toBe('waits');
      await publisher.publish('done', { n: 1 });
      const delivery = await waiting;
      expect(read(delivery)).toEqual([{ n: 1 }]);
      expect(performance.now() - began).toBeLessThan(30_000);
      await delivery.ack();
    });

    test('ends a wait when it is closed', async (room) => {
      const channel = room.channel();
      await (await channel.receive('done', 1, 1)).ack();
      const waiting = channel.receive('done', 10, 60_000).catch(() => undefined);
      await channel.close();
      expect((await waiting)?.messages ?? []).toEqual([]);
    });

    test('broadcasts to every subscriber that listens', async (room) => {
      const listeners = [room.channel(), room.channel()];
      const heard: string[][] = [[], []];
      const all = new Promise<void>((resolve) => {
        const got = () => {
          if (heard.every((list) => list.length === 3)) resolve();
        };
        void Promise.all(listeners.map((channel, i) => channel.subscribe((text) => (heard[i]!.push(text), got()))));
      });
      const speaker = room.channel();
      // A subscription is known to stand once something is heard.
      for (const channel of listeners) await channel.subscribe(() => undefined);
      for (let n = 0; n < 3; n++) await speaker.broadcast({ n, text: '停' });
      await all;
      const texts = [0, 1, 2].map((n) => JSON.stringify({ n, text: '停' }));
      expect(heard).toEqual([texts, texts]);
    });

    test('tells by its generation whether the queue has kept what it had', async (room) => {
      const backend = room.backend();
      const before = await queueGeneration(backend);
      expect(await queueGeneration(room.backend())).toBe(before);
      await pingBackend(backend);
      if (backend.kind === 'postgres') return;
      await backend.redis.flushall();
      expect(await queueGeneration(backend)).not.toBe(before);
    });

    if (kind === 'redis') {
      test('goes on after Redis has lost its streams', async (room) => {
        const backend = room.backend();
        const channel = room.channel(backend);
        await channel.publish('done', { n: 1 });
        await (await channel.receive('done', 10, 5_000)).ack();
        if (backend.kind === 'redis') await backend.redis.flushall();
        await channel.publish('done', { n: 2 });
        const delivery = await channel.receive('done', 10, 5_000);
        expect(read(delivery)).toEqual([{ n: 2 }]);
        await delivery.ack();
      });

      test('acknowledges and deletes in one transaction, which no cut of the AOF parts', async (room) => {
        const channel = room.channel();
        await channel.publish('done', { n: 1 });
        const delivery = await channel.receive('done', 10, 5_000);
        const watcher = new Redis(redis!.url);
        const monitor = await watcher.monitor();
        const commands: string[] = [];
        monitor.on('monitor', (_time: string, [command]: string[]) => commands.push(command!.toLowerCase()));
        await delivery.ack();
        const all = new Promise<void>((seen) => {
          monitor.on('monitor', (_time: string, [command]: string[]) => command === 'echo' && seen());
        });
        // The monitor may hear of it before the answer is here.
        await Promise.all([watcher.echo('all'), all]);
        monitor.disconnect();
        watcher.disconnect();
        expect(commands).toEqual(['multi', 'xack', 'xdel', 'exec', 'echo']);
      });
      return;
    }

    test('outlives the loss of the connection that holds a delivery', async (room) => {
      const channel = room.channel();
      await channel.publish('done', { n: 1 });
      const delivery = await channel.receive('done', 10, 5_000);
      await cutAll(database.url);
      await expect(delivery.ack()).rejects.toThrow();
      const again = await channel.receive('done', 10, 5_000);
      expect(read(again)).toEqual([{ n: 1 }]);
      await again.ack();
    });

    test('listens again after the database was away for a while', async (room) => {
      const [listener, speaker] = [room.channel(), room.channel()];
      let heard = 0;
      await listener.subscribe(() => heard++);
      const admin = new URL(database.url);
      const name = admin.pathname.slice(1);
      admin.pathname = '/postgres';
      const client = new pg.Client({ connectionString: admin.href });
      await client.connect();
      try {
        await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
        await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, [name]);
        // Two of its tries to come back fail.
        await client.query(`SELECT pg_sleep(1.2)`);
        await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
      } finally {
        await client.end();
      }
      for (const until = performance.now() + 20_000; heard === 0;) {
        if (performance.now() > until) throw new Error('the listener never heard anything again');
        await speaker.broadcast({ hello: 'again' });
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    });
  });
}

function read(delivery: Delivery): unknown[] {
  return delivery.messages.map((text) => JSON.parse(text) as unknown);
}

function numbers(delivery: Delivery): number[] {
  return delivery.messages.map((text) => (JSON.parse(text) as { n: number }).n);
}

/** Each of 0 to count - 1, no one twice. */
function expectEachOnce(seen: readonly number[], count: number): void {
  const known = new Set(seen);
  const missing = Array.from({ length: count }, (_, n) => n).filter((n) => !known.has(n));
  expect({ missing, messages: seen.length }).toEqual({ missing: [], messages: count });
}

async function drain(channel: StatusChannel, count: number, max: number): Promise<number[]> {
  const seen: number[] = [];
  while (seen.length < count) {
    const delivery = await channel.receive('done', max, 1_000);
    expect(delivery.messages.length).toBeLessThanOrEqual(max);
    seen.push(...numbers(delivery));
    await delivery.ack();
  }
  return seen;
}

/** As the process does that holds it: its connections break without a word. */
async function die(backend: Backend): Promise<void> {
  if (backend.kind === 'redis') return backend.redis.disconnect();
  const { rows } = await backend.pool.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()`,
  );
  for (const { pid } of rows) await backend.pool.query('SELECT pg_terminate_backend($1)', [pid]);
}

async function cutAll(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  );
  await client.end();
}
