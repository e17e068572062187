import { ApiExtraModels, ApiProperty, ApiPropertyOptional, getSchemaPath } from '@nestjs/swagger';
import { CHAIN_ENDS, CHAIN_STATUSES, TASK_STATUSES } from '#libs/chain-domain';

/** Of an enum in the description. */
export const CHAIN_TYPES = ['sequential', 'parallel', 'chord', 'complex'];
/** An example of a chain's id. */
export const ID = 'chain-7c0a4a52-2c53-4b58-9d0b-6d7d5f0f7c11';
const anyJson = { type: 'object', additionalProperties: true } as const;

export class CreatedChainDto {
  @ApiProperty({ example: ID })
  chain_id: string;
  @ApiProperty({ example: 'PSI pipeline' })
  chain_name: string;
  @ApiProperty({ enum: CHAIN_TYPES, enumName: 'ChainType', example: 'sequential' })
  chain_type: string;
  @ApiProperty({ type: 'integer', example: 3 })
  total_tasks: number;
  @ApiProperty({ enum: CHAIN_STATUSES, enumName: 'ChainStatus', example: 'PENDING' })
  status: string;
  @ApiProperty({ format: 'date-time' })
  created_at: string;
}

export class FailureDto {
  /** Stable code in UPPER_SNAKE_CASE. */
  @ApiProperty({ example: 'TIMEOUT_RUN' })
  code: string;
  /** What went wrong, and what to do. */
  @ApiProperty({ example: 'the task ran longer than its 60 s: raise its timeout or give it less to do' })
  message: string;
  @ApiPropertyOptional(anyJson)
  details?: Record<string, unknown>;
}

export class AwaitedSignalDto {
  @ApiProperty({ example: 'file-arrived' })
  name: string;
  @ApiProperty({ example: 'order-4711' })
  key: string;
}

export class WaitingDto {
  @ApiProperty({
    enum: [
      'CHAIN_NOT_STARTED',
      'WAITING_FOR_PARENTS',
      'CHAIN_PAUSED',
      'MAX_PARALLEL',
      'CONCURRENCY_KEY',
      'NO_WORKER',
      'WAITING_FOR_ROOM',
      'IN_QUEUE',
      'BACKOFF',
      'RETRIES_EXHAUSTED',
      'APPROVAL',
      'WAIT',
      'CHILD',
      'SIGNAL',
      'SIGN_OFF',
    ],
    enumName: 'WaitingCode',
    example: 'WAITING_FOR_PARENTS',
  })
  code: string;
  @ApiProperty({ example: 'waits for psi and report' })
  message: string;
  /** The parents that have not finished. */
  @ApiProperty({ type: [String], required: false })
  parents?: string[];
  /** When the next attempt is due, or the time for an approval is over. */
  @ApiProperty({ type: String, format: 'date-time', required: false })
  until?: string;
  /** The party that must approve it. */
  @ApiProperty({ required: false, example: 'bank-b' })
  party?: string;
  /** The signal that it waits for. */
  @ApiProperty({ type: AwaitedSignalDto, required: false })
  signal?: AwaitedSignalDto;
  /** Who may sign it off. */
  @ApiProperty({ type: [String], required: false, example: ['role:admin'] })
  who?: readonly string[];
  /** Number of tasks of its type ahead of it. */
  @ApiProperty({ type: 'integer', required: false, example: 12 })
  ahead?: number;
  /** true: `ahead` is a lower bound. */
  @ApiProperty({ required: false })
  ahead_at_least?: boolean;
  /** Maximum number of tasks of the chain or concurrency key that are sent or running at once. */
  @ApiProperty({ type: 'integer', required: false, example: 4 })
  limit?: number;
  /** Number of them that are sent or running. */
  @ApiProperty({ type: 'integer', required: false, example: 4 })
  going?: number;
}

/** What a task opened to one party alone: one of the three. */
export class PartyResultDto {
  /** Encrypted to the party's readers: age-encryption.org/v1 in base64. */
  @ApiProperty({ required: false, example: 'YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSA…' })
  sealed?: string;
  /** In clear, where nobody has claimed the party's folder. Only admins and keys of the party get it, from `getTask`. */
  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  value?: Readonly<Record<string, unknown>>;
  /** Why there is nothing to read. */
  @ApiProperty({ required: false })
  withheld?: string;
}

export class EndChainDto {
  /** A CEL expression. */
  @ApiProperty({ example: 'tasks.psi.result.intersection_count < 100' })
  when: string;
  @ApiProperty({ enum: CHAIN_ENDS, enumName: 'ChainEnd', example: 'SUCCESS' })
  status: string;
  @ApiProperty({ required: false, example: 'too few rows in common' })
  message?: string;
}

