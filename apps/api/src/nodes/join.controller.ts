import { Body, Controller, Headers, HttpCode, Post, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { readRequest, RENEWED_MS, type Asked, type Subject } from '#libs/peers';
import {
  AuditRepository,
  Databases,
  NodeRepository,
  type Database,
  type NodeView,
  type Queryable,
} from '#libs/repositories';
import { Public } from '../auth/access.js';
import { callerOf } from '../auth/caller.js';
import { RefusedSignIns } from '../auth/refused-sign-ins.js';
import type { Refusal } from '../auth/roles.js';
import { hashOf, SignInRefused } from '../auth/sign-in.js';
import { TenantDirectory } from '../auth/tenant-directory.js';
import { ApiProblems } from '../http/api-problems.js';
import { ApiRequest } from '../http/api-request.js';
import { PARTY_NAME, TENANT_ID } from '../http/patterns.js';
import { Problem } from '../http/problem.js';
import { readInvitation } from './invitation.js';
import { NodeAuthority, requireSigned, type Certified } from './node-authority.js';
import { AdmittedDto, JoinDto } from './nodes.dto.js';

/** Where sites join and renew their certificates. They have no key of the API: an invitation, and then their own key, stand for them. */
@ApiTags('parties')
@Controller('nodes')
export class JoinController {
  constructor(
    private readonly databases: Databases,
    private readonly nodes: NodeRepository,
    private readonly authority: NodeAuthority,
    private readonly directory: TenantDirectory,
    private readonly audit: AuditRepository,
    private readonly refused: RefusedSignIns,
  ) {}

  @Post('join')
  @Public()
  @HttpCode(201)
  @ApiOperation({
    operationId: 'joinNode',
    summary: 'Join with a site, by an invitation',
    description:
      'Done by `task-chain-node join`. An invitation counts once, for its party and tenant, until it expires; the key that joined by it may ask again, as an answer can be lost. A party has one site: a site with another key joins after the first one was revoked, and a key that was revoked never again.',
    security: [],
  })
  @ApiHeader({
    name: 'Authorization',
    required: true,
    description: '`Invitation <token>`',
    schema: { type: 'string' },
  })
  @ApiRequest(JoinDto)
  @ApiResponse({ status: 201, type: AdmittedDto, description: 'The certificate, and that of the authority.' })
  @ApiProblems(400, 409, 413, 415, 503)
  async join(
    @Headers('authorization') authorization: string | undefined,
    // Checked by hand: who has no invitation learns nothing of it.
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AdmittedDto> {
    const invitation = readInvitation(authorization);
    // Noise, and nobody's invitation: the audit log names what was one, and no longer counts.
    if (invitation === undefined) throw new SignInRefused({ ...REFUSED, tenant: null });
    const engine = await this.databaseOf(invitation.tenant);
    if (engine === undefined) throw new SignInRefused({ ...REFUSED, tenant: null });
    const refuse = (): never => this.refuse({ ...REFUSED, tenant: invitation.tenant }, reply);
    const hash = hashOf(invitation.secret);
    const csr = (body as Partial<JoinDto> | null | undefined)?.csr;
    const asked = typeof csr === 'string' ? await readRequest(csr) : undefined;
    return engine.transaction(async (tx) => {
      // Within the transaction: what is refused from here on uses no invitation up.
      const invited = await this.nodes.useInvitation(tx, hash, asked?.fingerprint ?? null);
      if (invited === undefined) return refuse();
      requireSigned(asked);
      const { party, dealer } = invited;
      requireSubject(asked.subject, { tenant: invitation.tenant, name: party });
      const certified = await this.authority.certify(asked);
      const node = await this.nodes.join(tx, { ...certified, fingerprint: asked.fingerprint, party, dealer });
      if (node === undefined) throw await this.conflict(tx, asked, party);
      const details = { fingerprint: asked.fingerprint, dealer, expires_at: certified.expires_at };
      await this.audit.record(tx, {
        ...callerOf(reply),
        actor: nodeActor(party),
        action: 'joinNode',
        target: party,
        details,
      });
      return this.answer(node, certified);
    });
  }

  @Post('certificate')
  @Public()
  @HttpCode(200)
  @ApiOperation({
    operationId: 'renewNode',
    summary: 'Renew the certificate of a site',
    description:
      'Done by `task-chain-node`, without an invitation: the request is signed by the key that joined. A certificate that counts for more than 10 days is returned as it is. Not for a site that was revoked, or whose certificate has ended.',
    security: [],
  })
  @ApiRequest(JoinDto)
  @ApiResponse({ status: 200, type: AdmittedDto, description: 'The certificate, and that of the authority.' })
  @ApiProblems(400, 409, 413, 415, 503)
  async renew(@Body() { csr }: JoinDto, @Res({ passthrough: true }) reply: FastifyReply): Promise<AdmittedDto> {
    const asked = await readRequest(csr);
    requireSigned(asked);
    const { tenant, name: party } = asked.subject;
    const engine = await this.databaseOf(tenant);
    const known = engine && (await this.nodes.find(engine, asked.fingerprint));
    if (engine === undefined || known?.party !== party || !counts(known)) throw noNode();
    if (Date.parse(known.expires_at) - Date.now() > RENEWED_MS) return this.answer(known, known);
    const certified = await this.authority.certify(asked);
    return engine.transaction(async (tx) => {
      const node = await this.nodes.renew(tx, { ...certified, fingerprint: asked.fingerprint, party });
      if (node === undefined) throw noNode();
      const details = { fingerprint: asked.fingerprint, expires_at: certified.expires_at };
      await this.audit.record(tx, {
        ...callerOf(reply),
        actor: nodeActor(party),
        action: 'renewNode',
        target: party,
        details,
      });
      return this.answer(node, certified);
    });
  }

  /** undefined where the tenant is not there, or is closed. */
  private async databaseOf(tenant: string): Promise<Database | undefined> {
    if (!TENANT_ID.test(tenant) || (await this.directory.enabled(tenant)) === undefined) return undefined;
    return this.databases.forTenant(tenant).engine;
  }

  private async answer(
    node: Pick<NodeView, 'party' | 'dealer' | 'fingerprint'>,
    { certificate, expires_at }: Certified,
  ): Promise<AdmittedDto> {
    const { party, dealer, fingerprint } = node;
    return { party, dealer, fingerprint, certificate, authority: (await this.authority.get()).cert, expires_at };
  }

  private refuse(refusal: Refusal, { request }: FastifyReply): never {
    this.refused.note(refusal, request);
    throw new SignInRefused(refusal);
  }

  private async conflict(tx: Queryable, { fingerprint }: Asked, party: string): Promise<Problem> {
    if ((await this.nodes.find(tx, fingerprint)) !== undefined)
      return new Problem('NODE_KEY_REFUSED', 'The key was revoked, or is that of another party: make the site anew.');
    return new Problem(
      'NODE_EXISTS',
      `Party ${party} has a site with another key. If that is no longer right, an admin revokes it and invites anew: task-chain nodes revoke ${party}`,
    );
  }
}

const REFUSED = { refused: 'wrong invitation', actor: null } as const;

/** As the audit log names a site. */
const nodeActor = (party: string): string => `node:${party}`;

const counts = ({ revoked_at, expires_at }: Pick<NodeView, 'revoked_at' | 'expires_at'>): boolean =>
  revoked_at === null && Date.parse(expires_at) > Date.now();

const noNode = (): Problem =>
  new Problem(
    'FORBIDDEN',
    'No site with this key and name counts: it never joined, was revoked, or its certificate has ended. Ask an admin for an invitation.',
  );

function requireSubject(asked: Subject, invited: Subject): void {
  if (asked.tenant === invited.tenant && asked.name === invited.name) return;
  const found = PARTY_NAME.test(asked.name) ? asked.name : 'another name';
  throw new Problem('BAD_REQUEST', `The invitation is for ${invited.name}, and the signing request names ${found}.`);
}
