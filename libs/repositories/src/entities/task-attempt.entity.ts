import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TenantColumn, TimeColumn } from './columns.js';

/** An attempt of a task that has ended. */
@Entity('task_attempts')
export class TaskAttempt {
  @PrimaryColumn('varchar', { length: 64 })
  task_request_id: string;
  @PrimaryColumn('integer')
  attempt: number;
  @Column('varchar', { length: 64, nullable: true })
  run_id: string | null;
  @Column('varchar', { length: 128, nullable: true })
  worker_id: string | null;
  @TimeColumn({ nullable: true })
  queued_at: string | null;
  @TimeColumn({ nullable: true })
  started_at: string | null;
  @TimeColumn()
  finished_at: string;
  @Column('varchar', { length: 32 })
  outcome: string;
  @Column('jsonb', { nullable: true })
  error: Record<string, unknown> | null;
  @TenantColumn()
  tenant_id: string;
}
