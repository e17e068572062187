import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TenantColumn, TimeColumn } from './columns.js';

/** Chains whose ends are events: all that is given holds. */
export interface ChainEnds {
  template_id?: string;
  schedule_id?: string;
  labels?: Record<string, string>;
  statuses: string[];
}

/** When chains are to be made, and of what. */
@Entity('schedules')
export class Schedule {
  @PrimaryColumn('varchar', { length: 64 })
  schedule_id: string;
  @Column('varchar', { length: 255 })
  title: string;
  @Column('text')
  description: string;
  /** One of cron, interval, at and the three `on_` is set. */
  @Column('varchar', { length: 255, nullable: true })
  cron: string | null;
  @Column('varchar', { length: 64, nullable: true })
  time_zone: string | null;
  /** Seconds. */
  @Column('int', { nullable: true })
  interval: number | null;
  /** An interval counts from here. */
  @TimeColumn()
  anchor: string;
  @TimeColumn({ nullable: true })
  at: string | null;
  /** `<party>/<name>`: each new version of the dataset is an event. */
  @Column('varchar', { length: 129, nullable: true })
  on_dataset: string | null;
  @Column('jsonb', { nullable: true })
  on_chain_end: ChainEnds | null;
  @Column('boolean')
  on_webhook: boolean;
  /** Signs deliveries; null: none was made, and none is taken. */
  @Column('varchar', { length: 64, nullable: true, select: false })
  webhook_secret: string | null;
  /** Of a template or of a chain as `POST /chains` takes it: one of them is set. */
  @Column('varchar', { length: 64, nullable: true })
  template_id: string | null;
  /** A label or number; null: the template's default. */
  @Column('varchar', { length: 64, nullable: true })
  version: string | null;
  @Column('jsonb', { nullable: true })
  chain: Record<string, unknown> | null;
  @Column('jsonb')
  params: Record<string, unknown>;
  /** `skip`, `queue`, `cancel` or `allow`. */
  @Column('varchar', { length: 8 })
  overlap: string;
  /** How many late due times are made up for. */
  @Column('int')
  catch_up: number;
  /** Seconds at most that a chain is made later. */
  @Column('int')
  jitter: number;
  @Column('boolean')
  paused: boolean;
  /** Whose rights its chains have: who saved it last. */
  @Column('varchar', { length: 255 })
  runs_as: string;
  /** Null: never again. */
  @TimeColumn({ nullable: true })
  next_due_at: string | null;
  /** Grows with every change. */
  @Column('int')
  revision: number;
  @TimeColumn()
  created_at: string;
  @Column('varchar', { length: 255, nullable: true })
  created_by: string | null;
  @TimeColumn()
  updated_at: string;
  /** Set for a day after it was deleted: it can be restored, and makes no chains. */
  @TimeColumn({ nullable: true, select: false })
  deleted_at: string | null;
  /** Whoever makes a chain of it just now, and until when by the counted time. */
  @Column('varchar', { length: 64, nullable: true, select: false })
  busy_by: string | null;
  @TimeColumn({ nullable: true, select: false })
  busy_until: string | null;
  @TenantColumn()
  tenant_id: string;
}
