import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Processor, WorkerHost } from '@nestjs/bullmq';
import { Test } from '@nestjs/testing';
import {
  createTestDatabase,
  describeUnless,
  noRedis,
  startTestRedis,
  type TestDatabase,
  type TestRedis,
} from '#libs/testing';
import type { Backend } from './backend.js';
import type { TaskJob } from './messages.js';
import { BACKEND, QueuesModule } from './queues.module.js';
import { BackendQueue, BackendWorker, queueName } from './task-queue.js';
import { TaskQueues } from './task-queues.js';

const skipped = await noRedis();

/** What happened, in order, and what a job waits for. */
class Course {
  readonly events: string[] = [];
  private go: () => void = () => undefined;
  readonly begun = new Promise<void>((resolve) => (this.begin = resolve));
  private readonly goOn = new Promise<void>((resolve) => (this.go = resolve));
  begin: () => void;

  async job(): Promise<void> {
    this.begin();
    await this.goOn;
    this.events.push('the job ends');
  }

  /** A shutdown hook of the root module, which is the first. */
  onApplicationShutdown(): void {
    this.events.push('shutdown hooks');
    this.go();
  }
}

@Processor(queueName('held'))
class HeldProcessor extends WorkerHost {
  constructor(private readonly course: Course) {
    super();
  }

  process(): Promise<void> {
    return this.course.job();
  }
}

for (const kind of ['postgres', 'redis'] as const) {
  describeUnless(kind === 'redis' && skipped, `the module of queues on ${kind}`, () => {
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

    it('closes the backend when the jobs in flight have ended and workers and queues are closed', async () => {
      const course = new Course();
      const faults: Error[] = [];
      const app = await Test.createTestingModule({
        imports: [
          QueuesModule.forRoot({
            useFactory: () => ({
              databaseUrl: database.url,
              redisUrl: redis?.url,
              onFault: (error) => void faults.push(error),
            }),
          }),
          QueuesModule.registerTypes(['held']),
        ],
        providers: [{ provide: Course, useValue: course }, HeldProcessor],
      }).compile();
      await app.init();
      const { worker } = app.get(HeldProcessor);
      const queues = app.get(TaskQueues);
      const backend = app.get<Backend>(BACKEND, { strict: false });
      expect(worker).toBeInstanceOf(BackendWorker);
      expect(queues.queue('held')).toBeInstanceOf(BackendQueue);
      // Of a type that was not registered here, as a worker of a later release may announce one.
      const later = queues.queue('later');
      await queues.send([jobOf('later'), jobOf('held')]);
      expect(await queues.depth('later')).toMatchObject({ prioritized: 1 });
      await course.begun;

      const open = () => (backend.kind === 'postgres' ? !backend.pool.ended : backend.redis.status === 'ready');
      worker.once('closed', () => course.events.push(`the worker is closed, the backend open: ${open()}`));
      const ended = backend.kind === 'redis' ? once(backend.redis, 'end') : undefined;
      await app.close();
      await ended;
      expect(course.events).toEqual(['shutdown hooks', 'the job ends', 'the worker is closed, the backend open: true']);
      expect(open()).toBe(false);
      for (const queue of [later, queues.queue('held')]) expect(queue.closing).toBeInstanceOf(Promise);
      expect(faults).toEqual([]);
    });
  });
}

function jobOf(taskType: string): TaskJob {
  const ids = { chainId: 'chain-1', taskId: 'a', taskRequestId: `task-${taskType}`, taskType, attempt: 1 };
  return { ...ids, params: {}, inputs: {}, timeoutMs: null, priority: 5 };
}
