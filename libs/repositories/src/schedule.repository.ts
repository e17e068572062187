import { Injectable } from '@nestjs/common';
import { IsNull, type QueryDeepPartialEntity } from 'typeorm';
import { MINE, type Database, type Queryable, type Tx } from './database.js';
import { ScheduleTick } from './entities/schedule-tick.entity.js';
import { Schedule } from './entities/schedule.entity.js';
import type { Statement } from './pool.js';
import { rowsOf } from './rows.js';
import { searchWords } from './search-words.js';
import { COUNTED_NOW } from './statements/clock.js';
import * as statements from './statements/schedules.js';

export interface ScheduleFilter {
  /** Words, each a part of title, description or the template's id. */
  readonly q?: string | undefined;
  readonly paused?: boolean | undefined;
}
export type ScheduleView = Omit<Schedule, 'deleted_at' | 'busy_by' | 'busy_until' | 'tenant_id' | 'webhook_secret'>;
export type TickView = Omit<
  ScheduleTick,
  'schedule_id' | 'ready_at' | 'tenant_id' | 'event' | 'led_by' | 'tried_since'
>;

/** When a schedule is due. */
export type ScheduleTiming = Pick<Schedule, 'cron' | 'time_zone' | 'interval' | 'anchor' | 'at'>;

/** The events that start chains of a schedule. */
export type ScheduleEvents = Pick<Schedule, 'on_dataset' | 'on_chain_end' | 'on_webhook'>;

/** What an author gives of a schedule, and what follows from it. */
export type ScheduleFields = ScheduleTiming &
  ScheduleEvents &
  Pick<Schedule, 'title' | 'description' | 'template_id' | 'version' | 'chain' | 'params' | 'runs_as'> &
  Pick<Schedule, 'overlap' | 'catch_up' | 'jitter' | 'next_due_at'>;

/** A schedule whose due time has come, in whichever tenant. */
export type DueSchedule = ScheduleTiming &
  Pick<Schedule, 'schedule_id' | 'revision' | 'catch_up' | 'jitter'> & {
    readonly next_due_at: string;
    /** PostgreSQL's clock. */
    readonly now: string;
  };

/** How a schedule goes on: its next due time, and the ticks of those that have come. */
export interface TickPlan {
  readonly schedule_id: string;
  readonly revision: number;
  /** The due time that it was read with. */
  readonly due: string;
  readonly next: string | null;
  readonly ticks: readonly PlannedTick[];
}

export interface PlannedTick {
  readonly due_at: string;
  readonly outcome: 'WAITING' | 'MISSED';
  /** Due times that the tick stands for; null: itself. */
  readonly missed: number | null;
  /** From now until its chain is made, ms. */
  readonly wait_ms: number;
}

export interface TickClaim {
  readonly schedule_id: string;
  readonly tenant_id: string;
  readonly due_at: string;
}

/** A tick whose chain is to be made. */
export type TickWork = Pick<
  Schedule,
  'template_id' | 'version' | 'chain' | 'params' | 'overlap' | 'time_zone' | 'runs_as'
> &
  Pick<ScheduleTick, 'kind' | 'outcome' | 'event'> & {
    /** Since it met for the first time what time alone may change, s. */
    readonly tried_seconds: number;
    /** Chains of the schedule that have not ended, 100 at most. */
    readonly open_chains: readonly string[];
  };

export interface TickEnd {
  readonly outcome: 'SKIPPED' | 'REFUSED';
  readonly reason: string;
  readonly message: string;
}

/** Deliveries of a schedule: whether one is known, how many came within a minute, and how many of its ticks wait. */
export interface DeliveryCounts {
  readonly is_known: boolean;
  readonly recent: number;
  readonly waiting: number;
}

/** Whoever takes a tick has so long to make its chain before another takes it, s. */
const LEASE_S = 30;

