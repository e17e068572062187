import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, LOGGER, type AppConfig, type Logger } from '#libs/platform';
import { Databases, DutyRepository, engineQueries } from '#libs/repositories';
import { HOLDER } from '../engine/engine.module.js';
import { Loop } from '../loops/loop.js';

/** The lease of the duty, ms: another listener takes it over when it runs out. */
const LEASE_MS = 60_000;
const DAY_SECONDS = 24 * 3_600;
/** Signals are shown so long after they were given to a task or expired. */
const SIGNAL_DAYS = 7;
const KEY_BATCH = 1_000;
const DELETE_BATCH = 50;

/** Removes what is old: chains, deliveries, idempotency keys, used signals, removed webhooks and secrets. One listener does it for all. */
@Injectable()
export class RetentionLoop extends Loop {
  readonly name = 'retention';
  readonly pauseMs = 60_000;

  constructor(
    private readonly databases: Databases,
    private readonly duties: DutyRepository,
    @Inject(HOLDER) private readonly holder: string,
    @Inject(APP_CONFIG) private readonly config: Pick<AppConfig, 'retentionDays' | 'artifactRoot'>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    super();
  }

  /**
   * Removes in small batches; the rows first, so that no row ever names an artifact that is gone. The outbox then says
   * which artifacts to remove, also those that a listener left which died between the two.
   */
  async round(): Promise<void> {
    const db = this.databases.engine;
    if (!(await this.duties.hold(db, 'retention', this.holder, LEASE_MS))) return;
    let keys: number;
    do keys = await engineQueries.deleteOldKeys(db, DAY_SECONDS, KEY_BATCH);
    while (keys === KEY_BATCH);
    let signals: number;
    do signals = await engineQueries.deleteOldSignals(db, SIGNAL_DAYS * DAY_SECONDS, KEY_BATCH);
    while (signals === KEY_BATCH);
    await engineQueries.forgetWebhooks(db);
    await engineQueries.forgetSecrets(db);
    await engineQueries.forgetTemplates(db);
    await engineQueries.forgetSchedules(db);
    const { retentionDays } = this.config;
    if (retentionDays === 0) return;
    let ticks: number;
    do ticks = await engineQueries.deleteOldTicks(db, retentionDays * DAY_SECONDS, KEY_BATCH);
    while (ticks === KEY_BATCH);
    for (;;) {
      const removed = await engineQueries.deleteFinished(db, retentionDays * DAY_SECONDS, DELETE_BATCH);
      await this.removeArtifacts();
      if (removed.length === 0) return;
      this.logger.info({ chains: removed.length }, 'old chains were removed');
    }
  }

  private async removeArtifacts(): Promise<void> {
    const db = this.databases.engine;
    for (const row of await engineQueries.takeOutbox(db, 'REMOVE_ARTIFACTS', DELETE_BATCH, LEASE_MS)) {
      const { chain_ids: chainIds } = row.payload as { chain_ids: string[] };
      for (const chainId of chainIds)
        await rm(join(this.config.artifactRoot, chainId), { recursive: true, force: true });
      await engineQueries.deleteOutbox(db, [row.id]);
    }
  }
}
