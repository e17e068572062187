import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { jointly } from '../mpc/joint-for-tests.js';
import { Z128, constant, type Vector } from '../mpc/rings.js';
import { DROPPED_BITS } from './candidates.js';
import { leafWeights } from './leaf-weights.js';

const UNIT = 2 ** DROPPED_BITS;
const GRADIENT_BITS = 14;
const SCORE_BITS = 12;

test('weights of leaves are -rate G / (H + lambda), for leaves of 20 rows and more', async () => {
  const ofRows = (rows: number, mean: number, curvature: number) => ({
    first: Math.round((rows * mean * 2 ** GRADIENT_BITS) / UNIT),
    second: Math.round((rows * curvature * 2 ** GRADIENT_BITS) / UNIT),
  });
  const leaf = fc
    .tuple(
      fc.integer({ min: 100, max: 60_000 }),
      fc.double({ min: -1, max: 1, noNaN: true }),
      fc.double({ min: 0.05, max: 0.25, noNaN: true }),
    )
    .map(([rows, mean, curvature]) => ofRows(rows, mean, curvature));
  await fc.assert(
    fc.asyncProperty(fc.array(leaf, { minLength: 1, maxLength: 8 }), async (leaves) => {
      const least = 20 * 0.25 * 2 ** GRADIENT_BITS;
      const lambda = 0.1 * 2 ** GRADIENT_BITS;
      const rules = { least, lambda, learningRate: 0.3, scoreBits: SCORE_BITS, bounded: true };
      const [first, second] = await jointly((joint) => {
        const of = (numbers: readonly number[]): Vector => {
          const vector = new Uint32Array(numbers.length * Z128.words);
          if (joint.index !== 0) return vector;
          numbers.forEach((each, at) => vector.set(constant(Z128, 1, each), at * Z128.words));
          return vector;
        };
        return leafWeights(joint, of(leaves.map((each) => each.first)), of(leaves.map((each) => each.second)), rules);
      });
      leaves.forEach(({ first: g, second: h }, at) => {
        const weight = ((first[at]! + second[at]!) | 0) / 2 ** SCORE_BITS;
        const exact = (-0.3 * g) / (h + lambda / UNIT);
        // A step of the score, and what the least denominator adds.
        expect(Math.abs(weight - exact)).toBeLessThan(2 / 2 ** SCORE_BITS + Math.abs(exact) * 0.005);
      });
    }),
    { numRuns: 30 },
  );
});
