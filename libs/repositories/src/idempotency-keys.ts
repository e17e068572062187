import type { Queryable } from './database.js';
import { IdempotencyKey } from './entities/idempotency-key.entity.js';
import { rowsOf } from './rows.js';

// Keys of requests with the answers that repeated requests get. Creating a chain stores its key in `create-chain`.

/** Takes the key, or waits for the transaction that holds it. false: it is taken. */
export async function take(
  db: Queryable,
  scope: string,
  key: string,
  hash: Buffer,
  response: object,
): Promise<boolean> {
  const taken = await db.entities
    .createQueryBuilder()
    .insert()
    .into(IdempotencyKey)
    .values({ scope, idempotency_key: key, request_hash: hash, response })
    .orIgnore()
    .returning(['idempotency_key'])
    .updateEntity(false)
    .execute();
  return rowsOf(taken).length > 0;
}

/**
 * Takes over a key whose request has run for longer than `seconds`, or began by a clock that was set back since. Returns
 * false if no such request exists.
 */
export async function takeOver(
  db: Queryable,
  scope: string,
  key: string,
  hash: Buffer,
  seconds: number,
): Promise<boolean> {
  const { affected } = await db.entities
    .createQueryBuilder()
    .update(IdempotencyKey)
    .set({ created_at: () => 'clock_timestamp()' })
    .where({ scope, idempotency_key: key, request_hash: hash })
    .andWhere(
      `(response ->> 'in_use')::boolean
         AND created_at NOT BETWEEN clock_timestamp() - :seconds * interval '1 s' AND clock_timestamp()`,
      { seconds },
    )
    .execute();
  return affected === 1;
}

/** Stores the answer that a repeated request gets. */
export async function setAnswer(db: Queryable, scope: string, key: string, response: object): Promise<void> {
  await db.entities.update(IdempotencyKey, { scope, idempotency_key: key }, { response });
}

/** Frees the key of a request that failed. */
export async function free(db: Queryable, scope: string, key: string): Promise<void> {
  await db.entities.delete(IdempotencyKey, { scope, idempotency_key: key });
}

/** undefined: no request has used the key. */
export async function find(
  db: Queryable,
  scope: string,
  key: string,
): Promise<Pick<IdempotencyKey, 'request_hash' | 'response'> | undefined> {
  return (await db.entities.findOneBy(IdempotencyKey, { scope, idempotency_key: key })) ?? undefined;
}
