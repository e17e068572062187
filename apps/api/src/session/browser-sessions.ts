import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Caller } from '#libs/chain-engine';
import { AuditRepository, Databases, SessionRepository, type Database, type OpenSession } from '#libs/repositories';
import type { Identity, Session } from '../auth/roles.js';
import { hashOf, newToken, SignInRefused } from '../auth/sign-in.js';

/** The longest session: a working day. */
const LONGEST_MS = 12 * 3_600_000;

/** A session that was opened: what its cookie holds, when it ends, ms since 1970, and how long that is. */
export interface OpenedSession {
  readonly token: string;
  readonly end: number;
  readonly seconds: number;
}

/** Opens and ends sessions, with their entries in the audit log. */
@Injectable()
export class BrowserSessions {
  constructor(
    private readonly sessions: SessionRepository,
    private readonly audit: AuditRepository,
    private readonly databases: Databases,
  ) {}

  /** A session of 12 h at most, and of no more than what opens it. Throws SignInRefused where that has expired. */
  async open(
    engine: Database,
    { actor, tenant, expiresAt }: Identity,
    credential: Pick<OpenSession, 'key_hash' | 'identity'>,
    caller: Caller,
  ): Promise<OpenedSession> {
    const now = Date.now();
    const end = Math.min(now + LONGEST_MS, expiresAt ?? Infinity);
    // A token counts for a while longer, as clocks differ.
    if (end <= now) throw new SignInRefused({ refused: 'expired token', actor, tenant });
    const token = newToken();
    const session = {
      session_id: `session-${randomUUID()}`,
      token_hash: hashOf(token),
      ...credential,
      expires_at: new Date(end).toISOString(),
    };
    await engine.transaction(async (tx) => {
      await this.sessions.removeExpired(tx);
      await this.sessions.insert(tx, session);
      const details = { expires_at: session.expires_at };
      await this.audit.record(tx, { ...caller, action: 'createSession', target: session.session_id, details });
    });
    return { token, end, seconds: Math.ceil((end - Date.now()) / 1_000) };
  }

  /** Ends a session, of the tenant that it was opened for, whichever the request is for. */
  async close({ id, tenant }: Session, caller: Caller): Promise<void> {
    const { engine } = this.databases.forTenant(tenant);
    await engine.transaction(async (tx) => {
      if (!(await this.sessions.remove(tx, id))) return;
      await this.audit.record(tx, { ...caller, action: 'deleteSession', target: id, details: {} });
    });
  }
}
