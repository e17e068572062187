import { Module, type DynamicModule } from '@nestjs/common';
import { failpoint, HealthModule, PlatformModule, type AppConfig, type Logger } from '#libs/platform';
import { Databases, RepositoriesModule } from '#libs/repositories';
import { AuditModule } from './audit/audit.module.js';
import { AuthModule } from './auth/auth.module.js';
import { CatalogueModule } from './catalogue/catalogue.module.js';
import { ChainsModule } from './chains/chains.module.js';
import { ControlsModule } from './controls/controls.module.js';
import { EventsModule } from './events/events.module.js';
import { apiHealth } from './health/api-health.js';
import { HealthController } from './health/health.controller.js';
import { HttpModule } from './http/http.module.js';
import { KeysModule } from './keys/keys.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { NodesModule } from './nodes/nodes.module.js';
import { PartiesModule } from './parties/parties.module.js';
import { QueueBoardModule } from './queue-board/queue-board.module.js';
import { SchedulesModule } from './schedules/schedules.module.js';
import { SecretsModule } from './secrets/secrets.module.js';
import { SessionModule } from './session/session.module.js';
import { SignOffsModule } from './sign-offs/sign-offs.module.js';
import { SignalsModule } from './signals/signals.module.js';
import { TasksModule } from './tasks/tasks.module.js';
import { TemplatesModule } from './templates/templates.module.js';
import { TenantsModule } from './tenants/tenants.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';
import { WorkersModule } from './workers/workers.module.js';

/** The API. */
@Module({})
export class AppModule {
  static forRoot(config: AppConfig, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        PlatformModule.forRoot('api', config, logger),
        RepositoriesModule.forRoot('task_chain_api', {
          databaseUrl: config.databaseUrl,
          engine: { max: 10, applicationName: 'task-chain-api' },
          reads: { max: 10, applicationName: 'task-chain-api-reads' },
          aroundCommit: (moment) => failpoint(`api.${moment}`),
        }),
        HttpModule,
        AuthModule,
        MetricsModule,
        ChainsModule,
        ControlsModule,
        TasksModule,
        EventsModule,
        CatalogueModule,
        WebhooksModule,
        KeysModule,
        SessionModule,
        PartiesModule,
        NodesModule,
        AuditModule,
        SecretsModule,
        TemplatesModule,
        SchedulesModule,
        SignalsModule,
        SignOffsModule,
        TenantsModule,
        WorkersModule,
        HealthModule.forApp({ controllers: [HealthController], inject: [Databases], useFactory: apiHealth }),
        QueueBoardModule,
      ],
    };
  }
}
