import { ApiProperty, OmitType } from '@nestjs/swagger';
import { IsInt, IsString } from 'class-validator';
import { MAX_SIGNAL_KEY, SIGNAL_NAME, HOLD_TIME_S } from '#libs/chain-domain';
import { Absentable, Between, Characters, Fits } from '../http/dto-rules.js';
import { QueryChoice, QueryNumber, QueryText } from '../http/query-rules.js';

const STATUSES = ['STORED', 'DELIVERED', 'REJECTED', 'EXPIRED'];
/** The longest that a signal waits for its task, s: 30 days. */
const LONGEST_S = 2_592_000;

export class NewSignalDto {
  static readonly example = { name: 'file-arrived', key: 'order-4711', payload: { path: 'orders/4711.csv' } };

  @IsString()
  @Characters(1, 64)
  @Fits(SIGNAL_NAME)
  @ApiProperty({ description: 'The name that the task waits for.', examples: ['file-arrived'] })
  name: string;
  @IsString()
  @Characters(1, MAX_SIGNAL_KEY)
  @ApiProperty({ description: 'The key that the task waits for.', examples: ['order-4711'] })
  key: string;
  @ApiProperty({
    required: false,
    description: 'The result of the task: any JSON of at most 64 KiB and 32 levels.',
    default: {},
    examples: [{ path: 'orders/4711.csv' }],
  })
  @Absentable()
  payload?: unknown;
  @Absentable()
  @IsInt()
  @Between(1, LONGEST_S)
  @ApiProperty({
    description: 'Seconds that it waits for its task; then it is dropped.',
    default: HOLD_TIME_S,
    examples: [86400],
  })
  expires_in?: number;
}

export class SignalDto {
  @ApiProperty({ example: 'signal-5b8d7c1a-2f0e-4a57-9a0e-6f2f7f5a9b10' })
  signal_id: string;
  @ApiProperty({ example: 'file-arrived' })
  name: string;
  @ApiProperty({ example: 'order-4711' })
  key: string;
  /** What the task gets as its result. */
  @ApiProperty({
    oneOf: [
      { type: 'object', additionalProperties: true },
      { type: 'array', items: {} },
      { type: 'string' },
      { type: 'number' },
      { type: 'boolean' },
    ],
    example: { path: 'orders/4711.csv' },
  })
  payload: unknown;
  /** STORED: it waits for its task. REJECTED: its payload was not what the task asks for. */
  @ApiProperty({ enum: STATUSES, enumName: 'SignalStatus' })
  status: string;
  /** Why it was rejected. */
  @ApiProperty({ type: String, nullable: true })
  reason: string | null;
  @ApiProperty({ format: 'date-time' })
  created_at: string;
  @ApiProperty({ type: String, nullable: true, example: 'key:8f14e45f' })
  created_by: string | null;
  @ApiProperty({ format: 'date-time' })
  expires_at: string;
  /** When it was given to its task, or rejected. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  settled_at: string | null;
  /** The chain of the task that got it. */
  @ApiProperty({ type: String, nullable: true })
  chain_id: string | null;
  /** The task that got it. */
  @ApiProperty({ type: String, nullable: true })
  task_id: string | null;
}

export class ListedSignalDto extends OmitType(SignalDto, ['payload']) {}

export class SignalListDto {
  @ApiProperty({ type: [ListedSignalDto] })
  items: ListedSignalDto[];
  /** Whether another page follows. */
  @ApiProperty()
  has_more: boolean;
}

/** The query of `GET /signals`. */
export class ListSignalsQueryDto {
  static readonly refusesUnknown = true;

  /** Only those of this name. */
  @QueryText(64)
  name?: string;
  /** Only those with this key. */
  @QueryText(MAX_SIGNAL_KEY)
  key?: string;
  /** Only those in this status. */
  @QueryChoice(STATUSES)
  status?: string;
  /** Page number. */
  @QueryNumber(1, 1_000, { default: 1 })
  page?: number;
  /** Signals per page. */
  @QueryNumber(1, 200, { default: 20 })
  page_size?: number;
}
