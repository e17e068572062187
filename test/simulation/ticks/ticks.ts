/**
 * Seeded schedules of several API processes that make the chains of schedules: the real loop, statements and creation of chains on
 * PostgreSQL, one statement at a time, while processes die and stop, connections break, the clock steps and people pause, resume, run and
 * backfill. What is a model: the clock, and that chains end.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import type pg from 'pg';
import {
  AuditRepository,
  Database,
  Databases,
  openDatabase,
  ScheduleRepository,
  type Queryable,
} from '#libs/repositories';
import { Catalogue } from '../../../apps/api/src/catalogue/catalogue.js';
import { ChainCreator } from '../../../apps/api/src/chains/creating/chain-creator.js';
import { ScheduleReader } from '../../../apps/api/src/schedules/schedule-reader.js';
import { ScheduleTicksController } from '../../../apps/api/src/schedules/schedule-ticks.controller.js';
import { Ticker } from '../../../apps/api/src/schedules/ticker.js';
import { TickMaker } from '../../../apps/api/src/schedules/tick-maker.js';
import { Process, type Cut } from '../process.js';
import { Random } from '../random.js';
import { withBug, whilePlanted, type TickBug } from './bugs.js';
import { holdClock, setClock } from './clock.js';
import { TickRows } from './tick-rows.js';

type Statement = Parameters<Queryable['query']>[0];

const TENANT = 'default';
const START = Date.parse('2026-03-28T00:00:00Z');
const INTERVAL_MS = 60_000;
const PROCESSES = 3;
const STEPS = 300;
/** Statements that may change schedules, ticks or chains. */
const WRITES = new Set([
  'plan-ticks',
  'claim-ticks',
  'create-chain',
  'settle-tick',
  'postpone-tick',
  'save-decisions',
  'add-delivery',
]);
const OVERLAPS = ['skip', 'queue', 'cancel', 'allow'] as const;
const RESET = `
  DELETE FROM task_requests;
  DELETE FROM task_chains;
  DELETE FROM chain_dependencies;
  DELETE FROM outbox;
  DELETE FROM idempotency_keys;
  DELETE FROM schedules`;
const INSERT: Statement = {
  name: 'insert-schedule',
  text: `
    INSERT INTO schedules (schedule_id, tenant_id, title, description, interval, anchor, chain, params, overlap, catch_up, jitter, runs_as, next_due_at)
    VALUES ($1, '${TENANT}', $1, '', ${INTERVAL_MS / 1_000}, to_timestamp(${START} / 1000.0), $2::jsonb, '{}', $3, $4, $5, 'admin key',
            to_timestamp(${START + INTERVAL_MS} / 1000.0))`,
};
const END: Statement = {
  name: 'end-chain',
  text: `UPDATE task_chains SET status = 'SUCCESS', completed_at = now() WHERE chain_id = $1`,
};
const CHAIN = {
  chain_name: 'C',
  tasks: [{ task_id: 'a', task_type: 'wait', task_params: { task_config: { seconds: 60 } } }],
};
const nothing = (): void => undefined;
const LOGGER = { info: nothing, warn: nothing, error: nothing } as never;
const METRICS = { scheduleTicks: { inc: nothing }, chainsCreated: { inc: nothing } } as never;
const REPLY = {
  header: () => REPLY,
  request: { identity: { actor: 'admin key' }, ip: '-', id: 'r' },
} as unknown as FastifyReply;

/** What all schedules of a test share. */
export interface TickConnections {
  readonly api: Database;
  readonly owner: Database;
}

export async function connectTicks(url: string): Promise<TickConnections> {
  const first = await openDatabase(url, { max: 1 });
  await holdClock(first, new URL(url).pathname.slice(1));
  await first.close();
  const api = await openDatabase(url, { role: 'task_chain_api', max: 2 });
  return { api, owner: await openDatabase(url, { max: 2 }) };
}

/** A database as one process has it: each statement, and each transaction as a whole, waits at a gate. */
class GatedDatabase extends Database {
  constructor(
    base: Database,
    private readonly world: TickWorld,
    private readonly process: Process,
    tenant?: string,
  ) {
    super(base['source'], {}, tenant);
  }

