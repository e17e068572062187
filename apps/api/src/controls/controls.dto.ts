import { ApiProperty } from '@nestjs/swagger';
import { CHAIN_STATUSES, TASK_STATUSES } from '#libs/chain-domain';

const ID = 'chain-7c0a4a52-2c53-4b58-9d0b-6d7d5f0f7c11';

export class TaskChangeDto {
  @ApiProperty({ example: 'psi' })
  task_id: string;
  @ApiProperty({ enum: TASK_STATUSES, enumName: 'TaskStatus', example: 'FAILURE' })
  from: string;
  @ApiProperty({ enum: TASK_STATUSES, enumName: 'TaskStatus', example: 'READY' })
  to: string;
  /** Why it is held back, if it is. */
  @ApiProperty({
    enum: ['CHAIN_PAUSED', 'MAX_PARALLEL', 'RETRIES_EXHAUSTED'],
    enumName: 'Hold',
    nullable: true,
    example: null,
  })
  hold: string | null;
  @ApiProperty({ type: String, nullable: true, example: null })
  skip_reason: string | null;
  @ApiProperty({ type: 'integer', minimum: 1, maximum: 10, example: 5 })
  priority: number;
}

export class ControlDto {
  @ApiProperty({ example: ID })
  chain_id: string;
  /** true: nothing was done, this is what would be. */
  @ApiProperty({ example: false })
  dry_run: boolean;
  /** The chain's status after it. */
  @ApiProperty({ enum: CHAIN_STATUSES, enumName: 'ChainStatus', example: 'RUNNING' })
  status: string;
  /** One more with each retry. */
  @ApiProperty({ type: 'integer', example: 2 })
  epoch: number;
  /** Every task whose status, hold or priority changes, by its place in the list. */
  @ApiProperty({ type: [TaskChangeDto] })
  tasks: TaskChangeDto[];
}

export class ExecutedChainDto extends ControlDto {
  /** Names this execution; null before the first, which a dry run leaves it at. */
  @ApiProperty({ type: String, nullable: true, example: 'execution-7c0a4a52-2c53-4b58-9d0b-6d7d5f0f7c11' })
  execution_id: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  started_at: string | null;
}

export class CancelledChainDto extends ControlDto {
  /** null in a dry run. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  cancelled_at: string | null;
}

export class BulkResultDto {
  @ApiProperty({ example: ID })
  chain_id: string;
  @ApiProperty({ enum: ['done', 'refused', 'not_found'], enumName: 'BulkOutcome', example: 'done' })
  outcome: string;
  /** The chain's status: after it where it was done, else what stands against it; null for one that is not there, and where the tenant's quota is used up. */
  @ApiProperty({ enum: CHAIN_STATUSES, enumName: 'ChainStatus', nullable: true, example: 'RUNNING' })
  status: string | null;
  /** How many tasks change. */
  @ApiProperty({ type: 'integer', example: 4 })
  tasks_changed: number;
  /** Why it was refused. */
  @ApiProperty({ type: String, nullable: true, example: null })
  detail: string | null;
}

export class BulkDto {
  @ApiProperty({ example: false })
  dry_run: boolean;
  @ApiProperty({ type: 'integer', example: 1 })
  done: number;
  @ApiProperty({ type: 'integer', example: 0 })
  refused: number;
  @ApiProperty({ type: 'integer', example: 0 })
  not_found: number;
  /** One for each chain that was looked at, in their order. */
  @ApiProperty({ type: [BulkResultDto] })
  results: BulkResultDto[];
  /** Call again with it for the chains that were not reached; null when there are none. */
  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor: string | null;
}
