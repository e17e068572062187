import { Injectable } from '@nestjs/common';
import { In, IsNull, Not } from 'typeorm';
import type { Queryable } from './database.js';
import { Secret } from './entities/secret.entity.js';
import { rowsOf } from './rows.js';
import { putSecret, secretsAreUsed, secretsOfTask } from './statements/secrets.js';

/** A secret as it may be shown: never its value. */
export type SecretView = Pick<Secret, 'name' | 'task_types' | 'keys' | 'created_at' | 'updated_at' | 'updated_by'>;
/** A secret as it is stored. */
export type SealedSecret = Pick<Secret, 'name' | 'tenant_id' | 'key_id' | 'wrapped_key' | 'sealed'>;

/** What is not named stays as it was; of a new secret it is all types that take secrets, and no key but those of admins. */
export interface SecretUse {
  readonly task_types?: readonly string[];
  readonly keys?: readonly string[];
}

const VIEW = ['name', 'task_types', 'keys', 'created_at', 'updated_at', 'updated_by'];

/** Which types and keys may use each of these secrets, without those that were removed. */
export function secretUses(
  db: Queryable,
  names: readonly string[],
): Promise<Pick<Secret, 'name' | 'task_types' | 'keys'>[]> {
  return db.entities.find(Secret, {
    select: { name: true, task_types: true, keys: true },
    where: { name: In(names), deleted_at: IsNull() },
  });
}

/** Secrets, which tasks name and only workers can read. */
@Injectable()
export class SecretRepository {
  /** `replaced`: there was one of this name, and its value is gone. */
  async put(
    db: Queryable,
    name: string,
    { key_id, sealed }: Pick<Secret, 'key_id' | 'sealed'>,
    { task_types, keys }: SecretUse,
    by: string | null,
  ): Promise<SecretView & { replaced: boolean }> {
    const values = [name, key_id, sealed, by, task_types ?? null, keys ?? null];
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

  /** As the worker: those of these names that the task, which must be in flight and of this type, names and may use. */
  ofTask(db: Queryable, taskRequestId: string, type: string, names: readonly string[]): Promise<SealedSecret[]> {
    return db.query<SealedSecret>(secretsOfTask, [taskRequestId, type, names]);
  }

  /** Whether any tenant has one. */
  async used(db: Queryable): Promise<boolean> {
    return (await db.query<{ used: boolean }>(secretsAreUsed))[0]!.used;
  }

  countUnder(db: Queryable, keyId: string): Promise<number> {
    return db.entities.countBy(Secret, { key_id: keyId });
  }

  /** Those that are sealed to another key, removed ones included. */
  async underOther(db: Queryable, keyId: string): Promise<(SealedSecret & { removed: boolean })[]> {
    const secrets = await db.entities.find(Secret, {
      select: { name: true, tenant_id: true, key_id: true, wrapped_key: true, sealed: true, deleted_at: true },
      where: { key_id: Not(keyId) },
    });
    return secrets.map((secret) => ({ ...secret, removed: secret.deleted_at !== null }));
  }

  /** Seals it anew. false: it was changed meanwhile. */
  async reseal(
    db: Queryable,
    { tenant_id, name, sealed: before }: SealedSecret,
    { key_id, wrapped_key, sealed }: Pick<Secret, 'key_id' | 'wrapped_key' | 'sealed'>,
  ): Promise<boolean> {
    const where = { tenant_id, name, sealed: before };
    const { affected } = await db.entities.update(Secret, where, { key_id, wrapped_key, sealed });
    return affected === 1;
  }
}
