import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { isTaskAtSites, PartyRepository, type TenantDatabases } from '#libs/repositories';
import { Roles } from '../auth/access.js';
import { partyOf } from '../auth/caller.js';
import { TenantDb } from '../auth/tenant-db.js';
import { ChainReader } from '../chains/chain-reader.js';
import { ApiProblems } from '../http/api-problems.js';
import { Problem } from '../http/problem.js';
import { ledgerEntryDto } from './ledger-entry.js';
import { OpeningListDto } from './parties.dto.js';

@ApiTags('parties')
@Controller('chains/:chain_id/tasks/:task_id/openings')
@Roles('viewer')
export class OpeningsController {
  constructor(
    private readonly parties: PartyRepository,
    private readonly reader: ChainReader,
  ) {}

  @Get()
  @ApiParam({ name: 'chain_id', description: 'The chain.', schema: { type: 'string', maxLength: 64 } })
  @ApiParam({
    name: 'task_id',
    description: 'The id of the task within the chain.',
    schema: { type: 'string', maxLength: 64 },
  })
  @ApiOperation({
    operationId: 'listTaskOpenings',
    summary: 'List what a task opened of datasets',
    description:
      "Oldest first, at most 200: a copy of the entries in the parties' ledgers. What a task at sites opens is in the ledgers there, and not here (`kept_at`). Keys of a party read those of its datasets, admins all, without the names of another party's columns.",
  })
  @ApiResponse({ status: 200, type: OpeningListDto, description: 'The entries that the caller may read.' })
  @ApiProblems(403, 404, 503)
  async list(
    @TenantDb() { reads }: TenantDatabases,
    @Param('chain_id') chainId: string,
    @Param('task_id') taskId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OpeningListDto> {
    const { task_id, task_request_id: request } = await this.reader.findTask(reads, chainId, taskId);
    const { party, isAdmin } = partyOf(reply);
    if (party === null && !isAdmin)
      throw new Problem('FORBIDDEN', 'Only keys of a party and admins read what was opened of data.');
    const task = { chain_id: chainId, task_id, party: isAdmin ? null : party };
    const rows = await this.parties.openingsOfTask(reads, task);
    return {
      kept_at: (await isTaskAtSites(reads, request)) ? 'site' : 'worker',
      items: rows.map((row) => ({
        ...ledgerEntryDto(row, row.party === party),
        party: row.party,
        dataset: row.dataset,
      })),
    };
  }
}
