import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TimeColumn } from './columns.js';

/** A value that tasks name and only workers open. It is sealed under a data key, which a key outside of the database wraps. */
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
  /** Which key wraps the data key. */
  @Column('varchar', { length: 16, select: false })
  key_id: string;
  @Column('bytea', { select: false })
  wrapped_key: Buffer;
  @Column('bytea', { select: false })
  sealed: Buffer;
  /** Set for a day after it was removed: it can be restored, and no task gets it. */
  @TimeColumn({ nullable: true, select: false })
  deleted_at: string | null;
}
