import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { createLogger, readAppConfig, type AppConfig } from '#libs/platform';
import { BACKEND, STATUS_CHANNEL, type Backend, type StatusChannel, type TaskJob } from '#libs/queues';
import {
  createTestDatabase,
  describeUnless,
  noRedis,
  openTestQueues,
  startTestRedis,
  type TestDatabase,
  type TestQueues,
  type TestRedis,
} from '#libs/testing';
import { PROCESSORS, type Processors } from './processors/processors.module.js';
import { WorkerModule } from './worker.module.js';

const skipped = await noRedis();

for (const kind of ['postgres', 'redis'] as const) {
  describeUnless(kind === 'redis' && skipped, `a worker on ${kind}`, () => {
    let database: TestDatabase;
    let redis: TestRedis | undefined;
    let others: TestQueues;
    let made = 0;
    beforeAll(async () => {
      database = await createTestDatabase();
      if (kind === 'redis') redis = await startTestRedis();
      others = await openTestQueues({ databaseUrl: database.url, redisUrl: redis?.url });
    });
    afterAll(async () => {
      await others.close();
      await redis?.stop();
      await database.drop();
    });

    const jobOf = (taskConfig: object): TaskJob => {
      const task = `task-${++made}`;
      const ids = { chainId: 'chain-1', taskId: task, taskRequestId: task, taskType: 'diagnostic', attempt: 1 };
      return { ...ids, params: { task_config: taskConfig }, inputs: {}, timeoutMs: null, priority: 5 };
    };

    /** Boots a worker. `refuse` says of each report whether the channel refuses it. */
    async function boot(drainMs: number, refuse = () => false, onApplicationShutdown = () => undefined) {
      const env = { DATABASE_URL: database.url, NODE_ENV: 'test', WORKER_TYPES: 'diagnostic', LOG_LEVEL: 'silent' };
      const read = readAppConfig(redis === undefined ? env : { ...env, REDIS_URL: redis.url });
      const config: AppConfig = { ...read, workerDrainSeconds: drainMs / 1_000 };
      const app = await Test.createTestingModule({
        imports: [WorkerModule.forRoot(config, createLogger('compute-worker', 'silent'))],
        // The root module's hooks are the first.
        providers: [{ provide: 'hooks', useValue: { onApplicationShutdown } }],
      }).compile();
      const channel = app.get<StatusChannel>(STATUS_CHANNEL, { strict: false });
      const publish = channel.publish.bind(channel);
      const refused = gate();
      channel.publish = async (lane, message) => {
        if (lane !== 'done' || !refuse()) return publish(lane, message);
        refused.open();
        throw new Error('no connection');
      };
      await app.init();
      return { app, refused: refused.opened };
    }

    /** The reports that are stored now, which are acknowledged. */
    async function reports(waitMs: number): Promise<unknown[]> {
      const delivery = await others.channel.receive('done', 10, waitMs);
      await delivery.ack();
      return delivery.messages.map((text) => JSON.parse(text) as unknown);
    }

    /** Resolves when a run of the job is under way. */
    async function started(job: TaskJob): Promise<void> {
      for (;;) {
        const delivery = await others.channel.receive('notes', 10, 5_000);
        await delivery.ack();
        if (delivery.messages.some((text) => text.includes('"started"') && text.includes(`"${job.taskId}"`))) return;
      }
    }

    it('runs a job and reports its end', async () => {
      const { app } = await boot(1_000);
      const job = jobOf({ result: { n: 1 } });
      await others.queues.send([job]);
      expect(await reports(10_000)).toMatchObject([
        { kind: 'succeeded', taskId: job.taskId, result: { result: { n: 1 } } },
      ]);
      await app.close();
      expect(await others.queues.depth('diagnostic')).toEqual({ waiting: 0, prioritized: 0, active: 0 });
    });

    it('hands runs back at the deadline before any shutdown hook, and closes the backend last', async () => {
      const order: string[] = [];
      const { app } = await boot(50, undefined, () => void order.push('shutdown hooks, with those of BullMQ'));
      const backend = app.get<Backend>(BACKEND, { strict: false });
      const { worker } = app.get<Processors>(PROCESSORS, { strict: false }).get('diagnostic')!;
      worker.once('closed', () => order.push(isClosed(backend) ? 'the backend, then the worker' : 'the worker'));
      const job = jobOf({ delay_ms: 60_000 });
      await others.queues.send([job]);
      await started(job);
      const ended = backend.kind === 'redis' ? once(backend.redis, 'end') : undefined;
      await app.close();
      await ended;
      expect(await reports(1)).toMatchObject([{ kind: 'released', taskId: job.taskId }]);
      expect(order).toEqual(['the worker', 'shutdown hooks, with those of BullMQ']);
      expect(isClosed(backend)).toBe(true);
    });

    it('stores the end of a run that was under way as it was asked to stop, although the channel fails at first', async () => {
      let refusals = 1;
      const { app, refused } = await boot(30_000, () => refusals-- > 0);
      const job = jobOf({ result: {} });
      await others.queues.send([job]);
      await refused;
      await app.close();
      expect(await reports(1)).toMatchObject([{ kind: 'succeeded', taskId: job.taskId, attempt: 1 }]);
    });

    it('gives a report up once runs are handed back', async () => {
      const { app, refused } = await boot(50, () => true);
      await others.queues.send([jobOf({ result: {} })]);
      await refused;
      await app.close();
      expect(await reports(1)).toEqual([]);
    });
  });
}

function isClosed(backend: Backend): boolean {
  return backend.kind === 'postgres' ? backend.pool.ended : backend.redis.status !== 'ready';
}

/** A promise that a test resolves. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}
