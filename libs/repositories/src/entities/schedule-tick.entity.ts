import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TenantColumn, TimeColumn } from './columns.js';

/** A due time of a schedule, and what became of it. */
@Entity('schedule_ticks')
export class ScheduleTick {
  @PrimaryColumn('varchar', { length: 64 })
  schedule_id: string;
  @PrimaryColumn('text', { comment: 'timestamptz' })
  due_at: string;
  /** `DUE`, `RUN` (now, by hand), `BACKFILL`, or an event: `DATASET`, `CHAIN_END` or `WEBHOOK`. */
  @Column('varchar', { length: 16 })
  kind: string;
  /** `WAITING`, `CREATED`, `SKIPPED`, `MISSED` or `REFUSED`. */
  @Column('varchar', { length: 16 })
  outcome: string;
  /** Why it made no chain, or waits. */
  @Column('varchar', { length: 64, nullable: true })
  reason: string | null;
  @Column('text', { nullable: true })
  message: string | null;
  /** Due times up to this one that nothing was made of. */
  @Column('int', { nullable: true })
  missed: number | null;
  @Column('varchar', { length: 64, nullable: true })
  chain_id: string | null;
  /** What makes the event known again; null: it is a time. */
  @Column('varchar', { length: 255, nullable: true })
  event_id: string | null;
  /** What the event says. */
  @Column('jsonb', { nullable: true, select: false })
  event: Record<string, unknown> | null;
  /** The schedules whose chains led to the event, the first one first. */
  @Column('text', { array: true, select: false })
  led_by: string[];
  /** By the counted time. */
  @TimeColumn({ select: false })
  ready_at: string;
  /** Since when it meets what time alone may change; null: it does not. */
  @TimeColumn({ nullable: true, select: false })
  tried_since: string | null;
  @TimeColumn()
  created_at: string;
  @TimeColumn({ nullable: true })
  settled_at: string | null;
  @TenantColumn()
  tenant_id: string;
}
