import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TimeColumn } from './columns.js';

/** A value that tasks name and only workers open. It is sealed to a public key; older ones under a data key, which SECRETS_KEY wraps. */
@Entity('secrets')
export class Secret {
  @PrimaryColumn('varchar', { length: 64 })
  tenant_id: string;
  @PrimaryColumn('varchar', { length: 64 })
  name: string;
  @TimeColumn()
  created_at: string;
  @TimeColumn()
  updated_at: string;
  @Column('varchar', { length: 255, nullable: true })
  updated_by: string | null;
  /** The types whose tasks may use it; `*`: all that take secrets. */
  @Column('text', { array: true })
  task_types: string[];
  /** The keys whose chains may use it beside those of admins: ids, or `oidc:<subject>`; `*`: all. */
  @Column('text', { array: true })
  keys: string[];
  /** Which key opens it, or wraps its data key. */
  @Column('varchar', { length: 16, select: false })
  key_id: string;
  @Column('bytea', { nullable: true, select: false })
  wrapped_key: Buffer | null;
  @Column('bytea', { select: false })
  sealed: Buffer;
  /** Set for a day after it was removed: it can be restored, and no task gets it. */
  @TimeColumn({ nullable: true, select: false })
  deleted_at: string | null;
}
