import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TimeColumn } from './columns.js';
import type { TaskAttempt } from './task-attempt.entity.js';

/**
 * A task of a chain, as far as ordinary reads need it. The whole task is read by the statements in
 * `reads/read-chains.ts`, and written by the engine alone.
 */
@Entity('chain_tasks')
export class ChainTask {
  @Column('varchar', { length: 64 })
  chain_id: string;
  @Column('varchar', { length: 64 })
  task_id: string;
  @PrimaryColumn('varchar', { length: 64 })
  task_request_id: string;
  @Column('varchar', { length: 50 })
  status: string;
  @Column('integer')
  attempt: number;
  @Column('varchar', { length: 64, nullable: true })
  run_id: string | null;
  @Column('varchar', { length: 128, nullable: true })
  worker_id: string | null;
  @TimeColumn({ nullable: true })
  queued_at: string | null;
  @TimeColumn({ nullable: true })
  started_at: string | null;
  /** The attempts that have ended, where they were read with it. */
  attempts?: TaskAttempt[];
}
