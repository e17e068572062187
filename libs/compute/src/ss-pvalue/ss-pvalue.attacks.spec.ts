import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { clearResult, testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { attackOn, noise, rightOf, rowsOf, type Attack } from './attacks-for-tests.js';
import { runSsPvalue } from './ss-pvalue-run.js';

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
});
afterAll(() => folder.remove());

/** z of bob's columns, as his readers get them, and all messages. */
async function attack(of: Attack): Promise<{ z: number[]; crossed: CrossedMessage[] }> {
  const crossed: CrossedMessage[] = [];
  const run = folder.run(await attackOn(folder, of));
  const outcome = await runSsPvalue(run, (message) => crossed.push(message));
  const { columns } = clearResult<{ columns: Record<string, { z: number }> }>(outcome, 'bob');
  return { z: of.columns.map((_, at) => columns[`b${at}`]!.z), crossed };
}
const singular = { code: 'SINGULAR_INFORMATION' };

/** z of one column beside an intercept, in plain arithmetic, with two decimals. */
function plainZ(column: readonly number[], label: readonly number[]): number {
  let [weight, intercept] = [0, 0];
  for (let step = 0; ; step += 1) {
    const sums = [0, 0, 0, 0, 0];
    for (const [row, x] of column.entries()) {
      const p = 1 / (1 + Math.exp(-weight * x - intercept));
      [p * (1 - p), p * (1 - p) * x, p * (1 - p) * x * x, label[row]! - p, (label[row]! - p) * x].forEach(
        (more, at) => (sums[at]! += more),
      );
    }
    const [a, b, c, g, h] = sums as [number, number, number, number, number];
    const determinant = a * c - b * b;
    if (step === 8) return Number((weight / Math.sqrt(a / determinant)).toFixed(2));
    weight += (a * h - b * g) / determinant;
    intercept += (c * g - b * h) / determinant;
  }
}

