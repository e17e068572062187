import type { Joint } from '../mpc/joint.js';
import { addInto, encode, slice, subtract, zeros, total } from '../mpc/ring.js';
import { Z128, type Vector } from '../mpc/rings.js';
import { batches } from '../vertical/split-rows.js';
import { DATA_BITS, ROWS, type SharedRows } from './shared-rows.js';
import { MATRIX_BITS } from '../mpc/inverse-on-shares.js';
import { transposed } from '../mpc/matrices.js';

/**
 * Own share of the number of rows whose leverage x' inverse x exceeds `most` (D. Hoaglin, R. Welsch, "The Hat Matrix in Regression and ANOVA", The American
 * Statistician 32, 1978). Where a row has a leverage of 1, some combination of the columns of both parties is that row alone, also where each column
 * differs in many rows. Leverages are below 16. Two rounds and those of a sign for each run of rows.
 */
export async function rowsBeyond(
  joint: Joint,
  { rows, columns, features }: SharedRows,
  inverse: Vector,
  most: number,
): Promise<Vector> {
  const beyond = zeros(1);
  for (const [from, to] of batches(rows, ROWS)) {
    const x = features(from, to);
    const reached = await joint.transposedProduct(transposed(x, to - from, columns), inverse, columns);
    const parts = await joint.product(Z128, reached, x);
    const bits = MATRIX_BITS + 2 * DATA_BITS;
    const room = joint.index === 0 ? encode(Array<number>(to - from).fill(most), bits) : zeros(to - from);
    const leverages = zeros(to - from);
    for (let row = 0; row < to - from; row += 1) {
      slice(leverages, row, row + 1).set(total(slice(parts, row * columns, (row + 1) * columns)));
    }
    const signs = await joint.negative(Z128, subtract(room, leverages));
    addInto(beyond, total(await joint.numbers(Z128, signs, to - from)));
  }
  return beyond;
}
