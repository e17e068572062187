import {
  Inject,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';
import { engines, faultsOfTypes, taskTypes } from '#libs/compute';
import {
  concurrencyOf,
  APP_CONFIG,
  LOGGER,
  PlatformModule,
  runHealthChecks,
  secretKeysOf,
  startHealthServer,
  type AppConfig,
  type HealthServer,
  type Logger,
} from '#libs/platform';
import { closeBackend, openBackend, openChannel, pingBackend, TaskQueues } from '#libs/queues';
import { JobSecrets } from './job-secrets.js';
import { Worker } from './worker.js';

/** A worker to which no listener has answered for this long is not ready, ms. */
const UNANSWERED_MS = 15_000;

/** Opens what the worker needs, runs it, and closes it in the reverse order. */
class WorkerApp implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly backend;
  private readonly channel;
  private readonly queues: TaskQueues;
  private readonly worker: Worker;
  private readonly secrets: JobSecrets;
  private readonly types;
  private health: HealthServer | undefined;

  constructor(
    @Inject(APP_CONFIG) private readonly config: AppConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly registry: Registry,
  ) {
    this.types = typesOf(config);
    const types = this.types.map(({ type }) => type);
    this.backend = openBackend(config);
    this.channel = openChannel(this.backend);
    this.queues = new TaskQueues(this.backend, (error, unheard) =>
      logger.warn({ err: error, unheard }, 'the queue reported a fault'),
    );
    const slots = Object.fromEntries(types.map((type) => [type, concurrencyOf(config, type)]));
    const { dataRoot, artifactRoot } = config;
    const drainMs = config.workerDrainSeconds * 1_000;
    this.secrets = new JobSecrets(config.databaseUrl, secretKeysOf(config.secrets));
    const options = { slots, dataRoot, artifactRoot, drainMs, secrets: this.secrets };
    this.worker = new Worker(this.queues, this.channel, options, logger);
    const { worker } = this;
    new Gauge({
      name: 'taskchain_worker_running_tasks',
      help: 'Tasks that this worker runs now',
      registers: [registry],
      collect() {
        this.set(worker.running);
      },
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    const faults = await faultsOfTypes(this.types);
    if (faults.length > 0) throw new Error(faults.join('; '));
    if (this.config.nodeEnv === 'production') await this.secrets.requireKey();
    await this.tellEngines();
    await this.worker.start();
    this.health = await startHealthServer({
      app: 'compute-worker',
      host: this.config.host,
      port: this.config.workerPort,
      registry: this.registry,
      checks: [
        { name: 'queue', check: () => pingBackend(this.backend) },
        { name: 'listener', check: () => this.checkListener() },
      ],
      live: [{ name: 'intake', check: () => this.checkAlive() }],
    });
    this.logger.info(
      { port: this.health.port, worker: this.worker.id, backend: this.backend.kind },
      'the compute worker is ready',
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.health?.stopping();
    await this.worker.stop();
    await this.health?.close();
    await this.channel.close();
    await this.queues.close();
    await this.secrets.close();
    await closeBackend(this.backend);
  }

  /** A worker that lacks what an engine needs still runs what it can: each task that it can't run says why. */
  private async tellEngines(): Promise<void> {
    for (const { name, needs } of engines) {
      const findings = await needs();
      const missing = findings.flatMap(({ what, found, mend }) => (found === null ? [`${what}: ${mend}`] : []));
      const found = findings.flatMap(({ what, found }) => (found === null ? [] : [`${what} ${found}`]));
      if (missing.length > 0) this.logger.warn({ engine: name, found, missing }, `the engine ${name} lacks something`);
      else this.logger.info({ engine: name, found }, `the engine ${name} has what it needs`);
    }
  }

  /** Jobs that wait beside free slots, and none is taken. While the queue is away a new process would take none either. */
  private async checkAlive(): Promise<void> {
    const { status } = await runHealthChecks([{ name: 'queue', check: () => pingBackend(this.backend) }], 500);
    if (status !== 'ok') return;
    const stuck = await this.worker.stuckTypes();
    if (stuck.length > 0) throw new Error(`jobs wait, slots are free, and none is taken: ${stuck.join(', ')}`);
  }

  private async checkListener(): Promise<void> {
    const silent = this.worker.unansweredMs();
    if (silent > UNANSWERED_MS) throw new Error(`no status listener has answered for ${Math.round(silent / 1000)} s`);
  }
}

/** The types that this worker runs; throws when the configuration names one that there is not. */
function typesOf({ workerTypes, diagnosticTasks }: AppConfig): typeof taskTypes {
  const offered = taskTypes.filter(({ type }) => type !== 'diagnostic' || diagnosticTasks);
  if (workerTypes === undefined) return offered;
  const unknown = workerTypes.filter((name) => !offered.some(({ type }) => type === name));
  if (unknown.length > 0) throw new Error(`WORKER_TYPES names what is not offered: ${unknown.join(', ')}`);
  return offered.filter(({ type }) => workerTypes.includes(type));
}

@Module({})
export class WorkerModule {
  static with(config: AppConfig, logger: Logger): DynamicModule {
    return {
      module: WorkerModule,
      imports: [PlatformModule.forRoot('compute-worker', config, logger)],
      providers: [WorkerApp],
    };
  }
}
