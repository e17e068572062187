import { Injectable } from '@nestjs/common';
import { IsNull, Not } from 'typeorm';
import type { Queryable } from './database.js';
import { Secret } from './entities/secret.entity.js';
import { rowsOf } from './rows.js';
import { putSecret, secretsAreUsed, secretsOfTask } from './statements/secrets.js';

/** A secret as it may be shown: never its value. */
export type SecretView = Pick<Secret, 'name' | 'created_at' | 'updated_at' | 'updated_by'>;
/** A secret as it is stored. */
export type SealedSecret = Pick<Secret, 'name' | 'tenant_id' | 'key_id' | 'wrapped_key' | 'sealed'>;

const VIEW = ['name', 'created_at', 'updated_at', 'updated_by'];

/** Secrets, which tasks name and only workers can read. */
@Injectable()
export class SecretRepository {
  /** `replaced`: there was one of this name, and its value is gone. */
  async put(
    db: Queryable,
    name: string,
    { key_id, wrapped_key, sealed }: Pick<Secret, 'key_id' | 'wrapped_key' | 'sealed'>,
    by: string | null,
  ): Promise<SecretView & { replaced: boolean }> {
    const values = [name, key_id, wrapped_key, sealed, by];
    return (await db.query<SecretView & { replaced: boolean }>(putSecret, values))[0]!;
  }

  /** The tenant's secrets by name, without those that were removed. */
  async list(db: Queryable): Promise<SecretView[]> {
    const secrets = await db.entities.find(Secret, { where: { deleted_at: IsNull() }, order: { name: 'ASC' } });
    return secrets.map(({ tenant_id: _, ...view }) => view);
  }

  /** Deletes the secret, and keeps it sealed for a day. Returns undefined if it does not exist. */
  async remove(db: Queryable, name: string): Promise<SecretView | undefined> {
    const removed = await db.entities
      .createQueryBuilder()
      .update(Secret)
      .set({ deleted_at: () => 'now()' })
      .where({ name, deleted_at: IsNull() })
      .returning(VIEW)
      .execute();
    return rowsOf<SecretView>(removed)[0];
  }

  /** undefined: none was removed within a day. */
  async restore(db: Queryable, name: string): Promise<SecretView | undefined> {
    const restored = await db.entities
      .createQueryBuilder()
      .update(Secret)
      .set({ deleted_at: null })
      .where(`name = :name AND deleted_at > now() - interval '1 day'`, { name })
      .returning(VIEW)
      .execute();
    return rowsOf<SecretView>(restored)[0];
  }

  /** As the worker: those of these names that the task, which must be in flight, names. */
  ofTask(db: Queryable, taskRequestId: string, names: readonly string[]): Promise<SealedSecret[]> {
    return db.query<SealedSecret>(secretsOfTask, [taskRequestId, names]);
  }

  /** Whether any tenant has one. */
  async used(db: Queryable): Promise<boolean> {
    return (await db.query<{ used: boolean }>(secretsAreUsed))[0]!.used;
  }

  countUnder(db: Queryable, keyId: string): Promise<number> {
    return db.entities.countBy(Secret, { key_id: keyId });
  }

  /** Those that this key does not wrap, removed ones included. */
  async underOther(db: Queryable, keyId: string): Promise<(SealedSecret & { removed: boolean })[]> {
    const secrets = await db.entities.find(Secret, {
      select: { name: true, tenant_id: true, key_id: true, wrapped_key: true, sealed: true, deleted_at: true },
      where: { key_id: Not(keyId) },
    });
    return secrets.map((secret) => ({ ...secret, removed: secret.deleted_at !== null }));
  }

  /** false: it was changed meanwhile. */
  async rewrap(
    db: Queryable,
    { tenant_id, name, wrapped_key: before }: SealedSecret,
    wrapped: Pick<Secret, 'key_id' | 'wrapped_key'>,
  ): Promise<boolean> {
    const { affected } = await db.entities.update(Secret, { tenant_id, name, wrapped_key: before }, wrapped);
    return affected === 1;
  }
}
