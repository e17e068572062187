import { randomUUID } from 'node:crypto';
import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Post, Put, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AuditRepository, ScheduleRepository, type Queryable, type TenantDatabases } from '#libs/repositories';
import { Roles } from '../auth/access.js';
import { callerOf } from '../auth/caller.js';
import { TenantDb } from '../auth/tenant-db.js';
import { ApiProblems } from '../http/api-problems.js';
import { ApiRequest } from '../http/api-request.js';
import { isDryRun, restorableUntil } from '../http/confirmation.js';
import { RemovalQueryDto } from '../http/dry-run-query.dto.js';
import { ETAG, IF_MATCH } from '../http/entity-tag.js';
import { IDEMPOTENCY_KEY, idempotentRequest, once } from '../http/idempotency-key.js';
import { isId } from '../http/patterns.js';
import { Problem } from '../http/problem.js';
import { ScheduleCheck } from './schedule-check.js';
import { noSchedule, scheduleHasChanged, ScheduleReader, scheduleTag } from './schedule-reader.js';
import {
  DeletedScheduleDto,
  ListSchedulesQueryDto,
  NewScheduleDto,
  ScheduleDto,
  ScheduleListDto,
  SchedulePreviewDto,
} from './schedules.dto.js';

export const SCHEDULE_ID = {
  name: 'schedule_id',
  description: 'The schedule.',
  schema: { type: 'string' as const, maxLength: 64 },
};
/** Schedules of a tenant at most, deleted ones too while they can be restored. */
const MOST_SCHEDULES = 1_000;

@ApiTags('schedules')
@Controller('schedules')
@Roles('viewer')
export class SchedulesController {
  constructor(
    private readonly schedules: ScheduleRepository,
    private readonly reader: ScheduleReader,
    private readonly check: ScheduleCheck,
    private readonly audit: AuditRepository,
  ) {}

