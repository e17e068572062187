import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BucketMatrix, BucketMatrixDealer } from '../mpc/bucket-matrix.js';
import { JointParty, type Joint, type JointDealer } from '../mpc/joint.js';
import { jointly, vectorOf, wholesOf } from '../mpc/joint-for-tests.js';
import { Z128, Z32, constant, type Vector } from '../mpc/rings.js';
import type { Boosting } from '../vertical/boosting.js';
import { DROPPED_BITS, LEAST } from './candidates.js';
import { leafWeights } from './leaf-weights.js';
import { bitsOf, boostShared } from './shared-boost.js';
import type { OwnSplit, SharedTree, Winners } from './shared-tree.js';
import { sigmoids } from './sigmoid.js';

type Party = 0 | 1;
interface Column {
  readonly of: Uint16Array;
  readonly count: number;
  readonly edges: readonly number[];
}
interface Table {
  readonly columns: readonly [readonly Column[], readonly Column[]];
  readonly label: Float64Array;
  readonly home: Party;
  readonly least: number;
  readonly boosting: Boosting;
}
/** A node of a tree in clear: whose column splits it, which, and up to which bucket; or nobody's. */
interface ClearTree {
  readonly owners: Party[];
  readonly splits: OwnSplit[];
  readonly weights: number[];
}

/** The arithmetic of shares on numbers in clear, as if one party held them all. */
const clear: Pick<Joint, 'index' | 'product' | 'shift' | 'negative' | 'numbers'> = {
  index: 0,
  product: async (ring, left, right) => ring.multiply(left, right),
  shift: async (from, to, values, bits) =>
    vectorOf(
      to,
      wholesOf(from, values).map((value) => value >> BigInt(bits)),
    ),
  negative: async (ring, values) => {
    const bits = new Uint8Array(Math.ceil(values.length / ring.words / 8));
    wholesOf(ring, values).forEach((value, at) => (bits[at >>> 3]! |= Number(value < 0n) << (at & 7)));
    return bits;
  },
  numbers: async (ring, bits, count) =>
    vectorOf(
      ring,
      Array.from({ length: count }, (_, at) => BigInt((bits[at >>> 3]! >>> (at & 7)) & 1)),
    ),
};

/** Boosts trees in clear: each split by exact fractions, one candidate after the other. */
async function boostClear({ columns, label, home, least, boosting }: Table): Promise<ClearTree[]> {
  const joint = clear as Joint;
  const rows = label.length;
  const bits = bitsOf({ boosting, rows });
  const isLogistic = boosting.objective === 'logistic';
  const unit = 2 ** bits.gradient;
  const scores: Vector = new Uint32Array(rows);
  const rules = {
    least: least * (isLogistic ? 1 / 4 : 1) * unit,
    lambda: boosting.lambda * unit,
    learningRate: boosting.learningRate,
    scoreBits: bits.score,
    bounded: isLogistic,
  };
  const penalty = BigInt(Math.round(rules.lambda / 2 ** DROPPED_BITS) + LEAST);
  const trees: ClearTree[] = [];
  for (let round = 0; round < boosting.rounds; round += 1) {
    const { probability, curvature } = isLogistic
      ? await sigmoids(joint, scores, bits.gradient)
      : { probability: scores, curvature: constant(Z32, rows, unit) };
    const target = Uint32Array.from(label, (y) => Math.round(y * unit));
    const first = wholesOf(Z32, Z32.subtract(probability, target));
    const second = wholesOf(Z32, curvature);
    const sum = (values: readonly bigint[], of: readonly number[]): bigint =>
      of.reduce((total, row) => total + values[row]!, 0n);
    const dropped = (value: bigint): bigint => value >> BigInt(DROPPED_BITS);

    let level = [Array.from({ length: rows }, (_, row) => row)];
    const tree: ClearTree = { owners: [], splits: [], weights: [] };
    const leaves: { first: bigint; second: bigint }[] = [];
    for (let depth = 0; depth < boosting.maxDepth; depth += 1) {
      const below: number[][] = [];
      for (const node of level) {
        const [g, h] = [dropped(sum(first, node)), dropped(sum(second, node))];
        let best = {
          owner: home,
          split: null as OwnSplit,
          g,
          h,
          numerator: g * g * penalty,
          denominator: (h + penalty) * penalty,
        };
        for (const owner of [home, (1 - home) as Party]) {
          for (const [column, { of, count }] of columns[owner].entries()) {
            for (let bucket = 0; bucket + 1 < count; bucket += 1) {
              const left = node.filter((row) => of[row]! <= bucket);
              const [gLeft, hLeft] = [sum(first, left), sum(second, left)];
              const isSmall = [hLeft, sum(second, node) - hLeft].some((side) => side < BigInt(Math.ceil(rules.least)));
              const [a, b] = [dropped(gLeft), dropped(hLeft) + penalty];
              const [c, d] = [g - a, h - dropped(hLeft) + penalty];
              const numerator = isSmall ? 0n : a * a * d + c * c * b;
              const denominator = b * d;
              if (numerator * best.denominator <= best.numerator * denominator) continue;
              best = { owner, split: { column, bucket }, g: a, h: dropped(hLeft), numerator, denominator };
            }
          }
        }
        const { split } = best;
        tree.owners.push(best.owner);
        tree.splits.push(split);
        const isLeft = (row: number): boolean =>
          split === null || columns[best.owner][split.column]!.of[row]! <= split.bucket;
        below.push(
          node.filter(isLeft),
          node.filter((row) => !isLeft(row)),
        );
        if (depth + 1 === boosting.maxDepth)
          leaves.push({ first: best.g, second: best.h }, { first: g - best.g, second: h - best.h });
      }
      level = below;
    }
    const weights = await leafWeights(
      joint,
      vectorOf(
        Z128,
        leaves.map((leaf) => leaf.first),
      ),
      vectorOf(
        Z128,
        leaves.map((leaf) => leaf.second),
      ),
      rules,
    );
    tree.weights.push(...weights);
    trees.push(tree);
    level.forEach((leaf, at) => leaf.forEach((row) => (scores[row] = scores[row]! + weights[at]!)));
  }
  return trees;
}

