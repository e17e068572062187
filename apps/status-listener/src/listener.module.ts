import { hostname } from 'node:os';
import {
  Inject,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Registry } from 'prom-client';
import { ChainEngine, makeEngineMetrics } from '#libs/chain-engine';
import {
  APP_CONFIG,
  LOGGER,
  PlatformModule,
  runHealthChecks,
  startHealthServer,
  type AppConfig,
  type HealthCheck,
  type HealthServer,
  type Logger,
} from '#libs/platform';
import { closeBackend, openBackend, openChannel, pingBackend, TaskQueues } from '#libs/queues';
import { Databases, missingMigrations, RepositoriesModule, type Database } from '#libs/repositories';
import { Duties } from './duties.js';
import { Listener } from './listener.js';

/** A listener with a loop that has not come round for this long is not ready, ms. */
const STUCK_MS = 30_000;
/** One whose loop has not come round for this long, although all that it needs answers, is to be started anew, ms. */
const DEAD_MS = 60_000;

/** Opens what the listener needs, runs it, and closes it in the reverse order. */
class ListenerApp implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly db: Database;
  /** For what counts and removes: plans are the planner's there. */
  private readonly reads: Database;
  private readonly backend;
  private readonly queues: TaskQueues;
  private readonly listener: Listener;
  private readonly needs: readonly HealthCheck[] = [
    { name: 'database', check: () => this.checkSchema() },
    { name: 'queue', check: () => pingBackend(this.backend) },
  ];
  private health: HealthServer | undefined;

  constructor(
    @Inject(APP_CONFIG) private readonly config: AppConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly registry: Registry,
    databases: Databases,
  ) {
    this.db = databases.engine;
    this.reads = databases.reads;
    this.backend = openBackend(config);
    this.queues = new TaskQueues(this.backend, (error, unheard) =>
      logger.warn({ err: error, unheard }, 'the queue reported a fault'),
    );
    const engine = new ChainEngine(this.db, this.queues, makeEngineMetrics(registry), logger);
    const { artifactRoot, retentionDays, webhooksToPrivate } = config;
    const retention = retentionDays === 0 ? null : { seconds: retentionDays * 86_400, artifactRoot };
    const holder = `${hostname()}-${process.pid}`;
    const channel = openChannel(this.backend);
    const counted = { queues: this.queues, channel };
    const duties = new Duties(this.db, this.reads, counted, holder, retention, logger, registry);
    this.listener = new Listener(engine, channel, this.backend, duties, webhooksToPrivate, holder);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.checkSchema();
    this.listener.start();
    this.health = await startHealthServer({
      app: 'status-listener',
      host: this.config.host,
      port: this.config.listenerPort,
      registry: this.registry,
      checks: [...this.needs, { name: 'loops', check: async () => this.checkLoops(STUCK_MS) }],
      live: [{ name: 'loops', check: () => this.checkAlive() }],
    });
    this.logger.info({ port: this.health.port, backend: this.backend.kind }, 'the status listener is ready');
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.health?.stopping();
    await this.listener.stop();
    await this.health?.close();
    await this.queues.close();
    await closeBackend(this.backend);
  }

  private checkLoops(mostMs: number): void {
    const idle = this.listener.idleMs();
    if (idle > mostMs) throw new Error(`a loop has not come round for ${Math.round(idle / 1000)} s`);
  }

  /** While the database or the queue is away a new process would be stuck as well. */
  private async checkAlive(): Promise<void> {
    if (this.listener.idleMs() <= DEAD_MS) return;
    if ((await runHealthChecks(this.needs, 500)).status === 'ok') this.checkLoops(DEAD_MS);
  }

  /** A schema that is newer than this listener is as good: migrations keep the version before running. */
  private async checkSchema(): Promise<void> {
    const missing = await missingMigrations({
      query: (text) => this.db.query({ name: 'applied-migrations', text }),
    });
    if (missing.length > 0) {
      throw new Error(`the database lacks ${missing.length} migrations (${missing[0]} …): run "npm run migrate"`);
    }
  }
}

@Module({})
export class ListenerModule {
  static with(config: AppConfig, logger: Logger): DynamicModule {
    return {
      module: ListenerModule,
      imports: [
        PlatformModule.forRoot('status-listener', config, logger),
        RepositoriesModule.forRoot('task_chain_engine', {
          databaseUrl: config.databaseUrl,
          engine: { max: 12, applicationName: 'task-chain-listener' },
          reads: { max: 2, applicationName: 'task-chain-listener-duties' },
        }),
      ],
      providers: [ListenerApp],
    };
  }
}
