import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { DatasetStatement } from '#libs/consent';
import { PartyRepository, type TenantDatabases } from '#libs/repositories';
import { Roles } from '../auth/access.js';
import { partyOf } from '../auth/caller.js';
import { TenantDb } from '../auth/tenant-db.js';
import { ApiProblems } from '../http/api-problems.js';
import { DatasetListDto, PartyQueryDto, type DatasetDto } from './parties.dto.js';

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
      'Schema as the owners registered it, never rows; the number of rows where the owner shows it. Includes all versions, also withdrawn ones.',
  })
  @ApiResponse({ status: 200, type: DatasetListDto, description: 'The datasets of all parties, or of one.' })
  @ApiProblems(400, 503)
  async list(
    @TenantDb() { reads }: TenantDatabases,
    @Query() { party }: PartyQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DatasetListDto> {
    const statements = await this.parties.statementsOfKind(reads, 'dataset');
    const items = statements.map(({ body }) => {
      const dataset = body as DatasetStatement;
      return datasetDto(dataset, showsRows(dataset, partyOf(reply)));
    });
    return { items: items.filter((each) => party === undefined || each.party === party) };
  }
}

/** Whether a caller reads the number of rows of a dataset: it says how many customers somebody has. */
export function showsRows({ party, show_rows }: DatasetStatement, caller: ReturnType<typeof partyOf>): boolean {
  return show_rows === true || caller.isAdmin || caller.party === party;
}

function datasetDto(
  { party, name, version, format, columns, rows, removed = false, purposes }: DatasetStatement,
  isShown: boolean,
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
    ...(purposes && { purposes: [...purposes] }),
  };
}
