import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ConsentJson } from '#libs/consent';
import { OwnedRuns } from './owned-runs-for-tests.js';

describe('columns that psi matches', () => {
  let runs: OwnedRuns;
  let table: string;
  const salary = (row: number): number => 20_000 + ((row * 7919) % 500);
  const rows = Array.from({ length: 60 }, (_, row) => [row, row % 3 === 0 ? 1 : 0, salary(row), 900_000 + row]);
  const refused = { code: 'KEYS_NOT_ALLOWED', retryable: false };

  beforeEach(async () => {
    runs = await OwnedRuns.claim('alice');
    table = await runs.table('alice', 'c', [['id', 'y', 'salary', 'phone'], ...rows]);
  });
  afterEach(() => runs.folder.remove());

  /** Alice's rows that bob's list chooses by these columns of hers. */
  const match = async (
    taskId: string,
    keys: readonly string[],
    list: readonly (readonly number[])[],
    { from = table, ...more }: { readonly from?: string; readonly [field: string]: ConsentJson | undefined } = {},
  ): Promise<string> => {
    const bob = await runs.table('bob', taskId, [keys, ...list]);
    const { result } = await runs.run('psi', taskId, {
      keys: { alice: keys, bob: keys },
      input_paths: { alice: from, bob },
      allow_empty_result: true,
      ...(more as { readonly [field: string]: ConsentJson }),
    });
    return (result.output_paths as { alice: string }).alice;
  };
  const ids = (count: number) => Array.from({ length: count }, (_, id) => [id]);
  const guesses = Array.from({ length: 500 }, (_, at) => [20_000 + at]);
  const phones = rows.map(([, , , phone]) => [phone!]);
  const name = (...keys: readonly string[]) =>
    runs.policy('alice', 'c', { rules: [{ effect: 'allow', task_types: ['psi'], columns: { keys } }] });
  const openings = async () => {
    const text = await readFile(join(runs.folder.path, 'data/alice/.party/ledger.jsonl'), 'utf8');
    const lines = text.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ kind }) => kind === 'open');
  };

  test('open no label to who lists each member with 0 and with 1', async () => {
    const both = ids(60).flatMap(([id]) => [0, 1].map((y) => [id!, y]));
    await expect(match('both', ['id', 'y'], both)).rejects.toMatchObject({
      ...refused,
      details: { party: 'alice', keys: ['id', 'y'] },
      message: expect.stringMatching(/one column whose values all differ.*columns: \{ keys/) as unknown,
    });
    // How many rows her file has would say how many of the list have the label.
    await expect(match('alone', ['id', 'y'], both, { receiver: 'alice' })).rejects.toMatchObject(refused);
    expect(await openings()).toEqual([]);
  });

  test('open no salary of a member that psi chose, through steps as well', async () => {
    const one = await match('one', ['id'], [[7]]);
    await expect(match('salary', ['salary'], guesses, { from: one })).rejects.toMatchObject(refused);
    const steps = { input_data: { alice: one }, columns: { alice: ['y'] }, method: 'median' };
    const { result } = await runs.run('fillna', 'filled', steps, { parties: ['alice'] });
    const filled = (result.output_paths as { alice: string }).alice;
    await expect(match('later', ['salary'], guesses, { from: filled })).rejects.toMatchObject(refused);
    await expect(match('phone', ['phone'], phones, { from: filled })).rejects.toMatchObject(refused);
    // The same key says no more than before.
    await match('again', ['id'], ids(30), { from: filled });
  });

  test('are several where the owner names them, as neither alone says who it is', async () => {
    const twins = await runs.table('alice', 'd', [
      ['name', 'birthday', 'y'],
      ...rows.map(([at]) => [at! % 8, at! >> 3, at! % 2]),
    ]);
    const list = rows.slice(0, 10).map(([at]) => [at! % 8, at! >> 3]);
    await expect(match('asked', ['name', 'birthday'], list, { from: twins })).rejects.toMatchObject(refused);
    runs.policy('alice', 'd', {
      rules: [{ effect: 'allow', task_types: ['psi'], columns: { keys: ['name', 'birthday'] } }],
    });
    const chosen = await match('named', ['name', 'birthday'], list, { from: twins });
    expect((await openings()).at(-1)).toMatchObject({
      counts: { keys: 10 },
      figures: { name: 10, birthday: 10 },
      bits: {},
    });
    await match('next', ['name', 'birthday'], list.slice(1), { from: chosen });
  });

  test('are no others of few rows that psi chose, also where the owner names both', async () => {
    name('id', 'phone');
    const one = await match('one', ['id'], [[7]]);
    const few = { code: 'GROUP_TOO_SMALL' };
    await expect(match('phone', ['phone'], phones, { from: one })).rejects.toMatchObject(few);
    await expect(match('mine', ['phone'], phones, { from: one, receiver: 'alice' })).rejects.toMatchObject(few);
    const many = await match('many', ['id'], ids(30));
    await match('phones', ['phone'], phones, { from: many });
    const close = await match('close', ['id'], ids(31));
    await expect(match('one-more', ['phone'], phones, { from: close })).rejects.toMatchObject({
      code: 'ROWS_TOO_CLOSE',
    });
  });

  test('are not named by an approval, nor by a rule that does not decide', async () => {
    const list = [[1, 0]];
    const bob = await runs.table('bob', 'list', [['id', 'y'], ...list]);
    const keys = ['id', 'y'];
    const config = { keys: { alice: keys, bob: keys }, input_paths: { alice: table, bob } };
    runs.policy('alice', 'c', null);
    await expect(runs.run('psi', 'approved', config, { approved: true })).rejects.toMatchObject(refused);
    const named = { effect: 'allow', task_types: ['psi'], columns: { keys } } as const;
    runs.policy('alice', 'c', {
      rules: [
        { ...named, with: ['carol'] },
        { effect: 'allow', task_types: ['psi'] },
      ],
    });
    await expect(runs.run('psi', 'other', config)).rejects.toMatchObject(refused);
    runs.policy('alice', 'c', { rules: [{ ...named, effect: 'ask' }] });
    await expect(runs.run('psi', 'asked', config)).rejects.toMatchObject({ code: 'APPROVAL_REQUIRED' });
  });
});
