import { ApiProperty } from '@nestjs/swagger';
import { FailureDto, TaskDto } from '../chains/chains.dto.js';
import { QueryNumber } from '../http/query-rules.js';

export class TaskDetailDto extends TaskDto {
  /** As they were sent, with references unresolved. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  params: unknown;
}

export class AttemptDto {
  @ApiProperty({ type: 'integer', example: 1 })
  attempt: number;
  /** The worker's id for this run; null if it never started. */
  @ApiProperty({ type: String, nullable: true })
  run_id: string | null;
  @ApiProperty({ type: String, nullable: true, example: 'worker-7f9c-31-5b1c2d3e' })
  worker_id: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  queued_at: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  started_at: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  finished_at: string | null;
  @ApiProperty({ enum: ['QUEUED', 'RUNNING', 'SUCCESS', 'FAILURE', 'LOST', 'CANCELLED'], enumName: 'AttemptOutcome' })
  outcome: string;
  @ApiProperty({ type: FailureDto, nullable: true })
  error: FailureDto | null;
}

export class AttemptListDto {
  @ApiProperty({ type: [AttemptDto] })
  items: AttemptDto[];
}

export class LogLineDto {
  @ApiProperty({ type: 'integer', example: 17 })
  id: number;
  @ApiProperty({ type: 'integer', example: 1 })
  attempt: number;
  @ApiProperty({ format: 'date-time' })
  logged_at: string;
  @ApiProperty({ enum: ['debug', 'info', 'warn', 'error'], enumName: 'LogLevel' })
  level: string;
  @ApiProperty({ example: 'alice: 540 rows read' })
  message: string;
}

export class LogListDto {
  @ApiProperty({ type: [LogLineDto] })
  items: LogLineDto[];
  /** Pass as `after` for the next lines. */
  @ApiProperty({ type: 'integer', example: 17 })
  next_after: number;
}

export class ArtifactDto {
  /** The reference that tasks use for it. */
  @ApiProperty({ example: 'artifact:chain-7c0a4a52-2c53-4b58-9d0b-6d7d5f0f7c11/report/report.html' })
  reference: string;
  @ApiProperty({ example: 'report.html' })
  name: string;
  /** The party that owns it; null if all may read it. */
  @ApiProperty({ type: String, nullable: true, example: null })
  party: string | null;
  /** The party at whose own site the file lies: it is downloaded nowhere. Null if the API has it. */
  @ApiProperty({ type: String, nullable: true, example: null })
  at_site: string | null;
  @ApiProperty({ example: 'text/html' })
  media_type: string;
  @ApiProperty({
    type: 'integer',
    format: 'int64',
    example: 48213,
    description: 'Of an artifact of a claimed party a bound: the true size would say something of its rows.',
  })
  size_bytes: number;
  @ApiProperty({ example: 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9' })
  sha256: string;
  @ApiProperty({ format: 'date-time' })
  created_at: string;
}

export class ArtifactListDto {
  @ApiProperty({ type: [ArtifactDto] })
  items: ArtifactDto[];
}

/** The query of a task's log. */
export class LogQueryDto {
  /** Lines after this id. */
  @QueryNumber(0, Number.MAX_SAFE_INTEGER, { default: 0 })
  after?: number;
  /** Maximum number of items. */
  @QueryNumber(1, 1000, { default: 200 })
  limit?: number;
  /** Only lines of this attempt. */
  @QueryNumber(1, 2 ** 31 - 1, { maximum: undefined })
  attempt?: number;
  /** Begins with the newest so many lines, in place of the oldest. */
  @QueryNumber(1, 1000)
  tail?: number;
}
