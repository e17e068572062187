import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { APP_CONFIG, LOGGER, type Logger } from '#libs/platform';
import { closeBackend, openBackend, openChannel, TaskQueues, type Backend } from '#libs/queues';

/** Injects the `Backend`. */
export const BACKEND = Symbol('BACKEND');
/** Injects the `StatusChannel`. */
export const STATUS_CHANNEL = Symbol('STATUS_CHANNEL');

/** The queues of task types and the status channel, on one backend. */
@Global()
@Module({
  providers: [
    { provide: BACKEND, inject: [APP_CONFIG], useFactory: openBackend },
    { provide: STATUS_CHANNEL, inject: [BACKEND], useFactory: openChannel },
    {
      provide: TaskQueues,
      inject: [BACKEND, LOGGER],
      useFactory: (backend: Backend, logger: Logger) =>
        new TaskQueues(backend, (error, unheard) => logger.warn({ err: error, unheard }, 'the queue reported a fault')),
    },
  ],
  exports: [BACKEND, STATUS_CHANNEL, TaskQueues],
})
export class QueuesModule implements OnApplicationShutdown {
  constructor(
    @Inject(BACKEND) private readonly backend: Backend,
    private readonly queues: TaskQueues,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.queues.close();
    await closeBackend(this.backend);
  }
}