  override forTenant(tenant: string): Database {
    return new GatedDatabase(this, this.world, this.process, tenant);
  }

  protected override run(statement: Statement, values: readonly unknown[]): Promise<pg.QueryResult> {
    const name = statement.name || 'entities';
    return this.process.gate(name, async () => {
      const result = await super.run(withBug(statement, this.world.bug), values);
      // PostgreSQL may give equal ones in any order.
      if (name === 'due-schedules' || name === 'claim-ticks') result.rows.sort(bySchedule);
      if (WRITES.has(name)) await this.world.look(name);
      return result;
    });
  }

  override transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    const planting = (tx: Queryable): Queryable => ({
      query: (statement, values) => tx.query(withBug(statement, this.world.bug), values),
      entities: tx.entities,
    });
    return this.process.gate('transaction', async () => {
      const answer = await super.transaction((tx) => work(planting(tx)));
      await this.world.look('transaction');
      return answer;
    });
  }
}

const bySchedule = (a: { schedule_id: string }, b: { schedule_id: string }): number =>
  a.schedule_id < b.schedule_id ? -1 : 1;

class TickWorld {
  readonly processes: Process[] = [];
  private readonly rows: TickRows;
  private readonly ids: readonly string[];
  private wall = START;
  private counted = START;
  private violation: unknown;
  private deliveries = 0;
  private requests = 0;

  constructor(
    private readonly connections: TickConnections,
    private readonly random: Random,
    readonly bug: TickBug | undefined,
  ) {
    this.rows = new TickRows(connections.owner, INTERVAL_MS);
    const ids = OVERLAPS.filter((_, i) => i === random.int(4) || random.chance(0.2)).map((each) => `schedule-${each}`);
    this.ids = ids.length === 0 ? ['schedule-queue'] : ids;
  }

  /** The first invariant that broke, or null. */
  async run(): Promise<string | null> {
    await this.begin();
    try {
      for (let step = 0; step < STEPS && this.violation === undefined; step++) await this.disturb();
      let [rounds, least] = [0, Infinity];
      while (this.violation === undefined && this.rows.waiting > 0 && rounds++ < 20) {
        await this.settle();
        if (this.rows.waiting < least) [rounds, least] = [0, this.rows.waiting];
      }
      if (this.violation === undefined) this.rows.atRest();
    } catch (error) {
      this.violation ??= error;
    } finally {
      for (const process of this.processes) await process.die(0, 'before');
    }
    return this.violation === undefined ? null : String((this.violation as Error).message);
  }

  async look(by: string): Promise<void> {
    try {
      await this.rows.committed(by);
    } catch (error) {
      this.violation ??= error;
    }
  }

  private async begin(): Promise<void> {
    const { owner } = this.connections;
    await owner.query({ name: '', text: RESET });
    await setClock(owner, this.wall, this.counted);
    for (const id of this.ids) {
      const [catchUp, jitter] = [this.random.pick([0, 1, 5]), this.random.pick([0, 0, 30])];
      await owner.query(INSERT, [id, JSON.stringify(CHAIN), id.replace('schedule-', ''), catchUp, jitter]);
    }
    await this.look('begin');
    for (let i = 0; i < PROCESSES; i++) this.processes.push(this.born());
  }

  /** An API process, as far as schedules go. */
  private born(): Process {
    const process = new Process(new Map(), nothing);
    const db = new GatedDatabase(this.connections.api, this, process);
    const databases = new Databases(db, db);
    const schedules = new ScheduleRepository();
    const admit = (work: () => Promise<unknown>): Promise<unknown> => work();
    const creator = new ChainCreator(
      new Catalogue(false, [] as never),
      METRICS,
      { quotaOf: async () => undefined, enginesOf: async () => undefined } as never,
      undefined as never,
      { admit } as never,
    );
    const owners = { rightsOf: async () => ({ party: null, isAdmin: true }) } as never;
    const maker = new TickMaker(databases, schedules, owners, undefined as never, creator, METRICS, LOGGER);
    const ticker = new Ticker(databases, schedules, maker, LOGGER);
    process.loops.set('round', () => ticker['round']());
    const controller = new ScheduleTicksController(schedules, new ScheduleReader(schedules), new AuditRepository(), {
      wake: nothing,
    } as never);
    process.loops.set('request', () => this.request(controller, databases.forTenant(TENANT), schedules));
    return process;
  }

