// Values are imported below: few test files need Nest and BullMQ, and all would load them.
import type { Backend, BackendWorker, QueuesOptions, StatusChannel, TaskJob, TaskQueues } from '#libs/queues';

/** Queues and channel as an app has them. */
export interface TestQueues {
  readonly backend: Backend;
  readonly channel: StatusChannel;
  readonly queues: TaskQueues;
  close(): Promise<void>;
}

/** Opens queues and channel by the module that the apps import. `onFault` takes every tenth second's fault. */
export async function openTestQueues(
  options: Omit<QueuesOptions, 'onFault'>,
  onFault: QueuesOptions['onFault'] = () => undefined,
): Promise<TestQueues> {
  const { Test } = await import('@nestjs/testing');
  const { BACKEND, QueuesModule, STATUS_CHANNEL, TaskQueues } = await import('#libs/queues');
  const module = await Test.createTestingModule({
    imports: [
      QueuesModule.forRoot({ useFactory: () => ({ ...options, onFault }) }),
      QueuesModule.registerTypes(['diagnostic']),
    ],
  }).compile();
  await module.init();
  return {
    backend: module.get(BACKEND),
    channel: module.get(STATUS_CHANNEL),
    queues: module.get(TaskQueues),
    close: () => module.close(),
  };
}

/** Takes jobs of a type, `slots` at once, as a processor does; close the worker it returns. */
export async function takeJobs(
  backend: Backend,
  type: string,
  slots: number,
  work: (job: TaskJob) => Promise<void>,
  onError: (error: Error) => void = () => undefined,
): Promise<BackendWorker> {
  const { BackendWorker, PROCESSOR_OPTIONS, queueName, queueOptionsOf, taskJobOf } = await import('#libs/queues');
  const options = { ...queueOptionsOf(backend), ...PROCESSOR_OPTIONS, autorun: true, concurrency: slots };
  return new BackendWorker(queueName(type), (job) => work(taskJobOf(job)), options).on('error', onError);
}
