import { describe, expect, test } from '@jest/globals';
import { familyOf, type Family } from './family.js';
import { planOf, shapeOf } from './glm-plan.js';
import { ownLabel } from './own-label.js';

const WHERE = { party: 'alice', path: 'a.csv', label: 'y', offset: 'o', weight: 'w' };
const ROWS = 60;
const rows = <T>(of: (row: number) => T): T[] => Array.from({ length: ROWS }, (_, row) => of(row));
const POISSON = familyOf('poisson', 0);
const label = rows((row) => 3 + (row % 5));
const own = (y: readonly number[], offset?: readonly number[], weights?: readonly number[], family: Family = POISSON) =>
  ownLabel(
    WHERE,
    family,
    {
      label: Float64Array.from(y),
      offset: offset ? Float64Array.from(offset) : null,
      weights: weights ? Float64Array.from(weights) : null,
    },
    20,
  );
const meanOf = (values: Iterable<number>): number => Array.from(values).reduce((sum, value) => sum + value, 0) / ROWS;

describe('the label of a party', () => {
  test('is scaled by a power of two to a mean between 1/2 and 1, weights to a mean of 1, and exp of the offset as well', () => {
    const found = own(
      label,
      rows((row) => row / 10),
      rows((row) => 1 + (row % 3)),
    );
    const weighted = found.label.map((y, row) => y * found.weights![row]!);
    expect([meanOf(weighted) > 0.5, meanOf(weighted) <= 1, found.scaleBits]).toEqual([true, true, 3]);
    expect(meanOf(found.weights!)).toBeCloseTo(1, 12);
    expect(meanOf(found.offset!.map((each, row) => Math.exp(each) * found.weights![row]!))).toBeCloseTo(1, 12);
    expect(found.start).toBeCloseTo(Math.log(meanOf(weighted)), 12);
    expect(found.losses.start).toBeGreaterThan(found.losses.least);
  });

  test.each([
    ['below 0', () => own([...label.slice(1), -1])],
    ['of 0 with gamma', () => own([...label.slice(1), 0], undefined, undefined, familyOf('gamma', 0))],
    [
      'far above the mean',
      () =>
        own(
          rows((row) => (row === 0 ? 1 : 1e-9 * row)),
          undefined,
          rows((row) => Number(row > 0)),
        ),
    ],
    ['beyond what a number holds', () => own(rows((row) => 1e-310 * (1 + (row % 3))))],
    [
      'with a raw exposure for an offset',
      () =>
        own(
          label,
          rows((row) => 100 * row),
        ),
    ],
    [
      'with weights below 0',
      () =>
        own(
          label,
          undefined,
          rows((row) => row - 1),
        ),
    ],
    [
      'with a weight over 1,024 times their mean, in however many rows',
      () => {
        const many = Array.from({ length: 6_000 }, (_, row) => row);
        const y = many.map((row) => 3 + (row % 5));
        // They tell as much as 31 rows.
        return own(
          y,
          undefined,
          many.map((row) => (row === 0 ? 1_300 : 1)),
        );
      },
    ],
  ])('is refused %s', (_, refused) => {
    expect(refused).toThrow(expect.objectContaining({ code: 'VALUE_OUT_OF_RANGE', retryable: false }));
  });

  test('is refused where it is the same in every row, or weights leave few rows', () => {
    const constant = expect.objectContaining({ code: 'CONSTANT_COLUMN' });
    expect(() => own(rows(() => 7))).toThrow(constant);
    expect(() => own(rows(() => 0))).toThrow(constant);
    for (const y of [0, 1])
      expect(() =>
        own(
          rows(() => y),
          undefined,
          undefined,
          familyOf('bernoulli', 0),
        ),
      ).toThrow(constant);
    for (const weights of [rows((row) => (row < 19 ? 1 : 0)), rows(() => 0)]) {
      expect(() => own(label, undefined, weights)).toThrow(
        expect.objectContaining({ code: 'GROUP_TOO_SMALL', details: { party: 'alice', column: 'w', min_rows: 20 } }),
      );
    }
  });
});

test('a penalty counts in units of the scaled label, and has a limit', () => {
  const tables = { alice: 'a.csv', bob: 'b.csv' };
  const penalty = (l2_lambda: number, scaleBits: number): number | null => {
    const features = { alice: ['a'], bob: ['b'] };
    const params = { distribution: 'poisson', l2_lambda } as const;
    const plan = planOf({ features, label: 'y', label_party: 'alice', train_data: tables, params });
    return shapeOf(plan, 100, scaleBits).l2;
  };
  expect([penalty(0, 3), penalty(8, 3), penalty(8, -3)]).toEqual([null, 1, 64]);
  // Of labels near 2^-30.
  expect(penalty(1e6, -30)).toBe(2 ** 20);
});

test('a power has three decimals', () => {
  expect(familyOf('tweedie', 1.23456).power).toBe(1.235);
});
