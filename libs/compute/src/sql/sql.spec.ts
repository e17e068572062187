import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkTaskParams } from '../catalogue/check-params.js';
import { clearResult, testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { JsonObject, TaskRun, TaskRunResult } from '../contract/task-type.js';
import { openInput } from '../party/input-files.js';
import type { PartyContext } from '../party/party-program.js';
import { ColumnKinds } from './column-kinds.js';
import { run as runParty } from './sql-party.js';
import { runSql } from './sql-run.js';

let folder: TestFolder;

const people = ['id,name,code,height,note', '3,"Ann, ""A""",007,1.5,NA', '1,Bo,12,2,', '2,,3,0.30000000000000004,你好'];

beforeAll(async () => {
  folder = await testFolder();
  await folder.table('alice', 'people.csv', `${people.join('\n')}\n`);
  await folder.table('alice', 'orders.csv', 'person,amount\n1,10\n1,5\n3,7\n');
});
afterAll(() => folder.remove());

const roots = () => ({ root: join(folder.path, 'data/alice'), artifactRoot: folder.path, chainId: '', taskId: '' });
const tables = { people: 'people.csv', orders: 'orders.csv' };
const ask = (
  sql: string,
  more: Partial<TaskRun> = {},
  config: JsonObject = {},
  maxBytes?: number,
): Promise<TaskRunResult> =>
  runSql(folder.run({ input_data: { alice: tables }, sql, ...config }, more), undefined, maxBytes);
const rowsOf = async (sql: string, config?: JsonObject): Promise<string[][]> => {
  const { result } = await ask(sql, {}, config);
  return folder.rows('alice', (result.output_paths as { alice: string }).alice);
};

describe('sql', () => {
  test('joins tables of a party, and keeps what a field says', async () => {
    const sql =
      'SELECT p.*, sum(amount) AS total, count(amount) / 2 AS half FROM people p LEFT JOIN orders ON person = id GROUP BY ALL ORDER BY id';
    const outcome = await ask(sql);
    expect(outcome.result).toEqual({ output_paths: { alice: 'artifact:chain-1/task-1/alice/table.csv' } });
    expect(outcome.artifacts).toEqual([expect.objectContaining({ name: 'alice/table.csv' })]);
    expect(clearResult(outcome, 'alice')).toEqual({ rows: 3 });
    expect(await folder.rows('alice', 'artifact:chain-1/task-1/alice/table.csv')).toEqual([
      ['id', 'name', 'code', 'height', 'note', 'total', 'half'],
      ['1', 'Bo', '12', '2', '', '15', '1'],
      ['2', '', '3', '0.30000000000000004', '你好', '', '0'],
      ['3', 'Ann, "A"', '007', '1.5', '', '7', '0.5'],
    ]);
  });

  test('writes dates, decimals, truths and lists as DuckDB writes them, to the path that is given', async () => {
    const output = { output_data: { alice: 'out/made.parquet' } };
    const sql =
      "SELECT DATE '2026-02-03' AS d, 1.50 AS n, TRUE AS b, [1, 2] AS l, NULL AS nothing, 18446744073709551615 AS big";
    await ask(sql, {}, output);
    expect(await rowsOf('SELECT * FROM made', { input_data: { alice: { made: 'out/made.parquet' } } })).toEqual([
      ['d', 'n', 'b', 'l', 'nothing', 'big'],
      ['2026-02-03', '1.5', 'true', '[1, 2]', '', '18446744073709551615'],
    ]);
  });

  test('gives the same table again', async () => {
    const sql = 'SELECT id % 7 AS g, sum(1 / id) AS s, list(id) AS l FROM range(1, 50000) t(id) GROUP BY g';
    expect(await rowsOf(sql)).toEqual(await rowsOf(sql));
  });

  test.each([
    ['SELEC 1', /syntax error at or near "SELEC"/],
    ['SELECT 1; SELECT 2', /2 statements/],
    ['', /it is empty/],
    ['DELETE FROM people', /it is DELETE/],
    ['SELECT $1', /parameters/],
    ['SELECT salary FROM people', /"salary" not found/],
    ['SELECT * FROM pepole', /pepole does not exist/],
    ['SELECT sum(name) FROM people', /sum/],
    ['SELECT heigt FROM people', /"heigt" not found/],
    ['SELECT * FROM people GROUP BY id', /column "…" must appear/],
    ['SELECT 1 AS a, 2 AS a', /two columns named "a"/],
  ])('refuses %j, and names no column that it lacks', async (text, message) => {
    const openFile = (path: string) => openInput({ ...roots(), party: 'alice' }, path);
    const context: Partial<PartyContext> = { party: 'alice', progress: () => undefined, openInput: openFile };
    const args = { tables: Object.entries(tables), statement: [text] as const, outputPath: null, maxBytes: 1 };
    const refused = { code: 'SQL_INVALID', retryable: false, message: expect.stringMatching(message) };
    await expect(runParty(context as PartyContext, args)).rejects.toMatchObject(refused);
    await expect(runParty(context as PartyContext, args)).rejects.not.toThrow(/height|code|note/);
  });

  test('says nothing of a value where rows make it fail', async () => {
    const failure = ask("SELECT CAST(name AS INTEGER) FROM people WHERE name <> ''");
    await expect(failure).rejects.toMatchObject({ code: 'SQL_FAILED', retryable: false, details: { party: 'alice' } });
    await expect(failure).rejects.not.toThrow(/Ann|Bo|Conversion/);
    expect(await folder.temporaries()).toEqual([]);
  });

  test('has bounded memory and output', async () => {
    // Of the first the database counts the memory, of the second the party's coordinator.
    for (const text of ["string_agg(repeat('x', 1000000), '') FROM range(10000)", "repeat(repeat('x', 1000000), 3000)"])
      await expect(ask(`SELECT ${text}`)).rejects.toMatchObject({ code: 'OUT_OF_MEMORY', retryable: false });
    await expect(ask('SELECT i FROM range(1000000000) t(i)', {}, {}, 100_000)).rejects.toMatchObject({
      code: 'OUTPUT_TOO_LARGE',
      details: { party: 'alice', limit_bytes: 100_000 },
    });
    expect(await folder.temporaries()).toEqual([]);
  });

  test('ends when it is cancelled, however long the statement would run', async () => {
    const stop = new AbortController();
    const progress = (_: number, stage: string): void => {
      if (stage === 'running the statement') setTimeout(() => stop.abort(new Error('cancelled')), 100);
    };
    const endless = 'WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i FROM r) SELECT count(*) FROM r';
    const start = performance.now();
    await expect(ask(endless, { signal: stop.signal, progress })).rejects.toThrow('cancelled');
    expect(performance.now() - start).toBeLessThan(4_000);
  });
});

test('columns are numbers where no field loses anything by it', () => {
  const kindOf = (...fields: string[]): string => {
    const kinds = new ColumnKinds(1);
    for (const field of fields) kinds.note([field]);
    return kinds.kinds[0]!;
  };
  expect(kindOf('1', '', '-20', 'NA')).toBe('BIGINT');
  expect(kindOf('123456789012345678')).toBe('BIGINT');
  expect(kindOf('1', '1.5', '1e-3', '.5')).toBe('DOUBLE');
  for (const text of ['007', '+1', ' 1', '-0', '1234567890123456789', 'x', 'Infinity'])
    expect(kindOf('1', text)).toBe(text === '-0' ? 'DOUBLE' : 'VARCHAR');
  expect(kindOf('1234567890123456', '0.5')).toBe('VARCHAR');
  expect(kindOf('', 'NA')).toBe('VARCHAR');
});

test('its parameters name one party, tables by lower-case names, and a text without references', () => {
  const faults = (config: JsonObject) =>
    checkTaskParams('sql', {
      sf_init_config: { parties: ['alice'], address: 'local' },
      task_config: { input_data: { alice: { t: 'a.csv' } }, sql: 'SELECT 1', ...config },
    }).map(({ pointer }) => pointer);
  expect(faults({})).toEqual([]);
  expect(faults({ input_data: { alice: { t: '${tasks.a.result.output_paths.alice}' } } })).toEqual([]);
  expect(faults({ sql: 'SELECT ${tasks.a.result.x}' })).toEqual(['/task_config/sql']);
  expect(faults({ input_data: { alice: { T: 'a.csv', 'a b': 'b.csv' } } })).toEqual([
    '/task_config/input_data/alice/T',
    '/task_config/input_data/alice/a b',
  ]);
  expect(faults({ input_data: { alice: { t: 'a.csv' }, bob: { t: 'a.csv' } } })).not.toEqual([]);
});
