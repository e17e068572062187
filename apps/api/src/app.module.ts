import { Module, type DynamicModule } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { createMetrics, type AppConfig, secretKeysOf } from '#libs/platform';
import { AuditController } from './audit/audit.controller.js';
import { ChainReader } from './chains/chain-reader.js';
import { ChainsController } from './chains/chains.controller.js';
import { BulkController } from './controls/bulk.controller.js';
import { ChainControlsController } from './controls/chain-controls.controller.js';
import { Controls } from './controls/controls.js';
import { TaskControlsController } from './controls/task-controls.controller.js';
import { AllEventsController } from './events/all-events.controller.js';
import { ChainWatch } from './events/chain-watch.js';
import { EventLog } from './events/event-log.js';
import { EventsController } from './events/events.controller.js';
import { OpenStreams } from './events/open-streams.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { KeysController } from './keys/keys.controller.js';
import { OidcTokens } from './auth/oidc.js';
import { RoleGuard } from './auth/role.guard.js';
import { SecretsController, SealingKeys } from './secrets/secrets.controller.js';
import { SignIn } from './auth/sign-in.js';
import { Catalogue } from './catalogue/catalogue.js';
import { Databases } from './database/databases.js';
import { TenantDirectory } from './auth/tenant-directory.js';
import { TenantController, TenantsController } from './tenants/tenants.controller.js';
import { HealthController } from './health/health.controller.js';
import { ApiMetrics } from './metrics/api-metrics.js';
import { ProcessMetricsController } from './metrics/process-metrics.controller.js';
import { TaskTypesController } from './catalogue/task-types.controller.js';
import { WebhookReach, WebhooksController } from './webhooks/webhooks.controller.js';
import { ArtifactRoot, TasksController } from './tasks/tasks.controller.js';

/** Wires the API; everything it needs of the outside is in `config`. */
@Module({})
export class AppModule {
  static with(config: AppConfig): DynamicModule {
    return {
      module: AppModule,
      controllers: [
        MetricsController,
        ChainsController,
        BulkController,
        ChainControlsController,
        TaskControlsController,
        TasksController,
        EventsController,
        AllEventsController,
        TaskTypesController,
        WebhooksController,
        KeysController,
        AuditController,
        SecretsController,
        TenantController,
        TenantsController,
        HealthController,
        ProcessMetricsController,
      ],
      providers: [
        ChainReader,
        Controls,
        TenantDirectory,
        ChainWatch,
        EventLog,
        OpenStreams,
        { provide: APP_GUARD, useClass: RoleGuard },
        {
          provide: SignIn,
          inject: [Databases],
          useFactory: ({ reads }: Databases) =>
            new SignIn(reads, config.signIn.adminKey, config.signIn.oidc && new OidcTokens(config.signIn.oidc)),
        },
        { provide: Databases, useFactory: () => new Databases(config.databaseUrl) },
        { provide: SealingKeys, useFactory: () => new SealingKeys(secretKeysOf(config.secrets)) },
        { provide: Catalogue, useFactory: () => new Catalogue(config.diagnosticTasks) },
        { provide: ArtifactRoot, useFactory: () => new ArtifactRoot(config.artifactRoot) },
        { provide: WebhookReach, useFactory: () => new WebhookReach(config.webhooksToPrivate) },
        { provide: ApiMetrics, useFactory: () => new ApiMetrics(createMetrics('api')) },
      ],
    };
  }
}
