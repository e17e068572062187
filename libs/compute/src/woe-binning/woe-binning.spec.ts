import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkTaskParams } from '../catalogue/check-params.js';
import { copyExampleTables } from '../catalogue/examples-for-tests.js';
import { runTask } from '../catalogue/run-task.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { JsonObject, TaskRunResult } from '../contract/task-type.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { csvOf } from '../table/breast-cancer-for-tests.js';
import { runWoeBinning } from './woe-binning-run.js';

interface Bin {
  readonly above?: number | null;
  readonly up_to?: number | null;
  readonly categories?: readonly string[];
  readonly missing: boolean;
  readonly rows: number;
  readonly positives: number;
  readonly negatives: number;
  readonly woe: number;
  readonly iv: number;
}
type Report = Readonly<Record<string, { readonly iv: number; readonly bins: readonly Bin[] }>>;

/** German credit: the customers of both tables, in the order of their ids, by column. */
const credit: Record<'alice' | 'bob', Record<string, string[]>> = { alice: {}, bob: {} };
const columns = {
  alice: ['checking_status', 'duration', 'credit_history', 'purpose', 'credit_amount', 'savings_status'],
  bob: [
    ...['employment', 'personal_status', 'residence_since', 'property_magnitude', 'age'],
    ...['housing', 'job', 'num_dependents', 'own_telephone', 'foreign_worker'],
  ],
};
/** A number that looks drawn. */
function mixed(seed: number): number {
  const once = Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d);
  return Math.imul(once ^ (once >>> 12), 0x297a2d39) >>> 8;
}

/** More columns than 4,096 bins are enough for. */
const wide = Array.from({ length: 420 }, (_, at) => `w${at}`);
let folder: TestFolder;

beforeAll(async () => {
  folder = await testFolder();
  await copyExampleTables(folder);
  const tables = { alice: await folder.rows('alice', 'bank.csv'), bob: await folder.rows('bob', 'registry.csv') };
  const idsOf = (rows: string[][]): Set<string> => new Set(rows.slice(1).map(([id]) => id!));
  const inBank = idsOf(tables.alice);
  const common = [...idsOf(tables.bob)].filter((id) => inBank.has(id)).sort();
  for (const party of ['alice', 'bob'] as const) {
    const [header, ...rows] = tables[party] as [string[], ...string[][]];
    const byId = new Map(rows.map((row) => [row[0]!, row]));
    const joined = common.map((id) => byId.get(id)!);
    await folder.table(
      party,
      'credit.csv',
      csvOf(
        header,
        joined.map((row) => row.map((field) => `"${field}"`)),
      ),
    );
    header.forEach((name, at) => (credit[party][name] = joined.map((row) => row[at]!)));
  }
});
afterAll(() => folder.remove());

const both = { alice: 'credit.csv', bob: 'credit.csv' };
const config = (more: JsonObject = {}): JsonObject => ({
  ...{ input_data: both, columns, label_column: { alice: 'bad' } },
  ...more,
});
const bin = (more: JsonObject = {}): Promise<TaskRunResult> => runTask('woe_binning', folder.run(config(more)));
const reportOf = ({ partyResults }: TaskRunResult, party: string): Report =>
  (partyResults![party] as { value: { columns: Report } }).value.columns;

/** numpy's quantiles. */
function quantiles(values: readonly number[], count: number): number[] {
  const sorted = [...values].sort((one, other) => one - other);
  return Array.from({ length: count - 1 }, (_, at) => {
    const place = ((sorted.length - 1) * (at + 1)) / count;
    const low = sorted[Math.floor(place)]!;
    return low + (sorted[Math.ceil(place)]! - low) * (place - Math.floor(place));
  });
}

/** The bin of each row in plain arithmetic: ten by quantile where all are numbers, else the categories. */
function plainBins(fields: readonly string[]): string[] {
  const given = fields.filter((field) => field !== '');
  if (given.some((field) => !Number.isFinite(Number(field)))) return fields.map((field) => field || 'missing');
  const edges = [...new Set(quantiles(given.map(Number), 10))];
  return fields.map((field) =>
    field === '' ? 'missing' : `bin ${edges.filter((edge) => edge < Number(field)).length}`,
  );
}

