import { ApiProperty } from '@nestjs/swagger';
import type { EventView } from '#libs/repositories';

export class ChainEventDto {
  @ApiProperty({ type: 'integer', example: 42 })
  id: number;
  @ApiProperty({ example: 'chain-7c0a4a52-2c53-4b58-9d0b-6d7d5f0f7c11' })
  chain_id: string;
  @ApiProperty({ type: String, nullable: true, example: 'psi' })
  task_id: string | null;
  @ApiProperty({ example: 'TaskSucceeded' })
  kind: string;
  /** How the event was handled: only an ACCEPTED event had an effect. */
  @ApiProperty({ enum: ['ACCEPTED', 'STALE', 'DUPLICATE', 'QUARANTINED', 'INVALID'], enumName: 'Disposition' })
  disposition: string;
  @ApiProperty({ type: 'integer', nullable: true, example: 1 })
  attempt: number | null;
  @ApiProperty({ type: String, nullable: true })
  run_id: string | null;
  @ApiProperty({ format: 'date-time' })
  recorded_at: string;
  @ApiProperty({ type: 'object', additionalProperties: true })
  data: Record<string, unknown>;
}

export class ChainEventListDto {
  @ApiProperty({ type: [ChainEventDto] })
  items: ChainEventDto[];
  /** Pass as `after` for the next events. */
  @ApiProperty({ type: 'integer', example: 42 })
  next_after: number;
}

export function eventDto(row: EventView): ChainEventDto {
  const { id, chain_id, task_id, kind, disposition, attempt, run_id, recorded_at, data } = row;
  return { id, chain_id, task_id, kind, disposition, attempt, run_id, recorded_at, data };
}
