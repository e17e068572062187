import { ApiProperty } from '@nestjs/swagger';
import { Absentable, rule } from '../http/dto-rules.js';
import { QueryNumber } from '../http/query-rules.js';

const EVENTS = [
  ...['chain.success', 'chain.failure', 'chain.cancelled', 'chain.approval', 'chain.sign_off'],
  ...['chain.held', 'task.failure'],
];

export class NewWebhookDto {
  static readonly example = { url: 'https://hooks.example.com/task-chain', events: ['chain.failure'] };

  @rule('INVALID_VALUE', urlFault)
  @ApiProperty({ format: 'uri', maxLength: 2048, examples: ['https://hooks.example.com/task-chain'] })
  url: string;
  @Absentable()
  @rule('INVALID_VALUE', (value) =>
    Array.isArray(value) && value.every((event) => EVENTS.includes(event as string))
      ? null
      : `must be a list of any of ${EVENTS.join(', ')}`,
  )
  @ApiProperty({
    type: 'array',
    items: { type: 'string', enum: EVENTS },
    description:
      'The events to send. Absent or empty: all but `chain.held` (the chain waits for an operator) and `task.failure`, which are sent only where they are named.',
  })
  events?: string[];
}

function urlFault(value: unknown): string | null {
  const url = typeof value === 'string' && value.length <= 2048 && URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !['https:', 'http:'].includes(url.protocol)) {
    return 'must be an http or https address of at most 2,048 characters';
  }
  return url.username === '' && url.password === '' ? null : 'must hold no credentials: messages are signed';
}

export class WebhookDto {
  @ApiProperty({ example: 'webhook-5b8d7c1a-2f0e-4a57-9a0e-6f2f7f5a9b10' })
  webhook_id: string;
  @ApiProperty({ example: 'https://hooks.example.com/task-chain' })
  url: string;
  /** The events that it receives; empty: all but `chain.held` and `task.failure`. */
  @ApiProperty({ type: [String], example: ['chain.failure'] })
  events: string[];
  @ApiProperty()
  enabled: boolean;
  /** Why it was disabled: its URL answered 410. */
  @ApiProperty({ type: String, nullable: true })
  disabled_reason: string | null;
  @ApiProperty({ format: 'date-time' })
  created_at: string;
}

export class CreatedWebhookDto extends WebhookDto {
  /** The secret that signs each message (Standard Webhooks). Shown only once. */
  @ApiProperty({ example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw5Zt2mZbJk3s=' })
  secret: string;
}

export class WebhookListDto {
  @ApiProperty({ type: [WebhookDto] })
  items: WebhookDto[];
}

export class DeletedWebhookDto {
  /** true: a dry run, nothing was done. */
  @ApiProperty()
  dry_run: boolean;
  /** Until then `POST /webhooks/{webhook_id}/restore` restores it with its deliveries. After that they are deleted. */
  @ApiProperty({ format: 'date-time' })
  restorable_until: string;
  @ApiProperty({ type: WebhookDto })
  webhook: WebhookDto;
}

export class DeliveryDto {
  @ApiProperty({ type: 'integer', example: 7 })
  id: number;
  /** The same for each attempt and replay, so that receivers can detect duplicates. */
  @ApiProperty({ example: 'msg_0d6f4a1e-3a6c-4d1c-8d0a-61a4b1d9c9a2' })
  message_id: string;
  @ApiProperty({ example: 'chain.success' })
  event_type: string;
  @ApiProperty({ type: 'object', additionalProperties: true })
  payload: unknown;
  @ApiProperty({ enum: ['PENDING', 'DELIVERED', 'FAILED'], enumName: 'DeliveryStatus' })
  status: string;
  @ApiProperty({ type: 'integer', example: 1 })
  tries: number;
  @ApiProperty({ type: 'integer', nullable: true, example: 200 })
  response_status: number | null;
  @ApiProperty({ type: String, nullable: true })
  error: string | null;
  @ApiProperty({ format: 'date-time' })
  created_at: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  delivered_at: string | null;
  /** When the next attempt is due; null if no attempt follows. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  next_attempt_at: string | null;
}

export class DeliveryListDto {
  @ApiProperty({ type: [DeliveryDto] })
  items: DeliveryDto[];
  /** Pass as `before` for the next page; null on the last page. */
  @ApiProperty({ type: 'integer', nullable: true })
  next_before: number | null;
}

/** The query of a webhook's deliveries. */
export class DeliveryQueryDto {
  /** Only deliveries before this one. */
  @QueryNumber(1, Number.MAX_SAFE_INTEGER)
  before?: number;
  /** Maximum number of items. */
  @QueryNumber(1, 200, { default: 50 })
  limit?: number;
}
