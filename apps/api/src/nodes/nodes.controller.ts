import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { answerOnce } from '#libs/chain-engine';
import {
  AuditRepository,
  NodeRepository,
  PartyRepository,
  type Queryable,
  type TenantDatabases,
} from '#libs/repositories';
import { Roles } from '../auth/access.js';
import { callerOf } from '../auth/caller.js';
import { hashOf } from '../auth/sign-in.js';
import { TenantDb } from '../auth/tenant-db.js';
import { ApiProblems } from '../http/api-problems.js';
import { ApiRequest } from '../http/api-request.js';
import { isDryRun } from '../http/confirmation.js';
import { RemovalQueryDto } from '../http/dry-run-query.dto.js';
import { answerOf, IDEMPOTENCY_KEY, idempotentRequest } from '../http/idempotency-key.js';
import { Problem } from '../http/problem.js';
import { noParty } from '../parties/no-party.js';
import { makeInvitation } from './invitation.js';
import { NodeAuthority } from './node-authority.js';
import {
  CreatedInvitationDto,
  DEFAULT_MINUTES,
  NewInvitationDto,
  NodeListDto,
  RevokedNodeDto,
  type InvitationDto,
} from './nodes.dto.js';

const PARTY = { name: 'party', description: 'The party.', schema: { type: 'string' as const, maxLength: 64 } };

@ApiTags('parties')
@Controller()
@Roles('admin')
export class NodesController {
  constructor(
    private readonly nodes: NodeRepository,
    private readonly parties: PartyRepository,
    private readonly authority: NodeAuthority,
    private readonly audit: AuditRepository,
  ) {}

  @Post('parties/:party/invitation')
  @HttpCode(201)
  @ApiParam(PARTY)
  @ApiOperation({
    operationId: 'inviteNode',
    summary: 'Invite a party to join with its own site',
    description:
      'The token counts for one key, and is shown only once: the database stores only its SHA-256. A newer invitation of the party replaces it. It admits a site to this server; the other sites know it by the key that their people compare.',
  })
  @ApiRequest(NewInvitationDto, false)
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiResponse({
    status: 201,
    type: CreatedInvitationDto,
    description: 'The invitation. `token` is null in a repeated answer.',
  })
  @ApiProblems(400, 404, 409, 413, 415, 422, 503)
  async invite(
    @TenantDb() { engine, reads }: TenantDatabases,
    @Param('party') party: string,
    @Body() body: NewInvitationDto,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CreatedInvitationDto> {
    const { dealer = false, expires_in_minutes: minutes = DEFAULT_MINUTES } = body ?? {};
    if ((await this.parties.find(reads, party)) === undefined) throw noParty(party);
    const { fingerprint } = await this.authority.get();
    const { token, secret } = makeInvitation(engine.tenant!, { party, dealer }, fingerprint);
    const caller = callerOf(reply);
    const work = async (db: Queryable): Promise<InvitationDto> => {
      const stored = await this.nodes.invite(db, { party, dealer, minutes, token_hash: hashOf(secret) }, caller.actor);
      const details = { dealer, expires_at: stored.expires_at };
      await this.audit.record(db, { ...caller, action: 'inviteNode', target: party, details });
      const { used_at: _, ...shown } = stored;
      return shown;
    };
    const request = idempotentRequest(key, body ?? {});
    if (request === undefined) return { ...(await engine.transaction(work)), token };
    const outcome = await answerOnce(engine, `inviteNode:${party}`, request, work);
    return { ...answerOf<InvitationDto>(outcome, reply), token: outcome.kind === 'answered' ? token : null };
  }

  @Get('nodes')
  @Roles('viewer')
  @ApiOperation({
    operationId: 'listNodes',
    summary: 'List the sites of parties and dealers',
    description: 'Ordered by party. Includes revoked ones.',
  })
  @ApiResponse({ status: 200, type: NodeListDto, description: 'The sites that joined.' })
  @ApiProblems(503)
  async list(@TenantDb() { reads }: TenantDatabases): Promise<NodeListDto> {
    return { items: await this.nodes.list(reads) };
  }

  @Delete('nodes/:party')
  @ApiParam(PARTY)
  @ApiOperation({
    operationId: 'revokeNode',
    summary: 'Revoke the site of a party',
    description:
      'Its certificate admits it no longer, and its key never again. An open invitation of the party ends. To join anew, the site needs a new key and an invitation. `confirm` is the party.',
  })
  @ApiResponse({ status: 200, type: RevokedNodeDto, description: 'Revoked, or in a dry run what would be.' })
  @ApiProblems(400, 404, 503)
  async revoke(
    @TenantDb() { engine, reads }: TenantDatabases,
    @Param('party') party: string,
    @Query() query: RemovalQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RevokedNodeDto> {
    const there = (await this.nodes.list(reads)).find((each) => each.party === party && each.revoked_at === null);
    if (there === undefined) throw noNode(party);
    if (isDryRun(query, party)) return { dry_run: true, node: there };
    const node = await engine.transaction(async (tx) => {
      const row = await this.nodes.revoke(tx, party);
      if (row === undefined) throw noNode(party);
      const details = { fingerprint: row.fingerprint };
      await this.audit.record(tx, { ...callerOf(reply), action: 'revokeNode', target: party, details });
      return row;
    });
    return { dry_run: false, node };
  }
}

const noNode = (party: string): Problem =>
  new Problem('NOT_FOUND', `Party ${JSON.stringify(party.slice(0, 80))} has no site to revoke.`);
