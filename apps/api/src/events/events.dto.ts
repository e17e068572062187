import { ApiProperty } from '@nestjs/swagger';
import type { EventView } from '#libs/repositories';
import { QueryNumber, QueryPattern } from '../http/query-rules.js';

const KINDS = /^[A-Za-z]{1,64}(,[A-Za-z]{1,64}){0,31}$/;

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

/** The query of a chain's events. */
export class EventsQueryDto {
  /** Only events after this id. */
  @QueryNumber(0, Number.MAX_SAFE_INTEGER, { default: 0 })
  after?: number;
  /** Maximum number of items. */
  @QueryNumber(1, 1000, { default: 200 })
  limit?: number;
}

/** The query of the events of all chains. */
export class AllEventsQueryDto {
  /** Only events after this id. Default: history from the beginning, live events from now on. */
  @QueryNumber(0, Number.MAX_SAFE_INTEGER)
  after?: number;
  /** For history: the number of events to read, before `kind` is applied. */
  @QueryNumber(1, 1000, { default: 200 })
  limit?: number;
  /** Only these kinds, separated by commas. A page of history may then hold fewer events; `next_after` gets the next page. */
  @QueryPattern(KINDS, 'Kinds of events, by comma, such as ChainFinished,TaskFailed.', {
    example: 'ChainFinished,TaskFailed',
  })
  kind?: string;
}
