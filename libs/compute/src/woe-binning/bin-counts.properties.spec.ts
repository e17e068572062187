import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { JointDealer, JointParty } from '../mpc/joint.js';
import type { Vector } from '../mpc/rings.js';
import { together } from '../mpc/together-for-tests.js';
import { dealCounts, giveCounts, takeCounts, type OwnBins } from './bin-counts.js';

const nothing = async (): Promise<never> => Promise.reject(new Error('nothing is opened to both'));

interface Case {
  readonly labels: readonly number[];
  readonly columns: readonly (readonly number[])[];
}

const BINS = 5;
const cases: fc.Arbitrary<Case> = fc.integer({ min: 1, max: 80 }).chain((rows) =>
  fc.record({
    labels: fc.array(fc.integer({ min: 0, max: 1 }), { minLength: rows, maxLength: rows }),
    columns: fc.array(fc.array(fc.integer({ min: 0, max: BINS - 1 }), { minLength: rows, maxLength: rows }), {
      minLength: 1,
      maxLength: 4,
    }),
  }),
);

const sizesOf = (column: readonly number[]): number[] =>
  Array.from({ length: BINS }, (_, bin) => column.filter((each) => each === bin).length);

/** Counts on shares; what the second party sees of failing bins, and its counts. `seen` gets what crosses between the parties. */
async function counted(
  { labels, columns }: Case,
  targets: Uint16Array,
  seen: (from: 0 | 1, bytes: Uint8Array) => void = () => {},
): Promise<{ fails: readonly boolean[]; counts: Vector }> {
  const bins = BINS * columns.length;
  const own: OwnBins = {
    of: columns.map((column) => Uint16Array.from(column)),
    counts: columns.map(() => BINS),
    sizes: columns.flatMap(sizesOf),
    fewest: 1,
  };
  let fails: readonly boolean[] = [];
  const [, counts] = await together(
    async (session): Promise<Vector> => {
      const joint = new JointParty(session, nothing);
      if (session.index === 0) {
        await giveCounts(joint, Uint32Array.from(labels), bins, () => {});
        return new Uint32Array();
      }
      const join = (found: readonly boolean[]): Uint16Array => {
        fails = found;
        return targets;
      };
      return takeCounts(joint, labels.length, own, join, () => {});
    },
    (parties) => dealCounts(new JointDealer(parties, nothing), labels.length, bins, () => {}),
    seen,
  );
  return { fails, counts };
}

describe('rows of a class by another party’s bins', () => {
  test('are counted as in clear, with bins joined as their owner says', async () => {
    await fc.assert(
      fc.asyncProperty(cases, fc.infiniteStream(fc.nat()), async (each, chance) => {
        const bins = BINS * each.columns.length;
        const targets = Uint16Array.from({ length: bins }, () => (chance.next().value as number) % bins);
        const { fails, counts } = await counted(each, targets);
        const positives = each.columns.flatMap((column) =>
          Array.from({ length: BINS }, (_, bin) =>
            column.reduce((sum, of, row) => sum + (of === bin ? each.labels[row]! : 0), 0),
          ),
        );
        const sizes = each.columns.flatMap(sizesOf);
        // Of an empty bin both classes have too few, which the exclusive or does not say. A task has no empty bin.
        sizes.forEach((size, bin) => {
          if (size >= 1) expect(fails[bin]).toBe(positives[bin] === 0 || positives[bin] === size);
        });
        const expected = new Array<number>(bins).fill(0);
        targets.forEach((to, bin) => (expected[to]! += positives[bin]!));
        expect(Array.from(counts)).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  test('show in what crosses nothing but uniform bytes', async () => {
    const counts = [new Array<number>(256).fill(0), new Array<number>(256).fill(0)] as const;
    const rows = 2000;
    const column = Array.from({ length: rows }, (_, row) => (row < 1900 ? 0 : row % BINS));
    const labels = column.map((_, row) => Number(row % 10 === 0));
    await counted(
      { labels, columns: [column, column] },
      Uint16Array.from({ length: 2 * BINS }, () => 0),
      (from, bytes) => bytes.forEach((byte) => (counts[from][byte]! += 1)),
    );
    for (const each of counts) {
      const total = each.reduce((sum, count) => sum + count, 0);
      const chi = each.reduce((sum, count) => sum + (count - total / 256) ** 2 / (total / 256), 0);
      expect(total).toBeGreaterThan(5000);
      // 255 degrees of freedom: seven deviations.
      expect(chi).toBeLessThan(255 + 7 * 22.6);
    }
  });
});
