import { Body, Controller, Get, Headers, HttpCode, Param, Post, Put, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { DatasetStatement, Statement } from '#libs/consent';
import {
  AuditRepository,
  PartyRepository,
  ScheduleRepository,
  type Queryable,
  type TenantDatabases,
} from '#libs/repositories';
import { Roles } from '../auth/access.js';
import { callerOf, partyOf } from '../auth/caller.js';
import { TenantDb } from '../auth/tenant-db.js';
import { ApiProblems } from '../http/api-problems.js';
import { ApiRequest } from '../http/api-request.js';
import { IDEMPOTENCY_KEY, idempotentRequest, once } from '../http/idempotency-key.js';
import { Problem } from '../http/problem.js';
import { applyApproval } from './apply-approval.js';
import { applyStanding } from './apply-standing.js';
import { showsRows } from './datasets.controller.js';
import { noParty } from './no-party.js';
import {
  NewPartyDto,
  NewStatementDto,
  PartyDto,
  PartyListDto,
  StatementDto,
  StatementListDto,
  StatementsQueryDto,
} from './parties.dto.js';
import { readStatement } from './statement-input.js';

const PARTY = { name: 'party', description: 'The party.', schema: { type: 'string' as const, maxLength: 64 } };

/** Lets no task run that would not run without it. */
const closes = (statement: Statement): boolean =>
  ((statement.kind === 'approval' || statement.kind === 'standing') && statement.decision !== 'approve') ||
  (statement.kind === 'dataset' && statement.removed === true);

@ApiTags('parties')
@Controller('parties')
@Roles('viewer')
export class PartiesController {
  constructor(
    private readonly parties: PartyRepository,
    private readonly schedules: ScheduleRepository,
    private readonly audit: AuditRepository,
  ) {}

  @Post()
  @Roles('admin')
  @HttpCode(201)
  @ApiOperation({
    operationId: 'createParty',
    summary: 'Register a party',
    description: 'Then keys can belong to it (POST /keys), and its owner can state what its data may be used for.',
  })
  @ApiRequest(NewPartyDto)
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiResponse({ status: 201, type: PartyDto, description: 'The party.' })
  @ApiProblems(400, 409, 413, 415, 422, 503)
  async create(
    @TenantDb() { engine }: TenantDatabases,
    @Body() body: NewPartyDto,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PartyDto> {
    const { party, name, contact = null } = body;
    const caller = callerOf(reply);
    const work = async (db: Queryable): Promise<PartyDto> => {
      const made = await this.parties.insert(db, { party, name, contact }, caller.actor);
      if (made === undefined) throw new Problem('PARTY_EXISTS', `Party ${party} already exists.`);
      await this.audit.record(db, { ...caller, action: 'createParty', target: party, details: { name, contact } });
      return made;
    };
    return once(engine, 'createParty', idempotentRequest(key, body), reply, work);
  }

  @Get()
  @ApiOperation({ operationId: 'listParties', summary: 'List the parties', description: 'Ordered by name.' })
  @ApiResponse({ status: 200, type: PartyListDto, description: 'The parties of the tenant.' })
  @ApiProblems(503)
  async list(@TenantDb() { reads }: TenantDatabases): Promise<PartyListDto> {
    return { items: await this.parties.list(reads) };
  }

  @Get(':party')
  @ApiParam(PARTY)
  @ApiOperation({ operationId: 'getParty', summary: 'Get a party', description: 'Its name and contact.' })
  @ApiResponse({ status: 200, type: PartyDto, description: 'The party.' })
  @ApiProblems(404, 503)
  async get(@TenantDb() { reads }: TenantDatabases, @Param('party') party: string): Promise<PartyDto> {
    const found = await this.parties.find(reads, party);
    if (found === undefined) throw noParty(party);
    return found;
  }

  @Put(':party/statements')
  @Roles('author')
  @ApiParam(PARTY)
  @ApiOperation({
    operationId: 'putStatement',
    summary: "State what a party's data may be used for",
    description:
      'Stores a dataset, a policy, an approval, a standing approval of a whole, or a statement about the whole party. Only for keys of the party and for admins. Admins state without a signature only what opens nothing: a refusal, a withdrawal, a dataset that is removed. The serial must be higher than that of the stored statement with the same subject. The workers check the signature, not the API.',
  })
  @ApiRequest(NewStatementDto)
  @ApiResponse({ status: 200, type: StatementDto, description: 'The statement as it is stored.' })
  @ApiProblems(400, 404, 409, 413, 415, 503)
  async put(
    @TenantDb() { engine, reads }: TenantDatabases,
    @Param('party') party: string,
    @Body() body: NewStatementDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StatementDto> {
    if ((await this.parties.find(reads, party)) === undefined) throw noParty(party);
    const { statement, subject, signed } = readStatement(body, party);
    const by = partyOf(reply);
    if (by.party !== party && !by.isAdmin) {
      throw new Problem('FORBIDDEN', `Only keys of party ${party} and admins state what its data may be used for.`);
    }
    if (by.party !== party && signed === null && !closes(statement)) {
      throw new Problem(
        'FORBIDDEN',
        `Without a signature of the owner, only keys of party ${party} state what opens its data.`,
      );
    }
    const { kind, serial } = statement;
    const caller = callerOf(reply);
    const task =
      statement.kind === 'approval' ? statement.task : statement.kind === 'standing' ? statement.origin : null;
    const row = { subject, kind, party, serial, body: statement, signed, task, created_by: caller.actor };
    const answer = await engine.transaction(async (tx) => {
      const stored = await this.parties.put(tx, row);
      if (stored === undefined) {
        throw new Problem(
          'STATEMENT_OUTDATED',
          `The stored statement about ${subject} has the serial ${serial} or a higher one.`,
        );
      }
      await this.audit.record(tx, {
        ...caller,
        action: 'putStatement',
        target: subject,
        details: { kind, serial, signed_by: signed === null ? 'server' : 'signature' },
      });
      if (statement.kind === 'approval') await applyApproval(tx, statement, caller);
      if (statement.kind === 'standing') await applyStanding(tx, statement, caller);
      const { is_new: isNew, ...shown } = stored;
      if (statement.kind === 'dataset' && isNew && statement.removed !== true) {
        const { name, version } = statement;
        await this.schedules.addDatasetEvent(tx, `${party}/${name}`, subject, {
          dataset: subject,
          party,
          name,
          version,
        });
      }
      return shown;
    });
    // Once more: a task may have been sent without the statement while it was being stored.
    if (statement.kind === 'standing') await engine.transaction((tx) => applyStanding(tx, statement, caller));
    return answer;
  }

  @Get(':party/statements')
  @ApiParam(PARTY)
  @ApiOperation({
    operationId: 'listStatements',
    summary: "List a party's statements",
    description:
      'The newest of each subject, with its signature. Datasets whose number of rows the caller may not read are left out.',
  })
  @ApiResponse({ status: 200, type: StatementListDto, description: 'The statements, ordered by subject.' })
  @ApiProblems(400, 404, 503)
  async statements(
    @TenantDb() { reads }: TenantDatabases,
    @Param('party') party: string,
    @Query() { kind }: StatementsQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StatementListDto> {
    if ((await this.parties.find(reads, party)) === undefined) throw noParty(party);
    const all = await this.parties.statements(reads, party, kind);
    const caller = partyOf(reply);
    // A signed statement cannot be shown in part.
    return { items: all.filter((each) => each.kind !== 'dataset' || showsRows(each.body as DatasetStatement, caller)) };
  }
}
