import { ApiProperty } from '@nestjs/swagger';
import { QueryFlag, QueryNumber, QueryText, QueryTime } from '../http/query-rules.js';

export class AuditRowDto {
  /** Its number in the log. Numbers of other tenants' rows are missing. */
  @ApiProperty({ type: 'integer', example: 4711 })
  seq: number;
  @ApiProperty({ format: 'date-time' })
  at: string;
  /** The caller: `admin key`, `key:<id>`, `oidc:<subject>`, or `retention` for expired data. */
  @ApiProperty({ type: String, nullable: true, example: 'key:key-5b8d7c1a-2f0e-4a57-9a0e-6f2f7f5a9b10' })
  actor: string | null;
  /** The address of the client; `-` if there was no request. */
  @ApiProperty({ example: '10.1.2.3' })
  address: string;
  @ApiProperty({ example: 'req-17' })
  request_id: string;
  /** The operationId of the API call, `removeChain`, `readPartyResults` or `refuseSignIn`. */
  @ApiProperty({ example: 'cancelChain' })
  action: string;
  /** The id of a chain, webhook or key, or `<chain>/<task>`. */
  @ApiProperty({ example: 'chain-7c0a4a52-2c53-4b58-9d0b-6d7d5f0f7c11' })
  target: string;
  @ApiProperty({ type: Object, example: { note: 'maintenance' } })
  details: Record<string, unknown>;
  /** SHA-256 of the row and the hash of the previous row, in hex. */
  @ApiProperty({ example: '3f786850e387550fdab836ed7e6dc881de23001b9d3e6f6e6d8e0b6a1d2c3b4a' })
  hash: string;
}

export class AuditPageDto {
  @ApiProperty({ type: [AuditRowDto] })
  items: AuditRowDto[];
  /** Pass as `before` for the next page; null on the last page. */
  @ApiProperty({ type: Number, nullable: true, example: 4612 })
  next_before: number | null;
}

/** The query of `GET /audit`. */
export class AuditQueryDto {
  static readonly refusesUnknown = true;

  /** Only changes by this caller. */
  @QueryText(255, { minLength: 1, example: 'admin key' })
  actor?: string;
  /** Only this action. */
  @QueryText(64, { minLength: 1, example: 'cancelChain' })
  action?: string;
  /** Only changes to exactly this target. */
  @QueryText(255, { minLength: 1 })
  target?: string;
  /** Only changes at or after this time. */
  @QueryTime()
  from?: string;
  /** Before this time. */
  @QueryTime()
  to?: string;
  /** Only rows before this number. */
  @QueryNumber(1, Number.MAX_SAFE_INTEGER)
  before?: number;
  /** true: changes to tenants themselves. Only for the role platform. */
  @QueryFlag()
  platform?: boolean;
  /** Maximum number of items. */
  @QueryNumber(1, 200, { default: 50 })
  limit?: number;
}
