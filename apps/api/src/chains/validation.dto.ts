import { ApiProperty } from '@nestjs/swagger';
import { FaultDto } from '../http/problem.dto.js';
import { CHAIN_TYPES } from './chains.dto.js';

export class ExpectedApprovalDto {
  @ApiProperty({ example: 'psi' })
  task_id: string;
  @ApiProperty({ example: 'bank-b' })
  party: string;
  @ApiProperty({ type: [String], example: ['customers: the dataset has no policy'] })
  reasons: string[];
}

export class ChainWarningDto {
  /** `SLOW_AT_SITES`: its sites would wait for each other for more than a minute. */
  @ApiProperty({ example: 'SLOW_AT_SITES' })
  code: string;
  /** JSON pointer into the body. */
  @ApiProperty({ example: '/tasks/1/task_params' })
  pointer: string;
  @ApiProperty({ example: 'Task "fit": it takes some 31,260 rounds between its sites with 100,000 rows. …' })
  message: string;
  @ApiProperty({ example: 'fit' })
  task_id: string;
  /** Messages that are waited for one after the other. */
  @ApiProperty({ type: 'integer', example: 31260 })
  rounds: number;
  /** From one site to the other by way of the control plane: half of the round trips of both, of the two parties that are farthest. */
  @ApiProperty({ type: 'number', example: 20.5 })
  delay_ms: number;
  /** Both multiplied. */
  @ApiProperty({ type: 'integer', example: 641 })
  seconds: number;
}

export class ValidationDto {
  @ApiProperty({ example: true })
  valid: boolean;
  @ApiProperty({ type: [FaultDto], example: [] })
  errors: FaultDto[];
  @ApiProperty({ enum: CHAIN_TYPES, enumName: 'ChainType', nullable: true, example: 'complex' })
  chain_type: string | null;
  @ApiProperty({ type: 'integer', nullable: true, example: 7 })
  total_tasks: number | null;
  /** Task ids by level. */
  @ApiProperty({ type: 'array', nullable: true, items: { type: 'array', items: { type: 'string' } } })
  levels: readonly (readonly string[])[] | null;
  /** Task ids of the longest path. */
  @ApiProperty({ type: [String], nullable: true })
  critical_path: string[] | null;
  /** Tasks that will wait for an owner, by the policies that are stored and by the datasets that the chain names. How often a dataset was used is known to its party alone. */
  @ApiProperty({ type: [ExpectedApprovalDto], example: [] })
  approvals: ExpectedApprovalDto[];
  /** Tasks whose parties run at their own sites: those that say `address: "node"`, and those that say no address where all parties have a site. */
  @ApiProperty({ type: [String], example: [] })
  at_sites: string[];
  /** What keeps no chain from being created, and is worth a look before. */
  @ApiProperty({ type: [ChainWarningDto], example: [] })
  warnings: ChainWarningDto[];
}
