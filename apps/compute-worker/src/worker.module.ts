import { Module, type DynamicModule } from '@nestjs/common';
import { APP_CONFIG, HealthModule, LOGGER, PlatformModule, type AppConfig, type Logger } from '#libs/platform';
import { QueuesModule } from '#libs/queues';
import { NodesModule } from './nodes/nodes.module.js';
import { ProcessorsModule } from './processors/processors.module.js';
import { RunsModule } from './runs/runs.module.js';
import { WorkerHealth } from './runs/worker-health.js';
import { SecretsModule } from './secrets/secrets.module.js';
import { StartChecks } from './start-checks.js';
import { typesOf } from './worker-settings.js';
import { WorkerService } from './worker.service.js';

/** Runs tasks of the types that the configuration names: a queue processor for each. */
@Module({})
export class WorkerModule {
  static forRoot(config: AppConfig, logger: Logger): DynamicModule {
    const types = typesOf(config).map(({ type }) => type);
    return {
      module: WorkerModule,
      imports: [
        PlatformModule.forRoot('compute-worker', config, logger),
        QueuesModule.forRoot({
          inject: [APP_CONFIG, LOGGER],
          useFactory: ({ redisUrl, databaseUrl }: AppConfig, log: Logger) => ({
            redisUrl,
            databaseUrl,
            onFault: (error, unheard) => log.warn({ err: error, unheard }, 'the queue reported a fault'),
          }),
        }),
        QueuesModule.registerTypes(types),
        RunsModule,
        SecretsModule,
        NodesModule,
        ProcessorsModule.forTypes(types),
        HealthModule.forApp({
          imports: [RunsModule],
          inject: [WorkerHealth],
          useFactory: (health: WorkerHealth) => health,
        }),
      ],
      providers: [StartChecks, WorkerService],
    };
  }
}
