import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fineGroups, groupOf, joinClose, joinFailing, joinSmall, type Group, type Shape } from './groups.js';

const shapes = fc.record({
  ordered: fc.boolean(),
  sizes: fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 2, maxLength: 14 }),
});
const rowsOf = ({ sizes }: Shape, group: Group): number => group.reduce((sum, fine) => sum + sizes[fine]!, 0);
const total = ({ sizes }: Shape): number => sizes.reduce((sum, rows) => sum + rows, 0);

/** Each fine bin is in one group, and groups of numbers hold neighbours. */
function expectPartition(shape: Shape, groups: readonly Group[]): void {
  const missing = shape.sizes.length - 1;
  const all = fineGroups(shape).flat();
  expect(groups.flat().sort((one, other) => one - other)).toEqual(all);
  if (!shape.ordered) return;
  const ofValues = groups.map((group) => group.filter((fine) => fine !== missing)).filter(({ length }) => length > 0);
  expect(ofValues.flat()).toEqual(all.filter((fine) => fine !== missing));
}

describe('bins', () => {
  test('of few rows are joined until each has enough, or one is left', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 1, max: 40 }), (shape, least) => {
        const groups = joinSmall(shape, fineGroups(shape), least);
        expectPartition(shape, groups);
        if (groups.length > 1) for (const group of groups) expect(rowsOf(shape, group)).toBeGreaterThanOrEqual(least);
        else expect(rowsOf(shape, groups[0]!)).toBe(total(shape));
      }),
    );
  });

  test('that fail are joined to one that does not, and no other bin is changed', () => {
    fc.assert(
      fc.property(shapes, fc.infiniteStream(fc.boolean()), (shape, chance) => {
        const before = joinSmall(shape, fineGroups(shape), 1);
        const fails = before.map(() => chance.next().value as boolean);
        const after = joinFailing(shape, before, fails);
        expectPartition(shape, after);
        expect(after).toHaveLength(Math.max(1, fails.filter((each) => !each).length));
        if (fails.every(Boolean)) return;
        for (const group of after) {
          expect(before.filter((each, at) => !fails[at] && group.includes(each[0]!))).toHaveLength(1);
        }
      }),
    );
  });

  test('of two columns differ by 20 rows, or by none, and so do a bin and what the other leaves', () => {
    const columns = fc.array(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 90, maxLength: 90 }), {
      minLength: 2,
      maxLength: 3,
    });
    fc.assert(
      fc.property(columns, fc.integer({ min: 0, max: 30 }), (drawn, changed) => {
        // The last column is the first with few rows changed.
        const near = drawn[0]!.map((fine, row) => (row < changed ? (fine + 1) % 6 : fine));
        const all = [...drawn, near].map((fine) => {
          const of = Uint16Array.from(fine);
          const shape = {
            ordered: true,
            sizes: [0, 1, 2, 3, 4, 5, 6].map((bin) => fine.filter((each) => each === bin).length),
          };
          return { shape, of, groups: joinSmall(shape, fineGroups(shape), 20) };
        });
        const joined = joinClose(all, 20);
        const rowsIn = all.map(({ shape, of }, at) => {
          const group = groupOf(shape, joined[at]!);
          return joined[at]!.map((_, mine) => Array.from(of, (fine) => group[fine] === mine));
        });
        joined.forEach((groups, at) => expectPartition(all[at]!.shape, groups));
        for (const [later, mine] of rowsIn.entries()) {
          for (const one of mine)
            for (const other of rowsIn.slice(0, later).flat()) {
              const apart = one.filter((is, row) => is !== other[row]).length;
              for (const rows of [apart, 90 - apart]) expect(rows === 0 || rows >= 20).toBe(true);
            }
        }
      }),
    );
  });

  test('of numbers go to the nearest one that does not fail, missing values to the smallest', () => {
    const shape = { ordered: true, sizes: [30, 40, 50, 60, 70, 25] };
    const groups = fineGroups(shape);
    expect(joinFailing(shape, groups, [false, true, true, true, false, true])).toEqual([
      [0, 1, 2, 5],
      [3, 4],
    ]);
    expect(joinFailing(shape, groups, [true, true, true, true, true, false])).toEqual([[0, 1, 2, 3, 4, 5]]);
    expect(joinSmall({ ordered: false, sizes: [30, 4, 50, 9, 0] }, [[0], [1], [2], [3]], 20)).toEqual([[0, 1, 3], [2]]);
    const rare = { ordered: false, sizes: [8, 30, 9, 7, 5] };
    expect(joinSmall(rare, fineGroups(rare), 20)).toEqual([[0, 2, 3, 4], [1]]);
  });
});
