import { Injectable } from '@nestjs/common';
import type { Queryable } from './database.js';
import { Session } from './entities/session.entity.js';
import { findSession } from './statements/find-session.js';

/** A session that counts, as far as itself is concerned: the key that opened it may not. */
export type OpenSession = Pick<Session, 'session_id' | 'tenant_id' | 'key_hash' | 'identity' | 'expires_at'>;

/** Sessions of browsers. A session is known by the SHA-256 of its token alone. */
@Injectable()
export class SessionRepository {
  async insert(db: Queryable, session: Omit<Session, 'tenant_id' | 'created_at'>): Promise<void> {
    await db.entities.createQueryBuilder().insert().into(Session).values(session).updateEntity(false).execute();
  }

  /** The session of this token, of whichever tenant; undefined if it is unknown, has expired or was ended. */
  async find(db: Queryable, tokenHash: Buffer): Promise<OpenSession | undefined> {
    return (await db.query<OpenSession>(findSession, [tokenHash]))[0];
  }

  /** Ends a session of the tenant. false: it has ended already. */
  async remove(db: Queryable, id: string): Promise<boolean> {
    const removed = await db.entities.createQueryBuilder().delete().from(Session).where({ session_id: id }).execute();
    return removed.affected === 1;
  }

  /** Removes the tenant's sessions that have expired. */
  async removeExpired(db: Queryable): Promise<void> {
    await db.entities.createQueryBuilder().delete().from(Session).where('expires_at <= now()').execute();
  }
}
