import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TimeColumn } from './columns.js';

/** A tenant with its share of the workers and its limits; a limit of null is no limit. */
@Entity('tenants')
export class Tenant {
  @PrimaryColumn('varchar', { length: 64 })
  tenant_id: string;
  @Column('varchar', { length: 255 })
  name: string;
  /** false: users cannot sign in. Running chains continue. */
  @Column('boolean')
  enabled: boolean;
  /** Its share of the workers beside other tenants that wait for them. */
  @Column('integer')
  weight: number;
  /** Chains that are RUNNING or PAUSED. */
  @Column('integer', { nullable: true })
  max_running_chains: number | null;
  /** Unfinished tasks of unfinished chains. */
  @Column('integer', { nullable: true })
  max_waiting_tasks: number | null;
  @Column('integer', { nullable: true })
  max_creates_per_minute: number | null;
  @Column('bigint', { nullable: true })
  max_artifact_bytes: number | null;
  /** Runs its tasks that name none; null: the deployment's default. */
  @Column('varchar', { length: 64, nullable: true })
  default_engine: string | null;
  /** The only ones that run its tasks; null: all that are set up. */
  @Column('text', { array: true, nullable: true })
  allowed_engines: string[] | null;
  @TimeColumn()
  created_at: string;
}
