import { randomBytes, randomUUID } from 'node:crypto';
import { Body, Controller, Delete, Get, Headers, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { isPrivateHost } from '#libs/network';
import { APP_CONFIG, type AppConfig } from '#libs/platform';
import {
  AuditRepository,
  WebhookRepository,
  type DeliveryView,
  type Queryable,
  type TenantDatabases,
} from '#libs/repositories';
import { Problem } from '../http/problem.js';
import { ApiProblems } from '../http/api-problems.js';
import { ApiRequest } from '../http/api-request.js';
import { callerOf } from '../auth/caller.js';
import { isDryRun, restorableUntil } from '../http/confirmation.js';
import { RemovalQueryDto } from '../http/dry-run-query.dto.js';
import { TenantDb } from '../auth/tenant-db.js';
import { IDEMPOTENCY_KEY, idempotentRequest, once } from '../http/idempotency-key.js';
import { isId } from '../http/patterns.js';
import { Roles } from '../auth/access.js';
import {
  CreatedWebhookDto,
  DeletedWebhookDto,
  DeliveryDto,
  DeliveryListDto,
  DeliveryQueryDto,
  NewWebhookDto,
  WebhookDto,
  WebhookListDto,
} from './webhooks.dto.js';

const WEBHOOK_ID = { name: 'webhook_id', schema: { type: 'string' as const, maxLength: 64 } };

@ApiTags('webhooks')
@Controller('webhooks')
@Roles('operator')
export class WebhooksController {
  constructor(
    @Inject(APP_CONFIG) private readonly config: AppConfig,
    private readonly webhooks: WebhookRepository,
    private readonly audit: AuditRepository,
  ) {}

  @Post()
  @Roles('admin')
  @HttpCode(201)
  @ApiOperation({
    operationId: 'createWebhook',
    summary: 'Create a webhook',
    description:
      "Sends a message when a chain ends, waits for an approval or an operator, or a task fails, with the chain's name, the error and a link. Messages are signed as Standard Webhooks, retried with backoff, and can be replayed. Private addresses are refused unless WEBHOOK_ALLOW_PRIVATE is on: an address in the URL at once, a host name at delivery.",
  })
  @ApiRequest(NewWebhookDto)
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiResponse({
    status: 201,
    type: CreatedWebhookDto,
    description:
      'The webhook with its secret, which is shown only once, and to a repeated request with the same Idempotency-Key.',
  })
  @ApiProblems(400, 409, 413, 415, 422, 503)
  async create(
    @TenantDb() { engine }: TenantDatabases,
    @Body() body: NewWebhookDto,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CreatedWebhookDto> {
    const url = addressOf(body, this.config.webhooksToPrivate);
    const events = [...new Set(body.events)];
    const work = async (db: Queryable): Promise<CreatedWebhookDto> => {
      const secret = `whsec_${randomBytes(32).toString('base64')}`;
      const id = `webhook-${randomUUID()}`;
      await this.audit.record(db, {
        ...callerOf(reply),
        action: 'createWebhook',
        target: id,
        details: { url, events },
      });
      return { ...(await this.webhooks.insert(db, id, url, secret, events)), secret };
    };
    return once(engine, 'createWebhook', idempotentRequest(key, body), reply, work);
  }

  @Get()
  @ApiOperation({ operationId: 'listWebhooks', summary: 'List the webhooks', description: 'In the order of creation.' })
  @ApiResponse({ status: 200, type: WebhookListDto, description: 'The webhooks, without their secrets.' })
  @ApiProblems(503)
  async list(@TenantDb() { reads }: TenantDatabases): Promise<WebhookListDto> {
    return { items: await this.webhooks.list(reads) };
  }

  @Delete(':webhook_id')
  @Roles('admin')
  @ApiParam(WEBHOOK_ID)
  @ApiOperation({
    operationId: 'deleteWebhook',
    summary: 'Delete a webhook',
    description:
      'Deliveries stop immediately. The webhook can be restored within a day; after that its deliveries are deleted, too.',
  })
  @ApiResponse({ status: 200, type: DeletedWebhookDto, description: 'Deleted, or in a dry run what would be.' })
  @ApiProblems(400, 404, 503)
  async remove(
    @TenantDb() { engine, reads }: TenantDatabases,
    @Param('webhook_id') id: string,
    @Query() query: RemovalQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DeletedWebhookDto> {
    const there = (await this.webhooks.list(reads)).find((each) => each.webhook_id === id);
    if (there === undefined) throw notFound(id);
    const answer = { restorable_until: restorableUntil() };
    if (isDryRun(query, id)) return { ...answer, dry_run: true, webhook: there };
    const webhook = await engine.transaction(async (tx) => {
      const row = await this.webhooks.remove(tx, known(id));
      if (row === undefined) throw notFound(id);
      await this.audit.record(tx, { ...callerOf(reply), action: 'deleteWebhook', target: id, details: {} });
      return row;
    });
    return { ...answer, dry_run: false, webhook };
  }

  @Post(':webhook_id/restore')
  @Roles('admin')
  @HttpCode(200)
  @ApiParam(WEBHOOK_ID)
  @ApiOperation({
    operationId: 'restoreWebhook',
    summary: 'Restore a webhook',
    description: 'Possible within a day. Pending deliveries continue. Chains that ended in the meantime have none.',
  })
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiResponse({ status: 200, type: WebhookDto, description: 'Restored.' })
  @ApiProblems(400, 404, 409, 413, 415, 422, 503)
  async restore(
    @TenantDb() { engine }: TenantDatabases,
    @Param('webhook_id') id: string,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WebhookDto> {
    const work = async (db: Queryable): Promise<WebhookDto> => {
      const row = await this.webhooks.restore(db, known(id));
      if (row === undefined) throw notFound(id);
      await this.audit.record(db, { ...callerOf(reply), action: 'restoreWebhook', target: id, details: {} });
      return row;
    };
    return once(engine, `restoreWebhook:${known(id)}`, idempotentRequest(key, { id }), reply, work);
  }

  @Get(':webhook_id/deliveries')
  @ApiParam(WEBHOOK_ID)
  @ApiOperation({
    operationId: 'listWebhookDeliveries',
    summary: "List a webhook's deliveries",
    description: 'Newest first.',
  })
  @ApiResponse({ status: 200, type: DeliveryListDto, description: 'A page of deliveries.' })
  @ApiProblems(400, 404, 503)
  async deliveries(
    @TenantDb() { reads }: TenantDatabases,
    @Param('webhook_id') id: string,
    @Query() { before = Number.MAX_SAFE_INTEGER, limit = 50 }: DeliveryQueryDto,
  ): Promise<DeliveryListDto> {
    const exists = (await this.webhooks.list(reads)).some((webhook) => webhook.webhook_id === id);
    if (!exists) throw notFound(id);
    const rows = await this.webhooks.deliveries(reads, id, before, limit + 1);
    const shown = rows.slice(0, limit);
    return { items: shown.map(deliveryDto), next_before: rows.length > limit ? shown.at(-1)!.id : null };
  }

  @Post(':webhook_id/deliveries/:delivery_id/replay')
  @HttpCode(202)
  @ApiParam(WEBHOOK_ID)
  @ApiParam({ name: 'delivery_id', schema: { type: 'integer', minimum: 1 } })
  @ApiOperation({
    operationId: 'replayWebhookDelivery',
    summary: 'Replay a delivery',
    description: 'Sends it with the same message id and payload.',
  })
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiResponse({ status: 202, type: DeliveryDto, description: 'The delivery is due now.' })
  @ApiProblems(400, 404, 409, 413, 415, 422, 503)
  async replay(
    @TenantDb() { engine }: TenantDatabases,
    @Param('webhook_id') id: string,
    @Param('delivery_id') deliveryId: string,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DeliveryDto> {
    const number = /^\d{1,15}$/.test(deliveryId) ? Number(deliveryId) : 0;
    const work = async (db: Queryable): Promise<DeliveryDto> => {
      const row = await this.webhooks.replay(db, known(id), number);
      const target = `${id}/deliveries/${deliveryId}`;
      if (row === undefined) throw notFound(target);
      await this.audit.record(db, { ...callerOf(reply), action: 'replayWebhookDelivery', target, details: {} });
      return deliveryDto(row);
    };
    return once(engine, `replayWebhookDelivery:${number}`, idempotentRequest(key, { id }), reply, work);
  }
}

/** The address as it is stored. Throws BAD_REQUEST for one of the own network, unless these are allowed. */
function addressOf({ url }: NewWebhookDto, toPrivate: boolean): string {
  const address = new URL(url);
  if (toPrivate || !isPrivateHost(address)) return address.href;
  const message = `${address.hostname} is a private address, which only WEBHOOK_ALLOW_PRIVATE=on allows.`;
  throw new Problem('BAD_REQUEST', `/url: ${message}`, {
    errors: [{ code: 'INVALID_VALUE', pointer: '/url', message }],
  });
}

function deliveryDto({ webhook_id: _webhook, ...row }: DeliveryView): DeliveryDto {
  return {
    ...row,
    next_attempt_at: row.status === 'PENDING' ? row.next_attempt_at : null,
  };
}

/** Returns a well-formed id, else throws: no query for an id that cannot exist. */
function known(id: string): string {
  if (!isId(id)) throw notFound(id);
  return id;
}

function notFound(id: string): Problem {
  return new Problem('NOT_FOUND', `There is no webhook ${JSON.stringify(id.slice(0, 120))}.`);
}
