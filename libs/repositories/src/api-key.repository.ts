import { Injectable } from '@nestjs/common';
import type { Queryable } from './database.js';
import { ApiKey } from './entities/api-key.entity.js';
import { rowsOf } from './rows.js';
import { refusedApiKey, useApiKey } from './statements/use-api-key.js';

/** A key as it may be shown: without its hash. */
export type ApiKeyView = Omit<ApiKey, 'key_hash' | 'tenant_id'>;

/** A key that opens nothing. */
export type RefusedKey = Pick<ApiKey, 'key_id' | 'tenant_id'> & {
  readonly reason: 'revoked key' | 'expired key' | 'key of a closed tenant';
};

const VIEW = [
  'key_id',
  'name',
  'role',
  'created_at',
  'created_by',
  'expires_at',
  'revoked_at',
  'last_used_at',
  'party',
];

/** Keys by which programs sign in. A key is known by its SHA-256 alone. */
@Injectable()
export class ApiKeyRepository {
  async insert(
    db: Queryable,
    id: string,
    key: {
      readonly name: string;
      readonly role: string;
      readonly hash: Buffer;
      readonly days: number;
      readonly party: string | null;
    },
    createdBy: string | null,
  ): Promise<ApiKeyView> {
    const { name, role, hash, days, party } = key;
    const inserted = await db.entities
      .createQueryBuilder()
      .insert()
      .into(ApiKey)
      .values({
        ...{ key_id: id, name, role, key_hash: hash, party, created_by: createdBy },
        expires_at: () => `now() + :days * interval '1 day'`,
      })
      .setParameter('days', days)
      .returning(VIEW)
      .updateEntity(false)
      .execute();
    return rowsOf<ApiKeyView>(inserted)[0]!;
  }

  /** The tenant's keys in the order in which they were made, revoked and expired ones included. */
  list(db: Queryable): Promise<ApiKeyView[]> {
    return db.entities.find(ApiKey, { order: { created_at: 'ASC', key_id: 'ASC' } });
  }

  /** A key of the tenant, whether it opens anything or not. */
  async find(db: Queryable, id: string): Promise<ApiKeyView | undefined> {
    return (await db.entities.findOneBy(ApiKey, { key_id: id })) ?? undefined;
  }

  /** undefined: no such key, or it is revoked already. */
  async revoke(db: Queryable, id: string): Promise<ApiKeyView | undefined> {
    const revoked = await db.entities
      .createQueryBuilder()
      .update(ApiKey)
      .set({ revoked_at: () => 'now()' })
      .where('key_id = :id AND revoked_at IS NULL', { id })
      .returning(VIEW)
      .execute();
    return rowsOf<ApiKeyView>(revoked)[0];
  }

  /** undefined: no such key was revoked within a day, or it has expired since. */
  async restore(db: Queryable, id: string): Promise<ApiKeyView | undefined> {
    const restored = await db.entities
      .createQueryBuilder()
      .update(ApiKey)
      .set({ revoked_at: null })
      .where(`key_id = :id AND revoked_at > now() - interval '1 day' AND expires_at > now()`, { id })
      .returning(VIEW)
      .execute();
    return rowsOf<ApiKeyView>(restored)[0];
  }

  /** The key of this hash, of whichever tenant; undefined if it is unknown, has expired or was revoked. Notes that it was used. */
  async use(
    db: Queryable,
    hash: Buffer,
  ): Promise<Pick<ApiKey, 'key_id' | 'tenant_id' | 'role' | 'expires_at' | 'party'> | undefined> {
    return (
      await db.query<Pick<ApiKey, 'key_id' | 'tenant_id' | 'role' | 'expires_at' | 'party'>>(useApiKey, [hash])
    )[0];
  }

  /** Of a key that `use` does not find: whose it is and why it opens nothing. undefined: it is unknown. */
  async refusal(db: Queryable, hash: Buffer): Promise<RefusedKey | undefined> {
    return (await db.query<RefusedKey>(refusedApiKey, [hash]))[0];
  }
}
