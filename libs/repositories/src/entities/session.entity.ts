import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TenantColumn, TimeColumn } from './columns.js';

/** A browser that is signed in. Of its token only the SHA-256 is stored. */
@Entity('sessions')
export class Session {
  @PrimaryColumn('varchar', { length: 64 })
  session_id: string;
  @TenantColumn()
  tenant_id: string;
  @Column('bytea', { select: false })
  token_hash: Buffer;
  /** The hash of the key that opened it; null where a token of the OIDC issuer did. */
  @Column('bytea', { nullable: true, select: false })
  key_hash: Buffer | null;
  /** Who opened it by a token of the OIDC issuer; null where a key did. */
  @Column('jsonb', { nullable: true })
  identity: object | null;
  @TimeColumn()
  created_at: string;
  @TimeColumn()
  expires_at: string;
}
