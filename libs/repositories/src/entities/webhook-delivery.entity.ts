import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TenantColumn, TimeColumn } from './columns.js';

/** One message to one webhook, with its tries. */
@Entity('webhook_deliveries')
export class WebhookDelivery {
  @PrimaryColumn('bigint')
  id: number;
  @Column('varchar', { length: 64 })
  webhook_id: string;
  /** The same in every try and replay. */
  @Column('varchar', { length: 64 })
  message_id: string;
  @Column('varchar', { length: 64 })
  event_type: string;
  @Column('jsonb')
  payload: unknown;
  @Column('varchar', { length: 16 })
  status: 'PENDING' | 'DELIVERED' | 'FAILED';
  @Column('integer')
  tries: number;
  @TimeColumn()
  next_attempt_at: string;
  @Column('integer', { nullable: true })
  response_status: number | null;
  @Column('text', { nullable: true })
  error: string | null;
  @TimeColumn()
  created_at: string;
  @TimeColumn({ nullable: true })
  delivered_at: string | null;
  @TenantColumn()
  tenant_id: string;
}
