import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TenantColumn, TimeColumn } from './columns.js';

/** What a task opened about a dataset, as the party's process said. */
@Entity('openings')
export class Opening {
  @PrimaryColumn('bigint')
  seq: number;
  @TenantColumn()
  tenant_id: string;
  /** Of the entry in the party's ledger. */
  @Column('varchar', { length: 64 })
  id: string;
  @Column('varchar', { length: 64 })
  party: string;
  @Column('varchar', { length: 64 })
  dataset: string;
  @TimeColumn()
  opened_at: string;
  @Column('varchar', { length: 64 })
  chain_id: string;
  @Column('varchar', { length: 64 })
  task_id: string;
  @Column('varchar', { length: 50 })
  task_type: string;
  @Column('jsonb')
  entry: {
    readonly to: readonly string[];
    readonly versions: readonly string[];
    readonly figures: Readonly<Record<string, number>>;
    readonly bits: Readonly<Record<string, number>>;
    readonly members?: readonly string[];
    readonly counts?: Readonly<Record<string, number>>;
    readonly epsilon?: number;
    readonly chosen?: boolean;
  };
}
