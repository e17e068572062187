import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Gauge, type Registry } from 'prom-client';
import type { EngineLog } from '#libs/chain-engine';
import { engineQueries, readGauges, type Database } from '#libs/repositories';

const DUTY_MS = 30_000;
const KEY_SECONDS = 24 * 3_600;
const KEY_BATCH = 1_000;
const DELETE_BATCH = 50;

/** How long finished chains are kept, in seconds, and where their artifacts lie. */
export interface Retention {
  readonly seconds: number;
  readonly artifactRoot: string;
}

/**
 * What one listener of all does: the gauges that are counted in the database, so that replicas do not multiply them,
 * and the removal of old chains. Who does it holds a lease; another takes over when it runs out.
 */
export class Duties {
  private readonly chains: Gauge<'status'>;
  private readonly tasks: Gauge<'task_type' | 'status'>;
  private readonly slots: Gauge<'task_type'>;
  private readonly outbox: Gauge;

  constructor(
    private readonly db: Database,
    private readonly reads: Database,
    private readonly holder: string,
    private readonly retention: Retention | null,
    private readonly log: EngineLog,
    registry: Registry,
  ) {
    const registers = [registry];
    this.chains = new Gauge({
      name: 'taskchain_chains',
      help: 'Open chains by status',
      labelNames: ['status'],
      registers,
    });
    this.tasks = new Gauge({
      name: 'taskchain_tasks',
      help: 'Open tasks by type and status; READY, QUEUED and RUNNING together are what workers have to do',
      labelNames: ['task_type', 'status'],
      registers,
    });
    this.slots = new Gauge({
      name: 'taskchain_worker_slots',
      help: 'Slots of live workers by task type',
      labelNames: ['task_type'],
      registers,
    });
    this.outbox = new Gauge({ name: 'taskchain_outbox_pending', help: 'Rows in the outbox', registers });
  }

  async countOpen(): Promise<void> {
    for (const gauge of [this.chains, this.tasks, this.slots, this.outbox]) gauge.reset();
    if (!(await engineQueries.holdDuty(this.db, 'gauges', this.holder, DUTY_MS))) {
      this.outbox.remove();
      return;
    }
    for (const status of ['PENDING', 'RUNNING', 'PAUSED']) this.chains.set({ status }, 0);
    for (const { kind, label, value } of await readGauges(this.reads)) {
      if (kind === 'chains') this.chains.set({ status: label }, value);
      else if (kind === 'slots') this.slots.set({ task_type: label }, value);
      else if (kind === 'outbox') this.outbox.set(value);
      else this.tasks.set({ task_type: label, status: kind.slice('tasks:'.length) }, value);
    }
  }

  /**
   * Small batches; the rows first, so that an artifact is never named that is not there. Artifacts are removed by what
   * the outbox says: also those of a listener that died between the two.
   */
  async removeOld(): Promise<void> {
    if (!(await engineQueries.holdDuty(this.db, 'retention', this.holder, 2 * DUTY_MS))) return;
    let keys: number;
    do keys = await engineQueries.deleteOldKeys(this.db, KEY_SECONDS, KEY_BATCH);
    while (keys === KEY_BATCH);
    if (this.retention === null) return;
    for (;;) {
      const removed = await engineQueries.deleteFinished(this.db, this.retention.seconds, DELETE_BATCH);
      await this.removeArtifacts(this.retention.artifactRoot);
      if (removed.length > 0) this.log.info({ chains: removed.length }, 'old chains were removed');
      if (removed.length === 0) return;
    }
  }

  private async removeArtifacts(root: string): Promise<void> {
    for (const row of await engineQueries.takeOutbox(this.db, 'REMOVE_ARTIFACTS', DELETE_BATCH, 2 * DUTY_MS)) {
      const { chain_ids: chainIds } = row.payload as { chain_ids: string[] };
      for (const chainId of chainIds) await rm(join(root, chainId), { recursive: true, force: true });
      await engineQueries.deleteOutbox(this.db, [row.id]);
    }
  }
}
