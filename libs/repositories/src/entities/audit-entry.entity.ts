import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TenantColumn, TimeColumn } from './columns.js';

/** A row of the audit log: a change, who made it, and the hash that chains it to the row before. Rows are only added. */
@Entity('audit_log')
export class AuditEntry {
  @PrimaryColumn('bigint')
  seq: number;
  @TimeColumn()
  at: string;
  /** null: no user was involved. */
  @Column('varchar', { length: 255, nullable: true })
  actor: string | null;
  /** The address that the request came from. */
  @Column('varchar', { length: 64 })
  address: string;
  @Column('varchar', { length: 64 })
  request_id: string;
  /** The operation of the API. */
  @Column('varchar', { length: 64 })
  action: string;
  /** A chain, `<chain>/<task>`, a webhook, a key. */
  @Column('varchar', { length: 255 })
  target: string;
  @Column('jsonb')
  details: Record<string, unknown>;
  /** In hex. */
  @Column('bytea', {
    transformer: { from: (hash: Buffer) => hash.toString('hex'), to: (hex: string) => Buffer.from(hex, 'hex') },
  })
  hash: string;
  @Column('bytea', { select: false })
  previous_hash: Buffer;
  @TenantColumn()
  tenant_id: string;
}
