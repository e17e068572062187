import { randomUUID } from 'node:crypto';

/** What the workers of the design call the one task that runs all types. */
export const TASK = 'tasks.secretflow.execute_task';

/** What the design's queue is bound to. A worker puts a message back, or tries it again, by these: a queue that is not bound to them would lose it. */
export const EXCHANGE = 'secretflow';
export const ROUTING_KEY = 'secretflow';

/**
 * Seconds after which a worker ends a task, hard and soft. Redis hands a message that is not acknowledged after an hour to the next worker: the task must be over by then, or it runs
 * twice.
 */
export const LIMITS = [3_500, 3_400] as const;

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64');

/** A message of Celery's protocol 2 as kombu keeps it in a list of Redis. Tools show `argsrepr`: it has no parameter. */
export function taskMessage(id: string, argument: unknown): string {
  return JSON.stringify({
    body: base64([[argument], {}, { callbacks: null, errbacks: null, chain: null, chord: null }]),
    'content-encoding': 'utf-8',
    'content-type': 'application/json',
    headers: {
      ...{ lang: 'js', task: TASK, id, root_id: id, parent_id: null, group: null, group_index: null, shadow: null },
      ...{ eta: null, expires: null, retries: 0, timelimit: LIMITS, argsrepr: '(...)', kwargsrepr: '{}' },
      ...{ origin: 'task-chain', ignore_result: false, stamped_headers: null, stamps: {} },
    },
    properties: {
      ...{ correlation_id: id, reply_to: randomUUID(), delivery_tag: randomUUID() },
      ...{ delivery_mode: 2, priority: 0, body_encoding: 'base64' },
      delivery_info: { exchange: EXCHANGE, routing_key: ROUTING_KEY },
    },
  });
}

/** What all workers get that listen for orders. */
export function order(method: string, more: object, expiresInSeconds = 60): string {
  return JSON.stringify({
    body: base64({ method, destination: null, pattern: null, matcher: null, ...more }),
    'content-encoding': 'utf-8',
    'content-type': 'application/json',
    headers: { clock: 1, expires: Date.now() / 1_000 + expiresInSeconds },
    properties: {
      ...{ delivery_mode: 2, priority: 0, body_encoding: 'base64', delivery_tag: randomUUID() },
      delivery_info: { exchange: 'celery.pidbox', routing_key: '' },
    },
  });
}

/** The body of a message that a worker sent; undefined for what is none. */
export function bodyOf(text: string): unknown {
  try {
    const { body } = JSON.parse(text) as { body: string };
    return JSON.parse(Buffer.from(body, 'base64').toString()) as unknown;
  } catch {
    return undefined;
  }
}
