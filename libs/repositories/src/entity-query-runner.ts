import { createHash } from 'node:crypto';
import type pg from 'pg';
import { QueryResult, TypeORMError } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { PostgresQueryRunner } from 'typeorm/driver/postgres/PostgresQueryRunner.js';
import type { Statement } from './pool.js';

/** Runs one statement, on whichever connection it belongs. */
export type Run = (statement: Statement, values: readonly unknown[]) => Promise<pg.QueryResult>;

/**
 * Entities go the way of named statements: as the tenant, in one round trip, prepared once. It holds no connection, so
 * that many queries may use it at once and nothing has to be released. Errors are pg's own.
 */
export class EntityQueryRunner extends PostgresQueryRunner {
  constructor(
    driver: PostgresDriver,
    private readonly run: Run,
  ) {
    super(driver, 'master');
  }

  override async query(text: string, values: unknown[] = [], structured = false): Promise<QueryResult> {
    const { rows, rowCount, command } = await this.run(statementOf(text), values);
    const raw = command === 'UPDATE' || command === 'DELETE' ? [rows, rowCount] : rows;
    const result = Object.assign(new QueryResult(), { raw, records: rows, affected: rowCount });
    return structured ? result : result.raw;
  }

  /** `save()` and `manager.transaction()` would send BEGIN to any connection of the pool. */
  override startTransaction(): Promise<never> {
    return Promise.reject(new TypeORMError('transactions are made by Database.transaction; use insert or update'));
  }
}

/** The maximum number of prepared statements per connection; further texts are not named. Each limit and condition makes another text. */
const MAX_NAMED = 300;
const named = new Map<string, Statement>();

/** `select-api_keys-<hash>`: traces show the name, the hash distinguishes texts. */
function statementOf(text: string): Statement {
  const known = named.get(text);
  if (known !== undefined) return known;
  const [, table = ''] = /(?:FROM|INTO|UPDATE) "(\w+)"/.exec(text) ?? [];
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const statement = { name: `${text.slice(0, text.indexOf(' ')).toLowerCase()}-${table}-${hash}`, text };
  if (named.size >= MAX_NAMED) return { name: '', text };
  named.set(text, statement);
  return statement;
}
