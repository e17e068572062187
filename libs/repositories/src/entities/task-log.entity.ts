import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TenantColumn, TimeColumn } from './columns.js';

/** A line of a task's log. */
@Entity('task_logs')
export class TaskLog {
  @PrimaryColumn('bigint')
  id: number;
  @Column('integer')
  attempt: number;
  @TimeColumn()
  logged_at: string;
  @Column('varchar', { length: 8 })
  level: string;
  @Column('text')
  message: string;
  @Column('varchar', { length: 64, select: false })
  task_request_id: string;
  @TenantColumn()
  tenant_id: string;
}