@ApiExtraModels(PartyResultDto)
export class TaskDto {
  @ApiProperty({ example: 'psi' })
  task_id: string;
  @ApiProperty({ example: 'task-0b9f6c0e-8a55-4b0c-b4c6-0e8e1d6ed5aa' })
  task_request_id: string;
  @ApiProperty({ example: 'PSI' })
  task_name: string;
  @ApiProperty({ example: 'psi' })
  task_type: string;
  @ApiProperty({ enum: ['sequential', 'parallel'], enumName: 'ExecutionMode', example: 'sequential' })
  execution_mode: string;
  @ApiProperty({ type: [String], example: ['prepare-alice', 'prepare-bob'] })
  depends_on: string[];
  @ApiProperty()
  is_callback: boolean;
  @ApiProperty({ enum: TASK_STATUSES, enumName: 'TaskStatus', example: 'RUNNING' })
  status: string;
  /** 0-based position in the chain's list of tasks. */
  @ApiProperty({ type: 'integer', example: 2 })
  execution_order: number;
  /** 0 for tasks without parents, otherwise one more than the highest level of its parents. */
  @ApiProperty({ type: 'integer', example: 1 })
  level: number;
  /** 1 (lowest) to 10. */
  @ApiProperty({ type: 'integer', minimum: 1, maximum: 10, example: 5 })
  priority: number;
  /** The current or last attempt; 0 before the first. */
  @ApiProperty({ type: 'integer', example: 1 })
  attempt: number;
  /** Number of failures that count against the retry policy. */
  @ApiProperty({ type: 'integer', example: 0 })
  failures: number;
  /** Number of workers lost while running it. */
  @ApiProperty({ type: 'integer', example: 0 })
  losses: number;
  @ApiProperty({ type: String, nullable: true })
  worker_id: string | null;
  @ApiProperty({
    oneOf: [
      { type: 'string' },
      { type: 'object', required: ['at_least'], properties: { at_least: { type: 'integer', minimum: 1 } } },
    ],
    example: 'all_success',
  })
  trigger_rule: string | { at_least: number };
  /** CEL expressions that must all hold for it to run. */
  @ApiProperty({ type: [String], example: ['tasks.psi.result.intersection_count > 100'] })
  conditions: string[];
  /** Whether it may fail without failing the chain. */
  @ApiProperty()
  tolerable: boolean;
  /** When its success ends the chain, and with what. */
  @ApiProperty({ type: EndChainDto, nullable: true })
  end_chain: EndChainDto | null;
  /** Why it is held although its parents have finished. */
  @ApiProperty({
    enum: ['CHAIN_PAUSED', 'MAX_PARALLEL', 'RETRIES_EXHAUSTED', 'APPROVAL', 'WAIT', 'CHILD', 'SIGNAL', 'SIGN_OFF'],
    enumName: 'Hold',
    nullable: true,
    example: null,
  })
  hold: string | null;
  /** At most `concurrency_limit` tasks with this key are sent or running at once, over all chains. The chain's key if it has one. */
  @ApiProperty({ type: String, nullable: true, example: null })
  concurrency_key: string | null;
  @ApiProperty({ type: 'integer', nullable: true, example: null })
  concurrency_limit: number | null;
  @ApiProperty({ type: String, nullable: true, example: null })
  skip_reason: string | null;
  @ApiProperty({ format: 'date-time' })
  created_at: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  queued_at: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  started_at: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  completed_at: string | null;
  /** Progress of the running attempt, 0 to 1. */
  @ApiProperty({ minimum: 0, maximum: 1, example: 0.4 })
  progress: number;
  @ApiProperty({ type: String, nullable: true, example: 'blinding' })
  progress_stage: string | null;
  @ApiProperty({ ...anyJson, nullable: true })
  result: unknown;
  /** By party: what the task opened to it alone. Its readers open it with their key (`task-chain results`). Null if the task opened nothing to one party. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { $ref: getSchemaPath(PartyResultDto) },
    nullable: true,
    example: { 'bank-a': { sealed: 'YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSA…' } },
  })
  party_results: Readonly<Record<string, PartyResultDto>> | null;
  @ApiProperty({ type: FailureDto, nullable: true })
  error: FailureDto | null;
  /** The chain that it runs, or ran last. */
  @ApiProperty({ type: String, nullable: true, example: null })
  child_chain_id: string | null;
  /** Why it waits; null if it does not. */
  @ApiProperty({ type: WaitingDto, nullable: true })
  waiting: WaitingDto | null;
}