/** WOE by bin, and IV, in plain arithmetic. */
function plainWoe(bins: readonly string[]): { woe: Map<string, number>; iv: number } {
  const labels = credit.alice.bad!.map(Number);
  const [good, bad] = [0, 1].map((value) => labels.filter((label) => label === value).length) as [number, number];
  let iv = 0;
  const woe = new Map<string, number>();
  for (const each of new Set(bins)) {
    const of = labels.filter((_, row) => bins[row] === each);
    const positives = of.filter((label) => label === 1).length;
    const more = positives === 0 || positives === of.length ? 0.5 : 0;
    const [p, n] = [(positives + more) / bad, (of.length - positives + more) / good];
    woe.set(each, Math.log(p / n));
    iv += (p - n) * Math.log(p / n);
  }
  return { woe, iv };
}

describe('woe_binning of German credit', () => {
  let outcome: TaskRunResult;
  beforeAll(async () => {
    outcome = await bin();
  });

  /** Bins that have too few rows, or too few of a class: of bob's columns alone. */
  const merged: Readonly<Record<string, (bins: string) => string>> = {
    foreign_worker: () => 'all',
  };

  test.each(['alice', 'bob'] as const)('gives the figures of plain arithmetic for the columns of %s', async (party) => {
    const report = reportOf(outcome, party);
    const table = await folder.rows(party, (outcome.result.output_paths as Record<string, string>)[party]!);
    const [header, ...rows] = table as [string[], ...string[][]];
    expect(header).toEqual(Object.keys(credit[party]));
    for (const name of columns[party]) {
      const bins = plainBins(credit[party][name]!).map((each) => (party === 'bob' && merged[name]?.(each)) || each);
      const { woe, iv } = plainWoe(bins);
      expect([name, report[name]!.iv]).toEqual([name, expect.closeTo(iv, 5)]);
      const written = rows.map((row) => Number(row[header.indexOf(name)]));
      written.forEach((value, row) => expect(value).toBeCloseTo(woe.get(bins[row]!)!, 5));
    }
    const kept = header.filter((name) => !columns[party].includes(name));
    for (const name of kept) expect(rows.map((row) => row[header.indexOf(name)])).toEqual(credit[party][name]);
  });

  test('reports the rows of each bin to the owner of the column, and nothing of them to all', () => {
    const { age, job } = reportOf(outcome, 'bob');
    const labels = credit.alice.bad!;
    const rowsOf = (inBin: (field: string) => boolean): number[] =>
      credit.bob.age!.flatMap((field, row) => (inBin(field) ? [row] : []));
    for (const { above, up_to, missing, ...each } of age!.bins) {
      const inBin = rowsOf((field) =>
        field === ''
          ? missing
          : up_to !== undefined && Number(field) > (above ?? -1) && Number(field) <= (up_to ?? 999),
      );
      const positives = inBin.filter((row) => labels[row] === '1').length;
      expect(each).toMatchObject({ rows: inBin.length, positives, negatives: inBin.length - positives });
      expect(Math.min(each.positives, each.negatives)).toBeGreaterThanOrEqual(5);
    }
    expect(age!.bins.at(-1)).toMatchObject({ missing: true, rows: 41 });
    expect(job!.bins.every(({ rows }) => rows >= 20)).toBe(true);
    expect(outcome.result).toEqual({
      output_paths: { alice: 'artifact:chain-1/task-1/alice/woe.csv', bob: 'artifact:chain-1/task-1/bob/woe.csv' },
      rules_paths: { alice: 'artifact:chain-1/task-1/alice/rules.json', bob: 'artifact:chain-1/task-1/bob/rules.json' },
      report_paths: { alice: 'artifact:chain-1/task-1/alice/bins.json', bob: 'artifact:chain-1/task-1/bob/bins.json' },
      rows: 940,
      columns_binned: columns,
    });
  });

  test('leaves rules and a report that say the same', async () => {
    const rules = JSON.parse(await folder.text('bob', 'artifact:chain-1/task-1/bob/rules.json')) as {
      steps: { op: string; columns: Record<string, unknown>[] }[];
    };
    const report = reportOf(outcome, 'bob');
    const { age, housing } = report;
    const ofValues = age!.bins.filter(({ missing }) => !missing);
    expect(rules.steps).toHaveLength(1);
    const [step] = rules.steps;
    expect([step!.op, step!.columns.map(({ column }) => column)]).toEqual(['woe_binning', columns.bob]);
    expect(step!.columns.find(({ column }) => column === 'age')).toEqual({
      column: 'age',
      kind: 'number',
      edges: ofValues.flatMap(({ up_to }) => (up_to === null ? [] : [up_to])),
      woe: ofValues.map(({ woe }) => woe),
      missing: age!.bins.at(-1)!.woe,
    });
    expect(step!.columns.find(({ column }) => column === 'housing')).toEqual({
      column: 'housing',
      kind: 'category',
      categories: [['for free'], ['own'], ['rent']],
      woe: housing!.bins.map(({ woe }) => woe),
      missing: null,
    });
    const kept = JSON.parse(await folder.text('bob', 'artifact:chain-1/task-1/bob/bins.json')) as { columns: Report };
    expect(kept.columns).toEqual(report);
  });

  test('sends sizes, and else nothing but bytes', async () => {
    const crossed: CrossedMessage[] = [];
    await runWoeBinning(folder.run(config()), (message) => crossed.push(message));
    const texts = crossed.flatMap(({ from, to, body }) =>
      typeof body === 'string' ? [[from, to, JSON.parse(body) as unknown]] : [],
    );
    const bins = Object.values(reportOf(outcome, 'bob')).reduce((sum, column) => sum + column.bins.length, 0);
    const sent = texts.find(([from, to]) => from === 'bob' && to !== 'alice')![2] as { bins: number };
    expect(sent.bins).toBeGreaterThanOrEqual(bins);
    expect(texts).toHaveLength(4);
    expect(texts).toEqual(
      expect.arrayContaining([
        ['alice', 'bob', { rows: 955, least: 20 }],
        ['bob', 'alice', { rows: 955, least: 20 }],
        ['bob', 'alice', { bins: sent.bins }],
      ]),
    );
  });
});

