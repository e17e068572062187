import { Module, type DynamicModule } from '@nestjs/common';
import { taskTypes } from '#libs/compute';
import { APP_CONFIG, HealthModule, LOGGER, PlatformModule, type AppConfig, type Logger } from '#libs/platform';
import { QueuesModule } from '#libs/queues';
import { RepositoriesModule } from '#libs/repositories';
import { DispatchModule } from './dispatch/dispatch.module.js';
import { DutiesModule } from './duties/duties.module.js';
import { ListenerHealth } from './health/listener-health.js';
import { ListenerHealthModule } from './health/listener-health.module.js';
import { ReconcilerModule } from './reconciler/reconciler.module.js';
import { ReportsModule } from './reports/reports.module.js';
import { WebhookDeliveryModule } from './webhooks/webhook-delivery.module.js';

/** Moves chains on. Every replica runs all loops: there is no leader, and leases give out what one does for all. */
@Module({})
export class ListenerModule {
  static forRoot(config: AppConfig, logger: Logger): DynamicModule {
    return {
      module: ListenerModule,
      imports: [
        PlatformModule.forRoot('status-listener', config, logger),
        RepositoriesModule.forRoot('task_chain_engine', {
          databaseUrl: config.databaseUrl,
          engine: { max: 12, applicationName: 'task-chain-listener' },
          reads: { max: 2, applicationName: 'task-chain-listener-duties' },
        }),
        QueuesModule.forRoot({
          inject: [APP_CONFIG, LOGGER],
          useFactory: ({ redisUrl, databaseUrl }: AppConfig, log: Logger) => ({
            redisUrl,
            databaseUrl,
            // All queues connect at once as the listener starts: unbounded, 27 connections for a few milliseconds' work.
            maxConnections: 16,
            onFault: (error, unheard) => log.warn({ err: error, unheard }, 'the queue reported a fault'),
          }),
        }),
        QueuesModule.registerTypes(taskTypes.map(({ type }) => type)),
        ReportsModule,
        DispatchModule,
        ReconcilerModule,
        WebhookDeliveryModule,
        DutiesModule,
        HealthModule.forApp({
          imports: [ListenerHealthModule],
          inject: [ListenerHealth],
          useFactory: (health: ListenerHealth) => health,
        }),
      ],
    };
  }
}
