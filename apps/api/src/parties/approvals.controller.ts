import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import { PartyRepository, readApprovals, type Queryable, type TenantDatabases } from '#libs/repositories';
import { Roles } from '../auth/access.js';
import { TenantDb } from '../auth/tenant-db.js';
import { ChainReader } from '../chains/chain-reader.js';
import { ApiProblems } from '../http/api-problems.js';
import { approvalDtos } from './approval-views.js';
import { ApprovalListDto, PartyQueryDto, type ApprovalDto } from './parties.dto.js';

@ApiTags('parties')
@Controller()
@Roles('viewer')
export class ApprovalsController {
  constructor(
    private readonly parties: PartyRepository,
    private readonly reader: ChainReader,
  ) {}

  @Get('approvals')
  @ApiOperation({
    operationId: 'listApprovals',
    summary: 'List the tasks that wait for an owner',
    description:
      'Tasks that no policy covers and that the owner has not yet decided on, or by an approval that does not count. Oldest first, at most 200.',
  })
  @ApiResponse({ status: 200, type: ApprovalListDto, description: 'The tasks, with what an approval signs.' })
  @ApiProblems(400, 503)
  async waiting(@TenantDb() { reads }: TenantDatabases, @Query() { party }: PartyQueryDto): Promise<ApprovalListDto> {
    const items = await approvalDtos(await readApprovals.waiting(reads), party, this.decisions(reads));
    // One that asks in spite of an approval has one that does not count: spent, or without the signature that the owner wants.
    const asks = ({ reasons, decision, status }: ApprovalDto) =>
      reasons !== null && (decision === null || status === 'RETRYING');
    return { items: items.filter(asks) };
  }

  @Get('chains/:chain_id/approvals')
  @ApiParam({ name: 'chain_id', schema: { type: 'string', maxLength: 64 } })
  @ApiOperation({
    operationId: 'listChainApprovals',
    summary: "List a chain's tasks by the owners who decide on them",
    description: 'Every task in which the party takes part, so that its owner can decide on the whole chain at once.',
  })
  @ApiResponse({
    status: 200,
    type: ApprovalListDto,
    description: 'Each task once per party, in the order of the chain.',
  })
  @ApiProblems(400, 404, 503)
  async ofChain(
    @TenantDb() { reads }: TenantDatabases,
    @Param('chain_id') chainId: string,
    @Query() { party }: PartyQueryDto,
  ): Promise<ApprovalListDto> {
    const chain = await this.reader.findChain(reads, chainId);
    const rows = await readApprovals.ofChain(reads, chain.chain_id);
    return { items: await approvalDtos(rows, party, this.decisions(reads)) };
  }

  private decisions(reads: Queryable) {
    return (hashes: readonly string[]) => this.parties.approvals(reads, hashes);
  }
}
