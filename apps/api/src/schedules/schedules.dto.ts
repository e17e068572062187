import { ApiProperty, OmitType } from '@nestjs/swagger';
import { IsInt, IsObject, IsString, ValidateNested } from 'class-validator';
import { ExpectedApprovalDto } from '../chains/validation.dto.js';
import { Absentable, Between, Characters, Fits, OneOf, rule } from '../http/dto-rules.js';
import { PLAIN_TEXT } from '../http/patterns.js';
import { FaultDto } from '../http/problem.dto.js';
import { isTime, QueryChoice, QueryNumber, QueryText, QueryTime } from '../http/query-rules.js';
import { isTimeZone } from './due-times.js';
import { ChainEndsDto } from './schedule-events.dto.js';

const anyJson = { type: 'object', additionalProperties: true } as const;
const OVERLAPS = ['skip', 'queue', 'cancel', 'allow'];
const TICK_KINDS = ['DUE', 'RUN', 'BACKFILL', 'DATASET', 'CHAIN_END', 'WEBHOOK'];
const DATASET = /^[A-Za-z][A-Za-z0-9_-]{0,63}\/[a-z0-9][a-z0-9._-]{0,63}$/;
const OUTCOMES = ['WAITING', 'CREATED', 'SKIPPED', 'MISSED', 'REFUSED'];

/** Takes a time with its offset. */
const Time = (document: object = {}): PropertyDecorator =>
  rule(
    'INVALID_VALUE',
    (value) =>
      typeof value === 'string' && isTime(value) && /[T ].*(Z|[+-]\d\d:?\d\d)$/.test(value)
        ? null
        : 'must be a time with its offset, such as 2026-01-31T12:00:00Z',
    { type: 'string', format: 'date-time', ...document },
  );

export class NewScheduleDto {
  static readonly example = {
    title: 'Every night',
    cron: '0 2 * * *',
    time_zone: 'Asia/Shanghai',
    chain: {
      chain_name: 'Nightly report',
      params: { required: ['day'], properties: { day: { type: 'string' } } },
      tasks: [{ task_id: 'report', task_type: 'report', task_params: { task_config: { title: '${params.day}' } } }],
    },
    params: { day: '${schedule.date}' },
  };

  @IsString()
  @Characters(1, 255)
  @Fits(PLAIN_TEXT)
  @ApiProperty({ examples: ['Every night'] })
  title: string;
  @Absentable()
  @IsString()
  @Characters(0, 10_000)
  @ApiProperty({ description: 'What it is for.' })
  description?: string;
  @Absentable()
  @IsString()
  @Characters(1, 255)
  @ApiProperty({
    description:
      'When chains are made: minute, hour, day, month and weekday in `time_zone`, or `@daily` and the like. One of `cron`, `interval`, `at` and the three `on_` is given.',
    examples: ['0 2 * * *'],
  })
  cron?: string;
  @Absentable()
  @IsString()
  @rule('INVALID_VALUE', (value) =>
    typeof value !== 'string' || isTimeZone(value) ? null : 'must be the name of a time zone, such as Asia/Shanghai',
  )
  @ApiProperty({
    maxLength: 64,
    description: 'A name of the IANA database.',
    default: 'UTC',
    examples: ['Asia/Shanghai'],
  })
  time_zone?: string;
  @Absentable()
  @IsInt()
  @Between(10, 31_536_000)
  @ApiProperty({ description: 'Seconds from one due time to the next, first after the schedule is saved.' })
  interval?: number;
  @Absentable()
  @Time({ description: 'The only due time.' })
  at?: string;
  @Absentable()
  @IsString()
  @Fits(DATASET)
  @ApiProperty({
    description: 'In place of times: a chain for each new version of this dataset, as `<party>/<name>`.',
    examples: ['alice/customers'],
  })
  on_dataset?: string;
  @Absentable()
  @IsObject()
  @ValidateNested()
  @ApiProperty({
    description: 'In place of times: a chain for each end of such a chain of the tenant.',
    examples: [{ template_id: 'template-psi-pipeline' }],
  })
  on_chain_end?: ChainEndsDto;
  @Absentable()
  @OneOf([true], {
    type: 'boolean',
    enum: [true],
    description:
      'In place of times: a chain for each signed delivery to `POST /hooks/{schedule_id}`. `POST /schedules/{schedule_id}/webhook-secret` makes the secret.',
  })
  on_webhook?: boolean;
  @Absentable()
  @IsString()
  @Characters(1, 64)
  @ApiProperty({ description: 'What chains are made of. This or `chain` is given.' })
  template_id?: string;
  @Absentable()
  @IsString()
  @Characters(1, 64)
  @ApiProperty({
    description:
      'A label or the number of a version; a label is looked up for each chain. Default: `default_version` of the template.',
  })
  version?: string;
  @Absentable()
  @IsObject()
  @ApiProperty({
    ...anyJson,
    description: 'A chain as `POST /chains` takes it, without `args`: at most 64 KiB of JSON.',
  })
  chain?: Record<string, unknown>;
  @Absentable()
  @IsObject()
  @ApiProperty({
    ...anyJson,
    description:
      'A value for each parameter that has no default. In texts `${schedule.due_at}` stands for the due time and `${schedule.date}` for its date in `time_zone`; `${event.<path>}` for what an event says.',
  })
  params?: Record<string, unknown>;
  @Absentable()
  @OneOf(OVERLAPS, {
    enum: OVERLAPS,
    description:
      'Default: `skip`, and `queue` for events. What is done while an earlier chain of the schedule has not ended: make none, wait for its end, cancel it, or make the chain beside it.',
  })
  overlap?: string;
  @Absentable()
  @IsInt()
  @Between(0, 100)
  @ApiProperty({
    default: 1,
    description: 'How many due times are made up for, the newest ones, where nothing could be made for over a minute.',
  })
  catch_up?: number;
  @Absentable()
  @IsInt()
  @Between(0, 86_400)
  @ApiProperty({ default: 0, description: 'Chains are made up to so many seconds later, spread evenly.' })
  jitter?: number;
}

