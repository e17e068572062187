import { ApiProperty } from '@nestjs/swagger';
import { CHAIN_STATUSES, TASK_STATUSES } from '#libs/chain-domain';

export class FaultDto {
  @ApiProperty({ example: 'MISSING_DEPENDENCY' })
  code: string;
  /** JSON pointer into the body. */
  @ApiProperty({ required: false, example: '/tasks/3/depends_on/0' })
  pointer?: string;
  @ApiProperty({ example: 'Task "report" depends on "psj", which the chain does not have.' })
  message: string;
}

export class ConflictStateDto {
  @ApiProperty({ enum: CHAIN_STATUSES, enumName: 'ChainStatus', example: 'SUCCESS' })
  chain_status: string;
  @ApiProperty({ required: false, example: 'psi' })
  task_id?: string;
  @ApiProperty({ enum: TASK_STATUSES, enumName: 'TaskStatus', required: false, example: 'SUCCESS' })
  task_status?: string;
}

export class QuotaStateDto {
  @ApiProperty({ example: 'max_running_chains' })
  limit: string;
  @ApiProperty({ type: 'integer', example: 100 })
  max: number;
  @ApiProperty({ type: 'integer', example: 100 })
  used: number;
  /** How much the request would have added; absent if unknown. */
  @ApiProperty({ type: 'integer', required: false, example: 1 })
  requested?: number;
}

export class ProblemDto {
  @ApiProperty({ format: 'uri-reference', example: '/problems/invalid-chain' })
  type: string;
  @ApiProperty({ example: 'The chain is not valid' })
  title: string;
  @ApiProperty({ type: 'integer', example: 400 })
  status: number;
  @ApiProperty({ example: '2 faults: see errors' })
  detail: string;
  @ApiProperty({ format: 'uri-reference', example: '/api/v1/chains' })
  instance: string;
  /** Stable, for programs. */
  @ApiProperty({ example: 'INVALID_CHAIN' })
  code: string;
  @ApiProperty({ type: [FaultDto], required: false })
  errors?: FaultDto[];
  /** For a 409: the state that blocked the request. */
  @ApiProperty({ type: ConflictStateDto, required: false })
  state?: ConflictStateDto;
  /** For a 429 by the tenant's quota: the limit, and how much of it is used. */
  @ApiProperty({ type: QuotaStateDto, required: false })
  quota?: QuotaStateDto;
}
