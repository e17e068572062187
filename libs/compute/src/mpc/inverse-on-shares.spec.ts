import { describe, expect, test } from '@jest/globals';
import { EigenvalueDecomposition, Matrix, inverse } from 'ml-matrix';
import { jointly } from './joint-for-tests.js';
import { MaskStream } from './random.js';
import { add, decode, encode, zeros, type RingVector } from './ring.js';
import { share } from './sharing.js';
import { MATRIX_BITS, invert } from './inverse-on-shares.js';

const words = new MaskStream(new Uint8Array(32).fill(17), 'matrices').next(20_000);
let drawn = 0;
const uniform = (): number => words[(drawn += 1) % words.length]! / 2 ** 31 - 1;

/** A symmetric matrix with these eigenvalues. */
function withEigenvalues(values: readonly number[]): number[][] {
  const size = values.length;
  const random = new Matrix(Array.from({ length: size }, () => Array.from({ length: size }, uniform)));
  const { eigenvectorMatrix: vectors } = new EigenvalueDecomposition(random.add(random.transpose()), {
    assumeSymmetric: true,
  });
  return vectors
    .mmul(Matrix.diag([...values]))
    .mmul(vectors.transpose())
    .to2DArray();
}

async function inverted(matrix: readonly (readonly number[])[], most: number) {
  const size = matrix.length;
  const shares = share(encode(matrix.flat(), MATRIX_BITS));
  const [one, other] = await jointly((joint) =>
    invert(joint, joint.index === null ? zeros(size * size) : shares[joint.index], size, most),
  );
  const open = (a: RingVector, b: RingVector): Float64Array => decode(add(a, b), MATRIX_BITS);
  return { inverse: open(one.inverse, other.inverse), residual: open(one.residual, other.residual) };
}
const largest = (values: Iterable<number>): number => Math.max(...Array.from(values, Math.abs));

describe('the inverse of a matrix on shares', () => {
  test.each([1, 3, 12])(
    'is that of plain arithmetic, down to an eigenvalue of 2^-18 of the most, for %i columns',
    async (size) => {
      for (const least of [1, 2 ** -8, 2 ** -18]) {
        const matrix = withEigenvalues(Array.from({ length: size }, (_, at) => (at === 0 ? least : 1 - at / 20)));
        const { inverse: found, residual } = await inverted(matrix, 1);
        const expected = inverse(new Matrix(matrix)).to1DArray();
        expect(largest(found.map((value, at) => value - expected[at]!))).toBeLessThan(largest(expected) * 1e-4);
        expect(largest(residual)).toBeLessThan(1e-4);
      }
    },
  );

  test('lacks nearly all of one where there is none, and stays below 2^24', async () => {
    for (const least of [0, 2 ** -27]) {
      const matrix = withEigenvalues([least, 1, 0.5, 0.25]);
      const { inverse: found, residual } = await inverted(matrix, 1);
      expect(residual.reduce((sum, value) => sum + value ** 2, 0)).toBeGreaterThan(0.5);
      expect(largest(found)).toBeLessThanOrEqual(2 ** 24);
    }
  });
});
