import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TimeColumn } from './columns.js';

/** An organisation whose data chains use. */
@Entity('parties')
export class Party {
  @PrimaryColumn('varchar', { length: 64 })
  tenant_id: string;
  @PrimaryColumn('varchar', { length: 64 })
  party: string;
  @Column('varchar', { length: 255 })
  name: string;
  @Column('varchar', { length: 255, nullable: true })
  contact: string | null;
  @TimeColumn()
  created_at: string;
  @Column('varchar', { length: 255, nullable: true })
  created_by: string | null;
}
