import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ConsentJson } from '#libs/consent';
import { clearResult } from '../contract/run-for-tests.js';
import type { TaskRunResult } from '../contract/task-type.js';
import { OwnedRuns } from '../party/owned-runs-for-tests.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { runWoeBinning } from './woe-binning-run.js';

type Config = { readonly [key: string]: ConsentJson };
interface Bin {
  readonly categories?: readonly string[];
  readonly rows: number;
  readonly positives: number;
}
type Report = Readonly<Record<string, { readonly iv: number; readonly bins: readonly Bin[] }>>;

const ROWS = 100;
/** In no order that a column of bob knows. */
const labelOf = (row: number): number => Number((row * 7919) % 1009 < 364);
const rows = Array.from({ length: ROWS }, (_, row) => row);
const labels = rows.map(labelOf);
const ones = labels.filter((label) => label === 1).length;

let runs: OwnedRuns;
let alice: string;
beforeEach(async () => {
  runs = await OwnedRuns.claim('alice');
  alice = await runs.table('alice', 'c', [['id', 'y', 'x'], ...rows.map((row) => [row, labelOf(row), row % 7])]);
});
afterEach(() => runs.folder.remove());

/** A task on columns that bob has made: `inBin` says which rows lie in the bin of each. */
async function ask(taskId: string, inBin: readonly ((row: number) => string)[]): Promise<TaskRunResult> {
  const names = inBin.map((_, at) => `c${at}`);
  const bob = await runs.table('bob', taskId, [
    ['id', ...names],
    ...rows.map((row) => [row, ...inBin.map((of) => of(row))]),
  ]);
  return runs.run('woe_binning', taskId, config(bob, names));
}
const config = (bob: string, names: readonly string[], more: Config = {}): Config => ({
  ...{ input_data: { alice, bob }, columns: { bob: [...names] }, label_column: { alice: 'y' } },
  ...more,
});
const reportOf = (outcome: TaskRunResult): Report => clearResult<{ columns: Report }>(outcome, 'bob').columns;

describe('who chooses the bins, and wants a single label of a claimed party', () => {
  test('gets no bin of a row, of few rows, or of one class', async () => {
    const ofOneClass = rows.filter((row) => labels[row] === 0).slice(0, 30);
    const nearlyOne = [...ofOneClass.slice(0, 26), ...rows.filter((row) => labels[row] === 1).slice(0, 4)];
    const outcome = await ask('chosen', [
      (row) => (row === 17 ? 'one' : 'rest'),
      (row) => (row < 19 ? 'few' : 'rest'),
      (row) => (ofOneClass.includes(row) ? 'pure' : 'rest'),
      (row) => (nearlyOne.includes(row) ? 'nearly pure' : 'rest'),
      (row) => `row ${row}`,
      () => 'all',
    ]);
    for (const { bins } of Object.values(reportOf(outcome)))
      expect(bins.map(({ rows: count, positives }) => [count, positives])).toEqual([[ROWS, ones]]);
  });

  test('gets in one task no two bins that differ by a row, nor a bin and the rest of another', async () => {
    const outcome = await ask('apart', [
      (row) => (row < 30 ? 'in' : 'out'),
      (row) => (row < 31 ? 'in' : 'out'),
      (row) => (row < 31 ? 'out' : row < 60 ? 'in' : 'other'),
      (row) => (row < 30 ? 'the same rows' : 'again'),
    ]);
    const { c0, c1, c2, c3 } = reportOf(outcome);
    expect([c0!.bins.length, c1!.bins.length, c3!.bins.length]).toEqual([2, 1, 2]);
    expect(c2!.bins.map(({ rows: count }) => count)).toEqual([60, 40]);
  });

  test('reads by bins that differ by a row in 100 tasks five labels of 100 before the ledger is full', async () => {
    // Each task adds one row to a bin of 20: the difference is its label.
    const counts: number[] = [];
    const attack = async (): Promise<void> => {
      for (let more = 0; more < 100; more += 1) {
        const outcome = await ask(`rows-${more}`, [(row) => (row < 20 + more ? 'in' : 'out')]);
        counts.push(reportOf(outcome).c0!.bins.find(({ rows: count }) => count === 20 + more)!.positives);
      }
    };
    // Two bins of 50 rows are 8 bits.
    const refusal = {
      code: 'BUDGET_EXHAUSTED',
      details: { party: 'alice', column: 'y', opened: 48, asked: 8, limit: 50 },
    };
    await expect(attack()).rejects.toMatchObject(refusal);
    const read = counts.slice(1).map((count, at) => count - counts[at]!);
    expect(read).toEqual(labels.slice(20, 25));
    await expect(ask('more-bins', [(row) => String(row % 4)])).rejects.toMatchObject({ code: 'BUDGET_EXHAUSTED' });
  }, 60_000);

  test('gets no counts of two lists for psi that differ by a customer', async () => {
    const bob = async (count: number): Promise<string> =>
      runs.table('bob', `list-${count}`, [
        ['id', 'c'],
        ...rows.slice(0, count).map((row) => [row, row % 2 ? 'odd' : 'even']),
      ]);
    const bin = async (count: number): Promise<TaskRunResult> => {
      const input_paths = { alice, bob: await bob(count) };
      const keys = { alice: ['id'], bob: ['id'] };
      const matched = await runs.run('psi', `match-${count}`, { keys, input_paths });
      const input_data = matched.result.output_paths as { alice: string; bob: string };
      return runs.run('woe_binning', `bin-${count}`, { ...config('', ['c']), input_data });
    };
    expect(reportOf(await bin(80)).c!.bins).toHaveLength(2);
    await expect(bin(81)).rejects.toMatchObject({ code: 'ROWS_TOO_CLOSE' });
  }, 60_000);
});

