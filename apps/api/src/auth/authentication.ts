import { Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Databases, type TenantDatabases } from '#libs/repositories';
import { actingFor } from './acting-for.js';
import { OneTimeLinks } from './one-time-links.js';
import type { Identity } from './roles.js';
import { RefusedSignIns } from './refused-sign-ins.js';
import { SessionCookie } from './session-cookie.js';
import { SignIn, SignInRefused } from './sign-in.js';
import { TenantDirectory } from './tenant-directory.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller. Every route that is not public has one, as it has `databases`. */
    identity?: Identity;
    /** The databases, limited to the tenant of `identity`. */
    databases?: TenantDatabases;
  }
}

/** Where a link counts in place of a key. */
const SIGN_IN = '/api/v1/session';

/** Finds the caller of each request that is not for a public route. */
@Injectable()
export class Authentication {
  constructor(
    private readonly signIn: SignIn,
    private readonly directory: TenantDirectory,
    private readonly databases: Databases,
    private readonly refused: RefusedSignIns,
    private readonly links: OneTimeLinks,
    private readonly cookie: SessionCookie,
  ) {}

  /** A guard would be too late: Nest's guards run after the body is parsed, and unsigned bodies must not be. */
  hookInto(fastify: FastifyInstance): void {
    fastify.decorateRequest('identity');
    fastify.decorateRequest('databases');
    fastify.addHook('onRequest', async (request) => {
      if (request.routeOptions.config.public === true || request.identity !== undefined) return;
      try {
        if (request.method === 'POST' && request.routeOptions.url === SIGN_IN) {
          request.headers.authorization = this.links.open(request) ?? request.headers.authorization;
        }
        request.identity = await this.identify(request);
      } catch (error) {
        if (error instanceof SignInRefused) this.refused.note(error.refusal, request);
        throw error;
      }
      request.databases = this.databases.forTenant(request.identity.tenant);
    });
  }

  /** The caller by the headers of the request, as they count now. Throws UNAUTHENTICATED, FORBIDDEN or NOT_FOUND. */
  async identify(request: Pick<FastifyRequest, 'headers' | 'ip' | 'method'>): Promise<Identity> {
    const { headers, method } = request;
    const { authorization } = headers;
    const session = authorization === undefined ? this.cookie.tokenOf(request, method) : undefined;
    const identity = await (session === undefined
      ? this.signIn.identify(authorization)
      : this.signIn.identifySession(session));
    return this.admit(identity, headers['x-tenant']);
  }

  /** Who is signed in, for the tenant that the request names. Throws UNAUTHENTICATED, FORBIDDEN or NOT_FOUND. */
  async admit(identity: Identity, inTenant?: string | readonly string[]): Promise<Identity> {
    const { actor, tenant, party } = identity;
    // Not signed in without a party instead: where that may do more, a wrong claim would give more.
    if (party !== undefined && !(await this.directory.hasParty(tenant, party))) {
      throw new SignInRefused({ refused: 'token of an unknown party', actor, tenant });
    }
    return actingFor(identity, inTenant, this.directory);
  }
}
