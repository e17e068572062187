import { expect, test } from '@jest/globals';
import { TaskFailure } from '#libs/compute';
import type { Logger } from '#libs/platform';
import type { StatusChannel, TaskJob } from '#libs/queues';
import type { SiteRuns } from '../nodes/site-runs.js';
import type { JobSecrets } from '../secrets/job-secrets.js';
import type { WorkerSettings } from '../worker-settings.js';
import type { Intake } from './intake.js';
import { JobRunner } from './job-runner.js';

const job = (taskRequestId: string, address?: string): TaskJob =>
  ({
    ...{ chainId: 'c', taskId: 't', taskRequestId, taskType: 'psi', attempt: 1, timeoutMs: null },
    params: { sf_init_config: { parties: ['a', 'b'], ...(address && { address }) } },
  }) as unknown as TaskJob;

test('a run takes a slot until it ends, and a run at sites takes none', async () => {
  let busy = 0;
  const intake = {
    took() {
      busy += 1;
      return () => void (busy -= 1);
    },
  } as unknown as Intake;
  let fail: (error: Error) => void = () => undefined;
  const runner = new JobRunner(
    {} as WorkerSettings,
    { publish: async () => undefined } as unknown as StatusChannel,
    intake,
    { open: () => new Promise((_, reject) => (fail = reject)) } as unknown as JobSecrets,
    {
      run: (_: TaskJob, { signal }: { signal: AbortSignal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    } as unknown as SiteRuns,
    { debug: () => undefined, info: () => undefined } as unknown as Logger,
  );
  const running = async (count: number): Promise<void> => {
    while (runner.running < count) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  await runner.process(job('at-sites', 'node'));
  await running(1);
  expect(busy).toBe(0);
  const here = runner.process(job('here'));
  await running(2);
  expect(busy).toBe(1);
  fail(new TaskFailure('INVALID_PARAMS', 'why'));
  await here;
  expect([busy, runner.running]).toEqual([0, 1]);
  await runner.drainSites();
  expect([busy, runner.running]).toEqual([0, 0]);
});
