import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { DatasetStatement } from '#libs/consent';
import { PartyRepository, type TenantDatabases } from '#libs/repositories';
import { Roles } from '../auth/access.js';
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
      'Schema and counts as the owners registered them, never rows. Includes all versions, also withdrawn ones.',
  })
  @ApiResponse({ status: 200, type: DatasetListDto, description: 'The datasets of all parties, or of one.' })
  @ApiProblems(400, 503)
  async list(@TenantDb() { reads }: TenantDatabases, @Query() { party }: PartyQueryDto): Promise<DatasetListDto> {
    const statements = await this.parties.statementsOfKind(reads, 'dataset');
    const items = statements.map(({ body }) => datasetDto(body as DatasetStatement));
    return { items: items.filter((each) => party === undefined || each.party === party) };
  }
}

function datasetDto({
  party,
  name,
  version,
  format,
  columns,
  rows,
  removed = false,
  purposes,
}: DatasetStatement): DatasetDto {
  const reference = `dataset:${party}/${name}@${version}`;
  return {
    reference,
    party,
    name,
    version,
    format,
    columns: [...columns],
    rows,
    removed,
    ...(purposes && { purposes: [...purposes] }),
  };
}
