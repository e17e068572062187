import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { TaskFailure } from '../contract/task-type.js';
import { requireRowsApart, rowsApart } from './chosen-rows.js';
import type { ConsentJson } from '#libs/consent';
import { splitRows } from '../vertical/split-rows.js';
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
  const choose = async (
    taskId: string,
    ids: readonly number[],
    from = table,
    more: Record<string, ConsentJson> = {},
  ): Promise<string> => {
    const list = await runs.table('bob', taskId, [['id', 'b'], ...ids.map((id) => [id, noise(id, 3)])]);
    const { result } = await runs.run('psi', taskId, {
      keys: { alice: ['id'], bob: ['id'] },
      input_paths: { alice: from, bob: list },
      ...more,
    });
    return (result.output_paths as { alice: string }).alice;
  };
  const upTo = (count: number): number[] => [...Array(count).keys()];
  /** Whether others see statistics of alice's table; she has her own in any case. */
  const statisticsOf = async (taskId: string, path: string): Promise<'shown' | 'withheld'> => {
    const run = await runs.run('table_statistics', taskId, { input_data: { alice: path } }, { parties: ['alice'] });
    const { rows, statistics, withheld } = run.result as Record<string, Record<string, unknown>>;
    const isShown = Object.values(statistics!)
      .flatMap((column) => Object.values(column as object))
      .some((each) => each !== null);
    expect([rows!.alice !== null, !('rows.alice' in withheld!)]).toEqual([isShown, isShown]);
    expect(JSON.stringify(run.result)).not.toMatch(/119/);
    expect(run.partyResults!.alice).toBeDefined();
    return isShown ? 'shown' : 'withheld';
  };
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
    expect(await statisticsOf('one', await choose('list', upTo(120)))).toBe('shown');
    expect(await statisticsOf('two', await choose('but-one', upTo(119)))).toBe('withheld');
    expect(await statisticsOf('three', await choose('and-one', upTo(121)))).toBe('withheld');
    const swapped = upTo(120).map((id) => (id < 9 ? id + 150 : id));
    expect(await statisticsOf('four', await choose('swapped', swapped))).toBe('withheld');
    expect(await statisticsOf('again', await choose('again', upTo(120)))).toBe('shown');
    expect(await statisticsOf('other', await choose('other', upTo(140)))).toBe('shown');
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
    expect(await statisticsOf('one', await step('after', await choose('list', upTo(120)), type))).toBe('shown');
    expect(await statisticsOf('two', await step('after-2', await choose('but-one', upTo(119)), type))).toBe('withheld');
    const before = await step('before', table, type);
    expect(await statisticsOf('three', await choose('but-two', upTo(118), before))).toBe('withheld');
  });

  test('gains nothing by all rows but one, before or after the whole table', async () => {
    expect(await statisticsOf('whole', table)).toBe('shown');
    expect(await statisticsOf('rest', await choose('rest', upTo(199)))).toBe('withheld');
    expect(await statisticsOf('all', await choose('all', upTo(200)))).toBe('shown');
    expect(await statisticsOf('half', await choose('half', upTo(100)))).toBe('shown');
  });

  test('gets no whole table after all rows but one', async () => {
    expect(await statisticsOf('rest', await choose('rest', upTo(199)))).toBe('shown');
    expect(await statisticsOf('whole', table)).toBe('withheld');
  });

  test('gains nothing by psi on what psi gave', async () => {
    const list = await choose('list', upTo(120));
    expect(await statisticsOf('one', list)).toBe('shown');
    const rest = await choose('rest', upTo(119), list);
    expect(await statisticsOf('two', rest)).toBe('withheld');
  });

  test('gains nothing by joins, where rows of nulls make up for what is missing', async () => {
    const strangers = (count: number): number[] => upTo(count).map((id) => id + 1000);
    const left = { join: 'left', left_party: 'bob' };
    expect(await statisticsOf('one', await choose('list', [...upTo(120), ...strangers(30)], table, left))).toBe(
      'shown',
    );
    const more = await choose('but-one', [...upTo(119), ...strangers(90)], table, left);
    expect(await statisticsOf('two', more)).toBe('withheld');
    const few = await choose('few', [...upTo(19), ...strangers(90)], table, left);
    expect(await statisticsOf('three', await step('scaled', few, 'fillna'))).toBe('withheld');
    // The rest of the table is as good as the list.
    const rest = { join: 'difference', left_party: 'alice' };
    expect(await statisticsOf('four', await choose('rest', upTo(99), table, rest))).toBe('shown');
    expect(await statisticsOf('five', await choose('rest-but-one', upTo(98), table, rest))).toBe('withheld');
    // All rows in another order are the whole table, which nobody chose; but then it differs by few from none of these.
    const all = await choose('all', upTo(50), table, { join: 'right', left_party: 'bob' });
    expect(await statisticsOf('whole', all)).toBe('shown');
  });

  test('gains nothing by another version of the dataset', async () => {
    expect(await statisticsOf('one', await choose('list', upTo(120)))).toBe('shown');
    const longer = await runs.table('alice', 'c', [COLUMNS, ...customers(230).reverse()], 2);
    expect(await statisticsOf('two', await choose('but-one', upTo(119), longer))).toBe('withheld');
  });

  test('gains nothing by held-out rows of a training, which are those of a list but one', async () => {
    const path = await choose('list', upTo(200));
    const { result } = await runs.run('ss_lr', 'held', {
      train_data: { alice: path, bob: path.replace('/alice/', '/bob/') },
      ...{ features: { bob: ['b'] }, label: 'age', label_party: 'alice', test_fraction: 0.5 },
      params: { epochs: 1, reg_type: 'linear', learning_rate: 1e-6 },
    });
    expect(await statisticsOf('one', String(result.prediction_output))).toBe('shown');
    const [, ...rows] = (await runs.folder.text('alice', path)).trim().split('\n');
    const ids = rows.map((row) => Number(row.split(',')[0]));
    const { train, heldOut } = splitRows(200, 0.5, 0);
    const list = [...heldOut, train[0]!].map((row) => ids[row]!);
    expect(await statisticsOf('two', await choose('and-one', list))).toBe('withheld');
  });

  test('meets the floor of the owner', async () => {
    runs.policy('alice', 'c', { min_group_rows: 31 });
    expect(await statisticsOf('one', await choose('list', upTo(120)))).toBe('shown');
    expect(await statisticsOf('two', await choose('longer', upTo(150)))).toBe('withheld');
    expect(await statisticsOf('three', await choose('longest', upTo(151)))).toBe('shown');
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
        statisticsOf(`figures-${taskId}`, await choose(taskId, ids, labelled));
      expect(await ask('first', upTo(100))).toBe('shown');
      expect(await ask('first-again', upTo(100))).toBe('shown');
      expect(
        await ask(
          'second',
          upTo(100).map((id) => id + 50),
        ),
      ).toBe('withheld');
      // Whether the budget has room would say how many values the column has in these rows.
      const close = { input_data: { alice: await choose('close', upTo(101), labelled) } };
      const { result } = await runs.run('table_statistics', 'figures-close', close, { parties: ['alice'] });
      expect(result.withheld).toMatchObject({ 'rows.alice': expect.stringContaining('differ by few') as unknown });
    });
  });

  test('gets figures of no set whose rows the party no longer knows', async () => {
    expect(await statisticsOf('one', await choose('list', upTo(120)))).toBe('shown');
    const other = await choose('other', upTo(60));
    const rows = join(runs.owners.alice!.root, '.party', 'rows');
    const [first] = (await readdir(rows)).filter((name) => name.startsWith('chosen-'));
    await rm(join(rows, first!));
    await expect(statisticsOf('two', other)).rejects.toMatchObject({ code: 'POLICY_INVALID' });
  });

  test('learns of no row by how a task ends', async () => {
    const rows = [...Array(200).keys()].map((id) => [id, id < 150 ? 0 : 1, id < 160 ? 0.25 : 0.75, noise(id, 1)]);
    const labels = await runs.table('alice', 'l', [['id', 'y', 'p', 'x'], ...rows]);
    const of = (party: string, list: string) => `artifact:chain-1/${list}/${party}/intersection.csv`;
    const evaluate = (list: string, more: object = {}) =>
      runs.run(
        'biclassification_eval',
        `evaluate-${list}`,
        { prediction_data: of('alice', list), label_column: 'y', prediction_column: 'p', ...more },
        { parties: ['alice'] },
      );
    const correlate = (list: string) =>
      runs.run('pearson_correlation', `correlate-${list}`, {
        input_data: { alice: of('alice', list), bob: of('bob', list) },
        columns: { alice: ['p'], bob: ['b'] },
      });
    await choose('zeros', upTo(120), labels);
    await expect(evaluate('zeros')).rejects.toMatchObject({ code: 'LABEL_NOT_BINARY' });
    // The labels of these two rows differ; what others see does not.
    await choose('a-zero', [...upTo(120), 130], labels);
    await choose('a-one', [...upTo(120), 170], labels);
    const [zero, one] = [await evaluate('a-zero'), await evaluate('a-one')];
    expect(zero.result).toEqual(one.result);
    expect(zero.result).toMatchObject({ metrics: null, rows: null, output_report: null });
    const { withheld } = zero.result as { withheld: object };
    expect(withheld).toMatchObject({ metrics: expect.stringContaining('differ by few') as unknown });
    for (const list of ['a-zero', 'a-one']) {
      await expect(evaluate(list, { assert: { auc: { min: 0.5 } } })).rejects.toMatchObject({
        ...refused,
        details: { party: 'alice', min_rows: 20 },
      });
      await expect(correlate(list)).rejects.toMatchObject(refused);
    }
    expect(await runs.own('evaluate-a-zero', zero, 'alice')).toMatchObject({ failure: { code: 'LABEL_NOT_BINARY' } });
    expect(await runs.own('evaluate-a-one', one, 'alice')).toMatchObject({ rows: 121, positives: 1 });
  });

  test('learns of no row by whether its fields are numbers', async () => {
    const rows = [...Array(200).keys()].map((id) => [id, id % 2, id === 77 ? 'n/a' : 0.5, id === 78 ? '' : 1]);
    const texts = await runs.table('alice', 't', [['id', 'y', 'p', 'gap'], ...rows]);
    const seen = async (list: string, ids: readonly number[]) => {
      const path = await choose(list, ids, texts);
      const ask = (type: string, config: Record<string, ConsentJson>) =>
        runs.run(type, `${type}-${Object.keys(config).length}-${list}`, config, { parties: ['alice'] }).then(
          ({ result }) => result,
          ({ code }: { code: string }) => code,
        );
      const evaluation = { prediction_data: path, label_column: 'y', prediction_column: 'p' };
      const both = await Promise.all([
        ask('table_statistics', { input_data: { alice: path } }),
        ask('table_statistics', { input_data: { alice: path }, columns: ['p'] }),
        ask('biclassification_eval', evaluation),
        ask('regression_eval', evaluation),
        ask('prediction_bias_eval', evaluation),
        ask('biclassification_eval', { ...evaluation, assert: { auc: { min: 0.5 } } }),
      ]);
      return JSON.parse(JSON.stringify(both).replaceAll(list, 'list')) as unknown;
    };
    const plain = await seen('plain', [70]);
    expect(plain).toMatchObject([
      { rows: { alice: null } },
      { rows: { alice: null } },
      {},
      {},
      { buckets: null },
      'GROUP_TOO_SMALL',
    ]);
    expect(await seen('a-text', [77])).toEqual(plain);
    expect(await seen('a-gap', [78])).toEqual(plain);
  });

  test('reads in no failure which row it was; the owner does', async () => {
    const rows = [...Array(200).keys()].map((id) => [id, id === 77 ? 'n/a' : noise(id, 1)]);
    const texts = await runs.table('alice', 't', [['id', 'x'], ...rows]);
    const path = await choose('list', upTo(120), texts);
    const input_data = { alice: path, bob: path.replace('/alice/', '/bob/') };
    const error = await runs
      .run('pearson_correlation', 'figures', { input_data, columns: { alice: ['x'], bob: ['b'] } })
      .catch((each: TaskFailure) => each);
    expect(error).toMatchObject({ code: 'CAST_FAILED', details: { party: 'alice', column: 'x' } });
    expect((error as TaskFailure).message).not.toMatch(/\d/);
    expect(JSON.stringify((error as TaskFailure).details)).not.toMatch(/\d/);
    const kept = await readFile(join(runs.owners.alice!.root, '.party', 'failures.jsonl'), 'utf8');
    expect(JSON.parse(kept)).toMatchObject({
      task: 'chain-1/figures',
      code: 'CAST_FAILED',
      details: { row: expect.any(Number) as unknown },
    });
  });

  test('learns of no row by a column that is constant in the others', async () => {
    const rows = [...Array(200).keys()].map((id) => [id, id < 150 ? 0 : 1]);
    const flags = await runs.table('alice', 'f', [['id', 'flag'], ...rows]);
    const correlate = async (list: string, ids: readonly number[]) => {
      await choose(list, ids, flags);
      const of = (party: string) => `artifact:chain-1/${list}/${party}/intersection.csv`;
      const input_data = { alice: of('alice'), bob: of('bob') };
      return runs
        .run('pearson_correlation', `of-${list}`, { input_data, columns: { alice: ['flag'], bob: ['b'] } })
        .catch(({ code }: { code: string }) => code);
    };
    expect(await correlate('zeros', upTo(120))).toBe('CONSTANT_COLUMN');
    expect(await correlate('a-zero', [...upTo(120), 130])).toBe('ROWS_TOO_CLOSE');
    expect(await correlate('a-one', [...upTo(120), 170])).toBe('ROWS_TOO_CLOSE');
    expect(await correlate('the-same', upTo(120))).toBe('CONSTANT_COLUMN');
  });

  test('does not keep the owner from new versions: figures of two that differ by a row warn', async () => {
    const next = await runs.table('alice', 'c', [COLUMNS, ...customers(201)], 2);
    expect(await statisticsOf('one', table)).toBe('shown');
    expect(await statisticsOf('two', next)).toBe('shown');
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
