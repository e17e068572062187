import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TimeColumn } from './columns.js';

/**
 * A chain, as far as ordinary reads need it. The whole chain is read by the statements in `reads/read-chains.ts`, and
 * written by the engine alone.
 */
@Entity('task_chains')
export class TaskChain {
  @PrimaryColumn('varchar', { length: 64 })
  chain_id: string;
  @Column('varchar', { length: 50 })
  status: string;
  /** Grows with every change. */
  @Column('bigint')
  version: number;
  /** The run that the last start began. */
  @Column('varchar', { length: 255, nullable: true })
  execution_id: string | null;
  @TimeColumn({ nullable: true })
  started_at: string | null;
  @TimeColumn({ nullable: true })
  completed_at: string | null;
}