const VIEW: (keyof ScheduleView)[] = [
  ...(['schedule_id', 'title', 'description', 'cron', 'time_zone', 'interval', 'anchor', 'at', 'on_dataset'] as const),
  ...(['on_chain_end', 'on_webhook', 'template_id'] as const),
  ...(['version', 'chain', 'params', 'overlap', 'catch_up', 'jitter', 'paused', 'runs_as', 'next_due_at'] as const),
  ...(['revision', 'created_at', 'created_by', 'updated_at'] as const),
];
const ALONE: Statement = {
  name: 'lock-schedules',
  text: `SELECT pg_advisory_xact_lock(hashtextextended('schedules of ' || ${MINE}, 0))`,
};
const COUNT: Statement = {
  name: 'count-schedules',
  text: `SELECT count(*)::int AS count FROM schedules WHERE tenant_id = ${MINE}`,
};
const NOW: Statement = {
  name: 'schedules-now',
  text: 'SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS now',
};
const LAST: Statement = {
  name: 'last-ticks',
  text: `
    SELECT s.schedule_id, t.due_at, t.kind, t.outcome, t.reason, t.message, t.missed, t.event_id, t.chain_id, t.created_at, t.settled_at
      FROM unnest($1::text[]) AS s(schedule_id) CROSS JOIN LATERAL (
        SELECT * FROM schedule_ticks WHERE schedule_id = s.schedule_id ORDER BY due_at DESC LIMIT 1) AS t`,
};

const ON_CHAIN_END: Statement = {
  name: 'count-on-chain-end',
  text: `SELECT count(*)::int AS count FROM schedules WHERE tenant_id = ${MINE} AND on_chain_end IS NOT NULL AND deleted_at IS NULL AND schedule_id <> $1`,
};
/** $1 `<party>/<name>`, $2 id of the event, $3 what it says: a tick of each schedule of the tenant that waits for the dataset. */
const ADD_DATASET_EVENT: Statement = {
  name: 'add-dataset-event',
  text: `
    SELECT add_event_tick(schedule_id, 'DATASET', $2, $3::jsonb, '{}', ${COUNTED_NOW}) AS due_at
      FROM schedules WHERE tenant_id = ${MINE} AND on_dataset = $1 AND deleted_at IS NULL ORDER BY schedule_id`,
};

/** Schedules, and their ticks: due times and what became of them. */
@Injectable()
export class ScheduleRepository {
  /** No other transaction adds a schedule of the tenant until this one ends. */
  async lock(tx: Tx): Promise<void> {
    await tx.query(ALONE);
  }

  /** PostgreSQL's clock, by which due times are judged, in ms. */
  async now(db: Queryable): Promise<number> {
    return Math.floor((await db.query<{ now: number }>(NOW))[0]!.now);
  }

  /** How many the tenant has, deleted ones too. */
  async count(db: Queryable): Promise<number> {
    return (await db.query<{ count: number }>(COUNT))[0]!.count;
  }

  async insert(db: Queryable, schedule: ScheduleFields & Pick<Schedule, 'schedule_id'>): Promise<ScheduleView> {
    const inserted = await db.entities
      .createQueryBuilder()
      .insert()
      .into(Schedule)
      .values({ ...schedule, created_by: schedule.runs_as } as QueryDeepPartialEntity<Schedule>)
      .returning(VIEW)
      .updateEntity(false)
      .execute();
    return rowsOf<ScheduleView>(inserted)[0]!;
  }

  /** Those that changed last first. */
  page(db: Queryable, { q, paused }: ScheduleFilter, limit: number, offset: number): Promise<ScheduleView[]> {
    const query = db.entities
      .createQueryBuilder(Schedule, 's')
      .where('s.deleted_at IS NULL')
      .orderBy('s.updated_at', 'DESC')
      .addOrderBy('s.schedule_id')
      .limit(limit)
      .offset(offset);
    if (paused !== undefined) query.andWhere('s.paused = :paused', { paused });
    const words = searchWords(q);
    for (const [at, word] of words.entries()) {
      const text = `lower(concat_ws(' ', s.title, s.description, s.template_id))`;
      query.andWhere(`strpos(${text}, lower(:word${at})) > 0`, { [`word${at}`]: word });
    }
    return query.getMany();
  }

  async find(db: Queryable, id: string): Promise<ScheduleView | undefined> {
    return (await db.entities.findOneBy(Schedule, { schedule_id: id, deleted_at: IsNull() })) ?? undefined;
  }

