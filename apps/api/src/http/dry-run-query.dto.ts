import { ApiPropertyOptional } from '@nestjs/swagger';
import { Allow } from 'class-validator';
import { QueryFlag } from './query-rules.js';

/** The query of an operation that can be tried without effect. */
export class DryRunQueryDto {
  /** true: a dry run, which returns what would be done and does nothing. */
  @QueryFlag()
  dry_run?: boolean;
}

/** The query of an operation that removes something. */
export class RemovalQueryDto extends DryRunQueryDto {
  /** The id again, as confirmation. Without it only a dry run is accepted. */
  @Allow()
  @ApiPropertyOptional({ type: String, maxLength: 64 })
  confirm?: unknown;
}
