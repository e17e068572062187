import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TimeColumn } from './columns.js';

/** The newest statement about a subject that the owner of a party signed. */
@Entity('statements')
export class PartyStatement {
  @PrimaryColumn('varchar', { length: 64 })
  tenant_id: string;
  @PrimaryColumn('varchar', { length: 255 })
  subject: string;
  @Column('varchar', { length: 16 })
  kind: string;
  @Column('varchar', { length: 64 })
  party: string;
  /** A bigint, which the pool reads as a number. */
  @Column('bigint')
  serial: number;
  @Column('jsonb')
  body: object;
  /** A compact JWS; null of an owner who trusts the operator. */
  @Column('text', { nullable: true })
  signed: string | null;
  /** The hash of an approval's task; the origin of a standing approval. */
  @Column('varchar', { length: 80, nullable: true })
  task: string | null;
  @TimeColumn()
  created_at: string;
  @Column('varchar', { length: 255, nullable: true })
  created_by: string | null;
}