  /** Changes a schedule if it is still in this revision; undefined: it is not. */
  async change(
    db: Queryable,
    id: string,
    revision: number,
    change: Partial<ScheduleFields> & { readonly paused?: boolean },
  ): Promise<ScheduleView | undefined> {
    const changed = await db.entities
      .createQueryBuilder()
      .update(Schedule)
      .set({
        ...change,
        revision: revision + 1,
        updated_at: () => 'now()',
        // Whoever has the secret would sign with the rights of another key.
        webhook_secret: () => 'CASE WHEN runs_as = COALESCE(:runsAs, runs_as) THEN webhook_secret END',
      } as QueryDeepPartialEntity<Schedule>)
      .where('schedule_id = :id AND revision = :revision AND deleted_at IS NULL', { id, revision })
      .setParameter('runsAs', change.runs_as ?? null)
      .returning(VIEW)
      .execute();
    return rowsOf<ScheduleView>(changed)[0];
  }

  /** Deletes it if it is still in this revision, and keeps it for a day. */
  async remove(db: Queryable, id: string, revision: number): Promise<ScheduleView | undefined> {
    const removed = await db.entities
      .createQueryBuilder()
      .update(Schedule)
      .set({ deleted_at: () => 'now()', revision: revision + 1 })
      .where('schedule_id = :id AND revision = :revision AND deleted_at IS NULL', { id, revision })
      .returning(VIEW)
      .execute();
    return rowsOf<ScheduleView>(removed)[0];
  }

  /** undefined: none was deleted within a day. It is paused: its due times in between are gone. */
  async restore(db: Queryable, id: string): Promise<ScheduleView | undefined> {
    const restored = await db.entities
      .createQueryBuilder()
      .update(Schedule)
      .set({ deleted_at: null, paused: true, revision: () => 'revision + 1' })
      .where(`schedule_id = :id AND deleted_at > now() - interval '1 day'`, { id })
      .returning(VIEW)
      .execute();
    return rowsOf<ScheduleView>(restored)[0];
  }

  /** What waits makes no chain any more; what was asked for by hand only where `all` of it goes. */
  async skipWaiting(db: Queryable, id: string, reason: string, message: string, all: boolean): Promise<void> {
    await db.query(statements.skipWaiting, [id, reason, message, all]);
  }

  /** The last tick of each schedule that had any. */
  async lastTicks(db: Queryable, ids: readonly string[]): Promise<Map<string, TickView>> {
    const rows = await db.query<TickView & { schedule_id: string }>(LAST, [ids]);
    return new Map(rows.map(({ schedule_id: id, ...tick }) => [id, tick]));
  }

  /** The newest first; `before`: only those that were due before. */
  async ticks(db: Queryable, id: string, limit: number, before?: string): Promise<TickView[]> {
    const query = db.entities
      .createQueryBuilder(ScheduleTick, 't')
      .where('t.schedule_id = :id', { id })
      .orderBy('t.due_at', 'DESC')
      .limit(limit);
    if (before !== undefined) query.andWhere('t.due_at < :before', { before });
    return (await query.getMany()).map(({ schedule_id: _, ...tick }) => tick);
  }

  /** How many of its ticks wait that somebody asked for. */
  async waitingByHand(db: Queryable, id: string): Promise<number> {
    return (await db.query<{ waiting: number }>(statements.waitingByHand, [id]))[0]!.waiting;
  }

  /** A tick of now, beside those of its times. */
  async addRun(db: Queryable, id: string): Promise<TickView> {
    // Each tick has its own due time.
    for (let later = 0; ; later++) {
      const [tick] = await db.query<TickView>(statements.addRun, [id, later]);
      if (tick !== undefined) return tick;
    }
  }

  /** How many others of the tenant ends of chains start. */
  async countOnChainEnd(db: Queryable, id: string): Promise<number> {
    return (await db.query<{ count: number }>(ON_CHAIN_END, [id]))[0]!.count;
  }

  /** A new version of a dataset: a tick of each schedule that waits for it. Returns how many. */
  async addDatasetEvent(db: Queryable, dataset: string, id: string, says: object): Promise<number> {
    return (await db.query(ADD_DATASET_EVENT, [dataset, id, JSON.stringify(says)])).length;
  }

