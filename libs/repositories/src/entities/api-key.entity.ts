import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TenantColumn, TimeColumn } from './columns.js';

/** A key by which a program signs in. Of the key itself only the SHA-256 is stored. */
@Entity('api_keys')
export class ApiKey {
  @PrimaryColumn('varchar', { length: 64 })
  key_id: string;
  @Column('varchar', { length: 255 })
  name: string;
  @Column('varchar', { length: 16 })
  role: string;
  @TimeColumn()
  created_at: string;
  @Column('varchar', { length: 255, nullable: true })
  created_by: string | null;
  @TimeColumn()
  expires_at: string;
  @TimeColumn({ nullable: true })
  revoked_at: string | null;
  /** To the minute. */
  @TimeColumn({ nullable: true })
  last_used_at: string | null;
  @Column('bytea', { select: false })
  key_hash: Buffer;
  /** The party that it belongs to; null for a key of the tenant. */
  @Column('varchar', { length: 64, nullable: true })
  party: string | null;
  @TenantColumn()
  tenant_id: string;
}
