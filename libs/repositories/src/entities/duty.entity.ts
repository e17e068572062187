import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TimeColumn } from './columns.js';

/** The lease of work that one listener does for all. */
@Entity('duties')
export class Duty {
  @PrimaryColumn('varchar', { length: 64 })
  name: string;
  @Column('varchar', { length: 128 })
  holder: string;
  @TimeColumn()
  held_until: string;
}
