import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { answerOnce, type Answer, type IdempotentRequest } from '#libs/chain-engine';
import type { Database, Queryable } from '#libs/repositories';
import { Problem } from './problem.js';

/** The header, as the description shows it. */
export const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  required: false,
  description:
    'Repeated requests with the same key and body get the same answer; the same key with another body is refused with 422. A key is scoped to the operation and its target, and kept for 24 hours.',
  schema: { type: 'string' as const, minLength: 1, maxLength: 255 },
};

/** The request as its key and body name it; undefined without a key. `content` is all that the answer depends on. */
export function idempotentRequest(key: string | undefined, content: unknown): IdempotentRequest | undefined {
  if (key === undefined) return undefined;
  if (key.length === 0 || key.length > 255 || !/^[\x20-\x7e]+$/.test(key)) {
    throw new Problem('BAD_REQUEST', 'An Idempotency-Key is 1 to 255 printable ASCII characters.');
  }
  return {
    key,
    hash: createHash('sha256')
      .update(JSON.stringify(content ?? null))
      .digest(),
  };
}

/** Returns the answer, or throws the problem that the key causes. */
export function answerOf<T>(outcome: Answer<object>, reply: FastifyReply): T {
  switch (outcome.kind) {
    case 'key-reused':
      throw new Problem('IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key was used with another body: use a new key.');
    case 'in-use':
      throw new Problem(
        'IDEMPOTENCY_KEY_IN_USE',
        'The first request with this key is still running: try again later.',
        {
          headers: { 'Retry-After': '2' },
        },
      );
    case 'replayed':
      reply.header('Idempotency-Replayed', 'true');
      return outcome.answer as T;
    case 'answered':
      return outcome.answer as T;
  }
}

/** Stores all that the work says or nothing, with a key and without one. */
export async function once<T extends object>(
  engine: Database,
  scope: string,
  request: IdempotentRequest | undefined,
  reply: FastifyReply,
  work: (db: Queryable) => Promise<T>,
): Promise<T> {
  if (request === undefined) return engine.transaction(work);
  return answerOf(await answerOnce(engine, scope, request, work), reply);
}
