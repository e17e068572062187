import { permutation } from '../mpc/random.js';

/** Row numbers of a vertical table. Both parties and the dealer compute the same ones. */
export interface Split {
  /** Rows to train on, shuffled; batches are runs of it. */
  readonly train: Uint32Array;
  /** Rows held out, in the order of the table. */
  readonly heldOut: Uint32Array;
}

/**
 * Shuffles `rows` row numbers by `seed` and holds out round(rows * fraction) of them. It depends on its arguments
 * alone, all public: every run of a task trains on the same rows in the same order.
 */
export function splitRows(rows: number, fraction: number, seed: number): Split {
  const order = permutation(rows, seed);
  const held = Math.round(rows * fraction);
  return { train: order.slice(held), heldOut: order.slice(0, held).sort() };
}

/** Batches `[from, to)` of `rows` rows, in the order of each epoch. The last one may be shorter. */
export function batches(rows: number, batchSize: number): (readonly [from: number, to: number])[] {
  const count = Math.ceil(rows / batchSize);
  return Array.from({ length: count }, (_, batch) => [batch * batchSize, Math.min((batch + 1) * batchSize, rows)]);
}
