import { hostname } from 'node:os';
import {
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { ChainCache, makeEngineMetrics, Room, type Engine } from '#libs/chain-engine';
import { createMetrics, startHealthServer, type AppConfig, type HealthServer, type Logger } from '#libs/platform';
import { closeBackend, openBackend, openChannel, pingBackend, TaskQueues } from '#libs/queues';
import { Database, missingMigrations } from '#libs/repositories';
import { Duties } from './duties.js';
import { Listener } from './listener.js';

/** A loop that has not come round for this long counts as stuck, ms. */
const STUCK_MS = 30_000;

/** Opens what the listener needs, runs it, and closes it in the reverse order. */
class ListenerApp implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly db: Database;
  /** For what counts and removes: plans are the planner's there. */
  private readonly reads: Database;
  private readonly backend;
  private readonly queues: TaskQueues;
  private readonly listener: Listener;
  private readonly metrics = createMetrics('status-listener');
  private health: HealthServer | undefined;

  constructor(
    private readonly config: AppConfig,
    private readonly logger: Logger,
  ) {
    this.db = new Database(config.databaseUrl, { max: 12, applicationName: 'task-chain-listener' });
    this.reads = new Database(config.databaseUrl, {
      max: 2,
      applicationName: 'task-chain-listener-duties',
      pinPlans: false,
    });
    this.backend = openBackend(config);
    this.queues = new TaskQueues(this.backend, (error, unheard) =>
      logger.warn({ err: error, unheard }, 'the queue reported a fault'),
    );
    const engine: Engine = {
      db: this.db,
      queues: this.queues,
      room: new Room(),
      cache: new ChainCache(),
      metrics: makeEngineMetrics(this.metrics.registry),
      log: logger,
    };
    const { artifactRoot, retentionDays, webhooksToPrivate } = config;
    const retention = retentionDays === 0 ? null : { seconds: retentionDays * 86_400, artifactRoot };
    const holder = `${hostname()}-${process.pid}`;
    const duties = new Duties(this.db, this.reads, holder, retention, logger, this.metrics.registry);
    this.listener = new Listener(engine, openChannel(this.backend), this.backend, duties, webhooksToPrivate);
  }

  async onApplicationBootstrap(): Promise<void> {
    const missing = await missingMigrations(this.schema());
    if (missing.length > 0) {
      throw new Error(`the database lacks ${missing.length} migrations (${missing[0]} …): run "npm run migrate"`);
    }
    this.listener.start();
    this.health = await startHealthServer({
      app: 'status-listener',
      host: this.config.host,
      port: this.config.listenerPort,
      metrics: this.metrics,
      checks: [
        { name: 'database', check: () => this.schema().query('SELECT 1') },
        { name: 'queue', check: () => pingBackend(this.backend) },
        { name: 'loops', check: () => this.checkLoops() },
      ],
    });
    this.logger.info({ port: this.health.port, backend: this.backend.kind }, 'the status listener is ready');
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.health?.close();
    await this.listener.stop();
    await this.queues.close();
    await closeBackend(this.backend);
    await this.reads.close();
    await this.db.close();
  }

  private async checkLoops(): Promise<void> {
    const idle = this.listener.idleMs();
    if (idle > STUCK_MS) throw new Error(`a loop has not come round for ${Math.round(idle / 1000)} s`);
  }

  private schema(): { query(sql: string): Promise<unknown> } {
    return { query: (sql) => this.db.query({ name: `check-${sql.length}`, text: sql }) };
  }
}

@Module({})
export class ListenerModule {
  static with(config: AppConfig, logger: Logger): DynamicModule {
    return {
      module: ListenerModule,
      providers: [{ provide: ListenerApp, useFactory: () => new ListenerApp(config, logger) }],
    };
  }
}
