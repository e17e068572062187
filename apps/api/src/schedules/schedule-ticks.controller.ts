import { setImmediate as letOthers } from 'node:timers/promises';
import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import {
  AuditRepository,
  ScheduleRepository,
  type Queryable,
  type ScheduleView,
  type TenantDatabases,
} from '#libs/repositories';
import { Roles } from '../auth/access.js';
import { callerOf } from '../auth/caller.js';
import { TenantDb } from '../auth/tenant-db.js';
import { ApiProblems } from '../http/api-problems.js';
import { ApiRequest } from '../http/api-request.js';
import { DryRunQueryDto } from '../http/dry-run-query.dto.js';
import { ETAG, IF_MATCH } from '../http/entity-tag.js';
import { IDEMPOTENCY_KEY, idempotentRequest, once } from '../http/idempotency-key.js';
import { Problem } from '../http/problem.js';
import { dueTimes, isoOf } from './due-times.js';
import { nextDueAt, requireNone } from './schedule-faults.js';
import { scheduleHasChanged, ScheduleReader, scheduleTag } from './schedule-reader.js';
import { SCHEDULE_ID } from './schedules.controller.js';
import { BackfilledDto, BackfillDto, ListTicksQueryDto, ScheduleDto, TickDto, TickListDto } from './schedules.dto.js';
import { Ticker } from './ticker.js';

/** Due times of one backfill at most. */
const MOST_BACKFILLED = 1_000;
/** Due times that are computed in one go: each takes a quarter of a millisecond. */
const IN_ONE_GO = 50;

@ApiTags('schedules')
@Controller('schedules/:schedule_id')
@Roles('author')
export class ScheduleTicksController {
  constructor(
    private readonly schedules: ScheduleRepository,
    private readonly reader: ScheduleReader,
    private readonly audit: AuditRepository,
    private readonly ticker: Ticker,
  ) {}

  @Get('ticks')
  @Roles('viewer')
  @ApiParam(SCHEDULE_ID)
  @ApiOperation({
    operationId: 'listScheduleTicks',
    summary: 'List the ticks of a schedule',
    description:
      'Its due times and what became of each: the chain, or why there is none. They are kept as long as chains are.',
  })
  @ApiResponse({ status: 200, type: TickListDto, description: 'A page of ticks.' })
  @ApiProblems(400, 404, 503)
  async list(
    @TenantDb() { reads }: TenantDatabases,
    @Param('schedule_id') id: string,
    @Query() { before, page_size: size = 50 }: ListTicksQueryDto,
  ): Promise<TickListDto> {
    await this.reader.find(reads, id);
    const items = await this.schedules.ticks(reads, id, size, before);
    return { items, next_before: items.length < size ? null : items.at(-1)!.due_at };
  }

