import { Module, type DynamicModule, type FactoryProvider, type ModuleMetadata, type Type } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import type { HealthChecks } from './health-checks.js';
import { HealthController } from './health-probes.js';
import { HEALTH_CHECKS, HealthService } from './health.service.js';
import { MetricsController } from './metrics-page.js';

/** How an app builds its checks from its providers. */
export interface HealthOptions extends Pick<ModuleMetadata, 'imports'>, Pick<FactoryProvider<HealthChecks>, 'inject'> {
  readonly useFactory: FactoryProvider<HealthChecks>['useFactory'];
  /** Serve the reports; by default HealthController and the metrics, for an app without a public API. */
  readonly controllers?: Type[];
}

/** Serves /health/live, /health/ready and /metrics. */
@Module({})
export class HealthModule {
  static forApp(options: HealthOptions): DynamicModule {
    const { imports = [], inject, useFactory, controllers = [HealthController, MetricsController] } = options;
    return {
      module: HealthModule,
      imports: [TerminusModule.forRoot({ logger: false }), ...imports],
      controllers,
      providers: [HealthService, { provide: HEALTH_CHECKS, inject, useFactory }],
    };
  }
}
