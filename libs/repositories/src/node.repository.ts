import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import type { Queryable, Tx } from './database.js';
import { NodeInvitation } from './entities/node-invitation.entity.js';
import { PartyNode } from './entities/party-node.entity.js';
import { rowsOf } from './rows.js';

export type NodeView = Omit<
  PartyNode,
  'tenant_id' | 'certificate' | 'connection' | 'connected_noted_at' | 'refused_noted_at'
> & {
  /** Whether a worker has held its connection lately: it does so every 5 s. */
  readonly connected: boolean;
};
export type InvitationView = Omit<NodeInvitation, 'tenant_id' | 'token_hash'>;

const CONNECTED = `connection IS NOT NULL AND revoked_at IS NULL AND last_seen_at > now() - interval '20 s'`;
const COLUMNS = [
  'fingerprint',
  'party',
  'dealer',
  'joined_at',
  'expires_at',
  'revoked_at',
  'last_seen_at',
  'protocol_version',
  'software_version',
  'round_trip_ms',
] as const;
const VIEW = `${COLUMNS.join(', ')}, coalesce(${CONNECTED}, false) AS connected`;
/** Both times are those of one transaction. */
const JOINED_BY_IT = `used_at = (SELECT joined_at FROM nodes
  WHERE nodes.fingerprint = :fingerprint AND nodes.party = node_invitations.party AND revoked_at IS NULL)`;
const INVITATION = ['party', 'dealer', 'created_at', 'created_by', 'expires_at', 'used_at'];

/** Sites of parties and dealers, and the invitations by which they join. A key that was revoked never counts again. */
@Injectable()
export class NodeRepository {
  /** Stores an invitation in place of the party's earlier one. */
  async invite(
    db: Queryable,
    invitation: Pick<NodeInvitation, 'party' | 'dealer' | 'token_hash'> & { readonly minutes: number },
    by: string | null,
  ): Promise<InvitationView> {
    const { minutes, ...rest } = invitation;
    const stored = await db.entities
      .createQueryBuilder()
      .insert()
      .into(NodeInvitation)
      .values({
        ...rest,
        created_by: by,
        created_at: () => 'now()',
        expires_at: () => `now() + :minutes * interval '1 minute'`,
        used_at: null,
      })
      .setParameter('minutes', minutes)
      .orUpdate(['token_hash', 'dealer', 'created_at', 'created_by', 'expires_at', 'used_at'], ['tenant_id', 'party'])
      .returning(INVITATION)
      .updateEntity(false)
      .execute();
    return rowsOf<InvitationView>(stored)[0]!;
  }

  /**
   * Uses up the invitation of this token, or uses it once more for the key that joined by it: its answer may have been lost. undefined: it
   * is unknown, late, ended, or was used with another key.
   */
  async useInvitation(
    db: Queryable,
    tokenHash: Buffer,
    fingerprint: string | null,
  ): Promise<InvitationView | undefined> {
    const used = await db.entities
      .createQueryBuilder()
      .update(NodeInvitation)
      .set({ used_at: () => 'now()' })
      .where('token_hash = :tokenHash AND expires_at > now()', { tokenHash })
      .andWhere(`(used_at IS NULL OR ${JOINED_BY_IT})`, { fingerprint })
      .returning(INVITATION)
      .execute();
    return rowsOf<InvitationView>(used)[0];
  }

  /**
   * Stores a site; one that has the same key joins anew. undefined: the key was revoked, or is that of another party, or
   * the party has a site with another key.
   */
  async join(
    db: Queryable,
    node: Pick<PartyNode, 'fingerprint' | 'party' | 'dealer' | 'certificate' | 'expires_at'>,
  ): Promise<NodeView | undefined> {
    const { fingerprint, party, dealer, certificate, expires_at } = node;
    const renewed = await db.entities
      .createQueryBuilder()
      .update(PartyNode)
      .set({ dealer, certificate, expires_at, joined_at: () => 'now()' })
      .where({ fingerprint, party, revoked_at: IsNull() })
      .returning(VIEW)
      .execute();
    const found = rowsOf<NodeView>(renewed)[0];
    if (found !== undefined) return found;
    const stored = await db.entities
      .createQueryBuilder()
      .insert()
      .into(PartyNode)
      .values(node)
      .orIgnore()
      .returning(VIEW)
      .updateEntity(false)
      .execute();
    return rowsOf<NodeView>(stored)[0];
  }

  /** Replaces the certificate of a site that counts. undefined: it does not, or not any more. */
  async renew(
    db: Queryable,
    {
      fingerprint,
      party,
      certificate,
      expires_at,
    }: Pick<PartyNode, 'fingerprint' | 'party' | 'certificate' | 'expires_at'>,
  ): Promise<NodeView | undefined> {
    const renewed = await db.entities
      .createQueryBuilder()
      .update(PartyNode)
      .set({ certificate, expires_at })
      .where({ fingerprint, party, revoked_at: IsNull() })
      .andWhere('expires_at > now()')
      .returning(VIEW)
      .execute();
    return rowsOf<NodeView>(renewed)[0];
  }

  /** The tenant's sites by party, those that count first; revoked ones included. */
  async list(db: Queryable): Promise<NodeView[]> {
    return db.entities
      .createQueryBuilder(PartyNode, 'node')
      .select(VIEW)
      .orderBy('party')
      .addOrderBy('revoked_at', 'DESC', 'NULLS FIRST')
      .addOrderBy('fingerprint')
      .getRawMany<NodeView>();
  }

  /** The site of this key with its certificate, whether it counts or not. */
  async find(db: Queryable, fingerprint: string): Promise<PartyNode | undefined> {
    return (await db.entities.findOneBy(PartyNode, { fingerprint })) ?? undefined;
  }

  /** Revokes the site of a party, and ends the party's invitation. undefined: it has no site that counts. */
  async revoke(db: Tx, party: string): Promise<NodeView | undefined> {
    // First, as a site that joins locks it first. Its end alone would let one join that has begun before and waits for this.
    await db.entities
      .createQueryBuilder()
      .update(NodeInvitation)
      .set({ used_at: () => 'now()' })
      .where({ party, used_at: IsNull() })
      .execute();
    const revoked = await db.entities
      .createQueryBuilder()
      .update(PartyNode)
      .set({ revoked_at: () => 'now()' })
      .where({ party, revoked_at: IsNull() })
      .returning(VIEW)
      .execute();
    return rowsOf<NodeView>(revoked)[0];
  }
}
