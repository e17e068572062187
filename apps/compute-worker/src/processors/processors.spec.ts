import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { taskTypes } from '#libs/compute';
import { createLogger, readAppConfig } from '#libs/platform';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { useTestDatabase } from '#libs/testing';
import { WorkerModule } from '../worker.module.js';
import { PROCESSORS, ProcessorsModule, type Processors } from './processors.module.js';
import { processors } from './processors.js';
import type { TaskProcessor } from './task-processor.js';

describe('the processors', () => {
  const database = useTestDatabase();
  const boot = async (env: Record<string, string>) => {
    const config = readAppConfig({ DATABASE_URL: database.url, NODE_ENV: 'test', ...env });
    const logger = createLogger('compute-worker', 'silent');
    const app = await Test.createTestingModule({ imports: [WorkerModule.forRoot(config, logger)] }).compile();
    await app.init();
    return app;
  };

  it('and the task types of the catalogue that a worker runs are one set', () => {
    const types = taskTypes.filter(({ runsOn }) => runsOn === 'worker');
    expect(Object.keys(processors).sort()).toEqual(types.map(({ type }) => type).sort());
    expect(new Set(Object.values(processors)).size).toBe(types.length);
  });

  it('take the jobs of their types, as many at once as the configuration says, and no stalled job again', async () => {
    const app = await boot({ WORKER_CONCURRENCY: '3', WORKER_CONCURRENCY_SS_LR: '2' });
    const started = app.get<Processors>(PROCESSORS, { strict: false });
    expect([...started.keys()].sort()).toEqual(Object.keys(processors).sort());
    const intervals = new Set<number>();
    for (const [type, { worker, constructor }] of started) {
      expect(constructor).toBe(processors[type]);
      expect(worker.name).toBe(queueName(type));
      expect(worker.isRunning()).toBe(true);
      const { stalledInterval, ...options } = PROCESSOR_OPTIONS;
      expect(worker.opts).toMatchObject(options);
      intervals.add(worker.opts.stalledInterval! / stalledInterval);
      expect([type, worker.concurrency]).toEqual([type, type === 'ss_lr' ? 2 : 3]);
    }
    // No two look for stalled jobs at the same times.
    expect(intervals.size).toBeGreaterThan(started.size / 2);
    expect([Math.min(...intervals) >= 1, Math.max(...intervals) <= 1.1]).toEqual([true, true]);
    await app.close();
  });

  it('are those of WORKER_TYPES alone', async () => {
    const app = await boot({ WORKER_TYPES: 'psi,report' });
    expect([...app.get<Processors>(PROCESSORS, { strict: false }).keys()].sort()).toEqual(['psi', 'report']);
    await app.close();
  });

  it('stop the boot when a type has none, or that of another', () => {
    expect(() => ProcessorsModule.forTypes(['psi', 'guess'])).toThrow('the task type guess has no processor');
    const vif = { queue: queueName('vif') } as TaskProcessor;
    const both = new Map([
      ['vif', vif],
      ['psi', vif],
    ]);
    expect(() => new ProcessorsModule(both).onApplicationBootstrap()).toThrow(
      'the processor of psi takes jobs of task-vif',
    );
  });
});
