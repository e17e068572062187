import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BucketMatrix, BucketMatrixDealer } from './bucket-matrix.js';
import type { JointDealer } from './joint.js';
import { bitOf } from './bit-strings.js';
import { JointParty, type Joint } from './joint.js';
import { jointly, vectorOf, wholesOf } from './joint-for-tests.js';
import { Z128, Z32, vectorFrom, type Ring, type Vector } from './rings.js';

const rings: readonly (readonly [string, Ring])[] = [
  ['Z_2^32', Z32],
  ['Z_2^128', Z128],
];

/** Own share of a vector that both know in this test. */
function shared(ring: Ring): (joint: Joint, values: readonly bigint[]) => Vector {
  const masks = new Map<readonly bigint[], Vector>();
  return (joint, values) => {
    const whole = vectorOf(ring, values);
    let mask = masks.get(values);
    if (!mask) masks.set(values, (mask = vectorFrom(new Uint8Array(randomBytes(4 * whole.length)), whole.length)));
    if (joint.index === null) return new Uint32Array(whole.length);
    return joint.index === 0 ? mask : ring.subtract(whole, mask);
  };
}

const within = (bits: number): fc.Arbitrary<bigint> =>
  fc.oneof(
    fc.bigInt({ min: -(1n << BigInt(bits)), max: (1n << BigInt(bits)) - 1n }),
    fc.constantFrom(0n, -1n, 1n, (1n << BigInt(bits)) - 1n, -(1n << BigInt(bits))),
  );
const list = (bits: number): fc.Arbitrary<bigint[]> => fc.array(within(bits), { minLength: 1, maxLength: 20 });

describe.each(rings)('shares in %s', (_, ring) => {
  const bits = 32 * ring.words;

  test('multiply', async () => {
    const pairs = fc.array(fc.tuple(within(bits - 1), within(bits - 1)), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(pairs, async (cases) => {
        const [left, right] = [cases.map(([x]) => x), cases.map(([, y]) => y)];
        const of = shared(ring);
        const [a, b] = await jointly((joint) => joint.product(ring, of(joint, left), of(joint, right)));
        expect(wholesOf(ring, ring.add(a, b))).toEqual(cases.map(([x, y]) => BigInt.asIntN(bits, x * y)));
      }),
    );
  });

  test('shift exactly, and to the larger ring', async () => {
    await fc.assert(
      fc.asyncProperty(list(bits - 2), fc.integer({ min: 0, max: 30 }), async (values, by) => {
        for (const to of ring === Z32 ? [Z32, Z128] : [Z128]) {
          const of = shared(ring);
          const [a, b] = await jointly((joint) => joint.shift(ring, to, of(joint, values), by));
          expect(wholesOf(to, to.add(a, b))).toEqual(values.map((value) => value >> BigInt(by)));
        }
      }),
    );
  });

  test('tell the sign, as bits and as numbers', async () => {
    await fc.assert(
      fc.asyncProperty(list(bits - 1), async (values) => {
        const of = shared(ring);
        const [a, b] = await jointly(async (joint) => {
          const signs = await joint.negative(ring, of(joint, values));
          return { signs, numbers: await joint.numbers(ring, signs, values.length) };
        });
        const expected = values.map((value) => (value < 0n ? 1 : 0));
        expect(expected.map((__, at) => bitOf(a.signs, at) ^ bitOf(b.signs, at))).toEqual(expected);
        expect(wholesOf(ring, ring.add(a.numbers, b.numbers)).map(Number)).toEqual(expected);
      }),
    );
  });
});

describe('rows times bits that one party knows', () => {
  const job = fc
    .array(fc.tuple(within(31), fc.boolean()), { minLength: 1, maxLength: 30 })
    .chain((rows) => fc.tuple(fc.constant(rows), fc.constantFrom(0 as const, 1 as const)));

  test('are kept or 0', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(job, { minLength: 1, maxLength: 4 }), async (jobs) => {
        const of = shared(Z32);
        const values = jobs.map(([rows]) => rows.map(([value]) => value));
        const [a, b] = await jointly((joint) =>
          joint.timesBits(
            jobs.map(([rows, owner], at) => ({
              owner,
              bits: joint.index === owner ? Uint8Array.from(rows, ([, bit]) => Number(bit)) : null,
              values: of(joint, values[at]!),
            })),
          ),
        );
        jobs.forEach(([rows], at) =>
          expect(wholesOf(Z32, Z32.add(a[at]!, b[at]!))).toEqual(rows.map(([value, bit]) => (bit ? value : 0n))),
        );
      }),
    );
  });
});