export class ChainSummaryDto {
  @ApiProperty({ example: ID })
  chain_id: string;
  @ApiProperty({ example: 'PSI pipeline' })
  chain_name: string;
  @ApiProperty({ enum: CHAIN_TYPES, enumName: 'ChainType', example: 'complex' })
  chain_type: string;
  @ApiProperty({ type: String, nullable: true })
  description: string | null;
  @ApiProperty({ enum: CHAIN_STATUSES, enumName: 'ChainStatus', example: 'RUNNING' })
  status: string;
  @ApiProperty({ type: String, nullable: true })
  execution_id: string | null;
  /** 1 for the first run, incremented by each retry of the chain. */
  @ApiProperty({ type: 'integer', example: 1 })
  epoch: number;
  /** Incremented by every status change in the chain. */
  @ApiProperty({ type: 'integer', example: 12 })
  version: number;
  @ApiProperty({ type: 'integer', example: 7 })
  total_tasks: number;
  @ApiProperty({ type: 'integer', example: 3 })
  completed_tasks: number;
  @ApiProperty({ type: 'integer', example: 0 })
  failed_tasks: number;
  @ApiProperty({ type: 'integer', example: 0 })
  skipped_tasks: number;
  @ApiProperty({ type: 'integer', example: 0 })
  cancelled_tasks: number;
  /** Maximum number of tasks that are sent or running at once; null: no limit. */
  @ApiProperty({ type: 'integer', nullable: true, example: null })
  max_parallel: number | null;
  /** At most `concurrency_limit` chains with this key run at once. */
  @ApiProperty({ type: String, nullable: true, example: null })
  concurrency_key: string | null;
  @ApiProperty({ type: 'integer', nullable: true, example: null })
  concurrency_limit: number | null;
  /** Percentage of finished tasks, 0 to 100. */
  @ApiProperty({ minimum: 0, maximum: 100, example: 42.86 })
  progress: number;
  @ApiProperty({ type: String, nullable: true })
  created_by: string | null;
  @ApiProperty(anyJson)
  metadata: Record<string, unknown>;
  /** The template that it was made of. */
  @ApiProperty({ type: String, nullable: true, example: null })
  template_id: string | null;
  @ApiProperty({ type: 'integer', nullable: true, example: null })
  template_version: number | null;
  /** The schedule that made it. */
  @ApiProperty({ type: String, nullable: true, example: null })
  schedule_id: string | null;
  /** The due time that it was made for. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  scheduled_at: string | null;
  /** The chain whose work this one undoes. */
  @ApiProperty({ type: String, nullable: true, example: null })
  compensates: string | null;
  /** The chain that undoes what this one did, since it failed or was cancelled. */
  @ApiProperty({ type: String, nullable: true, example: null })
  compensated_by: string | null;
  /** The chain that runs this one as its child, by its task `parent_task_id`. */
  @ApiProperty({ type: String, nullable: true, example: null })
  parent_chain_id: string | null;
  @ApiProperty({ type: String, nullable: true, example: null })
  parent_task_id: string | null;
  /** Of a `repeat`: which turn of it this is. 1 for a child that runs once. */
  @ApiProperty({ type: 'integer', nullable: true, example: null })
  parent_turn: number | null;
  /** What lists can be filtered by. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, example: { env: 'prod' } })
  labels: Record<string, string>;
  @ApiProperty({ format: 'date-time' })
  created_at: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  started_at: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  completed_at: string | null;
  @ApiProperty({ format: 'date-time' })
  updated_at: string;
  /** When the chain times out. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  deadline_at: string | null;
  @ApiProperty({ type: FailureDto, nullable: true })
  error: FailureDto | null;
  /** The task whose `end_chain` has ended the chain. */
  @ApiProperty({ type: String, nullable: true, example: null })
  ended_by: string | null;
}

export class ChainDto extends ChainSummaryDto {
  /** The values of its `outputs` by name: null until the chain has ended, and where it names none; an output is null where its task gave no result. Not with `view=summary`. */
  @ApiPropertyOptional({ ...anyJson, nullable: true, example: { rows: 512 } })
  outputs?: Record<string, unknown> | null;
  @ApiProperty({ type: [TaskDto] })
  tasks: TaskDto[];
}

export class ChainListDto {
  @ApiProperty({ type: [ChainSummaryDto] })
  items: ChainSummaryDto[];
  /** Total number of chains; null when the list was read by cursor. */
  @ApiProperty({ type: 'integer', nullable: true, example: 128 })
  total: number | null;
  @ApiProperty({ type: 'integer', nullable: true, example: 1 })
  page: number | null;
  @ApiProperty({ type: 'integer', example: 20 })
  page_size: number;
  /** Pass as `cursor` for the next page; null on the last page. */
  @ApiProperty({ type: String, nullable: true })
  next_cursor: string | null;
}
