import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TenantColumn, TimeColumn } from './columns.js';

/** An endpoint that is notified of finished chains. */
@Entity('webhooks')
export class Webhook {
  @PrimaryColumn('varchar', { length: 64 })
  webhook_id: string;
  @Column('text')
  url: string;
  /** Types of events; empty: all. */
  @Column('text', { array: true })
  events: string[];
  @Column('boolean')
  enabled: boolean;
  @Column('text', { nullable: true })
  disabled_reason: string | null;
  @TimeColumn()
  created_at: string;
  /** Signs the messages. */
  @Column('text', { select: false })
  secret: string;
  /** Set for a day after it was removed: it can be restored, and nothing is sent. */
  @TimeColumn({ nullable: true, select: false })
  deleted_at: string | null;
  @TenantColumn()
  tenant_id: string;
}
