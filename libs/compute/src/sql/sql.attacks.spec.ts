import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { JsonObject, TaskRunResult } from '../contract/task-type.js';
import { OwnedRuns } from '../party/owned-runs-for-tests.js';

let runs: OwnedRuns;
let customers: string;
const ROWS = 60;

beforeAll(async () => {
  runs = await OwnedRuns.claim('alice');
  const rows = Array.from({ length: ROWS }, (_, id) => [id, 31_000 + ((id * 7919) % 1009)]);
  customers = await runs.table('alice', 'customers', [['id', 'salary'], ...rows]);
});
afterAll(() => runs.folder.remove());

const mine = { parties: ['alice'], statement: { proposer: 'alice' } };
const sql = (taskId: string, text: string, more: object = mine): Promise<TaskRunResult> =>
  runs.run('sql', taskId, { input_data: { alice: { customers } }, sql: text }, { parties: ['alice'], ...more });
const outputOf = ({ result }: TaskRunResult): string => (result.output_paths as { alice: string }).alice;
const statistics = async (taskId: string, path: string): Promise<JsonObject> =>
  (await runs.run('table_statistics', taskId, { input_data: { alice: path } }, mine)).result;

describe('the author of a statement', () => {
  test("waits for the owner of another party's table, whatever the policy allows", async () => {
    const text = 'SELECT id FROM customers';
    for (const proposer of ['bob', null])
      await expect(sql('other', text, { statement: { proposer } })).rejects.toMatchObject({
        code: 'APPROVAL_REQUIRED',
      });
    const approved = await sql('other', text, { statement: { proposer: 'bob' }, approved: true });
    expect(outputOf(approved)).toBe('artifact:chain-1/other/alice/table.csv');
  });

  test('learns by an error no value, and the owner all', async () => {
    const failure = sql('error', "SELECT error('salary ' || salary) FROM customers WHERE id = 7");
    await expect(failure).rejects.toMatchObject({ code: 'SQL_FAILED', message: expect.not.stringMatching(/31\d\d\d/) });
    await expect(failure).rejects.toMatchObject({ details: { party: 'alice' } });
    const kept = await readFile(join(runs.folder.path, 'data/alice/.party/failures.jsonl'), 'utf8');
    expect(JSON.parse(kept.trim().split('\n').at(-1)!)).toMatchObject({
      task: 'chain-1/error',
      code: 'SQL_FAILED',
      message: expect.stringMatching(/salary 31\d\d\d/),
    });
  });

  test('learns by the result and the listed size no number of rows', async () => {
    const [few, many] = [
      await sql('few', 'SELECT * FROM customers WHERE id = 7'),
      await sql('many', 'SELECT a.id FROM customers a, range(20) ORDER BY a.id'),
    ];
    for (const { result, artifacts } of [few, many]) {
      expect(Object.keys(result)).toEqual(['output_paths']);
      expect(artifacts[0]!.sizeBytes).toBe(65_536);
    }
    expect(await runs.own('few', few, 'alice')).toEqual({ rows: 1 });
    expect(await runs.own('many', many, 'alice')).toEqual({ rows: 20 * ROWS });
  });

  test('gets no figures of few rows, nor of sets that differ by a customer', async () => {
    const isShown = async (taskId: string, text: string): Promise<boolean> => {
      const { rows } = await statistics(`of-${taskId}`, outputOf(await sql(taskId, text)));
      return (rows as { alice: number | null }).alice !== null;
    };
    expect(await isShown('nineteen', 'SELECT * FROM customers WHERE id < 19')).toBe(false);
    expect(await isShown('forty', 'SELECT * FROM customers WHERE id < 40')).toBe(true);
    expect(await isShown('forty-one', 'SELECT * FROM customers WHERE id < 41')).toBe(false);
  });

  test('matches no rows that a statement chose by psi, which would open what chose them', async () => {
    const path = outputOf(await sql('rich', 'SELECT id FROM customers WHERE salary > 31500'));
    const list = await runs.table('bob', 'list', [['id'], ...Array.from({ length: ROWS }, (_, id) => [id])]);
    const matched = runs.run('psi', 'match', {
      keys: { alice: ['id'], bob: ['id'] },
      input_paths: { alice: path, bob: list },
    });
    await expect(matched).rejects.toMatchObject({ code: 'KEYS_NOT_ALLOWED' });
  });
});