describe('a party that chooses its columns', () => {
  const ROWS = 200;
  const label = rowsOf(ROWS, (row) => Number(noise(row) > 0.5));
  const signs = (column: number): number[] => rowsOf(ROWS, (row) => (noise(1_000 + 200 * column + row) > 0.5 ? 1 : -1));

  test('gets no z of a column that is another in under 20 rows', async () => {
    for (const rows of [1, 19]) {
      const marked = rowsOf(ROWS, (row) => Number(row < rows));
      await expect(attack({ name: `marked-${rows}`, label, columns: [marked] })).rejects.toMatchObject({
        code: 'GROUP_TOO_SMALL',
        details: { party: 'bob', column: 'b0', min_rows: 20 },
      });
    }
  });

  test('gets no z of columns that differ in two rows, and of three how many labels are 1', async () => {
    const base = rowsOf(ROWS, (row) => noise(row + 7_000));
    const differing = (rows: number): number[][] => [
      base,
      ...rowsOf(5, (at) => base.map((value, row) => value + Number(row >= at * rows && row < (at + 1) * rows))),
    ];
    const two = { name: 'differ-2', label, columns: differing(2), regType: 'linear' } as const;
    await expect(attack(two)).rejects.toMatchObject(singular);
    const { z } = await attack({ name: 'differ-3', label, columns: differing(3), regType: 'linear' });
    const ones = rowsOf(5, (at) => label.slice(3 * at, 3 * at + 3).reduce<number>((sum, y) => sum + y, 0));
    const byZ = rowsOf(5, (at) => at).sort((one, other) => z[one + 1]! - z[other + 1]!);
    expect(byZ.map((at) => ones[at])).toEqual(ones.toSorted((one, other) => one - other));
    // In logistic regression the columns predict the labels of three rows exactly, so there is no fit.
    expect(ones.some((sum) => sum % 3 === 0)).toBe(true);
    await expect(attack({ name: 'differ-separated', label, columns: differing(3) })).rejects.toMatchObject(singular);
  });

  test('reads under 62 % of the labels off all z of a task with as many columns as it takes', async () => {
    const columns = rowsOf(8, signs);
    const { z, crossed } = await attack({ name: 'eight', label, columns });
    const right = rightOf(label, columns, z) / ROWS;
    expect(right).toBeGreaterThan(0.52);
    expect(right).toBeLessThan(0.62);
    for (const [count, code] of [
      [9, 'BUDGET_EXHAUSTED'],
      [11, 'GROUP_TOO_SMALL'],
    ] as const) {
      const more = { name: `${count}`, label, columns: rowsOf(count, signs) };
      await expect(attack(more)).rejects.toMatchObject({ code });
    }
    // Two rows a column, one at a time: what the rule and the ledger prevent.
    const many = rowsOf(100, signs);
    const each = many.map((column) => plainZ(column, label));
    expect(rightOf(label, many, each) / ROWS).toBeGreaterThan(0.7);
    // Of 100 bits seven runs of a column may open 13 each.
    const few = many.slice(0, 7);
    expect(rightOf(label, few, each.slice(0, 7)) / ROWS).toBeLessThan(0.62);

    // Of each z alice sends no more than the bits that z is made of: bits of comparisons with 1,900 edges, and a sign.
    const last = crossed.findLast(
      ({ from, to, body }) => from === 'alice' && to === 'bob' && typeof body !== 'string',
    )!;
    expect((last.body as Uint8Array).byteLength).toBe(Math.ceil((8 * 1901) / 8));
  });

  test('gets no z of powers of two, and reads few of the labels that it codes by powers of 0.8', async () => {
    const coded = 20;
    const codes = (base: number): number[] => rowsOf(80, (row) => (row < coded ? base ** row : 0));
    const drawnBy = (draw: number): number[] => rowsOf(80, (row) => Number(noise(40_000 + 80 * draw + row) > 0.5));
    await expect(attack({ name: 'powers', label: drawnBy(0), columns: [codes(0.5)] })).rejects.toMatchObject(singular);

    const column = codes(0.8);
    // All labels of the ten largest values, and zeros and ones by turns for the rest.
    const guesses = rowsOf(1024, (bits) => rowsOf(80, (row) => (row < 10 ? (bits >> row) & 1 : row % 2)));
    const zOfGuesses = guesses.map((guess) => plainZ(column, guess));
    const rights = rowsOf(8, (draw) => {
      const z = plainZ(column, drawnBy(draw));
      const off = zOfGuesses.map((each) => (Number.isNaN(each) ? Infinity : Math.abs(each - z)));
      const best = guesses[off.indexOf(Math.min(...off))]!;
      return drawnBy(draw).filter((y, row) => row < coded && y === best[row]).length;
    });
    const mean = rights.reduce((sum, right) => sum + right, 0) / rights.length;
    expect(mean).toBeGreaterThan(9);
    expect(mean).toBeLessThan(14);
    const { z } = await attack({ name: 'coded', label: drawnBy(0), columns: [column] });
    expect(Math.abs(z[0]! - plainZ(column, drawnBy(0)))).toBeLessThan(0.02);
  });

  test("gets no z of a copy of the other party's column that differs in one row", async () => {
    const own = rowsOf(ROWS, (row) => noise(row + 5_000));
    const copy = own.map((value, row) => value + Number(row === 7) / 100);
    const of = { name: 'copy', label, own: [own], columns: [copy], regType: 'linear' } as const;
    await expect(attack(of)).rejects.toMatchObject(singular);
  });

  test('learns one bit of a guess of a column, whether it is right in every row', async () => {
    const own = rowsOf(ROWS, (row) => Math.floor(noise(row + 5_000) * 8));
    const guess = { name: 'guess', label, own: [own], columns: [own] };
    await expect(attack(guess)).rejects.toMatchObject({ ...singular, message: expect.not.stringMatching(/\d|"/) });
  });
});
