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
  /** Why it is held; null if it is not. */
  @ApiProperty({
    enum: ['CHAIN_PAUSED', 'MAX_PARALLEL', 'RETRIES_EXHAUSTED', 'APPROVAL', 'WAIT', 'CHILD', 'SIGNAL', 'SIGN_OFF'],
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
  /** true: a dry run, nothing was done. */
  @ApiProperty({ example: false })
  dry_run: boolean;
  /** The chain's status after the command. */
  @ApiProperty({ enum: CHAIN_STATUSES, enumName: 'ChainStatus', example: 'RUNNING' })
  status: string;
  /** Incremented by each retry. */
  @ApiProperty({ type: 'integer', example: 2 })
  epoch: number;
  /** Every task whose status, hold or priority changes, in the order of the chain. */
  @ApiProperty({ type: [TaskChangeDto] })
  tasks: TaskChangeDto[];
}

export class ExecutedChainDto extends ControlDto {
  /** The id of this execution; null in a dry run before the first. */
  @ApiProperty({ type: String, nullable: true, example: 'execution-7c0a4a52-2c53-4b58-9d0b-6d7d5f0f7c11' })
  execution_id: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  started_at: string | null;
}

export class CancelledChainDto extends ControlDto {
  /** Null in a dry run. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  cancelled_at: string | null;
}

export class BulkResultDto {
  @ApiProperty({ example: ID })
  chain_id: string;
  @ApiProperty({ enum: ['done', 'refused', 'not_found'], enumName: 'BulkOutcome', example: 'done' })
  outcome: string;
  /** Status after the command, or the status that blocked it. Null if the chain does not exist or the quota is exhausted. */
  @ApiProperty({ enum: CHAIN_STATUSES, enumName: 'ChainStatus', nullable: true, example: 'RUNNING' })
  status: string | null;
  /** Number of tasks changed. */
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
  /** One for each chain that was handled, in order. */
  @ApiProperty({ type: [BulkResultDto] })
  results: BulkResultDto[];
  /** Pass as `cursor` for the remaining chains; null if there are none. */
  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor: string | null;
}
