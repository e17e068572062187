import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Database } from './database.js';

let folder: string;
let server: Server;
let calls = 0;
let database: Database;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sql-'));
  await writeFile(join(folder, 'other.csv'), 'id,salary\n1,31337\n');
  server = createServer((socket) => {
    calls += 1;
    socket.destroy();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  database = await Database.open();
  await database.create({ name: 't', columns: ['id'], kinds: ['BIGINT'] });
});

/** What a statement gives, or why it does not run. */
async function outcomeOf(text: string): Promise<string> {
  try {
    await database.requireOne(text);
    const { batches } = await database.run(text);
    const rows: string[][] = [];
    for await (const batch of batches()) rows.push(...batch);
    return `rows: ${JSON.stringify(rows)}`;
  } catch (error) {
    return `${(error as Error).constructor.name}: ${(error as Error).message}`;
  }
}

const file = (): string => join(folder, 'other.csv');
const made = (): string => join(folder, 'made.csv');
const address = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`;

describe('a statement', () => {
  test.each<readonly [string, () => string[]]>([
    [
      'read a file',
      () =>
        [
          ...['read_csv', 'read_csv_auto', 'read_text', 'read_blob', 'read_json', 'read_json_objects', 'read_ndjson'],
          ...['read_parquet', 'parquet_metadata', 'parquet_schema', 'sniff_csv', 'glob', 'read_duckdb'],
        ].map((name) => `SELECT * FROM ${name}('${file()}')`),
    ],
    ['name a file as a table', () => [`SELECT * FROM '${file()}'`, `FROM "${file()}"`, `SELECT * FROM glob('/**')`]],
    [
      'write a file',
      () => [
        `COPY t TO '${made()}'`,
        `COPY (SELECT 1) TO '${made()}' (FORMAT parquet)`,
        `EXPORT DATABASE '${folder}/export'`,
        `CALL enable_logging(storage = 'file', storage_path = '${folder}/log')`,
        `SELECT * FROM query('COPY t TO ''${made()}''')`,
      ],
    ],
    [
      'attach a database',
      () => [`ATTACH '${folder}/new.db'`, `ATTACH ':memory:' AS m`, `USE memory`, `IMPORT DATABASE '${folder}'`],
    ],
    [
      'load an extension',
      () => [
        `INSTALL httpfs`,
        `LOAD httpfs`,
        `LOAD '${folder}/x.duckdb_extension'`,
        `FORCE INSTALL spatial`,
        `UPDATE EXTENSIONS`,
      ],
    ],
    [
      'reach the network',
      () => [
        `SELECT * FROM read_csv('${address()}')`,
        `SELECT * FROM '${address()}.parquet'`,
        `ATTACH '${address()}.db'`,
      ],
    ],
    [
      'lift a limit',
      () =>
        [
          ...['enable_external_access = true', "memory_limit = '99GB'", 'threads = 64', 'lock_configuration = false'],
          ...["temp_directory = '/tmp'", "allowed_directories = ['/']", 'autoload_known_extensions = true'],
        ].flatMap((setting) => [`SET ${setting}`, `SET GLOBAL ${setting}`, `PRAGMA ${setting}`]),
    ],
    ['read the environment', () => [`SELECT getenv('PATH')`, `SELECT * FROM read_text('/proc/self/environ')`]],
    [
      'hold two statements, or none',
      () => ['SELECT 1; SELECT 2', `SELECT 1; COPY t TO '${made()}'`, '', '-- SELECT 1', ';'],
    ],
    [
      'change, define or call something',
      () => [
        ...[
          'CREATE TABLE u (i INT)',
          'INSERT INTO t VALUES (1)',
          'UPDATE t SET id = 1',
          'DELETE FROM t',
          'DROP TABLE t',
        ],
        ...[
          'CREATE VIEW v AS SELECT 1',
          'CREATE MACRO m() AS 1',
          'CREATE SECRET s (TYPE http)',
          'ALTER TABLE t ADD x INT',
        ],
        ...[
          'CHECKPOINT',
          'VACUUM',
          'BEGIN',
          'EXPLAIN SELECT 1',
          'PREPARE p AS SELECT 1',
          'CALL pragma_version()',
          'RESET threads',
        ],
        ...['INSERT INTO t VALUES (1) RETURNING id', 'SELECT $1'],
      ],
    ],
  ])('cannot %s', async (_what, texts) => {
    for (const text of texts())
      expect([text, await outcomeOf(text)]).toEqual([text, expect.stringMatching(/^(Statement|Database)Fault: /)]);
    expect(await readdir(folder)).toEqual(['other.csv']);
    expect(calls).toBe(0);
    // The limits hold after all that.
    expect(await outcomeOf(`SELECT * FROM read_text('${file()}')`)).toMatch(/^DatabaseFault: .*disabled/);
  });

  test('sees the named tables alone, under limits that are locked', async () => {
    expect(await outcomeOf('SELECT table_name FROM information_schema.tables')).toBe('rows: [["t"]]');
    const settings = ['lock_configuration', 'enable_external_access', 'threads', 'memory_limit', 'temp_directory'];
    const listed = settings.map((name) => `current_setting('${name}')`).join(', ');
    expect(await outcomeOf(`SELECT ${listed}`)).toBe('rows: [["true","false","1","768.0 MiB",""]]');
  });
});
