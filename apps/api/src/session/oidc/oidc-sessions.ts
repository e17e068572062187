import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Databases } from '#libs/repositories';
import { Authentication } from '../../auth/authentication.js';
import type { Identity } from '../../auth/roles.js';
import { SignIn } from '../../auth/sign-in.js';
import { Problem } from '../../http/problem.js';
import { BrowserSessions, type OpenedSession } from '../browser-sessions.js';
import { AccountRefused } from './sign-in-failure.js';

/** What says that there is no such tenant: to the platform, and to everybody else. */
const OF_TENANT = new Set<string>(['NOT_FOUND', 'FORBIDDEN']);
const noTenant = ({ actor, tenant: named }: Identity): AccountRefused =>
  new AccountRefused({ refused: 'token of no open tenant', actor, tenant: null, named });

/** Opens the sessions of people whom the issuer knows. */
@Injectable()
export class OidcSessions {
  constructor(
    private readonly authentication: Authentication,
    private readonly databases: Databases,
    private readonly signIn: SignIn,
    private readonly sessions: BrowserSessions,
  ) {}

  /** As one that a token opens. Throws AccountRefused where the tenant is not open, and SignInRefused. */
  async open(who: Identity, { request }: FastifyReply): Promise<OpenedSession> {
    const identity = await this.authentication.admit(who).catch((error: unknown) => {
      throw error instanceof Problem && OF_TENANT.has(error.code) ? noTenant(who) : error;
    });
    const { engine } = this.databases.forTenant(identity.tenant);
    const caller = { actor: identity.actor, address: request.ip, request_id: request.id };
    return this.sessions.open(engine, identity, this.signIn.credentialOfToken(identity), caller);
  }
}
