import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { clearResult, testFolder, type TestFolder } from '../contract/run-for-tests.js';
import { attackOn, noise, rightOf, rowsOf, type Attack } from '../ss-pvalue/attacks-for-tests.js';
import { runScorecard } from './scorecard-run.js';

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
});
afterAll(() => folder.remove());

/** Points of bob's columns, as his readers get them: of each value, ascending. */
async function attack(of: Attack): Promise<number[][]> {
  const outcome = await runScorecard(folder.run({ ...(await attackOn(folder, of)), params: { pdo: 200 } }));
  const { columns } = clearResult<{ columns: Record<string, { points: number }[]> }>(outcome, 'bob');
  return of.columns.map((_, at) => columns[`b${at}`]!.map(({ points }) => points));
}

describe('a party that chooses its columns', () => {
  const ROWS = 200;
  const label = rowsOf(ROWS, (row) => Number(noise(row) > 0.5));
  const signs = (column: number): number[] => rowsOf(ROWS, (row) => (noise(1_000 + 200 * column + row) > 0.5 ? 1 : -1));

  test('gets no points of a column that is another in one row, alone or beside a column', async () => {
    const marked = rowsOf(ROWS, (row) => Number(row === 7));
    await expect(attack({ name: 'marked', label, columns: [marked] })).rejects.toMatchObject({
      code: 'GROUP_TOO_SMALL',
    });
    const own = rowsOf(ROWS, (row) => Math.floor(noise(row + 5_000) * 8));
    for (const [name, more] of [
      ['beside', { columns: [own, own.map((value, row) => value + marked[row]!)] }],
      ['copy', { own: [own], columns: [own.map((value, row) => value + marked[row]!)] }],
    ] as const) {
      await expect(attack({ name, label, ...more })).rejects.toMatchObject({ code: 'SINGULAR_INFORMATION' });
    }
  });

  test('reads under 62 % of the labels off the points of as many columns as the ledger lets through', async () => {
    const columns = rowsOf(5, signs);
    // A label of 1 takes points away.
    const points = await attack({ name: 'five', label, columns });
    const weights = points.map(([ofMinusOne]) => ofMinusOne!);
    const right = rightOf(label, columns, weights) / ROWS;
    expect(right).toBeGreaterThan(0.5);
    expect(right).toBeLessThan(0.62);
    // Points of -1 and of 1 say the same.
    for (const [low, high] of points) expect(Math.abs(low! + high!)).toBeLessThanOrEqual(1);
  });

  test('gets no number beyond 2,000, whatever its values are', async () => {
    // What -1 and 1 say of the label makes a slope of about 1, and 10 lies far out on it: 2,900 points from there.
    const column = rowsOf(ROWS, (row) => (row < 90 ? -1 : row < 180 ? 1 : 10));
    const sloped = column.map((value, row) => Number(value === 10 || noise(row) < (value < 0 ? 0.27 : 0.73)));
    const far = async (name: string, of: number[]): Promise<number[]> =>
      (await attack({ name, label: of, columns: [column] }))[0]!;
    const both = [
      ...(await far('far', sloped)),
      ...(await far(
        'opposite',
        sloped.map((each) => 1 - each),
      )),
    ];
    expect([Math.min(...both), Math.max(...both)]).toEqual([-2_000, 2_000]);
  });
});