  @Post('run')
  @HttpCode(201)
  @ApiParam(SCHEDULE_ID)
  @ApiOperation({
    operationId: 'runSchedule',
    summary: 'Make a chain of a schedule now',
    description:
      'Beside its due times, also while it is paused. `overlap` holds. The answer is the tick, which waits; `GET /schedules/{schedule_id}/ticks` shows its chain a moment later.',
  })
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiResponse({ status: 201, type: TickDto, description: 'The tick.' })
  @ApiProblems(400, 404, 409, 413, 415, 422, 503)
  async run(
    @TenantDb() { engine }: TenantDatabases,
    @Param('schedule_id') id: string,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TickDto> {
    await this.reader.find(engine, id);
    const work = async (db: Queryable): Promise<TickDto> => {
      await this.requireRoom(db, id, 1);
      const tick = await this.schedules.addRun(db, id);
      const details = { due_at: tick.due_at };
      await this.audit.record(db, { ...callerOf(reply), action: 'runSchedule', target: id, details });
      return tick;
    };
    const tick = await once(engine, `runSchedule:${id}`, idempotentRequest(key, { id }), reply, work);
    this.ticker.wake();
    return tick;
  }

  @Post('backfill')
  @HttpCode(200)
  @ApiParam(SCHEDULE_ID)
  @ApiOperation({
    operationId: 'backfillSchedule',
    summary: 'Make the chains of past due times',
    description:
      'Each due time of the range that has no chain gets one, 1,000 at most, also while the schedule is paused. They are made one after the other unless `overlap` is `allow`.',
  })
  @ApiRequest(BackfillDto)
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiResponse({ status: 200, type: BackfilledDto, description: 'What will be made, or in a dry run would be.' })
  @ApiProblems(400, 404, 409, 413, 415, 422, 503)
  async backfill(
    @TenantDb() { engine }: TenantDatabases,
    @Param('schedule_id') id: string,
    @Body() body: BackfillDto,
    @Query() { dry_run: dryRun = false }: DryRunQueryDto,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BackfilledDto> {
    const schedule = await this.reader.find(engine, id);
    const times = await dueTimesIn(schedule, body, await this.schedules.now(engine));
    const work = async (db: Queryable): Promise<BackfilledDto> => {
      const due_times = await this.schedules.backfill(db, id, times, true);
      if (!dryRun) {
        await this.requireRoom(db, id, due_times.length);
        await this.schedules.backfill(db, id, due_times, false);
      }
      const details = { ...body, due_times: due_times.length };
      if (!dryRun) await this.audit.record(db, { ...callerOf(reply), action: 'backfillSchedule', target: id, details });
      return { dry_run: dryRun, due_times };
    };
    const request = dryRun ? undefined : idempotentRequest(key, body);
    const answer = await once(engine, `backfillSchedule:${id}`, request, reply, work);
    this.ticker.wake();
    return answer;
  }

  @Post('pause')
  @Roles('operator')
  @HttpCode(200)
  @ApiParam(SCHEDULE_ID)
  @ApiOperation({
    operationId: 'pauseSchedule',
    summary: 'Pause a schedule',
    description: 'Its due times make no chains until it is resumed, nor those that wait already. Its chains go on.',
  })
  @ApiHeader(IF_MATCH)
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiResponse({ status: 200, type: ScheduleDto, headers: ETAG, description: 'It is paused.' })
  @ApiProblems(400, 404, 409, 412, 413, 415, 422, 503)
  pause(
    @TenantDb() databases: TenantDatabases,
    @Param('schedule_id') id: string,
    @Headers() headers: Record<string, string | undefined>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ScheduleDto> {
    return this.setPaused(databases, id, true, headers, reply);
  }

  @Post('resume')
  @Roles('operator')
  @HttpCode(200)
  @ApiParam(SCHEDULE_ID)
  @ApiOperation({
    operationId: 'resumeSchedule',
    summary: 'Resume a schedule',
    description: 'The due times in between are not made up for: `backfill` does.',
  })
  @ApiHeader(IF_MATCH)
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiResponse({ status: 200, type: ScheduleDto, headers: ETAG, description: 'It goes on.' })
  @ApiProblems(400, 404, 409, 412, 413, 415, 422, 503)
  resume(
    @TenantDb() databases: TenantDatabases,
    @Param('schedule_id') id: string,
    @Headers() headers: Record<string, string | undefined>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ScheduleDto> {
    return this.setPaused(databases, id, false, headers, reply);
  }

  /** Throws TOO_MANY_REQUESTS where so many more ticks would wait that all those of the schedule get slow. */
  private async requireRoom(db: Queryable, id: string, more: number): Promise<void> {
    const waiting = await this.schedules.waitingByHand(db, id);
    if (waiting + more <= MOST_BACKFILLED) return;
    const says = `${waiting} ticks of the schedule that somebody asked for wait already, and ${MOST_BACKFILLED} may: try again later.`;
    throw new Problem('TOO_MANY_REQUESTS', says, { headers: { 'Retry-After': '60' } });
  }

  private async setPaused(
    { engine }: TenantDatabases,
    id: string,
    paused: boolean,
    headers: Readonly<Record<string, string | undefined>>,
    reply: FastifyReply,
  ): Promise<ScheduleDto> {
    const action = paused ? 'pauseSchedule' : 'resumeSchedule';
    const work = async (db: Queryable): Promise<ScheduleDto> => {
      const there = await this.reader.find(db, id, headers['if-match']);
      const next_due_at = paused ? there.next_due_at : nextDueAt(there, await this.schedules.now(db));
      const changed =
        there.paused === paused ? there : await this.schedules.change(db, id, there.revision, { paused, next_due_at });
      if (changed === undefined) throw scheduleHasChanged(there);
      if (paused) await this.schedules.skipWaiting(db, id, 'PAUSED', 'The schedule was paused.', false);
      await this.audit.record(db, { ...callerOf(reply), action, target: id, details: {} });
      reply.header('ETag', scheduleTag(changed));
      return this.reader.shown(db, changed);
    };
    return once(engine, `${action}:${id}`, idempotentRequest(headers['idempotency-key'], { id }), reply, work);
  }
}

/** Throws BAD_REQUEST for a range that ends before it begins, lies ahead, or holds too much. */
async function dueTimesIn(schedule: ScheduleView, { from, to }: BackfillDto, now: number): Promise<string[]> {
  const end = to === undefined ? now : Date.parse(to);
  const fault = (pointer: string, message: string): void => requireNone([{ code: 'OUT_OF_RANGE', pointer, message }]);
  if (end > now) fault('/to', 'to lies in the future.');
  if (Date.parse(from) > end) fault('/from', 'from is later than to.');
  const found: string[] = [];
  for (const time of dueTimes(schedule, Date.parse(from) - 1)) {
    if (time > end) break;
    if (found.push(isoOf(time)) > MOST_BACKFILLED) {
      fault('/to', `The range has more than ${MOST_BACKFILLED} due times: backfill it in parts.`);
    }
    if (found.length % IN_ONE_GO === 0) await letOthers();
  }
  return found;
}
