import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TenantColumn, TimeColumn } from './columns.js';

/** A template as it was saved once. Never changed. */
@Entity('template_versions')
export class TemplateVersion {
  @PrimaryColumn('varchar', { length: 64 })
  template_id: string;
  @PrimaryColumn('int')
  number: number;
  /** As `POST /chains` takes it, without `args`. */
  @Column('jsonb', { select: false })
  chain: Record<string, unknown>;
  /** `sha256:<hex>` of the chain as canonical JSON. */
  @Column('varchar', { length: 80 })
  hash: string;
  @Column('varchar', { length: 2000, nullable: true })
  note: string | null;
  @TimeColumn()
  created_at: string;
  @Column('varchar', { length: 255, nullable: true })
  created_by: string | null;
  @TenantColumn()
  tenant_id: string;
}
