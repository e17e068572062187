import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TenantColumn, TimeColumn } from './columns.js';

/** A file that a task left, by its name. */
@Entity('artifacts')
export class Artifact {
  @PrimaryColumn('varchar', { length: 64 })
  chain_id: string;
  @PrimaryColumn('varchar', { length: 64 })
  task_id: string;
  @PrimaryColumn('varchar', { length: 255 })
  name: string;
  @Column('varchar', { length: 128 })
  media_type: string;
  @Column('bigint')
  size_bytes: number;
  /** In hex. */
  @Column('char', { length: 64 })
  sha256: string;
  @TimeColumn()
  created_at: string;
  @TenantColumn()
  tenant_id: string;
}
