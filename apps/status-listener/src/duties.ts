import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Gauge, type Registry } from 'prom-client';
import type { EngineLog } from '#libs/chain-engine';
import { LANES, type StatusChannel, type TaskQueues } from '#libs/queues';
import { engineQueries, readGauges, type Database, secrets, webhooks } from '#libs/repositories';

const DUTY_MS = 30_000;
const KEY_SECONDS = 24 * 3_600;
const KEY_BATCH = 1_000;
const DELETE_BATCH = 50;

/** How long finished chains are kept, in seconds, and where their artifacts lie. */
export interface Retention {
  readonly seconds: number;
  readonly artifactRoot: string;
}

/** What is counted of the queue and of the way back. */
export interface Counted {
  readonly queues: Pick<TaskQueues, 'depth'>;
  readonly channel: Pick<StatusChannel, 'backlog'>;
}

/**
 * What one listener of all does: the gauges that are counted in the database and the queue, so that replicas do not
 * multiply them, and the removal of old chains. Who does it holds a lease; another takes over when it runs out.
 */
export class Duties {
  private readonly gauges;
  /** Task types that were seen here: their figures are 0 where there is nothing. */
  private readonly types = new Set<string>();

  constructor(
    private readonly db: Database,
    private readonly reads: Database,
    private readonly counted: Counted,
    private readonly holder: string,
    private readonly retention: Retention | null,
    private readonly log: EngineLog,
    registry: Registry,
  ) {
    this.gauges = makeGauges(registry);
  }

  /** Counts first and sets then, so that no scrape falls between an old figure and a new one. */
  async countOpen(): Promise<void> {
    const { chains, tasks, waits, slots, queued, messages, outbox } = this.gauges;
    const mine = await engineQueries.holdDuty(this.db, 'gauges', this.holder, DUTY_MS);
    const rows = mine ? await readGauges(this.reads) : [];
    for (const { kind, label } of rows) if (kind === 'slots' || kind.startsWith('tasks:')) this.types.add(label);
    const types = mine ? [...this.types] : [];
    const [inQueues, inLanes] = await Promise.all([
      Promise.all(types.map(async (type) => [type, await this.counted.queues.depth(type)] as const)),
      Promise.all(LANES.map(async (lane) => [lane, mine ? await this.counted.channel.backlog(lane) : 0] as const)),
    ]);
    for (const gauge of Object.values(this.gauges)) gauge.reset();
    if (!mine) return void outbox.remove();

    // 0 is not the same as nobody who counts, least of all to whoever scales by it.
    for (const status of ['PENDING', 'RUNNING', 'PAUSED']) chains.set({ status }, 0);
    for (const task_type of types) {
      for (const status of ['READY', 'QUEUED', 'RUNNING', 'RETRYING']) tasks.set({ task_type, status }, 0);
      slots.set({ task_type }, 0);
      waits.set({ task_type }, 0);
    }
    for (const { kind, label, value } of rows) {
      if (kind === 'chains') chains.set({ status: label }, value);
      else if (kind === 'slots') slots.set({ task_type: label }, value);
      else if (kind === 'outbox') outbox.set(value);
      else if (kind !== 'waits') tasks.set({ task_type: label, status: kind.slice('tasks:'.length) }, value);
    }
    const longest = new Map<string, number>();
    for (const { kind, label, value } of rows) {
      if (kind === 'waits') longest.set(label, Math.max(value, longest.get(label) ?? 0));
    }
    for (const [task_type, seconds] of longest) waits.set({ task_type }, seconds);
    for (const [task_type, counts] of inQueues) {
      for (const [state, count] of Object.entries(counts)) queued.set({ task_type, state }, count);
    }
    for (const [lane, count] of inLanes) messages.set({ lane }, count);
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
    await webhooks.forget(this.db);
    await secrets.forget(this.db);
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

function makeGauges(registry: Registry) {
  const gauge = <T extends string>(name: string, help: string, ...labelNames: T[]): Gauge<T> =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  return {
    chains: gauge('taskchain_chains', 'Open chains by status', 'status'),
    tasks: gauge(
      'taskchain_tasks',
      'Open tasks by type and status; READY, QUEUED and RUNNING together are what workers have to do',
      'task_type',
      'status',
    ),
    waits: gauge('taskchain_longest_wait_seconds', 'How long the first of the waiting tasks has waited', 'task_type'),
    slots: gauge('taskchain_worker_slots', 'Slots of live workers by task type', 'task_type'),
    queued: gauge('taskchain_queue_jobs', 'Jobs in the queue of a task type', 'task_type', 'state'),
    messages: gauge('taskchain_channel_messages', 'Messages of workers that no listener has stored yet', 'lane'),
    outbox: gauge('taskchain_outbox_pending', 'Rows in the outbox'),
  };
}
