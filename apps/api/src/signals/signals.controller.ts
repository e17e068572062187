import { randomUUID } from 'node:crypto';
import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { quoted, resultFault, HOLD_TIME_S, type InputFault } from '#libs/chain-domain';
import { valueFaults } from '#libs/chain-engine';
import {
  AuditRepository,
  engineQueries,
  SignalRepository,
  type Queryable,
  type TenantDatabases,
} from '#libs/repositories';
import { Roles } from '../auth/access.js';
import { callerOf } from '../auth/caller.js';
import { TenantDb } from '../auth/tenant-db.js';
import { ApiProblems } from '../http/api-problems.js';
import { ApiRequest } from '../http/api-request.js';
import { IDEMPOTENCY_KEY, idempotentRequest, once } from '../http/idempotency-key.js';
import { isId } from '../http/patterns.js';
import { Problem } from '../http/problem.js';
import { ListSignalsQueryDto, NewSignalDto, SignalDto, SignalListDto } from './signals.dto.js';

const SIGNAL_ID = {
  name: 'signal_id',
  description: 'The signal.',
  schema: { type: 'string' as const, maxLength: 64 },
};
/** Signals of a tenant at most that wait for their task. */
const MOST_STORED = 10_000;

@ApiTags('signals')
@Controller('signals')
@Roles('viewer')
export class SignalsController {
  constructor(
    private readonly signals: SignalRepository,
    private readonly audit: AuditRepository,
  ) {}

  @Post()
  @Roles('operator')
  @HttpCode(201)
  @ApiOperation({
    operationId: 'sendSignal',
    summary: 'Send a signal',
    description:
      'Ends the task that waits for a signal of this name and key (task type `signal`), and gives it the payload as its result. It may come before the task waits. Each signal ends one task, the one that has waited longest. A task that asks for another payload and waits already refuses it with 400.',
  })
  @ApiRequest(NewSignalDto)
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiResponse({ status: 201, type: SignalDto, description: 'Stored: a listener gives it to its task.' })
  @ApiProblems(400, 409, 413, 415, 422, 503)
  async send(
    @TenantDb() { engine }: TenantDatabases,
    @Body() { name, key, payload: given, expires_in = HOLD_TIME_S }: NewSignalDto,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignalDto> {
    const payload = given ?? {};
    const fault = resultFault(payload);
    if (fault !== null) {
      const message = fault.message.replace(/^the result/, 'The payload');
      throw unfit([{ code: fault.code, pointer: '/payload', message: `${message}.` }]);
    }
    const caller = callerOf(reply);
    const work = async (db: Queryable): Promise<SignalDto> => {
      const schema = await this.signals.schemaInWait(db, name, key);
      const faults = schema === null ? [] : valueFaults(schema, payload);
      if (faults.length > 0) {
        throw unfit(
          faults.map(({ pointer, message }) => ({
            ...{ code: 'INVALID_VALUE', pointer: `/payload${pointer}` },
            message: `The task that waits asks for another payload: ${pointer || 'it'} ${message}.`,
          })),
        );
      }
      if ((await this.signals.stored(db)) >= MOST_STORED) {
        const message = `A tenant has at most ${MOST_STORED} signals for which no task waits: let some expire.`;
        throw new Problem('TOO_MANY_SIGNALS', message);
      }
      const signal_id = `signal-${randomUUID()}`;
      const sent = { signal_id, name, key, payload, expires_in, created_by: caller.actor };
      const signal = await this.signals.insert(db, sent);
      await this.audit.record(db, { ...caller, action: 'sendSignal', target: signal_id, details: { name, key } });
      await engineQueries.wakeForSignals(db);
      return signal;
    };
    const request = idempotentRequest(idempotencyKey, { name, key, payload, expires_in });
    return once(engine, 'sendSignal', request, reply, work);
  }

  @Get()
  @ApiOperation({
    operationId: 'listSignals',
    summary: 'List the signals',
    description: 'The newest first, without their payloads. They are kept a week after they were used or expired.',
  })
  @ApiResponse({ status: 200, type: SignalListDto, description: 'A page of signals.' })
  @ApiProblems(400, 503)
  async list(
    @TenantDb() { reads }: TenantDatabases,
    @Query() { page = 1, page_size: size = 20, ...filter }: ListSignalsQueryDto,
  ): Promise<SignalListDto> {
    const rows = await this.signals.list(reads, filter, size + 1, (page - 1) * size);
    return { items: rows.slice(0, size), has_more: rows.length > size };
  }

  @Get(':signal_id')
  @ApiParam(SIGNAL_ID)
  @ApiOperation({
    operationId: 'getSignal',
    summary: 'Get a signal',
    description: 'With its payload, and the task that got it.',
  })
  @ApiResponse({ status: 200, type: SignalDto, description: 'The signal.' })
  @ApiProblems(404, 503)
  async get(@TenantDb() { reads }: TenantDatabases, @Param('signal_id') id: string): Promise<SignalDto> {
    const signal = isId(id) ? await this.signals.find(reads, id) : undefined;
    if (signal === undefined) throw new Problem('NOT_FOUND', `There is no signal ${quoted(id)}.`);
    return signal;
  }
}

const unfit = (errors: readonly InputFault[]): Problem => new Problem('BAD_REQUEST', errors[0]!.message, { errors });
