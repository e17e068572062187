import { Controller, Delete, Get, HttpCode, Post, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AuditRepository, type TenantDatabases } from '#libs/repositories';
import { Roles } from '../auth/access.js';
import { callerOf } from '../auth/caller.js';
import type { Identity } from '../auth/roles.js';
import { OneTimeLinks } from '../auth/one-time-links.js';
import { SessionCookie } from '../auth/session-cookie.js';
import { SignIn } from '../auth/sign-in.js';
import { TenantDb } from '../auth/tenant-db.js';
import { ApiProblems } from '../http/api-problems.js';
import { Problem } from '../http/problem.js';
import { BrowserSessions } from './browser-sessions.js';
import { SessionDto, SessionLinkDto } from './session.dto.js';

/** Sessions are for browsers, which must hold no key that a script could read. */
@ApiTags('session')
@Controller('session')
@Roles('viewer')
export class SessionController {
  constructor(
    private readonly signIn: SignIn,
    private readonly sessions: BrowserSessions,
    private readonly audit: AuditRepository,
    private readonly links: OneTimeLinks,
    private readonly cookie: SessionCookie,
  ) {}

  @Post()
  @HttpCode(201)
  @ApiOperation({
    operationId: 'createSession',
    summary: 'Sign a browser in',
    description:
      'Answers a key, a token or a one-time link (`Authorization: Link <token>`) with a cookie that scripts cannot read. It lasts for 12 h, and no longer than the token; it ends with the key. It counts only for requests of the same origin.',
  })
  @ApiResponse({ status: 201, type: SessionDto, description: 'Signed in: `Set-Cookie` holds the session.' })
  @ApiProblems(413, 415, 503)
  async create(
    @TenantDb() { engine }: TenantDatabases,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionDto> {
    const { headers } = reply.request;
    const identity = identityOf(reply);
    const credential = this.signIn.credentialOf(headers.authorization, identity);
    const { token, end, seconds } = await this.sessions.open(engine, identity, credential, callerOf(reply));
    reply.header('Set-Cookie', this.cookie.for(reply.request, token, seconds));
    return viewOf({ ...identity, expiresAt: end });
  }

  @Post('links')
  @HttpCode(201)
  @ApiOperation({
    operationId: 'createSessionLink',
    summary: 'Make a one-time link',
    description:
      'A token that signs a browser in on the machine of the API, in your name: once, within 60 s, at the replica that made it. Open the console with `#once=<token>` behind its address.',
  })
  @ApiResponse({ status: 201, type: SessionLinkDto, description: 'The link.' })
  @ApiProblems(413, 415, 429, 503)
  async createLink(
    @TenantDb() { engine }: TenantDatabases,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionLinkDto> {
    const { authorization } = reply.request.headers;
    // A session must not outlive itself by a link.
    if (authorization === undefined) throw new Problem('FORBIDDEN', 'A session makes no link: send a key.');
    const { token, seconds } = this.links.make(authorization);
    await this.audit.record(engine, {
      ...callerOf(reply),
      action: 'createSessionLink',
      target: 'session',
      details: {},
    });
    return { token, expires_at: new Date(Date.now() + seconds * 1_000).toISOString() };
  }

  @Get()
  @ApiOperation({
    operationId: 'getSession',
    summary: 'Get who you are',
    description: 'The caller by the session, the key or the token of the request.',
  })
  @ApiResponse({ status: 200, type: SessionDto, description: 'The caller.' })
  @ApiProblems(503)
  read(@Res({ passthrough: true }) reply: FastifyReply): SessionDto {
    return viewOf(identityOf(reply));
  }

  @Delete()
  @HttpCode(204)
  @ApiOperation({
    operationId: 'deleteSession',
    summary: 'Sign a browser out',
    description:
      'Ends the session of the request; every replica refuses it within 5 s, and its event streams end. Without a session nothing is done.',
  })
  @ApiResponse({ status: 204, description: 'Signed out.' })
  @ApiProblems(503)
  async remove(@Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    const { session } = identityOf(reply);
    reply.header('Set-Cookie', this.cookie.for(reply.request));
    if (session === undefined) return;
    await this.sessions.close(session, callerOf(reply));
    this.signIn.forget();
  }
}

function identityOf({ request }: FastifyReply): Identity {
  if (request.identity === undefined) throw new Error('a public route has no caller');
  return request.identity;
}

function viewOf({ actor, role, tenant, party, expiresAt }: Identity): SessionDto {
  const expires_at = expiresAt === undefined ? null : new Date(expiresAt).toISOString();
  return { actor, role, tenant, party: party ?? null, expires_at };
}