describe('sums by bucket', () => {
  test('are those of shared rows over the columns of both parties', async () => {
    const cases = fc.integer({ min: 1, max: 40 }).chain((rows) =>
      fc.record({
        vectors: fc.array(fc.array(within(31), { minLength: rows, maxLength: rows }), { minLength: 1, maxLength: 3 }),
        columns: fc.tuple(
          ...[0, 1].map(() =>
            fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: rows, maxLength: rows }), { maxLength: 3 }),
          ),
        ),
      }),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ({ vectors, columns }) => {
        const rows = vectors[0]!.length;
        const of = shared(Z32);
        const widths = columns.map((each) => 5 * each.length) as [number, number];
        const [a, b] = await jointly(async (joint) => {
          const matrix =
            joint instanceof JointParty
              ? await BucketMatrix.mask(
                  joint,
                  rows,
                  {
                    of: columns[joint.index]!.map((column) => Uint16Array.from(column)),
                    counts: columns[joint.index]!.map(() => 5),
                  },
                  widths[1 - joint.index]!,
                )
              : new BucketMatrixDealer(joint as JointDealer, rows, widths);
          return matrix.sums(vectors.map((vector) => of(joint, vector)));
        });
        for (const owner of [0, 1] as const) {
          vectors.forEach((vector, at) => {
            const plain = columns[owner]!.flatMap((column) =>
              [0, 1, 2, 3, 4].map((bucket) =>
                BigInt.asIntN(
                  32,
                  vector.reduce((sum, value, row) => (column[row] === bucket ? sum + value : sum), 0n),
                ),
              ),
            );
            expect(wholesOf(Z32, Z32.add(a[owner][at]!, b[owner][at]!))).toEqual(plain);
          });
        }
      }),
      { numRuns: 50 },
    );
  });
});

test('products of matrices of any sizes', async () => {
  const sizes = fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: 1, max: 7 })));
  await fc.assert(
    fc.asyncProperty(sizes, fc.array(within(127), { minLength: 98, maxLength: 98 }), async ([rows, m, n], values) => {
      const [left, right] = [values.slice(0, rows! * m!), values.slice(rows! * m!, rows! * (m! + n!))];
      const of = shared(Z128);
      const [a, b] = await jointly((joint) => joint.transposedProduct(of(joint, left), of(joint, right), rows!));
      const expected = Array.from({ length: m! * n! }, (_, at) => {
        const [i, j] = [Math.floor(at / n!), at % n!];
        const sum = Array.from({ length: rows! }, (__, row) => left[row * m! + i]! * right[row * n! + j]!);
        return BigInt.asIntN(
          128,
          sum.reduce((one, other) => one + other, 0n),
        );
      });
      expect(wholesOf(Z128, Z128.add(a, b))).toEqual(expected);
    }),
  );
});

test('nothing but uniform words crosses, whatever is shared', async () => {
  const rows = 4_000;
  const crossed: Uint8Array[] = [];
  await jointly(
    async (joint) => {
      // In clear at the first party: what it sends is uniform by the masks alone.
      const own = new Uint32Array(rows).fill(joint.index === 0 ? 1 : 0);
      await joint.product(Z32, own, own);
      await joint.transposedProduct(own, own, rows / 4);
      const wide = await joint.shift(Z32, Z128, own, 3);
      await joint.shift(Z128, Z128, wide, 3);
      await joint.negative(Z32, own);
      await joint.numbers(Z128, new Uint8Array(rows / 8), rows);
      const bits = (owner: 0 | 1): Uint8Array | null => (joint.index === owner ? new Uint8Array(rows).fill(1) : null);
      await joint.timesBits([
        { owner: 0, bits: bits(0), values: own },
        { owner: 1, bits: bits(1), values: own },
      ]);
      const counts = [4];
      const ownBuckets = { of: [new Uint16Array(rows)], counts };
      const matrix =
        joint instanceof JointParty
          ? await BucketMatrix.mask(joint, rows, ownBuckets, 4)
          : new BucketMatrixDealer(joint as JointDealer, rows, [4, 4]);
      await matrix.sums([own]);
    },
    (from, bytes) => {
      if (from === 0) crossed.push(bytes);
    },
  );
  for (const message of crossed) {
    if (message.length < 400) continue;
    const counts = new Float64Array(256);
    for (const byte of message) counts[byte]! += 1;
    const even = message.length / 256;
    // 255 degrees of freedom: 22.6 a deviation.
    expect(counts.reduce((sum, count) => sum + (count - even) ** 2 / even, 0)).toBeLessThan(255 + 7 * 22.6);
  }
  expect(crossed.length).toBeGreaterThan(10);
});
