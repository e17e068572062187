import { idempotencyKeys as keys, type Database, type Queryable } from '#libs/repositories';

/** A request that carries a key: the same key and body are given the same answer. */
export interface IdempotentRequest {
  readonly key: string;
  readonly hash: Buffer;
}

export type Answer<T> =
  | { readonly kind: 'answered'; readonly answer: T }
  | { readonly kind: 'replayed'; readonly answer: T }
  /** The key was used with another body. */
  | { readonly kind: 'key-reused' }
  /** The first request with this key is still running. */
  | { readonly kind: 'in-use' };

/** A request that holds its key for longer than this has died: the next one with the key does its work again. */
const ABANDONED_AFTER_S = 120;
const IN_USE = { in_use: true };

/**
 * Does `work` and stores what it answers under the request's key, in one transaction: both are there or neither. When
 * `work` throws, the key stays free. A second request with the key waits for the first. Without a request: just the
 * work.
 */
export async function answerOnce<T extends object>(
  db: Database,
  scope: string,
  request: IdempotentRequest | undefined,
  work: (db: Queryable) => Promise<T>,
): Promise<Answer<T>> {
  if (request === undefined) return { kind: 'answered', answer: await work(db) };
  const answer = await db.transaction(async (tx) => {
    if (!(await keys.take(tx, scope, request.key, request.hash, {}))) return null;
    const made = await work(tx);
    await keys.setAnswer(tx, scope, request.key, made);
    return made;
  });
  return answer === null ? replay(db, scope, request) : { kind: 'answered', answer };
}

/**
 * As `answerOnce` for work too long for one transaction: the key is taken first and the answer stored last. Another
 * request with the key gets the answer that it is in use; where the first one died, the work is done again after a while, so
 * it must be harmless to do twice.
 */
export async function answerLongOnce<T extends object>(
  db: Database,
  scope: string,
  request: IdempotentRequest | undefined,
  work: () => Promise<T>,
): Promise<Answer<T>> {
  if (request === undefined) return { kind: 'answered', answer: await work() };
  const { key, hash } = request;
  const taken = await keys.take(db, scope, key, hash, IN_USE);
  if (!taken && !(await keys.takeOver(db, scope, key, hash, ABANDONED_AFTER_S))) {
    return replay(db, scope, request);
  }
  try {
    const answer = await work();
    await keys.setAnswer(db, scope, key, answer);
    return { kind: 'answered', answer };
  } catch (error) {
    await keys.free(db, scope, key).catch(() => undefined);
    throw error;
  }
}

async function replay<T>(db: Database, scope: string, { key, hash }: IdempotentRequest): Promise<Answer<T>> {
  const earlier = await keys.find(db, scope, key);
  // Freed in between, by a request that failed: the client tries again.
  if (earlier === undefined) return { kind: 'in-use' };
  if (!earlier.request_hash.equals(hash)) return { kind: 'key-reused' };
  if ((earlier.response as { in_use?: true }).in_use === true) return { kind: 'in-use' };
  return { kind: 'replayed', answer: earlier.response as T };
}