export class TickDto {
  /** The due time; for `RUN` and events the time when it came. */
  @ApiProperty({ format: 'date-time' })
  due_at: string;
  @ApiProperty({ enum: TICK_KINDS, enumName: 'TickKind', example: 'DUE' })
  kind: string;
  /** `WAITING`: no chain yet; `CREATED`; `SKIPPED`: it was not to be made; `MISSED`: too late, and not made up for; `REFUSED`: it could not be made. */
  @ApiProperty({ enum: OUTCOMES, enumName: 'TickOutcome', example: 'CREATED' })
  outcome: string;
  /** Why it made no chain, or waits: `OVERLAP`, `QUEUE_FULL`, `PAUSED`, `DELETED`, `KEY_REFUSED`, `TENANT_CLOSED`, `EVENT_LOOP`, `EVENT_DEPTH`, or the code of the problem that `POST /chains` would answer with. */
  @ApiProperty({ type: String, nullable: true, example: null })
  reason: string | null;
  @ApiProperty({ type: String, nullable: true, example: null })
  message: string | null;
  /** How many due times up to this one were missed. */
  @ApiProperty({ type: 'integer', nullable: true, example: null })
  missed: number | null;
  /** What the event is known by: a version of a dataset, a chain and the number of its end, the id of a delivery. Null: no event. */
  @ApiProperty({ type: String, nullable: true, example: null })
  event_id: string | null;
  @ApiProperty({ type: String, nullable: true, example: 'chain-7c0a4a52-2c53-4b58-9d0b-6d7d5f0f7c11' })
  chain_id: string | null;
  @ApiProperty({ format: 'date-time' })
  created_at: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  settled_at: string | null;
}

