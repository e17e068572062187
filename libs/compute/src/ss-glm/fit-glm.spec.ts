import { describe, expect, test } from '@jest/globals';
import { bitOf, xor } from '../mpc/bit-strings.js';
import { jointly } from '../mpc/joint-for-tests.js';
import { add, decode, zeros } from '../mpc/ring.js';
import { COEFFICIENT_BITS } from './family-on-shares.js';
import { familyOf, type Distribution } from './family.js';
import { fitGlm, type GlmShape } from './fit-glm.js';
import { sharesOf } from './glm-rows.js';
import { ownLabel } from './own-label.js';

const ROWS = 200;
const rowsOf = (of: (row: number) => number): Float64Array => Float64Array.from({ length: ROWS }, (_, row) => of(row));
/** Numbers between -1 and 1. */
const noise = (row: number, seed: number): number => ((((row + 1) * (7919 * seed + 31)) % 1009) - 504) / 504;
/** With mean 0 and a sum of squares of 1. */
function standardised(column: Float64Array): Float64Array {
  const mean = column.reduce((sum, value) => sum + value, 0) / ROWS;
  const norm = Math.hypot(...column.map((value) => value - mean));
  return column.map((value) => (value - mean) / norm);
}

interface Fitted {
  readonly coefficients: Float64Array;
  readonly fails: boolean;
}

/** Fits a label to a column of the same party; the other one has none. */
async function fitted(
  distribution: Distribution,
  column: Float64Array,
  y: Float64Array,
  epochs: number,
  weights: Float64Array | null = null,
): Promise<Fitted> {
  const family = familyOf(distribution, 1.5);
  const where = { party: 'alice', path: 'a.csv', label: 'y', offset: '', weight: 'w' };
  const label = ownLabel(where, family, { label: y, offset: null, weights }, 20);
  const features = { rows: ROWS, columns: 1, values: standardised(column) };
  const shape: GlmShape = {
    ...{ family, rows: ROWS, columns: [1, 0], epochs, l2: null },
    ...{ hasOffset: false, hasWeights: weights !== null },
  };
  const own = sharesOf({ features, places: [], label }, shape, 0);
  const none = (from: number, to: number) => zeros(to - from);
  const others = {
    ...{ label: none, weights: none, offset: none, start: zeros(2) },
    features: (from: number, to: number) => zeros(2 * (to - from)),
  };
  const [one, other] = await jointly((joint) => fitGlm(joint, shape, joint.index === 0 ? own : others, () => {}));
  return {
    coefficients: decode(add(one.coefficients, other.coefficients), COEFFICIENT_BITS),
    fails: bitOf(xor(one.fails, other.fails), 0) === 1,
  };
}

describe('a fit on shares', () => {
  const column = rowsOf((row) => noise(row, 3));

  test('is none where means of rows lie over a factor of e^7 from that of all', async () => {
    const amounts = (slope: number) => rowsOf((row) => Math.exp(slope * column[row]!) * (1.1 + noise(row, 5)));
    expect((await fitted('gamma', column, amounts(3), 10)).fails).toBe(false);
    expect((await fitted('gamma', column, amounts(6), 10)).fails).toBe(true);
    expect((await fitted('gamma', column, amounts(-6), 10)).fails).toBe(true);
  });

  test('is none where a row has most of what a column says by its weight', async () => {
    const far = rowsOf((row) => (row === 0 ? 3 : noise(row, 3)));
    const amounts = rowsOf((row) => 2 + noise(row, 5));
    expect((await fitted('gamma', far, amounts, 6)).fails).toBe(false);
    const heavy = rowsOf((row) => (row === 0 ? 50 : 1));
    expect((await fitted('gamma', far, amounts, 6, heavy)).fails).toBe(true);
    expect((await fitted('gamma', column, amounts, 6, heavy)).fails).toBe(false);
  });

  test('moves no coefficient by more than eight for each deviation in a step', async () => {
    const marked = rowsOf((row) => (row === 0 ? 1 : noise(row, 3) / 1e3));
    const { coefficients, fails } = await fitted(
      'gamma',
      marked,
      rowsOf((row) => (row === 0 ? 1e3 : 1e-3)),
      1,
    );
    expect(coefficients[0]).toBeCloseTo(8 * Math.sqrt(ROWS), 6);
    expect(fails).toBe(true);
  });

  test.each([1, -1])('has not converged where the next step moves all coefficients to one side: %i', async (sign) => {
    const side = rowsOf((row) => sign * column[row]!);
    const counts = rowsOf((row) => Math.round(Math.exp(1 + 1.5 * column[row]!)));
    expect((await fitted('poisson', side, counts, 8)).fails).toBe(false);
    for (const epochs of [1, 2]) expect((await fitted('poisson', side, counts, epochs)).fails).toBe(true);
  });
});
