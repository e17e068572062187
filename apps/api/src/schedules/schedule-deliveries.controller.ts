import { randomBytes } from 'node:crypto';
import { Body, Controller, Headers, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { isSigned, type SignedHeaders } from '#libs/platform';
import {
  AuditRepository,
  Databases,
  EVENT_PLACES,
  ScheduleRepository,
  type Queryable,
  type TenantDatabases,
} from '#libs/repositories';
import { Public, Roles } from '../auth/access.js';
import { callerOf, partyOf } from '../auth/caller.js';
import { TenantDb } from '../auth/tenant-db.js';
import { TenantDirectory } from '../auth/tenant-directory.js';
import { ApiProblems } from '../http/api-problems.js';
import { parseBody } from '../http/body-parser.js';
import { IDEMPOTENCY_KEY, idempotentRequest, once } from '../http/idempotency-key.js';
import { LargeBody } from '../http/large-body.js';
import { isId } from '../http/patterns.js';
import { Problem } from '../http/problem.js';
import { ApiMetrics } from '../metrics/api-metrics.js';
import { noSchedule, scheduleHasChanged } from './schedule-reader.js';
import { SCHEDULE_ID } from './schedules.controller.js';
import { AcceptedDeliveryDto, WebhookSecretDto } from './schedule-events.dto.js';
import { Ticker } from './ticker.js';

/** Deliveries to a schedule that make a chain within a minute, at most. */
const PER_MINUTE = 60;
const DELIVERY_ID = /^[\x21-\x7e]{1,255}$/;
const header = (name: string, description: string) =>
  ({ name, required: true, description, schema: { type: 'string' } }) as const;

/** Signs what is held against a schedule that does not exist: an answer takes as long as if it did. */
const nobodysSecret = newSecret();

@ApiTags('schedules')
@Controller()
export class ScheduleDeliveriesController {
  constructor(
    private readonly databases: Databases,
    private readonly schedules: ScheduleRepository,
    private readonly directory: TenantDirectory,
    private readonly audit: AuditRepository,
    private readonly metrics: ApiMetrics,
    private readonly ticker: Ticker,
  ) {}

  @Post('schedules/:schedule_id/webhook-secret')
  @Roles('author')
  @HttpCode(201)
  @ApiParam(SCHEDULE_ID)
  @ApiOperation({
    operationId: 'rotateWebhookSecret',
    summary: 'Make the secret of a schedule that deliveries start',
    description:
      'Deliveries that are signed with an earlier secret are refused from now on. For the key that saved the schedule last, and for admins. A schedule that another key saves has no secret any more.',
  })
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiResponse({
    status: 201,
    type: WebhookSecretDto,
    description: 'The secret, which is shown only once, and to a repeated request with the same Idempotency-Key.',
  })
  @ApiProblems(400, 403, 404, 409, 412, 413, 415, 422, 503)
  async rotate(
    @TenantDb() { engine }: TenantDatabases,
    @Param('schedule_id') id: string,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WebhookSecretDto> {
    // Before a stored answer as well: it holds the secret.
    const schedule = isId(id) ? await this.schedules.find(engine, id) : undefined;
    if (schedule === undefined) throw noSchedule(id);
    // Who signs deliveries chooses values for chains that have the rights of runs_as.
    if (schedule.runs_as !== callerOf(reply).actor && !partyOf(reply).isAdmin) {
      const whose = `Its chains have the rights of ${schedule.runs_as}`;
      throw new Problem('FORBIDDEN', `${whose}: save the schedule with your key first, or ask an admin.`);
    }
    const work = async (db: Queryable): Promise<WebhookSecretDto> => {
      const secret = newSecret();
      if ((await this.schedules.setWebhookSecret(db, id, schedule.runs_as, secret)) === undefined) {
        if (schedule.on_webhook) throw scheduleHasChanged(schedule);
        throw new Problem('BAD_REQUEST', 'No deliveries start this schedule: save it with on_webhook.');
      }
      await this.audit.record(db, { ...callerOf(reply), action: 'rotateWebhookSecret', target: id, details: {} });
      return { schedule_id: id, path: `/api/v1/hooks/${id}`, secret };
    };
    return once(engine, `rotateWebhookSecret:${id}`, idempotentRequest(key, { id }), reply, work);
  }

  @Post('hooks/:schedule_id')
  @Public()
  @HttpCode(202)
  @ApiParam(SCHEDULE_ID)
  @ApiOperation({
    operationId: 'deliverWebhook',
    summary: 'Start a chain of a schedule by a signed delivery',
    description:
      'Signed as Standard Webhooks with the secret of the schedule, no more than five minutes ago. The same `webhook-id` makes one chain, however often it comes. A wrong signature, an old delivery and a schedule that does not exist get the same answer. 64 KiB at most, and 60 deliveries a minute.',
    security: [],
  })
  @ApiHeader(header('webhook-id', 'Names the delivery.'))
  @ApiHeader(header('webhook-timestamp', 'When it was signed: seconds since 1970.'))
  @ApiHeader(header('webhook-signature', '`v1,` and the HMAC-SHA256 over `<id>.<timestamp>.<body>`, as base64.'))
  @ApiBody({
    schema: {},
    required: false,
    description: 'Any JSON: `${event.body}` in the params of the schedule.',
    examples: { example: { value: { day: '2026-01-31' } } },
  })
  @ApiResponse({ status: 202, type: AcceptedDeliveryDto, description: 'It is taken, or was before.' })
  @ApiProblems(400, 413, 415, 503)
  async deliver(
    @Param('schedule_id') id: string,
    @Headers() headers: Record<string, string | undefined>,
    @Body() body: unknown,
  ): Promise<AcceptedDeliveryDto> {
    const signed: SignedHeaders = {
      id: headers['webhook-id'] ?? '',
      timestamp: headers['webhook-timestamp'] ?? '',
      signature: headers['webhook-signature'] ?? '',
    };
    const bytes = body instanceof LargeBody ? body.bytes : Buffer.alloc(0);
    const found = isId(id) ? await this.schedules.webhook(this.databases.engine, id) : undefined;
    const isRight = isSigned(found?.secret ?? nobodysSecret, signed, bytes, Date.now());
    if (found === undefined || !isRight || !DELIVERY_ID.test(signed.id)) throw this.refused();
    if ((await this.directory.enabled(found.tenant_id)) === undefined) throw this.refused();
    const { engine } = this.databases.forTenant(found.tenant_id);
    const { is_known: isKnown, recent, waiting } = await this.schedules.deliveries(engine, id, signed.id);
    if (!isKnown && (recent >= PER_MINUTE || waiting >= EVENT_PLACES)) {
      this.metrics.scheduleDeliveries.inc({ outcome: 'limited' });
      throw new Problem(
        'TOO_MANY_REQUESTS',
        recent >= PER_MINUTE
          ? `A schedule takes ${PER_MINUTE} deliveries a minute: try again later.`
          : `${waiting} ticks of the schedule wait already: try again later.`,
        { headers: { 'Retry-After': '60' } },
      );
    }
    const says = { id: signed.id, body: bytes.length === 0 ? null : parseBody(bytes) };
    const due = await this.schedules.addDelivery(engine, id, signed.id, says);
    if (due === null) throw this.refused();
    this.metrics.scheduleDeliveries.inc({ outcome: isKnown ? 'repeated' : 'accepted' });
    this.ticker.wake();
    return { id: signed.id, due_at: due };
  }

  private refused(): Problem {
    this.metrics.scheduleDeliveries.inc({ outcome: 'refused' });
    return new Problem('UNAUTHENTICATED', 'There is no such schedule, or the signature is wrong or too old.');
  }
}

function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}