describe('woe_binning', () => {
  test('writes the index of the bin where that is asked for, by equal width', async () => {
    const only = { alice: ['duration'], bob: ['age', 'housing'] };
    const { result, partyResults } = await bin({
      ...{ columns: only, binning_method: 'equal_width', bin_num: 4, output_values: 'bin' },
      output_data: { bob: 'out/bins.csv' },
    });
    const [header, ...rows] = await folder.rows('alice', (result.output_paths as { alice: string }).alice);
    const given = credit.alice.duration!.map(Number);
    const [low, high] = [Math.min(...given), Math.max(...given)];
    expect(rows.map((row) => Number(row[header!.indexOf('duration')]))).toEqual(
      given.map((value) => Math.max(0, Math.ceil(((value - low) / (high - low)) * 4) - 1)),
    );
    const [names, ...ofBob] = await folder.rows('bob', 'out/bins.csv');
    const housing = ['for free', 'own', 'rent'];
    expect(ofBob.map((row) => Number(row[names!.indexOf('housing')]))).toEqual(
      credit.bob.housing!.map((each) => housing.indexOf(each)),
    );
    const { age } = (partyResults!.bob as { value: { columns: Report } }).value.columns;
    expect(new Set(ofBob.map((row) => row[names!.indexOf('age')]))).toEqual(
      new Set(age!.bins.map((_, at) => String(at))),
    );
  });

  test('takes the label at either party, three parties, and one alone', async () => {
    const label = credit.alice.bad!.map((each) => (each === '1' ? 'good' : 'bad'));
    await folder.table(
      'carol',
      'credit.csv',
      csvOf(
        ['y'],
        label.map((each) => [each]),
      ),
    );
    const names = (...parties: string[]) => ({ sf_init_config: { parties, address: 'local' } });
    const all = {
      ...config({ input_data: { ...both, carol: 'credit.csv' } }),
      ...{ label_column: { carol: 'y' }, positive_label: 'good' },
      columns: { alice: ['checking_status'], bob: ['housing'] },
    };
    const three = await runTask(
      'woe_binning',
      folder.run({}, { params: { ...names('alice', 'bob', 'carol'), task_config: all as never } }),
    );
    const reference = await bin({ columns: { alice: ['checking_status'], bob: ['housing'] } });
    for (const party of ['alice', 'bob']) expect(reportOf(three, party)).toEqual(reportOf(reference, party));
    expect(reportOf(three, 'carol')).toEqual({});
    const alone = config({ input_data: { alice: 'credit.csv' }, columns: { alice: ['checking_status'] } });
    const one = await runTask(
      'woe_binning',
      folder.run({}, { params: { ...names('alice'), task_config: alone as never } }),
    );
    expect(reportOf(one, 'alice')).toEqual(reportOf(reference, 'alice'));
  });

  test('merges rare categories, gaps and bins of one class, and keeps a column of one value', async () => {
    const rows = Array.from({ length: 400 }, (_, row) => row);
    await folder.table(
      'alice',
      'y.csv',
      csvOf(
        ['y'],
        rows.map((row) => [Number(row % 3 === 0 && row >= 120)]),
      ),
    );
    const tableOf = (row: number): (string | number)[] => [
      row % 50 === 7 ? `rare ${row}` : row % 2 ? 'odd' : 'even',
      row < 19 ? '' : row,
      'same',
      row % 4 === 0 ? row : '',
    ];
    await folder.table('bob', 'x.csv', csvOf(['c', 'n', 's', 'g'], rows.map(tableOf)));
    const outcome = await bin({
      ...{ input_data: { alice: 'y.csv', bob: 'x.csv' }, label_column: { alice: 'y' } },
      ...{ columns: { bob: ['c', 'n', 's', 'g'] }, bin_num: 4 },
    });
    const { c, n, s, g } = reportOf(outcome, 'bob');
    expect(c!.bins.map(({ categories, rows: count }) => [categories!.length, count])).toEqual([
      [1, 200],
      [9, 200],
    ]);
    // The first quarter of the numbers has no positive row, and the few gaps join the smallest bin.
    expect(n!.bins.map(({ rows: count, missing }) => [count, missing])).toEqual([
      [expect.any(Number), expect.any(Boolean)],
      [expect.any(Number), expect.any(Boolean)],
      [expect.any(Number), expect.any(Boolean)],
    ]);
    expect(n!.bins.filter(({ missing }) => missing)).toHaveLength(1);
    expect(s).toMatchObject({ iv: 0, bins: [{ categories: ['same'], rows: 400, woe: 0 }] });
    const [gap] = g!.bins.filter(({ missing }) => missing);
    expect(gap).toMatchObject({ rows: 300 });
    expect(gap).not.toHaveProperty('above');
  });

  test.each<[string, JsonObject, JsonObject]>([
    ['NOT_ALIGNED', { input_data: { alice: 'credit.csv', bob: 'registry.csv' } }, {}],
    ['LABEL_NOT_BINARY', { label_column: { alice: 'installment_commitment' } }, { party: 'alice' }],
    ['LABEL_NOT_BINARY', { label_column: { bob: 'age' }, columns: { alice: ['duration'] } }, { party: 'bob' }],
    ['GROUP_TOO_SMALL', { positive_label: 'yes' }, { party: 'alice', column: 'bad', min_rows: 20 }],
    ['COLUMN_NOT_FOUND', { columns: { bob: ['nothing'] } }, {}],
    [
      'TOO_MANY_CLASSES',
      { input_data: { alice: 'many.csv', bob: 'many.csv' }, columns: { bob: ['c'] } },
      { column: 'c' },
    ],
    [
      'TOO_MANY_COLUMNS',
      { input_data: { alice: 'wide.csv', bob: 'wide.csv' }, columns: { bob: wide } },
      { party: 'bob' },
    ],
    [
      'BUDGET_EXHAUSTED',
      { bin_num: 1000, columns: { bob: wide.slice(0, 20) }, input_data: { alice: 'wide.csv', bob: 'wide.csv' } },
      { column: 'bad' },
    ],
  ])('fails with %s', async (code, more, details) => {
    if (JSON.stringify(more).includes('many.csv')) {
      const rows = Array.from({ length: 1_100 }, (_, row) => row);
      await folder.table(
        'alice',
        'many.csv',
        csvOf(
          ['bad'],
          rows.map((row) => [row % 2]),
        ),
      );
      await folder.table(
        'bob',
        'many.csv',
        csvOf(
          ['c'],
          rows.map((row) => [`text ${row}`]),
        ),
      );
    }
    if (JSON.stringify(more).includes('wide.csv')) {
      const rows = Array.from({ length: 600 }, (_, row) => row);
      await folder.table(
        'alice',
        'wide.csv',
        csvOf(
          ['bad'],
          rows.map((row) => [row % 2]),
        ),
      );
      const cells = (row: number): number[] => wide.map((_, at) => mixed(row * 1000 + at));
      await folder.table('bob', 'wide.csv', csvOf([...wide], rows.map(cells)));
    }
    await expect(bin(more)).rejects.toMatchObject({ code, details });
  });

  test('is refused where its parameters cannot work', () => {
    const faults = (more: JsonObject): string[] =>
      checkTaskParams('woe_binning', {
        sf_init_config: { parties: ['alice', 'bob'] },
        task_config: config(more),
      }).map(({ pointer }) => pointer);
    expect(faults({})).toEqual([]);
    expect(faults({ input_data: '${tasks.intersect.result.output_paths}', positive_label: 1 })).toEqual([]);
    expect(faults({ columns: { alice: [], bob: [] } })).toEqual(['/task_config/columns']);
    expect(faults({ columns: { alice: ['bad'] } })).toEqual(['/task_config/columns/alice']);
    expect(faults({ bin_num: 1 })).toEqual(['/task_config/bin_num']);
    expect(faults({ label_column: { alice: 'bad', bob: 'bad' } })).toEqual(['/task_config/label_column']);
  });
});
