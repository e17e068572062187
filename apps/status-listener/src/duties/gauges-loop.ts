import { Inject, Injectable } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';
import { LANES, STATUS_CHANNEL, TaskQueues, type StatusChannel } from '#libs/queues';
import { Databases, DutyRepository, readGauges } from '#libs/repositories';
import { HOLDER } from '../engine/engine.module.js';
import { Loop } from '../loops/loop.js';

/** The lease of the duty, ms: another listener takes it over when it runs out. */
const LEASE_MS = 30_000;
/** Queues of types that have no open task are counted in one of so many rounds: five minutes. */
const ALL_QUEUES_EVERY = 20;

/** Counts what is open in the database and the queue. One listener does it for all, so that replicas do not multiply the figures. */
@Injectable()
export class GaugesLoop extends Loop {
  readonly name = 'gauges';
  readonly pauseMs = 15_000;
  private readonly gauges;
  /** Task types that were seen here: their figures are 0 where there is nothing. */
  private readonly types = new Set<string>();
  /** Jobs in the queues, as last counted. */
  private readonly depths = new Map<string, Record<string, number>>();
  private rounds = 0;

  constructor(
    private readonly databases: Databases,
    private readonly duties: DutyRepository,
    private readonly queues: TaskQueues,
    @Inject(STATUS_CHANNEL) private readonly channel: StatusChannel,
    @Inject(HOLDER) private readonly holder: string,
    registry: Registry,
  ) {
    super();
    this.gauges = makeGauges(registry);
  }

  /** Counts first and then sets, so that no scrape falls between an old figure and a new one. */
  async round(): Promise<void> {
    const { chains, tasks, waits, slots, queued, messages, outbox } = this.gauges;
    const mine = await this.duties.hold(this.databases.engine, 'gauges', this.holder, LEASE_MS);
    const rows = mine ? await readGauges(this.databases.reads) : [];
    for (const { kind, label } of rows) if (kind === 'slots' || kind.startsWith('tasks:')) this.types.add(label);
    const types = mine ? [...this.types] : [];
    const open = new Set(rows.filter(({ kind }) => kind.startsWith('tasks:')).map(({ label }) => label));
    const isAll = this.rounds++ % ALL_QUEUES_EVERY === 0;
    const held = (type: string): boolean => Object.values(this.depths.get(type) ?? { unknown: 1 }).some((n) => n > 0);
    const counted = types.filter((type) => isAll || open.has(type) || held(type));
    const [inQueues, inLanes] = await Promise.all([
      Promise.all(counted.map(async (type) => [type, await this.queues.depth(type)] as const)),
      Promise.all(LANES.map(async (lane) => [lane, mine ? await this.channel.backlog(lane) : 0] as const)),
    ]);
    for (const gauge of Object.values(this.gauges)) gauge.reset();
    if (!mine) {
      this.depths.clear();
      return void outbox.remove();
    }

    // A missing series means no data: autoscaling needs the 0.
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
    for (const [task_type, counts] of inQueues) this.depths.set(task_type, counts);
    for (const [task_type, counts] of this.depths) {
      for (const [state, count] of Object.entries(counts)) queued.set({ task_type, state }, count);
    }
    for (const [lane, count] of inLanes) messages.set({ lane }, count);
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
