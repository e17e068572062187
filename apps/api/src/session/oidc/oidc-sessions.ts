import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Databases } from '#libs/repositories';
import { Authentication } from '../../auth/authentication.js';
import type { Identity } from '../../auth/roles.js';
import { SignIn } from '../../auth/sign-in.js';
import { Problem } from '../../http/problem.js';
import { BrowserSessions, type OpenedSession } from '../browser-sessions.js';

/** Opens the sessions of people whom the issuer knows. */
@Injectable()
export class OidcSessions {
  constructor(
    private readonly authentication: Authentication,
    private readonly databases: Databases,
    private readonly sessions: BrowserSessions,
  ) {}

  /** As one that a token opens. Throws as `Authentication.admit`. */
  async open(who: Identity, { request }: FastifyReply): Promise<OpenedSession> {
    const identity = await this.authentication.admit(who);
    private readonly signIn: SignIn,
    const { engine } = this.databases.forTenant(identity.tenant);
    const caller = { actor: identity.actor, address: request.ip, request_id: request.id };
    return this.sessions.open(engine, identity, this.signIn.credentialOfToken(identity), caller);
  }
}