  @Post()
  @Roles('author')
  @HttpCode(201)
  @ApiOperation({
    operationId: 'createSchedule',
    summary: 'Create a schedule',
    description:
      'Makes a chain of a template, or of a chain that is written out, at each of its due times or for each event, and starts it. Its chains have the rights of the key that saved it last, as these count at the time. Checks the chain as it would be made now.',
  })
  @ApiRequest(NewScheduleDto)
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiResponse({ status: 201, type: ScheduleDto, headers: ETAG, description: 'The schedule is stored.' })
  @ApiProblems(400, 403, 404, 409, 413, 415, 422, 503)
  async create(
    @TenantDb() { engine, reads }: TenantDatabases,
    @Body() body: NewScheduleDto,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ScheduleDto> {
    const fields = await this.check.faultless(reads, body, reply);
    const caller = callerOf(reply);
    const work = async (db: Queryable): Promise<ScheduleDto> => {
      await this.schedules.lock(db);
      if ((await this.schedules.count(db)) >= MOST_SCHEDULES) {
        const message = `A tenant has at most ${MOST_SCHEDULES} schedules: delete some; their room is free a day later.`;
        throw new Problem('TOO_MANY_SCHEDULES', message);
      }
      const schedule = await this.schedules.insert(db, { ...fields, schedule_id: `schedule-${randomUUID()}` });
      const { schedule_id: target } = schedule;
      const details = { title: schedule.title, template_id: schedule.template_id };
      await this.audit.record(db, { ...caller, action: 'createSchedule', target, details });
      reply.header('ETag', scheduleTag(schedule)).header('Location', `/api/v1/schedules/${target}`);
      return this.reader.shown(db, schedule);
    };
    return once(engine, 'createSchedule', idempotentRequest(key, body), reply, work);
  }

  @Post('preview')
  @Roles('author')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'previewSchedule',
    summary: 'Show what a schedule would do',
    description: 'Its next ten due times and the chain that it would make now, with its faults. Stores nothing.',
  })
  @ApiRequest(NewScheduleDto)
  @ApiResponse({ status: 200, type: SchedulePreviewDto, description: 'The due times and the chain.' })
  @ApiProblems(400, 403, 404, 413, 415, 503)
  preview(
    @TenantDb() { reads }: TenantDatabases,
    @Body() body: NewScheduleDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SchedulePreviewDto> {
    return this.check.preview(reads, body, reply);
  }

  @Get()
  @ApiOperation({
    operationId: 'listSchedules',
    summary: 'List the schedules',
    description: 'What changed last comes first.',
  })
  @ApiResponse({ status: 200, type: ScheduleListDto, description: 'A page of schedules.' })
  @ApiProblems(400, 503)
  async list(
    @TenantDb() { reads }: TenantDatabases,
    @Query() { q, state, page = 1, page_size: size = 20 }: ListSchedulesQueryDto,
  ): Promise<ScheduleListDto> {
    const filter = { q, paused: state === undefined ? undefined : state === 'paused' };
    const rows = await this.schedules.page(reads, filter, size + 1, (page - 1) * size);
    const items = await this.reader.shownAll(reads, rows.slice(0, size));
    return { items: items.map(({ chain: _, ...listed }) => listed), has_more: rows.length > size };
  }

  @Get(':schedule_id')
  @ApiParam(SCHEDULE_ID)
  @ApiOperation({
    operationId: 'getSchedule',
    summary: 'Get a schedule',
    description: 'With its next due times and its last tick.',
  })
  @ApiResponse({ status: 200, type: ScheduleDto, headers: ETAG, description: 'The schedule.' })
  @ApiProblems(404, 503)
  async get(
    @TenantDb() { reads }: TenantDatabases,
    @Param('schedule_id') id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ScheduleDto> {
    const schedule = await this.reader.find(reads, id);
    reply.header('ETag', scheduleTag(schedule));
    return this.reader.shown(reads, schedule);
  }

  @Put(':schedule_id')
  @Roles('author')
  @ApiParam(SCHEDULE_ID)
  @ApiOperation({
    operationId: 'putSchedule',
    summary: 'Change a schedule',
    description:
      'Replaces all fields. From now on its chains have the rights of your key; where another key had saved it, deliveries need a new secret. A due time that waits already gets its chain as the schedule is then.',
  })
  @ApiRequest(NewScheduleDto)
  @ApiHeader(IF_MATCH)
  @ApiResponse({ status: 200, type: ScheduleDto, headers: ETAG, description: 'The schedule as it is now.' })
  @ApiProblems(400, 403, 404, 412, 413, 415, 503)
  async put(
    @TenantDb() { engine, reads }: TenantDatabases,
    @Param('schedule_id') id: string,
    @Body() body: NewScheduleDto,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ScheduleDto> {
    const there = await this.reader.find(reads, id, ifMatch);
    const fields = await this.check.faultless(reads, body, reply, there);
    const schedule = await engine.transaction(async (tx) => {
      const changed = await this.schedules.change(tx, id, there.revision, fields);
      if (changed === undefined) throw scheduleHasChanged(there);
      const details = { title: changed.title, template_id: changed.template_id };
      await this.audit.record(tx, { ...callerOf(reply), action: 'putSchedule', target: id, details });
      return changed;
    });
    reply.header('ETag', scheduleTag(schedule));
    return this.reader.shown(engine, schedule);
  }

  @Delete(':schedule_id')
  @Roles('author')
  @ApiParam(SCHEDULE_ID)
  @ApiOperation({
    operationId: 'deleteSchedule',
    summary: 'Delete a schedule',
    description:
      'Its chains stay, and what waits makes none. It can be restored within a day; after that its ticks are deleted, too.',
  })
  @ApiHeader(IF_MATCH)
  @ApiResponse({ status: 200, type: DeletedScheduleDto, description: 'Deleted, or in a dry run what would be.' })
  @ApiProblems(400, 404, 412, 503)
  async remove(
    @TenantDb() { engine, reads }: TenantDatabases,
    @Param('schedule_id') id: string,
    @Query() query: RemovalQueryDto,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DeletedScheduleDto> {
    const there = await this.reader.find(reads, id, ifMatch);
    const answer = { restorable_until: restorableUntil(), schedule: await this.reader.shown(reads, there) };
    if (isDryRun(query, id)) return { ...answer, dry_run: true };
    await engine.transaction(async (tx) => {
      if ((await this.schedules.remove(tx, id, there.revision)) === undefined) throw scheduleHasChanged(there);
      await this.schedules.skipWaiting(tx, id, 'DELETED', 'The schedule was deleted.', true);
      await this.audit.record(tx, { ...callerOf(reply), action: 'deleteSchedule', target: id, details: {} });
    });
    return { ...answer, dry_run: false };
  }

  @Post(':schedule_id/restore')
  @Roles('author')
  @HttpCode(200)
  @ApiParam(SCHEDULE_ID)
  @ApiOperation({
    operationId: 'restoreSchedule',
    summary: 'Restore a deleted schedule',
    description: 'Possible within a day. It is paused then: resume it.',
  })
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiResponse({ status: 200, type: ScheduleDto, headers: ETAG, description: 'Restored.' })
  @ApiProblems(400, 404, 409, 413, 415, 422, 503)
  async restore(
    @TenantDb() { engine }: TenantDatabases,
    @Param('schedule_id') id: string,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ScheduleDto> {
    if (!isId(id)) throw noSchedule(id);
    const work = async (db: Queryable): Promise<ScheduleDto> => {
      const schedule = await this.schedules.restore(db, id);
      if (schedule === undefined) throw noSchedule(id);
      await this.audit.record(db, { ...callerOf(reply), action: 'restoreSchedule', target: id, details: {} });
      reply.header('ETag', scheduleTag(schedule));
      return this.reader.shown(db, schedule);
    };
    return once(engine, `restoreSchedule:${id}`, idempotentRequest(key, { id }), reply, work);
  }
}
