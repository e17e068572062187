import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MIN_GROUP_ROWS } from '#libs/consent';
import { RowsApart, withhold } from './privacy.js';

const areFew = (values: readonly number[], least = MIN_GROUP_ROWS): boolean => {
  const apart = new RowsApart(least);
  for (const value of values) apart.add(value);
  return apart.areFew;
};

describe('rows apart from the most frequent value', () => {
  test('are few where a plain count of all values says so', () => {
    const anyColumn = fc.oneof(
      fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 60 }),
      fc
        .tuple(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 30 }), fc.integer({ min: 0, max: 40 }))
        .chain(([others, same]) =>
          fc.shuffledSubarray([...others, ...Array<number>(same).fill(4)], { minLength: others.length + same }),
        ),
    );
    fc.assert(
      fc.property(anyColumn, (values) => {
        const most = Math.max(0, ...values.map((value) => values.filter((other) => other === value).length));
        const apart = values.length - most;
        expect(areFew(values)).toBe(most > 1 && apart > 0 && apart < MIN_GROUP_ROWS);
      }),
    );
  });

  test('are not few in a column of numbers that differ, of one value, or of two classes', () => {
    const column = (length: number, of: (row: number) => number): number[] =>
      Array.from({ length }, (_, row) => of(row));
    expect(areFew(column(1_000_000, (row) => row / 7))).toBe(false);
    expect(areFew(column(5, (row) => row))).toBe(false);
    expect(areFew(column(100, () => 1))).toBe(false);
    expect(areFew(column(100, (row) => Number(row >= 80)))).toBe(false);
    expect(areFew(column(100, (row) => Number(row >= 81)))).toBe(true);
    expect(
      areFew(
        column(100, (row) => Number(row >= 80)),
        21,
      ),
    ).toBe(true);
    expect(areFew(column(100, (row) => Number(row < 1)))).toBe(true);
  });
});

describe('what is withheld', () => {
  test('stays as null with its reason, and the figures stay as they are', () => {
    const figures = { rows: 9, columns: { a: { min: 1, mean: 2 }, b: { min: 3, mean: 4 } } };
    const reasons = { rows: 'too exact', 'columns.*.min': 'one row', 'curves.roc': 'one row' };
    expect(withhold(figures, reasons)).toEqual({
      rows: null,
      columns: { a: { min: null, mean: 2 }, b: { min: null, mean: 4 } },
      curves: null,
      withheld: reasons,
    });
    expect(figures.columns.a.min).toBe(1);
  });
});