export class ScheduleDto {
  @ApiProperty({ example: 'schedule-7c0a4a52-2c53-4b58-9d0b-6d7d5f0f7c11' })
  schedule_id: string;
  @ApiProperty({ example: 'Every night' })
  title: string;
  @ApiProperty({ example: '' })
  description: string;
  @ApiProperty({ type: String, nullable: true, example: '0 2 * * *' })
  cron: string | null;
  @ApiProperty({ example: 'Asia/Shanghai' })
  time_zone: string;
  /** Seconds. */
  @ApiProperty({ type: 'integer', nullable: true, example: null })
  interval: number | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  at: string | null;
  /** A new version of this dataset makes a chain. */
  @ApiProperty({ type: String, nullable: true, example: null })
  on_dataset: string | null;
  /** The end of such a chain makes one. */
  @ApiProperty({ type: ChainEndsDto, nullable: true, example: null })
  on_chain_end: ChainEndsDto | null;
  /** A signed delivery makes one. */
  @ApiProperty({ example: false })
  on_webhook: boolean;
  @ApiProperty({ type: String, nullable: true })
  template_id: string | null;
  @ApiProperty({ type: String, nullable: true })
  version: string | null;
  @ApiProperty({ ...anyJson, nullable: true })
  chain: Record<string, unknown> | null;
  @ApiProperty(anyJson)
  params: Record<string, unknown>;
  @ApiProperty({ enum: OVERLAPS, enumName: 'ScheduleOverlap', example: 'skip' })
  overlap: string;
  @ApiProperty({ type: 'integer', example: 1 })
  catch_up: number;
  @ApiProperty({ type: 'integer', example: 0 })
  jitter: number;
  @ApiProperty()
  paused: boolean;
  /** Whose rights its chains have: who saved it last. */
  @ApiProperty({ example: 'key:key-7c0a4a52' })
  runs_as: string;
  /** The next due times, five at most; none while it is paused. */
  @ApiProperty({ type: [String], example: ['2026-12-01T18:00:00.000Z'] })
  next_due_times: string[];
  /** Null: it has had none. */
  @ApiProperty({ type: TickDto, nullable: true })
  last_tick: TickDto | null;
  @ApiProperty({ format: 'date-time' })
  created_at: string;
  @ApiProperty({ type: String, nullable: true })
  created_by: string | null;
  @ApiProperty({ format: 'date-time' })
  updated_at: string;
}

export class ListedScheduleDto extends OmitType(ScheduleDto, ['chain']) {}

export class ScheduleListDto {
  @ApiProperty({ type: [ListedScheduleDto] })
  items: ListedScheduleDto[];
  /** Whether another page follows. */
  @ApiProperty()
  has_more: boolean;
}

export class SchedulePreviewDto {
  @ApiProperty({ type: [String], example: ['2026-12-01T18:00:00.000Z'] })
  next_due_times: string[];
  @ApiProperty({ type: [FaultDto], example: [] })
  errors: FaultDto[];
  /** The chain that would be made now, as `POST /chains` would take it. Null where there are faults, or where an event gives a value that it needs. */
  @ApiProperty({ ...anyJson, nullable: true })
  chain: unknown;
  @ApiProperty({ type: [ExpectedApprovalDto], example: [] })
  approvals: ExpectedApprovalDto[];
}

export class DeletedScheduleDto {
  /** true: a dry run, nothing was done. */
  @ApiProperty()
  dry_run: boolean;
  /** Until then `POST /schedules/{schedule_id}/restore` restores it with its ticks. */
  @ApiProperty({ format: 'date-time' })
  restorable_until: string;
  @ApiProperty({ type: ScheduleDto })
  schedule: ScheduleDto;
}

export class BackfillDto {
  static readonly example = { from: '2026-11-01T00:00:00Z', to: '2026-11-08T00:00:00Z' };

  @Time({ description: 'Due times from here on.' })
  from: string;
  @Absentable()
  @Time({ description: 'Up to here. Default: now.' })
  to?: string;
}

export class BackfilledDto {
  /** true: a dry run, nothing was done. */
  @ApiProperty()
  dry_run: boolean;
  /** The due times of the range that have no chain yet: each gets one, one after the other. */
  @ApiProperty({ type: [String], example: ['2026-11-01T18:00:00.000Z'] })
  due_times: string[];
}

export class TickListDto {
  /** The newest first. */
  @ApiProperty({ type: [TickDto] })
  items: TickDto[];
  /** Pass as `before` for the next page; null on the last page. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  next_before: string | null;
}

/** The query of `GET /schedules`. */
export class ListSchedulesQueryDto {
  static readonly refusesUnknown = true;

  /** Words: each stands somewhere in title, description or the template's id, in whole or in part. */
  @QueryText()
  q?: string;
  /** Schedules that are paused, or those that are not. */
  @QueryChoice(['active', 'paused'])
  state?: 'active' | 'paused';
  /** Page number. */
  @QueryNumber(1, 1_000, { default: 1 })
  page?: number;
  /** Schedules per page. */
  @QueryNumber(1, 200, { default: 20 })
  page_size?: number;
}

/** The query of `GET /schedules/{schedule_id}/ticks`. */
export class ListTicksQueryDto {
  static readonly refusesUnknown = true;

  /** Only those that were due before. */
  @QueryTime()
  before?: string;
  /** Ticks per page. */
  @QueryNumber(1, 200, { default: 50 })
  page_size?: number;
}
