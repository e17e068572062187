import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TimeColumn } from './columns.js';

/** A chain that others are made of. Its versions hold the chain itself. */
@Entity('templates')
export class Template {
  @PrimaryColumn('varchar', { length: 64 })
  template_id: string;
  @Column('varchar', { length: 64 })
  tenant_id: string;
  @Column('varchar', { length: 255 })
  title: string;
  @Column('text')
  description: string;
  @Column('text', { array: true })
  tags: string[];
  /** The tenants that may read it beside its own; `*`: all. */
  @Column('text', { array: true })
  shared_with: string[];
  /** Numbers of versions by label. */
  @Column('jsonb')
  labels: Record<string, number>;
  @Column('int')
  latest_version: number;
  /** Grows with every change. */
  @Column('int')
  revision: number;
  @TimeColumn()
  created_at: string;
  @Column('varchar', { length: 255, nullable: true })
  created_by: string | null;
  @TimeColumn()
  updated_at: string;
  /** Set for a day after it was deleted: it can be restored, and no chain is made of it. */
  @TimeColumn({ nullable: true, select: false })
  deleted_at: string | null;
  /** What a search looks for: characters and their pairs. PostgreSQL keeps it. */
  @Column({ type: 'text', array: true, select: false, insert: false, update: false })
  grams: string[];
}
