import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import { Registry } from 'prom-client';
import { APP_CONFIG, LOGGER, startHealthServer, type AppConfig, type HealthServer, type Logger } from '#libs/platform';
import { WorkerHealth } from './worker-health.js';

/** Serves health and metrics once the worker has started. It is not ready from the first moment of stopping. */
@Injectable()
export class HealthEndpoint implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  private server: HealthServer | undefined;

  constructor(
    @Inject(APP_CONFIG) private readonly config: AppConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly registry: Registry,
    private readonly health: WorkerHealth,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { registry, health, config } = this;
    this.server = await startHealthServer({
      app: 'compute-worker',
      host: config.host,
      port: config.workerPort,
      registry,
      checks: health.ready,
      live: health.live,
    });
    this.logger.info({ port: this.server.port }, 'the compute worker is ready');
  }

  onModuleDestroy(): void {
    this.server?.stopping();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.server?.close();
  }
}
