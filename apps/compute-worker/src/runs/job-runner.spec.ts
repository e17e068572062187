import { tmpdir } from 'node:os';
import { expect, test } from '@jest/globals';
import { TaskFailure, type TaskRun, type TaskRunner, type TaskRunResult } from '#libs/compute';
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

const logger = { debug: () => undefined, info: () => undefined } as unknown as Logger;
const channel = { publish: async () => undefined } as unknown as StatusChannel;

/** An intake, and how many slots it has given. */
function countedSlots(): { readonly slots: { busy: number }; readonly intake: Intake } {
  const slots = { busy: 0 };
  const took = (): (() => void) => {
    slots.busy += 1;
    return () => void (slots.busy -= 1);
  };
  return { slots, intake: { took } as unknown as Intake };
}

test('a run takes a slot until it ends, and a run at sites takes none', async () => {
  const { slots, intake } = countedSlots();
  let fail: (error: Error) => void = () => undefined;
  const runner = new JobRunner(
    {} as WorkerSettings,
    channel,
    intake,
    { open: () => new Promise((_, reject) => (fail = reject)) } as unknown as JobSecrets,
    {
      run: (_: TaskJob, { signal }: { signal: AbortSignal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    } as unknown as SiteRuns,
    logger,
  );
  const running = async (count: number): Promise<void> => {
    while (runner.running < count) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  await runner.process(job('at-sites', 'node'));
  await running(1);
  expect(slots.busy).toBe(0);
  const here = runner.process(job('here'));
  await running(2);
  expect(slots.busy).toBe(1);
  fail(new TaskFailure('INVALID_PARAMS', 'why'));
  await here;
  expect([slots.busy, runner.running]).toEqual([0, 1]);
  await runner.drainApart();
  expect([slots.busy, runner.running]).toEqual([0, 0]);
});

test('a run that only waits leaves its slot to another while there is a place of REMOTE_SLOTS, and drains like any', async () => {
  const { slots, intake } = countedSlots();
  const ends = new Map<string, () => void>();
  const runner: Partial<TaskRunner> = {
    name: 'native',
    leaves: () => 'nothing',
    run: (_, run: TaskRun) =>
      new Promise<TaskRunResult>((resolve, reject) => {
        ends.set(run.requestId, () => resolve({ result: {}, artifacts: [] }));
        run.signal.addEventListener('abort', () => reject(run.signal.reason as Error));
        run.waits!();
      }),
  };
  const roots = { dataRoot: tmpdir(), artifactRoot: tmpdir() };
  const settings = { ...roots, remoteSlots: 1, slots: { diagnostic: 1, psi: 4 }, runners: [runner] };
  const jobs = new JobRunner(
    settings as unknown as WorkerSettings,
    channel,
    intake,
    {
      open: async ({ params }: TaskJob) => ({ params, hide: (value: unknown) => value, checkName: () => undefined }),
    } as unknown as JobSecrets,
    {} as SiteRuns,
    logger,
  );
  const begin = (id: string): Promise<void> =>
    jobs.process({ ...job(id), taskType: 'diagnostic', params: { task_config: {} } } as unknown as TaskJob);
  const seen = async (id: string): Promise<void> => {
    while (!ends.has(id)) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  await begin('one');
  expect([slots.busy, jobs.running, jobs.held().length, jobs.slots]).toEqual([0, 1, 1, { diagnostic: 2, psi: 4 }]);
  // There is one place: the second holds its slot until the first has ended.
  const second = begin('two');
  await seen('two');
  expect([slots.busy, jobs.running, jobs.slots]).toEqual([1, 2, { diagnostic: 2, psi: 4 }]);
  ends.get('one')!();
  await second;
  expect([slots.busy, jobs.running]).toEqual([0, 1]);
  let isDrained = false;
  const drained = jobs.drainApart().then(() => (isDrained = true));
  const third = begin('three');
  await seen('three');
  expect(isDrained).toBe(false);
  ends.get('three')!();
  await third;
  jobs.stopAll('shutdown');
  await drained;
  expect([slots.busy, jobs.running, jobs.slots]).toEqual([0, 0, { diagnostic: 1, psi: 4 }]);
});