/** Trains on shares; what both parties have of the trees. */
function boostOnShares({ columns, label, home, least, boosting }: Table): Promise<[SharedTree[], SharedTree[]]> {
  const rows = label.length;
  const counts = [0, 1].map((party) => columns[party as Party].map(({ count }) => count)) as [number[], number[]];
  const widths = counts.map((each) => each.reduce((sum, count) => sum + count, 0)) as [number, number];
  const sent: [Vector[], Vector[]] = [[], []];
  const waiting: [(() => void)[], (() => void)[]] = [[], []];
  const winnersOf = (index: Party): Winners => {
    let calls = 0;
    return {
      open: async (owners, numbers) => {
        const call = calls++;
        sent[index].push(numbers);
        waiting[index].splice(0).forEach((resolve) => resolve());
        const other = (1 - index) as Party;
        if (sent[other].length <= call) await new Promise<void>((resolve) => waiting[other].push(resolve));
        return owners.map((owner, node) =>
          owner === index ? (numbers[node]! + sent[other][call]![node]!) >>> 0 : undefined,
        );
      },
    };
  };
  const training = { boosting, rows, home, counts, least };
  return jointly(async (joint) => {
    if (!(joint instanceof JointParty)) {
      const matrix = new BucketMatrixDealer(joint as JointDealer, rows, widths);
      const none: Winners = { open: async (owners) => owners.map(() => undefined) };
      return boostShared(joint, matrix, none, null, null, training);
    }
    const own = columns[joint.index];
    const buckets = { of: own.map(({ of }) => of), counts: counts[joint.index] };
    const matrix = await BucketMatrix.mask(joint, rows, buckets, widths[1 - joint.index]!);
    return boostShared(joint, matrix, winnersOf(joint.index), own, joint.index === home ? label : null, training);
  });
}

const table = fc
  .record({
    rows: fc.integer({ min: 60, max: 160 }),
    home: fc.constantFrom<Party>(0, 1),
    objective: fc.constantFrom('logistic' as const, 'linear' as const),
    widths: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    seed: fc.integer({ min: 0, max: 2 ** 20 }),
    lambda: fc.constantFrom(0, 0.1, 3),
  })
  .map(({ rows, home, objective, widths, seed, lambda }): Table => {
    const noise = (at: number): number => {
      const wave = Math.sin((at + 1) * 12.9898 + seed) * 43758.5453;
      return wave - Math.floor(wave);
    };
    const columns = widths.map((width, party) =>
      Array.from({ length: width }, (_, column): Column => {
        const count = 2 + Math.floor(noise(column + 7 * party) * 5);
        const edges = Array.from({ length: count - 1 }, (__, edge) => edge);
        const of = Uint16Array.from({ length: rows }, (__, row) =>
          Math.floor(noise(1000 * (party + 1) + 100_000 * column + row) * count),
        );
        return { of, count, edges };
      }),
    ) as [Column[], Column[]];
    const label = Float64Array.from({ length: rows }, (_, row) => {
      const of = (columns[0][0]!.of[row]! - columns[1][0]!.of[row]!) / 6 + 0.6 * (noise(row + 5_000) - 0.5);
      return objective === 'logistic' ? Number(of > 0) : Math.max(-1, Math.min(1, of));
    });
    const boosting: Boosting = {
      objective,
      rounds: 2,
      maxDepth: 3,
      learningRate: 0.3,
      lambda,
      subsample: 1,
      colsample: 1,
      buckets: 10,
      baseScore: 0,
      seed: 1,
    };
    return { columns, label, home, least: 20, boosting };
  });

test('trees on shares are those of the same arithmetic in clear, node by node and leaf by leaf', async () => {
  let splits = 0;
  await fc.assert(
    fc.asyncProperty(table, async (each) => {
      const [expected, [first, second]] = [await boostClear(each), await boostOnShares(each)];
      const found = first.map(({ owners, splits: own, weights }, tree) => ({
        owners,
        splits: owners.map((owner, node) => (owner === 0 ? own[node] : second[tree]!.splits[node])),
        weights: [...Z32.add(weights, second[tree]!.weights)],
      }));
      expect(found).toEqual(expected);
      splits += expected.flatMap((tree) => tree.splits).filter((split) => split !== null).length;
    }),
    { numRuns: 12 },
  );
  expect(splits).toBeGreaterThan(12);
});
