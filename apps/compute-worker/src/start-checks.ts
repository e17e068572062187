import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { faultsOfTypes } from '#libs/compute';
import { APP_CONFIG, LOGGER, type AppConfig, type Logger } from '#libs/platform';
import { JobSecrets } from './secrets/job-secrets.js';
import { EngineFindings } from './engine-findings.js';
import { typesOf } from './worker-settings.js';

/** Keeps the worker from starting with a faulty task type, and in production with secrets that it has no key for, or a login that is more than a worker. */
@Injectable()
export class StartChecks implements OnModuleInit {
  constructor(
    @Inject(APP_CONFIG) private readonly config: AppConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly secrets: JobSecrets,
    private readonly engines: EngineFindings,
  ) {}

  /** Before any processor takes jobs. */
  async onModuleInit(): Promise<void> {
    const faults = await faultsOfTypes(typesOf(this.config));
    if (faults.length > 0) throw new Error(faults.join('; '));
    if (this.config.nodeEnv === 'production') {
      await this.secrets.requireKey();
      await this.secrets.requireLogin();
    }
    await this.logEngines();
  }

  /** A worker that lacks what an engine needs still runs what it can: each task that it cannot run says why. */
  private async logEngines(): Promise<void> {
    for (const { name, unset, found, missing } of await this.engines.find()) {
      if (unset !== undefined)
        this.logger.info({ engine: name }, `the engine ${name} is not set up: ${unset} is not set`);
      else if (missing.length > 0)
        this.logger.warn({ engine: name, found, missing }, `the engine ${name} lacks something`);
      else this.logger.info({ engine: name, found }, `the engine ${name} has what it needs`);
    }
  }
}
