import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TimeColumn } from './columns.js';

/** An invitation to join with a site, the newest of each party. Of its token only the SHA-256 is stored. */
@Entity('node_invitations')
export class NodeInvitation {
  @PrimaryColumn('varchar', { length: 64 })
  tenant_id: string;
  @PrimaryColumn('varchar', { length: 64 })
  party: string;
  @Column('bytea', { select: false })
  token_hash: Buffer;
  @Column('boolean')
  dealer: boolean;
  @TimeColumn()
  created_at: string;
  @Column('varchar', { length: 255, nullable: true })
  created_by: string | null;
  @TimeColumn()
  expires_at: string;
  @TimeColumn({ nullable: true })
  used_at: string | null;
}
