import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { useTestDatabase } from '#libs/testing';
import { openDatabase, type Database } from '../database.js';
import { ENTITIES } from './index.js';

/** Tables that the engine writes and the API reads by statements: their entities have the columns of ordinary reads alone. */
const READ_IN_PART = ['task_chains', 'chain_tasks'];

/** Each column in words: `varchar(64)`, `text[] null`. */
type Columns = Record<string, string>;

describe('the entities', () => {
  let db: Database;
  afterAll(() => db.close());
  const database = useTestDatabase();
  beforeAll(async () => void (db = await openDatabase(database.url)));
  const sql = <Row>(text: string, table: string): Promise<Row[]> => db.query<Row>({ name: '', text }, [table]);

  for (const entity of ENTITIES) {
    test(`${entity.name} is what its table is in the migrated schema`, async () => {
      const { tableName, columns, primaryColumns } = db.entities.dataSource.getMetadata(entity);
      const declared: Columns = Object.fromEntries(columns.map((column) => [column.databaseName, inWords(column)]));
      const there = await columnsOf(tableName);
      if (READ_IN_PART.includes(tableName)) expect(there).toMatchObject(declared);
      else expect(declared).toEqual(there);
      expect(await uniqueColumns(tableName)).toContainEqual(
        primaryColumns.map(({ databaseName }) => databaseName).sort(),
      );
    });
  }

  test('never make the schema', () => {
    expect(db.entities.dataSource.options).toMatchObject({ synchronize: false });
  });

  async function columnsOf(table: string): Promise<Columns> {
    const rows = await sql<{ name: string; type: string; nullable: boolean }>(
      `SELECT column_name AS name, is_nullable = 'YES' AS nullable,
              CASE data_type WHEN 'ARRAY' THEN substr(udt_name, 2) || '[]' ELSE data_type END
                || coalesce('(' || character_maximum_length || ')', '') AS type
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1`,
      table,
    );
    return Object.fromEntries(rows.map(({ name, type, nullable }) => [name, `${type}${nullable ? ' null' : ''}`]));
  }

  /** The columns of each unique index, the primary key's among them. */
  async function uniqueColumns(table: string): Promise<string[][]> {
    const rows = await sql<{ columns: string[] }>(
      `SELECT ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = indrelid AND attnum = ANY (indkey) ORDER BY 1) AS columns
         FROM pg_index WHERE indrelid = $1::regclass AND indisunique`,
      table,
    );
    return rows.map(({ columns }) => columns);
  }

  function inWords(column: ColumnMetadata): string {
    const { length, isArray, isNullable, comment } = column;
    const type = db.entities.dataSource.driver.normalizeType({ ...column, type: comment ?? column.type } as never);
    return `${type}${isArray ? '[]' : ''}${length === '' ? '' : `(${length})`}${isNullable ? ' null' : ''}`;
  }
});
