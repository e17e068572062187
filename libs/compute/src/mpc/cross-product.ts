import { exchange } from './channel.js';
import { transposedMatrixInto } from './limbs.js';
import {
  ELEMENT_BYTES,
  STATE_BITS,
  addInto,
  encode,
  fromBytes,
  subtractInto,
  toBytes,
  zeros,
  type RingVector,
} from './ring.js';
import type { DealtParty, PartySession } from './session.js';

/** Columns of one party: cell (r, c) is `values[r * columns + c]`, between -1 and 1. */
interface OwnColumns {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/** Fraction bits of a {@link crossProduct}. */
export const PRODUCT_BITS = 2 * STATE_BITS;

/**
 * Own share of X'Y, where party 0 holds the columns X and party 1 the columns Y of the same rows: X.columns * Y.columns
 * elements, row-major. Each party expands its mask (A, B) from its own seed, and the dealer expands both:
 *
 *     party 0  sends E = X - A, keeps A'F + (A'B - c); the dealer sends the term in brackets
 *     party 1  sends F = Y - B, keeps E'Y + c, where c is its own mask
 *
 * The two sum to X'Y exactly: nothing is truncated, so every run gives the same result. Each reads only uniform values.
 */
export async function crossProduct(
  session: PartySession,
  own: OwnColumns,
  peerColumns: number,
  onRows: (fraction: number) => void = () => {},
): Promise<RingVector> {
  const { rows, columns, values } = own;
  const step = rowsAtOnce(columns, peerColumns);
  const product = zeros(columns * peerColumns);
  for (let from = 0; from < rows; from += step) {
    const to = Math.min(from + step, rows);
    const clear = encode(values.subarray(from * columns, to * columns), STATE_BITS);
    const mask = session.matrixMask.at(from * columns, to * columns);
    const sent = subtractInto(clear.slice(), mask);
    const received = fromBytes(await exchange(session.peer, toBytes(sent)), (to - from) * peerColumns);
    if (session.index === 0) transposedMatrixInto(product, mask, columns, received, peerColumns);
    else transposedMatrixInto(product, received, peerColumns, clear, columns);
    onRows(to / rows);
  }
  const correction =
    session.index === 0
      ? fromBytes(await session.dealer.receive(), columns * peerColumns)
      : session.masks.next(columns * peerColumns);
  return addInto(product, correction);
}

/** The dealer's part of {@link crossProduct}: it learns the numbers of rows and columns, and receives nothing. */
export async function dealCrossProduct(
  [first, second]: readonly [DealtParty, DealtParty],
  rows: number,
  [left, right]: readonly [number, number],
  onRows: (fraction: number) => void = () => {},
): Promise<void> {
  const step = rowsAtOnce(left, right);
  const product = zeros(left * right);
  for (let from = 0; from < rows; from += step) {
    const to = Math.min(from + step, rows);
    const masks = [
      first.matrixMask.at(from * left, to * left),
      second.matrixMask.at(from * right, to * right),
    ] as const;
    transposedMatrixInto(product, masks[0], left, masks[1], right);
    onRows(to / rows);
  }
  await first.channel.send(toBytes(subtractInto(product, second.masks.next(left * right))));
}

/** Rows per message: about 1 MiB of the wider side. */
function rowsAtOnce(left: number, right: number): number {
  return Math.max(1, Math.floor((1024 * 1024) / ELEMENT_BYTES / Math.max(left, right, 1)));
}