  /** Whose deliveries the schedule takes, in whichever tenant, and what signs them. */
  async webhook(db: Queryable, id: string): Promise<{ tenant_id: string; secret: string } | undefined> {
    return (await db.query<{ tenant_id: string; secret: string }>(statements.webhookOfSchedule, [id]))[0];
  }

  /** Gives its deliveries another secret. undefined: its chains no longer run as `runsAs`, or it takes no deliveries. */
  async setWebhookSecret(db: Queryable, id: string, runsAs: string, secret: string): Promise<ScheduleView | undefined> {
    const changed = await db.entities
      .createQueryBuilder()
      .update(Schedule)
      .set({ webhook_secret: secret })
      .where('schedule_id = :id AND runs_as = :runsAs AND on_webhook AND deleted_at IS NULL', { id, runsAs })
      .returning(VIEW)
      .execute();
    return rowsOf<ScheduleView>(changed)[0];
  }

  /** Whether a delivery is known, and how many came and wait. */
  async deliveries(db: Queryable, id: string, delivery: string): Promise<DeliveryCounts> {
    return (await db.query<DeliveryCounts>(statements.deliveriesOfSchedule, [id, delivery]))[0]!;
  }

  /** The tick of a delivery, which may have come before: its due time; null: the schedule is gone. */
  async addDelivery(db: Database, id: string, delivery: string, says: object): Promise<string | null> {
    const rows = await db.write<{ due_at: string | null }>(statements.addDelivery, [
      id,
      delivery,
      JSON.stringify(says),
    ]);
    return rows[0]!.due_at;
  }

  /** What a chain gives back; null: nothing, or not yet. */
  async outputsOf(db: Queryable, chainId: string): Promise<Record<string, unknown> | null> {
    const rows = await db.query<{ outputs: Record<string, unknown> | null }>(statements.outputsOfChain, [chainId]);
    return rows[0]?.outputs ?? null;
  }

  /** Lets those of these due times wait that have no chain, and gives them. */
  async backfill(db: Queryable, id: string, dueTimes: readonly string[], dryRun: boolean): Promise<string[]> {
    const rows = await db.query<{ due_at: string }>(statements.backfillTicks, [id, dueTimes, dryRun]);
    return rows.map(({ due_at: due }) => due);
  }

  /** Of all tenants. */
  due(db: Queryable, most: number): Promise<DueSchedule[]> {
    return db.query<DueSchedule>(statements.dueSchedules, [most]);
  }

  async plan(db: Database, plans: readonly TickPlan[]): Promise<void> {
    await db.write(statements.planTicks, [JSON.stringify(plans)]);
  }

  /** Of all tenants. Whoever claims a tick must settle or postpone it. */
  claim(db: Database, holder: string, most: number): Promise<TickClaim[]> {
    return db.write<TickClaim>(statements.claimTicks, [holder, most, LEASE_S]);
  }

  /** undefined: it is gone. */
  async tick(db: Queryable, { schedule_id: id, due_at: due }: TickClaim): Promise<TickWork | undefined> {
    return (await db.query<TickWork>(statements.readTick, [id, due]))[0];
  }

  /** A tick that makes no chain. */
  async settle(
    db: Queryable,
    { schedule_id: id, due_at: due }: TickClaim,
    holder: string,
    end: TickEnd,
  ): Promise<void> {
    const { outcome, reason, message } = end;
    await db.query(statements.settleTick, [id, due, holder, outcome, reason, message]);
  }

  /** The tick, and those of its schedule behind it, wait for `seconds`. */
  async postpone(
    db: Queryable,
    { schedule_id: id, due_at: due }: TickClaim,
    holder: string,
    seconds: number,
    { reason, message }: Partial<Pick<TickEnd, 'reason' | 'message'>>,
  ): Promise<void> {
    await db.query(statements.postponeTick, [id, due, holder, seconds, reason, message]);
  }
}

/** Settles a tick in the transaction that stores its chain. false: another process holds the schedule, or the tick was given up. */
export async function settleMade(
  tx: Tx,
  { id, dueAt, holder }: { readonly id: string; readonly dueAt: string; readonly holder: string },
  chainId: string,
): Promise<boolean> {
  return (await tx.query(statements.settleMadeTick, [id, dueAt, holder, chainId])).length > 0;
}