  /** Somebody asks for something. */
  private request(
    controller: ScheduleTicksController,
    databases: ReturnType<Databases['forTenant']>,
    schedules: ScheduleRepository,
  ): Promise<unknown> {
    const id = this.random.pick(this.ids);
    const key = this.random.chance(0.5) ? `key-${this.requests++}` : undefined;
    const from = new Date(this.wall - this.random.int(10) * INTERVAL_MS).toISOString();
    switch (this.random.int(6)) {
      case 0:
        return controller.run(databases, id, key, REPLY);
      case 1:
        return controller.backfill(databases, id, { from }, {}, key, REPLY);
      case 2:
      case 3:
        return controller.resume(databases, id, { 'idempotency-key': key }, REPLY);
      case 4:
        return controller.pause(databases, id, { 'idempotency-key': key }, REPLY);
      default:
        return schedules.addDelivery(databases.engine, id, `delivery-${this.random.int(++this.deliveries)}`, {});
    }
  }

  /** One thing that happens. */
  private async disturb(): Promise<void> {
    const { random } = this;
    const cut: Cut = random.chance(0.5) ? 'before' : 'after';
    const at = random.int(this.processes.length);
    const process = this.processes[at]!;
    const dice = random.int(100);
    // Whoever is about to make a chain is overtaken now and then: by a pause, or by who takes its schedule over.
    const isMaking = process.waiting.includes('transaction') && !process.stopped;
    if (isMaking && random.chance(0.3)) {
      process.stopped = true;
      return random.chance(0.5) ? this.pass(31_000) : undefined;
    }
    if (dice < 56) return this.step(process);
    if (dice < 66) return this.pass(random.pick([1_000, 10_000, 31_000, INTERVAL_MS]));
    if (dice < 68) return this.pass(random.pick([-3_600_000, -INTERVAL_MS, INTERVAL_MS, 7_200_000]), 0);
    if (dice < 74) return this.endOne();
    if (dice < 84) return this.step(process, 'request');
    if (dice < 88) return process.lose(random.int(8), cut);
    if (dice < 96) {
      process.stopped = !process.stopped;
      return;
    }
    await process.die(random.int(8), cut);
    this.processes[at] = this.born();
  }

  /** Nothing disturbs any more. */
  private async settle(): Promise<void> {
    for (const { chain, open } of this.rows.chains) if (open) await this.end(chain);
    await this.pass(5_000);
    for (const process of this.processes) {
      process.stopped = false;
      for (let steps = 0; steps < 100; steps++) {
        await this.step(process, process.waiting.length > 0 ? process.waiting[0] : 'round');
        if (process.idle.includes('round') && process.waiting.length === 0) break;
      }
    }
  }

  private async step(process: Process, what?: string): Promise<void> {
    if (process.stopped) return;
    const label = what ?? this.random.pick([...process.waiting, ...(process.idle.includes('round') ? ['round'] : [])]);
    if (label === undefined) return;
    await process.step(label, 0);
    // The loop lets others go on after each plan.
    for (let i = 0; i < 8; i++) await turn();
  }

  /** The time that goes by, and the counted one: they differ where the clock steps. */
  private async pass(wall: number, counted = wall): Promise<void> {
    this.wall += wall;
    this.counted += counted;
    await setClock(this.connections.owner, this.wall, this.counted);
  }

  private async endOne(): Promise<void> {
    const open = this.rows.chains.filter((chain) => chain.open);
    if (open.length > 0) await this.end(this.random.pick(open).chain);
  }

  private async end(chain: string): Promise<void> {
    await this.connections.owner.query(END, [chain]);
    await this.look('end');
  }
}

/** Runs the schedule of a seed. Returns the first invariant that broke, or null. */
export function simulateTicks(connections: TickConnections, seed: number, bug?: TickBug): Promise<string | null> {
  const world = new TickWorld(connections, new Random(seed), bug);
  return whilePlanted(connections.owner, bug, () => world.run());
}
