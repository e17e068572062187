import { BullModule, getQueueToken } from '@nestjs/bullmq';
import { Inject, Module, type DynamicModule, type FactoryProvider, type OnApplicationShutdown } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { closeBackend, openBackend, openChannel, type Backend, type BackendOptions } from './backend.js';
import { QueueFaults } from './queue-faults.js';
import type { StatusChannel } from './status-channel.js';
import { BackendQueue, BackendWorker, queueName, queueOptionsOf, type JobData } from './task-queue.js';
import { TaskQueues } from './task-queues.js';

/** Injects the `Backend`. */
export const BACKEND = Symbol('BACKEND');
/** Injects the `StatusChannel`. */
export const STATUS_CHANNEL = Symbol('STATUS_CHANNEL');
const OPTIONS = Symbol('QUEUES_OPTIONS');

/** Options of an app: the backend, and a handler of its faults. */
export interface QueuesOptions extends BackendOptions {
  /** Takes one fault in ten seconds, with the number that were left out before it. */
  readonly onFault: (error: Error, leftOut: number) => void;
}

BullModule.queueClass = BackendQueue;
BullModule.workerClass = BackendWorker;

/** Closes the channel and then the backend, once queues and workers are closed. */
class BackendShutdown implements OnApplicationShutdown {
  constructor(
    @Inject(BACKEND) private readonly backend: Backend,
    @Inject(STATUS_CHANNEL) private readonly channel: StatusChannel,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.channel.close();
    await closeBackend(this.backend);
  }
}

/**
 * The queues of task types and the status channel, on one backend. An app imports `forRoot` once, before `registerTypes`:
 * Nest shuts global modules down in reverse order, so that the backend outlives BullMQ's workers and queues.
 */
@Module({})
export class QueuesModule {
  /** Opens the backend and the channel, for every module of the app. */
  static forRoot(options: Pick<FactoryProvider<QueuesOptions>, 'inject' | 'useFactory'>): DynamicModule {
    return {
      module: QueuesModule,
      global: true,
      imports: [BullModule.forRootAsync({ inject: [BACKEND], useFactory: queueOptionsOf })],
      providers: [
        { provide: OPTIONS, ...options },
        { provide: BACKEND, inject: [OPTIONS], useFactory: openBackend },
        { provide: STATUS_CHANNEL, inject: [BACKEND], useFactory: openChannel },
        {
          provide: QueueFaults,
          inject: [OPTIONS],
          useFactory: ({ onFault }: QueuesOptions) => new QueueFaults(onFault),
        },
        BackendShutdown,
      ],
      exports: [BACKEND, STATUS_CHANNEL, QueueFaults],
    };
  }

  /** Opens the queues of these task types, and `TaskQueues` over them, for every module of the app. */
  static registerTypes(types: readonly string[]): DynamicModule {
    const queues = types.map((type) => queueName(type));
    return {
      module: QueuesModule,
      global: true,
      imports: [BullModule.registerQueue(...queues.map((name) => ({ name })))],
      providers: [
        {
          provide: TaskQueues,
          inject: [BACKEND, QueueFaults, ...queues.map((name) => getQueueToken(name))],
          useFactory: (backend: Backend, faults: QueueFaults, ...registered: Queue<JobData>[]) => {
            const open = (type: string) => new BackendQueue(queueName(type), queueOptionsOf(backend));
            return new TaskQueues(registered, open, faults.take);
          },
        },
      ],
      exports: [TaskQueues],
    };
  }
}
