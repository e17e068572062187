import { Module, type DynamicModule, type FactoryProvider, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { APP_CONFIG, PlatformModule, secretKeysOf, type AppConfig, type Logger } from '#libs/platform';
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

/** Provides what is made of the configuration. */
const ofConfig = <T>(provide: Type<T>, make: (config: AppConfig) => T): FactoryProvider<T> => ({
  provide,
  inject: [APP_CONFIG],
  useFactory: make,
});

/** Wires the API. */
@Module({})
export class AppModule {
  static with(config: AppConfig, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [PlatformModule.forRoot('api', config, logger)],
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
          inject: [Databases, APP_CONFIG],
          useFactory: ({ reads }: Databases, { signIn }: AppConfig) =>
            new SignIn(reads, signIn.adminKey, signIn.oidc && new OidcTokens(signIn.oidc)),
        },
        ofConfig(Databases, ({ databaseUrl }) => new Databases(databaseUrl)),
        ofConfig(SealingKeys, ({ secrets }) => new SealingKeys(secretKeysOf(secrets))),
        ofConfig(Catalogue, ({ diagnosticTasks }) => new Catalogue(diagnosticTasks)),
        ofConfig(ArtifactRoot, ({ artifactRoot }) => new ArtifactRoot(artifactRoot)),
        ofConfig(WebhookReach, ({ webhooksToPrivate }) => new WebhookReach(webhooksToPrivate)),
        ApiMetrics,
      ],
    };
  }
}
