import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TimeColumn } from './columns.js';

/** The key of a request, with the answer that a repeated request gets. It is unique within its tenant and scope. */
@Entity('idempotency_keys')
export class IdempotencyKey {
  @PrimaryColumn('varchar', { length: 64 })
  tenant_id: string;
  /** The operation, and the id that it acts on. */
  @PrimaryColumn('varchar', { length: 128 })
  scope: string;
  @PrimaryColumn('varchar', { length: 255 })
  idempotency_key: string;
  @Column('bytea')
  request_hash: Buffer;
  @Column('jsonb')
  response: object;
  @TimeColumn()
  created_at: string;
}
