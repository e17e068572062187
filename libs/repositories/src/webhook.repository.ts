import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import type { Queryable } from './database.js';
import { WebhookDelivery } from './entities/webhook-delivery.entity.js';
import { Webhook } from './entities/webhook.entity.js';
import { rowsOf } from './rows.js';
import { COUNTED_NOW } from './statements/clock.js';
import {
  DELIVERY,
  deliveriesOf,
  disableWebhook,
  spreadNotices,
  takeDeliveries,
  type DueDelivery,
  type EndedChain,
} from './statements/webhooks.js';

/** A webhook as it may be shown: without its secret. */
export type WebhookView = Omit<Webhook, 'secret' | 'deleted_at' | 'tenant_id'>;
export type DeliveryView = Omit<WebhookDelivery, 'tenant_id'>;

const WEBHOOK = ['webhook_id', 'url', 'events', 'enabled', 'disabled_reason', 'created_at'];

/** Endpoints that are notified of finished chains, and what was sent to them. */
@Injectable()
export class WebhookRepository {
  async insert(db: Queryable, id: string, url: string, secret: string, events: string[]): Promise<WebhookView> {
    const inserted = await db.entities
      .createQueryBuilder()
      .insert()
      .into(Webhook)
      .values({ webhook_id: id, url, secret, events })
      .returning(WEBHOOK)
      .updateEntity(false)
      .execute();
    return rowsOf<WebhookView>(inserted)[0]!;
  }

  /** In the order in which they were made, without those that were removed. */
  list(db: Queryable): Promise<WebhookView[]> {
    return db.entities.find(Webhook, {
      where: { deleted_at: IsNull() },
      order: { created_at: 'ASC', webhook_id: 'ASC' },
    });
  }

  /** Stops its deliveries and keeps it for a day. Returns undefined if it does not exist. */
  async remove(db: Queryable, id: string): Promise<WebhookView | undefined> {
    const removed = await db.entities
      .createQueryBuilder()
      .update(Webhook)
      .set({ deleted_at: () => 'now()' })
      .where({ webhook_id: id, deleted_at: IsNull() })
      .returning(WEBHOOK)
      .execute();
    return rowsOf<WebhookView>(removed)[0];
  }

  /** undefined: none was removed within a day. */
  async restore(db: Queryable, id: string): Promise<WebhookView | undefined> {
    const restored = await db.entities
      .createQueryBuilder()
      .update(Webhook)
      .set({ deleted_at: null })
      .where(`webhook_id = :id AND deleted_at > now() - interval '1 day'`, { id })
      .returning(WEBHOOK)
      .execute();
    return rowsOf<WebhookView>(restored)[0];
  }

  /** Switches an endpoint off, and gives up what was still to be sent to it. */
  async disable(db: Queryable, id: string, reason: string): Promise<void> {
    await db.query(disableWebhook, [id, reason]);
  }

  /** Newest first, those before row `before`. */
  deliveries(db: Queryable, id: string, before: number, limit: number): Promise<DeliveryView[]> {
    return db.query<DeliveryView>(deliveriesOf, [id, before, limit]);
  }

  /** Replays a delivery with the same message id. Returns undefined if it does not exist or its webhook was removed. */
  async replay(db: Queryable, id: string, deliveryId: number): Promise<DeliveryView | undefined> {
    const kept = db.entities
      .createQueryBuilder(Webhook, 'webhook')
      .select('1')
      .where('webhook.webhook_id = :id AND webhook.deleted_at IS NULL');
    const replayed = await db.entities
      .createQueryBuilder()
      .update(WebhookDelivery)
      .set({ status: 'PENDING', tries: 0, next_attempt_at: () => COUNTED_NOW, error: null })
      .where(`webhook_id = :id AND id = :deliveryId AND EXISTS (${kept.getQuery()})`, { id, deliveryId })
      .returning(DELIVERY)
      .execute();
    return rowsOf<DeliveryView>(replayed)[0];
  }

  /** Turns up to `limit` notices into deliveries, whose links begin with `links`. Returns the chains that ended: each end goes to one listener, once. */
  spread(db: Queryable, limit: number, links = ''): Promise<EndedChain[]> {
    return db.query<EndedChain>(spreadNotices, [limit, links]);
  }

  /** Takes what is due and hides it for `hideMs`. */
  take(db: Queryable, limit: number, hideMs: number): Promise<DueDelivery[]> {
    return db.query<DueDelivery>(takeDeliveries, [limit, hideMs]);
  }

  /** Stores how a try ended, and when the next one is due. */
  async settle(
    db: Queryable,
    id: number,
    status: WebhookDelivery['status'],
    response: number | null,
    error: string | null,
    nextMs: number,
  ): Promise<void> {
    await db.entities
      .createQueryBuilder()
      .update(WebhookDelivery)
      .set({
        ...{ status, response_status: response, error },
        next_attempt_at: () => `${COUNTED_NOW} + :nextMs * interval '1 ms'`,
        delivered_at: status === 'DELIVERED' ? () => 'clock_timestamp()' : null,
      })
      .where({ id })
      .setParameter('nextMs', nextMs)
      .execute();
  }
}
