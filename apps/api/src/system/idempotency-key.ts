import { createHash } from 'node:crypto';
import type { IdempotentRequest } from '#libs/chain-engine';
import { Problem } from '../input/problem.js';

/** The header, as the description shows it. */
export const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  required: false,
  description:
    'The same key and body get the same answer, however often they are sent; the same key with another body is refused with 422. Keys are kept apart by operation and chain.',
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
