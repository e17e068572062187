import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { DatasetStatement, PolicyStatement } from '#libs/consent';
import { PartyRepository, readAccount, type Queryable, type TenantDatabases } from '#libs/repositories';
import { Roles } from '../auth/access.js';
import { partyOf } from '../auth/caller.js';
import { TenantDb } from '../auth/tenant-db.js';
import { ApiProblems } from '../http/api-problems.js';
import { Problem } from '../http/problem.js';
import { accountDto } from './dataset-account.js';
import { keptAt, type KeptAt } from './kept-at.js';
import { ledgerEntryDto } from './ledger-entry.js';
import { noParty } from './no-party.js';
import {
  DatasetAccountDto,
  DatasetListDto,
  LedgerPageDto,
  LedgerQueryDto,
  PartyQueryDto,
  type DatasetDto,
} from './parties.dto.js';

const PARTY = { name: 'party', description: 'The party.', schema: { type: 'string' as const, maxLength: 64 } };
const NAME = {
  name: 'name',
  description: 'The name of the dataset, without a version.',
  schema: { type: 'string' as const, maxLength: 64 },
};

@ApiTags('parties')
@Controller('datasets')
@Roles('viewer')
export class DatasetsController {
  constructor(private readonly parties: PartyRepository) {}

  @Get()
  @ApiOperation({
    operationId: 'listDatasets',
    summary: 'List the datasets',
    description:
      'Schema as the owners registered it, never rows; the number of rows where the owner shows it. For parties with their own site it is a copy (`kept_at`). Includes all versions, also withdrawn ones.',
  })
  @ApiResponse({ status: 200, type: DatasetListDto, description: 'The datasets of all parties, or of one.' })
  @ApiProblems(400, 503)
  async list(
    @TenantDb() { reads }: TenantDatabases,
    @Query() { party }: PartyQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DatasetListDto> {
    const statements = await this.parties.statementsOfKind(reads, 'dataset');
    const lies = await keptAt(reads);
    const items = statements.map(({ body }) => {
      const dataset = body as DatasetStatement;
      return datasetDto(dataset, showsRows(dataset, partyOf(reply)), lies(dataset.party));
    });
    return { items: items.filter((each) => party === undefined || each.party === party) };
  }

  @Get(':party/:name/ledger')
  @ApiParam(PARTY)
  @ApiParam(NAME)
  @ApiOperation({
    operationId: 'listDatasetLedger',
    summary: 'List what was opened of a dataset',
    description:
      "Newest first, over all versions and everything made of them. A copy of the ledger in the party's folder, which alone decides; what was opened at the party's own site is in the ledger there, and not here (`kept_at`). Only for keys of the party, which read the names of its columns, and for admins.",
  })
  @ApiResponse({ status: 200, type: LedgerPageDto, description: 'A page of the ledger.' })
  @ApiProblems(400, 403, 404, 503)
  async ledger(
    @TenantDb() { reads }: TenantDatabases,
    @Param('party') party: string,
    @Param('name') name: string,
    @Query() { limit = 50, before = Number.MAX_SAFE_INTEGER }: LedgerQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LedgerPageDto> {
    const isOwn = await this.isOwner(reads, party, reply);
    const rows = await this.parties.openings(reads, party, name, before, limit + 1);
    const items = rows.slice(0, limit);
    return {
      items: items.map((row) => ledgerEntryDto(row, isOwn)),
      next_before: rows.length > limit ? items.at(-1)!.seq : null,
      kept_at: (await keptAt(reads))(party),
    };
  }

  @Get(':party/:name/account')
  @ApiParam(PARTY)
  @ApiParam(NAME)
  @ApiOperation({
    operationId: 'getDatasetAccount',
    summary: 'Get what is left of the budgets of a dataset',
    description:
      "How often something was opened of it, and what its owner's policy leaves, by the copy of the ledger: the party's process alone decides. What was opened at the party's own site does not count here (`kept_at`). Only for keys of the party and for admins.",
  })
  @ApiResponse({ status: 200, type: DatasetAccountDto, description: 'The account.' })
  @ApiProblems(400, 403, 404, 503)
  async account(
    @TenantDb() { reads }: TenantDatabases,
    @Param('party') party: string,
    @Param('name') name: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DatasetAccountDto> {
    const isOwn = await this.isOwner(reads, party, reply);
    const opened = await readAccount(reads, party, name);
    const policies = await this.parties.statements(reads, party, 'policy');
    const policy = policies.map(({ body }) => body as PolicyStatement).find(({ dataset }) => dataset === name);
    return accountDto({ party, name, kept_at: (await keptAt(reads))(party) }, opened, policy, isOwn);
  }

  /** Whether the caller belongs to the party. Throws FORBIDDEN where it is no admin either. */
  private async isOwner(reads: Queryable, party: string, reply: FastifyReply): Promise<boolean> {
    if ((await this.parties.find(reads, party)) === undefined) throw noParty(party);
    const caller = partyOf(reply);
    if (caller.party === party) return true;
    if (caller.isAdmin) return false;
    throw new Problem('FORBIDDEN', `Only keys of party ${party} and admins read what was opened of its data.`);
  }
}

/** Whether a caller reads the number of rows of a dataset: it says how many customers somebody has. */
export function showsRows({ party, show_rows }: DatasetStatement, caller: ReturnType<typeof partyOf>): boolean {
  return show_rows === true || caller.isAdmin || caller.party === party;
}

function datasetDto(
  { party, name, version, format, columns, rows, removed = false, purposes }: DatasetStatement,
  isShown: boolean,
  kept_at: KeptAt,
): DatasetDto {
  const reference = `dataset:${party}/${name}@${version}`;
  return {
    reference,
    party,
    name,
    version,
    format,
    columns: [...columns],
    rows: isShown ? rows : null,
    removed,
    kept_at,
    ...(purposes && { purposes: [...purposes] }),
  };
}
