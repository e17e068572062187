import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { requireRowsApart, rowsApart } from './chosen-rows.js';
import { OwnedRuns } from './owned-runs-for-tests.js';

const set = (...numbers: readonly number[]): BigUint64Array => BigUint64Array.from(numbers, BigInt).sort();

describe('two sets of rows', () => {
  test('differ by the rows that are in one of them alone', () => {
    const rows = fc.uniqueArray(fc.nat(60), { maxLength: 50 });
    fc.assert(
      fc.property(rows, rows, fc.integer({ min: 1, max: 100 }), (one, other, least) => {
        const apart = [...one.filter((row) => !other.includes(row)), ...other.filter((row) => !one.includes(row))];
        expect(rowsApart(set(...one), set(...other), least)).toBe(Math.min(apart.length, least));
      }),
    );
  });

  const sets: Record<string, BigUint64Array> = {
    all: set(...Array(100).keys()),
    but_one: set(...Array(99).keys()),
    same: set(...Array(99).keys()),
    half: set(...Array(50).keys()),
    few: set(...Array(19).keys()),
  };
  const refusal = (mine: string, isMine: boolean, earlier: string, isEarlier: boolean) =>
    requireRowsApart('alice', [{ ids: mine, chosen: isMine }], [{ ids: earlier, chosen: isEarlier }], {
      least: 20,
      known: { read: (ids) => Promise.resolve(sets[ids]!.slice()) },
    }).then(
      () => undefined,
      (error: { code: string }) => error.code,
    );

  test.each([
    ['all', false, 'but_one', false, undefined],
    ['all', false, 'but_one', true, 'ROWS_TOO_CLOSE'],
    ['but_one', true, 'all', false, 'ROWS_TOO_CLOSE'],
    ['but_one', true, 'same', true, undefined],
    ['but_one', true, 'half', true, undefined],
    ['few', true, 'all', false, 'GROUP_TOO_SMALL'],
    ['few', false, 'all', false, undefined],
  ] as const)('%s (chosen: %s) after %s (chosen: %s): %s', async (mine, isMine, earlier, isEarlier, code) => {
    expect(await refusal(mine, isMine, earlier, isEarlier)).toBe(code);
  });

  test('are compared quickly: 45,000 rows with 40 earlier sets', async () => {
    const rows = 45_000;
    const numbers = BigUint64Array.from({ length: rows + 1_200 }, (_, row) =>
      BigInt.asUintN(64, BigInt(row) * 0x9e3779b97f4a7c15n),
    );
    const read = (ids: string) => Promise.resolve(numbers.slice(Number(ids) * 30, Number(ids) * 30 + rows));
    const earlier = Array.from({ length: 40 }, (_, at) => ({ ids: String(at + 1), chosen: true }));
    const start = performance.now();
    await requireRowsApart('alice', [{ ids: '0', chosen: true }], earlier, { least: 20, known: { read } });
    console.info(`45,000 rows with 40 sets: ${(performance.now() - start).toFixed(0)} ms`);
    expect(performance.now() - start).toBeLessThan(5_000);
  });
});

