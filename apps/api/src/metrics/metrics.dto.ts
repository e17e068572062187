import { ApiProperty } from '@nestjs/swagger';
import { QueryPattern, queryRule } from '../http/query-rules.js';

export class SuccessRateDto {
  /** succeeded / (succeeded + failed); null when none has finished. Cancelled chains do not count. */
  @ApiProperty({ type: Number, nullable: true, minimum: 0, maximum: 1, example: 0.992 })
  value: number | null;
  @ApiProperty({ type: 'integer', example: 248 })
  succeeded: number;
  @ApiProperty({ type: 'integer', example: 2 })
  failed: number;
}

export class ExecutionTimeDto {
  /** Finished chains in the window. */
  @ApiProperty({ type: 'integer', example: 250 })
  chains: number;
  @ApiProperty({ type: Number, nullable: true, example: 41.2 })
  mean_seconds: number | null;
  @ApiProperty({ type: Number, nullable: true, example: 37.5 })
  p50_seconds: number | null;
  @ApiProperty({ type: Number, nullable: true, example: 88.1 })
  p95_seconds: number | null;
  @ApiProperty({ type: Number, nullable: true, example: 120.4 })
  max_seconds: number | null;
}

export class ChainSizeDto {
  @ApiProperty({ example: '6-10' })
  tasks_per_chain: string;
  @ApiProperty({ type: 'integer', example: 120 })
  chains: number;
}

export class TaskTypeCountDto {
  @ApiProperty({ example: 'psi' })
  task_type: string;
  @ApiProperty({ type: 'integer', example: 250 })
  tasks: number;
  @ApiProperty({ type: 'integer', example: 247 })
  succeeded: number;
  @ApiProperty({ type: 'integer', example: 1 })
  failed: number;
  /** How long the last attempt of those that succeeded or failed ran; null where none did. */
  @ApiProperty({ type: Number, nullable: true, example: 4.1 })
  mean_seconds: number | null;
  @ApiProperty({ type: Number, nullable: true, example: 9.6 })
  p95_seconds: number | null;
  @ApiProperty({ type: Number, nullable: true, example: 12.4 })
  max_seconds: number | null;
}

export class ThroughputPartDto {
  /** Its start. The first part may have begun before the window. */
  @ApiProperty({ format: 'date-time' })
  from: string;
  @ApiProperty({ type: 'integer', example: 12 })
  succeeded: number;
  @ApiProperty({ type: 'integer', example: 1 })
  failed: number;
  @ApiProperty({ type: 'integer', example: 0 })
  cancelled: number;
}

export class ThroughputDto {
  /** The length of each part. */
  @ApiProperty({ type: 'integer', example: 3600 })
  part_seconds: number;
  /** Chains that ended in each part of the window, the oldest first; parts without any are there, too. */
  @ApiProperty({ type: [ThroughputPartDto] })
  parts: ThroughputPartDto[];
}

export class FailureReasonDto {
  @ApiProperty({ example: 'TIMEOUT_RUN' })
  code: string;
  @ApiProperty({ type: 'integer', example: 2 })
  tasks: number;
  @ApiProperty({ type: 'integer', example: 2 })
  chains: number;
  /** The message of the newest one. */
  @ApiProperty({ type: String, nullable: true })
  message: string | null;
  /** `<chain_id>/<task_id>` of the newest, at most three. */
  @ApiProperty({ type: [String], example: ['chain-7c0a4a52-2c53-4b58-9d0b-6d7d5f0f7c11/psi'] })
  examples: string[];
}

export class QueueDepthDto {
  @ApiProperty({ example: 'psi' })
  task_type: string;
  /** Tasks that could run and wait for a worker. */
  @ApiProperty({ type: 'integer', example: 12 })
  ready: number;
  /** Tasks that were sent to the workers. */
  @ApiProperty({ type: 'integer', example: 4 })
  queued: number;
  @ApiProperty({ type: 'integer', example: 2 })
  running: number;
}

export class ChainMetricsDto {
  /** Counts chains created within this many seconds up to now. */
  @ApiProperty({ type: 'integer', example: 86400 })
  window_seconds: number;
  @ApiProperty({ type: 'integer', example: 260 })
  chain_total_count: number;
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    example: { SUCCESS: 248, FAILURE: 2, RUNNING: 10 },
  })
  chain_count_by_status: Record<string, number>;
  /** Chains that are running now, whenever they were created. */
  @ApiProperty({ type: 'integer', example: 10 })
  chain_running_count: number;
  @ApiProperty({ type: SuccessRateDto })
  chain_success_rate: SuccessRateDto;
  @ApiProperty({ type: ExecutionTimeDto })
  chain_avg_execution_time: ExecutionTimeDto;
  @ApiProperty({ type: [ChainSizeDto] })
  chain_task_distribution: ChainSizeDto[];
  @ApiProperty({ type: [TaskTypeCountDto] })
  tasks_by_type: TaskTypeCountDto[];
  @ApiProperty({ type: ThroughputDto })
  throughput: ThroughputDto;
  /** What waits for workers and runs now, whenever it was created; types without any are left out. */
  @ApiProperty({ type: [QueueDepthDto] })
  queues: QueueDepthDto[];
  /** The 20 most frequent, by error code. */
  @ApiProperty({ type: [FailureReasonDto] })
  chain_failure_reasons: FailureReasonDto[];
}

const WINDOW = /^[1-9]\d{0,5}[mhd]$/;
const UNITS: Readonly<Record<string, number>> = { m: 60, h: 3_600, d: 86_400 };
const MAX_WINDOW_SECONDS = 366 * 86_400;
const WINDOWS = 'Minutes, hours or days up to a year, such as 30m, 24h or 7d.';

/** The query of the chain metrics. */
export class MetricsQueryDto {
  /** The window up to now, in minutes, hours or days. */
  @QueryPattern(WINDOW, WINDOWS, { default: '24h' })
  @queryRule('longest', (value) => (secondsOf(value) > MAX_WINDOW_SECONDS ? WINDOWS : null))
  window?: string;
}

/** Seconds of a window such as `24h`; NaN for anything else. */
export function secondsOf(window: unknown): number {
  return typeof window === 'string' ? parseInt(window, 10) * (UNITS[window.slice(-1)] ?? NaN) : NaN;
}