describe('the party of the label', () => {
  test('sees of another party’s columns their number of bins, and uniform bytes, whatever they hold', async () => {
    const seen = async (taskId: string, of: (row: number) => string): Promise<CrossedMessage[]> => {
      const bob = await runs.table('bob', taskId, [['id', 'c'], ...rows.map((row) => [row, of(row)])]);
      const crossed: CrossedMessage[] = [];
      const run = await runs.prepare('woe_binning', taskId, config(bob, ['c']));
      await runWoeBinning(run, (message) => crossed.push(message));
      return crossed.filter(({ from, to }) => from === 'bob' && to === 'alice');
    };
    // Of the second column one bin has too few rows of a class, and is merged.
    const pure = rows.filter((row) => labels[row] === 0).slice(0, 30);
    const first = await seen('first', (row) => (row < 30 ? 'a' : 'b'));
    const second = await seen('second', (row) => (pure.includes(row) ? 'a' : 'b'));
    const shapeOf = (messages: readonly CrossedMessage[]) =>
      messages.map(({ body }) => (typeof body === 'string' ? (JSON.parse(body) as unknown) : body.length));
    expect(shapeOf(first).slice(0, 2)).toEqual([{ rows: ROWS, least: 20 }, { bins: 2 }]);
    expect(shapeOf(second)).toEqual(shapeOf(first));
    const counts = new Array<number>(256).fill(0);
    for (const { body } of [...first, ...second])
      if (typeof body !== 'string') body.forEach((byte) => (counts[byte]! += 1));
    const total = counts.reduce((sum, count) => sum + count, 0);
    const chi = counts.reduce((sum, count) => sum + (count - total / 256) ** 2 / (total / 256), 0);
    expect(total).toBeGreaterThan(2000);
    // 255 degrees of freedom: seven deviations.
    expect(chi).toBeLessThan(255 + 7 * 22.6);
  });

  test('sees no numbers of bins of two lists for psi that differ by a customer', async () => {
    const own = await OwnedRuns.claim('bob');
    try {
      const bob = await own.table('bob', 'c', [['id', 'c'], ...rows.map((row) => [row, row % 2 ? 'odd' : 'even'])]);
      const bin = async (count: number): Promise<TaskRunResult> => {
        const list = [['id', 'y'], ...rows.slice(0, count).map((row) => [row, labelOf(row)])];
        const input_paths = { alice: await own.table('alice', `list-${count}`, list), bob };
        const match = { keys: { alice: ['id'], bob: ['id'] }, input_paths };
        const { output_paths } = (await own.run('psi', `match-${count}`, match)).result as { output_paths: Config };
        return own.run('woe_binning', `bin-${count}`, { ...config('', ['c']), input_data: output_paths });
      };
      await bin(80);
      await expect(bin(81)).rejects.toMatchObject({ code: 'ROWS_TOO_CLOSE', details: { party: 'bob' } });
    } finally {
      await own.folder.remove();
    }
  }, 60_000);

  test('reads in the result no figure of them', async () => {
    const outcome = await ask('result', [(row) => String(row % 3)]);
    expect(Object.keys(outcome.result).sort()).toEqual(
      ['columns_binned', 'output_paths', 'report_paths', 'rows', 'rules_paths'].sort(),
    );
    expect(await runs.own('result', outcome, 'alice')).toEqual({ rows: ROWS, columns: {} });
  });
});
