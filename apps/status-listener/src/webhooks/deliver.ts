import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isPrivateHost, publicLookup, type Resolve } from '#libs/network';
import { sign } from '#libs/platform';
import type { Database, DueDelivery, EndedChain, WebhookRepository } from '#libs/repositories';

const TIMEOUT_MS = 15_000;
const BATCH = 20;
const MINUTE = 60_000;
/** Pauses before the next try, as Standard Webhooks suggests. After the last the delivery has failed; it can be replayed. */
const BACKOFF_MS = [5_000, 5 * MINUTE, 30 * MINUTE, 120 * MINUTE, 300 * MINUTE, 600 * MINUTE, 600 * MINUTE];

/**
 * Turns notices of finished chains into deliveries, and sends what is due. Every replica does; rows are shared by SKIP
 * LOCKED. `links` is where their links begin: the API's address. `onEnded` hears of each end of a chain in one replica. `resolve` finds the addresses of names.
 */
export async function deliverWebhooks(
  webhooks: WebhookRepository,
  db: Database,
  allowPrivate: boolean,
  onEnded: (chain: EndedChain) => void = () => undefined,
  resolve?: Resolve,
  links = '',
): Promise<void> {
  for (const chain of await webhooks.spread(db, 500, links)) onEnded(chain);
  const due = await webhooks.take(db, BATCH, TIMEOUT_MS + 10_000);
  await Promise.all(due.map((delivery) => deliver(webhooks, db, delivery, allowPrivate, resolve)));
}

async function deliver(
  webhooks: WebhookRepository,
  db: Database,
  delivery: DueDelivery,
  allowPrivate: boolean,
  resolve?: Resolve,
): Promise<void> {
  let status: number | null = null;
  let error: string | null = null;
  try {
    status = await post(delivery, allowPrivate, resolve);
    if (status < 200 || status > 299) error = `answered ${status}`;
  } catch (cause) {
    error = (cause as Error).message.slice(0, 500);
  }
  if (error === null) {
    await webhooks.settle(db, delivery.id, 'DELIVERED', status, null, 0);
    return;
  }
  const pause = BACKOFF_MS[delivery.tries - 1];
  const jittered = pause === undefined ? 0 : pause * (0.8 + Math.random() * 0.4);
  const over = pause === undefined || status === 410;
  await webhooks.settle(db, delivery.id, over ? 'FAILED' : 'PENDING', status, error, jittered);
  if (status === 410) await webhooks.disable(db, delivery.webhook_id, 'the endpoint answered 410 Gone');
}

/** Sends one delivery; resolves with the status. Follows no redirect; reads nothing of the answer's body. */
function post(delivery: DueDelivery, allowPrivate: boolean, resolve?: Resolve): Promise<number> {
  const body = JSON.stringify(delivery.payload);
  const timestamp = Math.floor(Date.now() / 1000);
  const url = new URL(delivery.url);
  if (!allowPrivate && isPrivateHost(url)) {
    return Promise.reject(new Error(`${url.hostname} is a private address`));
  }
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((answered, reject) => {
    const request = send(url, {
      method: 'POST',
      agent: false,
      timeout: TIMEOUT_MS,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(allowPrivate ? {} : { lookup: publicLookup(resolve) }),
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'task-chain-webhooks/1',
        'webhook-id': delivery.message_id,
        'webhook-timestamp': timestamp,
        'webhook-signature': sign(delivery.secret, delivery.message_id, timestamp, body),
      },
    });
    request.on('response', (response) => {
      answered(response.statusCode ?? 0);
      response.destroy();
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    request.on('error', reject);
    request.end(body);
  });
}
