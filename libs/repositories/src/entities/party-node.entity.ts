import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TimeColumn } from './columns.js';

/** A site that joined: the key by which the control plane knows it. Those that were revoked stay, so that their keys do. */
@Entity('nodes')
export class PartyNode {
  @PrimaryColumn('varchar', { length: 64 })
  tenant_id: string;
  /** `sha256:<hex>` of its public key. */
  @PrimaryColumn('varchar', { length: 71 })
  fingerprint: string;
  /** The party, or the dealer, whose site it is. */
  @Column('varchar', { length: 64 })
  party: string;
  @Column('boolean')
  dealer: boolean;
  /** PEM. */
  @Column('text')
  certificate: string;
  @TimeColumn()
  joined_at: string;
  @TimeColumn()
  expires_at: string;
  @TimeColumn({ nullable: true })
  revoked_at: string | null;
  /** Its newest one to the control plane; null where that has ended. */
  @Column('uuid', { nullable: true })
  connection: string | null;
  @TimeColumn({ nullable: true })
  last_seen_at: string | null;
  /** Of its last connection, as its software version. */
  @Column('integer', { nullable: true })
  protocol_version: number | null;
  @Column('varchar', { length: 64, nullable: true })
  software_version: string | null;
  /** From the control plane to the site and back, as pings of its last connection took at least. */
  @Column('real', { nullable: true })
  round_trip_ms: number | null;
  /** When the audit log said last that it was connected, and that it was refused. */
  @TimeColumn({ nullable: true })
  connected_noted_at: string | null;
  @TimeColumn({ nullable: true })
  refused_noted_at: string | null;
}
