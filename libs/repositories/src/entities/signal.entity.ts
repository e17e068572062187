import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TenantColumn, TimeColumn } from './columns.js';

/** An event from outside, for the task that waits for its name and key. */
@Entity('signals')
export class Signal {
  @PrimaryColumn('bigint')
  seq: number;
  @Column('varchar', { length: 64 })
  signal_id: string;
  @TenantColumn()
  tenant_id: string;
  @Column('varchar', { length: 64 })
  name: string;
  @Column('varchar', { length: 255 })
  key: string;
  @Column('jsonb')
  payload: unknown;
  @Column('varchar', { length: 16 })
  status: 'STORED' | 'DELIVERED' | 'REJECTED';
  /** Why it was rejected. */
  @Column('text', { nullable: true })
  reason: string | null;
  @TimeColumn()
  created_at: string;
  @Column('varchar', { length: 255, nullable: true })
  created_by: string | null;
  /** Counted time. */
  @TimeColumn()
  expires_at: string;
  @TimeColumn({ nullable: true })
  settled_at: string | null;
  /** The task that got it. */
  @Column('varchar', { length: 64, nullable: true })
  chain_id: string | null;
  @Column('varchar', { length: 64, nullable: true })
  task_id: string | null;
}