describe('whoever chooses rows of a dataset by psi', () => {
  let runs: OwnedRuns;
  let table: string;
  const COLUMNS = ['id', 'income', 'age'];
  const noise = (row: number, seed: number): number => ((row + 1) * (7919 * seed + 31)) % 1009;
  const customers = (rows: number) => Array.from({ length: rows }, (_, row) => [row, noise(row, 1), noise(row, 2)]);
  const refused = { code: 'ROWS_TOO_CLOSE', retryable: false, details: { party: 'alice', min_rows: 20 } };

  beforeEach(async () => {
    runs = await OwnedRuns.claim('alice');
    table = await runs.table('alice', 'c', [COLUMNS, ...customers(200)]);
  });
  afterEach(() => runs.folder.remove());

  /** Bob's list of customers, and alice's rows of it. */
  const choose = async (taskId: string, ids: readonly number[], from = table): Promise<string> => {
    const list = await runs.table('bob', taskId, [['id', 'b'], ...ids.map((id) => [id, noise(id, 3)])]);
    const { result } = await runs.run('psi', taskId, {
      keys: { alice: ['id'], bob: ['id'] },
      input_paths: { alice: from, bob: list },
    });
    return (result.output_paths as { alice: string }).alice;
  };
  const upTo = (count: number): number[] => [...Array(count).keys()];
  const statisticsOf = (taskId: string, path: string) =>
    runs.run('table_statistics', taskId, { input_data: { alice: path } }, { parties: ['alice'] });
  const step = async (taskId: string, path: string, type = 'standard_scaler'): Promise<string> => {
    const config = { input_data: { alice: path }, columns: { alice: ['income'] } };
    const { result } = await runs.run(
      type,
      taskId,
      { ...config, ...(type === 'fillna' && { method: 'median' }) },
      { parties: ['alice'] },
    );
    return (result.output_paths as { alice: string }).alice;
  };

  test('gets no statistics of the same list but one, and those of the same list or of one that differs by 20', async () => {
    await statisticsOf('one', await choose('list', upTo(120)));
    const error = await statisticsOf('two', await choose('but-one', upTo(119))).catch((each: Error) => each);
    expect(error).toMatchObject(refused);
    expect((error as Error).message).not.toMatch(/119|120/);
    await expect(statisticsOf('three', await choose('and-one', upTo(121)))).rejects.toMatchObject(refused);
    const swapped = upTo(120).map((id) => (id < 9 ? id + 150 : id));
    await expect(statisticsOf('four', await choose('swapped', swapped))).rejects.toMatchObject(refused);
    await statisticsOf('again', await choose('again', upTo(120)));
    await statisticsOf('other', await choose('other', upTo(140)));
  });

  test('gets no correlation of the same list but one, either, also where the first run died', async () => {
    const correlate = (taskId: string, list: string, more: { signal?: AbortSignal; opened?: () => void } = {}) => {
      const of = (party: string) => `artifact:chain-1/${list}/${party}/intersection.csv`;
      const input_data = { alice: of('alice'), bob: of('bob') };
      return runs.run('pearson_correlation', taskId, { input_data, columns: { alice: ['income'], bob: ['b'] } }, more);
    };
    await choose('list', upTo(120));
    await choose('but-one', upTo(119));
    const stop = new AbortController();
    const opened = (): void => stop.abort(new Error('stopped'));
    await expect(correlate('one', 'list', { signal: stop.signal, opened })).rejects.toThrow('stopped');
    await expect(correlate('two', 'but-one')).rejects.toMatchObject(refused);
    await correlate('three', 'list');
  });

  test.each(['fillna', 'standard_scaler'])('gains nothing by a %s after or before it', async (type) => {
    await statisticsOf('one', await step('after', await choose('list', upTo(120)), type));
    await expect(
      statisticsOf('two', await step('after-2', await choose('but-one', upTo(119)), type)),
    ).rejects.toMatchObject(refused);
    const before = await step('before', table, type);
    await expect(statisticsOf('three', await choose('but-two', upTo(118), before))).rejects.toMatchObject(refused);
  });

  test('gains nothing by all rows but one, before or after the whole table', async () => {
    await statisticsOf('whole', table);
    await expect(statisticsOf('rest', await choose('rest', upTo(199)))).rejects.toMatchObject(refused);
    await statisticsOf('all', await choose('all', upTo(200)));
    await statisticsOf('half', await choose('half', upTo(100)));
  });

  test('gets no whole table after all rows but one', async () => {
    await statisticsOf('rest', await choose('rest', upTo(199)));
    await expect(statisticsOf('whole', table)).rejects.toMatchObject(refused);
  });

  test('gains nothing by psi on what psi gave', async () => {
    const list = await choose('list', upTo(120));
    await statisticsOf('one', list);
    const rest = await choose('rest', upTo(119), list);
    await expect(statisticsOf('two', rest)).rejects.toMatchObject(refused);
  });

  test('gains nothing by another version of the dataset', async () => {
    await statisticsOf('one', await choose('list', upTo(120)));
    const longer = await runs.table('alice', 'c', [COLUMNS, ...customers(230).reverse()], 2);
    await expect(statisticsOf('two', await choose('but-one', upTo(119), longer))).rejects.toMatchObject(refused);
  });

  test('gains nothing by held-out rows of a training, which are one more', async () => {
    await choose('list', upTo(200));
    const of = (party: string) => `artifact:chain-1/list/${party}/intersection.csv`;
    const held = async (taskId: string, test_fraction: number): Promise<string> => {
      const { result } = await runs.run('ss_lr', taskId, {
        train_data: { alice: of('alice'), bob: of('bob') },
        ...{ features: { bob: ['b'] }, label: 'age', label_party: 'alice', test_fraction },
        params: { epochs: 1, reg_type: 'linear', learning_rate: 1e-6 },
      });
      return String(result.prediction_output);
    };
    await statisticsOf('one', await held('a', 0.5));
    await expect(statisticsOf('two', await held('b', 0.505))).rejects.toMatchObject(refused);
  });

  test('meets the floor of the owner', async () => {
    runs.policy('alice', 'c', { min_group_rows: 31 });
    await statisticsOf('one', await choose('list', upTo(120)));
    await expect(statisticsOf('two', await choose('longer', upTo(150)))).rejects.toMatchObject({
      ...refused,
      details: { party: 'alice', min_rows: 31 },
    });
    await statisticsOf('three', await choose('longest', upTo(151)));
  });

  describe('with a label', () => {
    const labels = (label: (id: number) => number) =>
      runs.table('alice', 'd', [['id', 'y'], ...upTo(200).map((id) => [id, label(id)])]);
    const codeOf = (run: Promise<unknown>): Promise<string> =>
      run.then(
        () => 'none',
        (error: { code: string }) => error.code,
      );

    test('learns by no failure what one customer adds to a list', async () => {
      const labelled = await labels((id) => Number(id < 19 || id >= 100));
      const ask = async (taskId: string, added: number): Promise<string> => {
        const alice = await choose(taskId, [...upTo(60), added], labelled);
        const input_data = { alice, bob: alice.replace('/alice/', '/bob/') };
        const columns = { alice: ['y'], bob: ['b'] };
        return codeOf(runs.run('pearson_correlation', `figures-${taskId}`, { input_data, columns }));
      };
      // 19 of the first 60 labels are 1: one more, and the column passes.
      expect(await ask('zero', 60)).toBe('GROUP_TOO_SMALL');
      expect(await ask('one', 100)).toBe('ROWS_TOO_CLOSE');
      expect(await ask('again-zero', 61)).toBe('ROWS_TOO_CLOSE');
    });

    test('gets no means of it over list after list', async () => {
      const labelled = await labels((id) => id % 2);
      const ask = async (taskId: string, ids: readonly number[]): Promise<string> =>
        codeOf(statisticsOf(`figures-${taskId}`, await choose(taskId, ids, labelled)));
      expect(await ask('first', upTo(100))).toBe('none');
      expect(await ask('first-again', upTo(100))).toBe('none');
      expect(
        await ask(
          'second',
          upTo(100).map((id) => id + 50),
        ),
      ).toBe('BUDGET_EXHAUSTED');
    });
  });

  test('gets figures of no set whose rows the party no longer knows', async () => {
    await statisticsOf('one', await choose('list', upTo(120)));
    const other = await choose('other', upTo(60));
    const rows = join(runs.owners.alice!.root, '.party', 'rows');
    const [first] = (await readdir(rows)).filter((name) => name.startsWith('chosen-'));
    await rm(join(rows, first!));
    await expect(statisticsOf('two', other)).rejects.toMatchObject({ code: 'POLICY_INVALID' });
  });

  test('does not keep the owner from new versions: figures of two that differ by a row warn', async () => {
    const next = await runs.table('alice', 'c', [COLUMNS, ...customers(201)], 2);
    await statisticsOf('one', table);
    await statisticsOf('two', next);
    expect(runs.log.filter((line) => line.includes('PRIVACY_REPEATED'))).toHaveLength(1);
  });

  test('leaves no value of the table beside the ledger', async () => {
    await choose('list', upTo(120));
    const rows = join(runs.owners.alice!.root, '.party', 'rows');
    const sizes = await Promise.all(
      (await readdir(rows)).map(async (name) => (await readFile(join(rows, name))).length),
    );
    expect(sizes.sort((a, b) => a - b)).toEqual([120 * 8, 200 * 8]);
    expect(await runs.folder.temporaries()).toEqual([]);
  });
});
