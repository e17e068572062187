import { dealtVector } from './dealt.js';
import type { DealtTurned, Turned } from './masked.js';
import type { PieceReceiver } from './pieces.js';
import { WORDS, add, shiftLeftInto, subtractInto, zeros, type RingVector } from './ring.js';
import { Z64, type Vector } from './rings.js';
import type { GroupSession } from './session.js';

/** Cells of a matrix up to which the dealer shares each one's product with a bit, 8 bytes a cell. */
const MOST_CELLS = 2 ** 17;
/** What those products have: their highest bits are those that count. */
const PRODUCT_BITS = 64;

/** Whether a matrix of so many cells can be multiplied with what is turned. Else the vector has to be masked again. */
export const canMultiply = (turned: Pick<Turned, 'bits'> | null, cells: number): boolean =>
  turned === null || (turned.bits <= PRODUCT_BITS && cells <= MOST_CELLS);

/** What the elements of a vector belong to that a matrix is multiplied with: the rows or the columns of the matrix. */
export type Along = 'rows' | 'columns';

/**
 * Takes off a share of a product with a matrix what turned masks have lost: of each row the products of the turned columns, or of
 * each column those of the turned rows. The dealer has shared all of them: {@link turnedProducts}.
 */
export async function subtractTurned(
  session: GroupSession,
  dealt: PieceReceiver,
  turned: Turned | null,
  product: RingVector,
  along: Along,
  rows: number,
): Promise<void> {
  if (turned === null) return;
  const { at, bits } = turned;
  const sums = product.length / WORDS;
  const columns = along === 'columns' ? at.length : sums;
  const table = await dealtVector(session, dealt, Z64, rows * columns);
  const [perPlace, perSum] = along === 'columns' ? [2, 2 * columns] : [2 * columns, 2];
  const places = Uint32Array.from(at.keys()).filter((place) => at[place] === 1);
  places.forEach((place, which) => (places[which] = place * perPlace));
  const lost = zeros(sums);
  for (let sum = 0; sum < sums; sum += 1) {
    let [low, high] = [0, 0];
    for (let which = 0; which < places.length; which += 1) {
      const from = places[which]! + sum * perSum;
      low += table[from]!;
      high += table[from + 1]!;
    }
    lost[sum * WORDS] = low;
    lost[sum * WORDS + 1] = high + Math.floor(low / 2 ** 32);
  }
  subtractInto(product, shiftLeftInto(lost, 128 - bits));
}

/**
 * For each row and column the element of the matrix's mask times the bit of its row or column, which all but the column's owner share:
 * row-major, the lowest 64 bits. `blocks` are the masks of each party's columns.
 */
export function turnedProducts(
  { shares }: DealtTurned,
  along: Along,
  blocks: readonly RingVector[],
  columns: readonly number[],
  rows: number,
): Vector {
  const width = columns.reduce((sum, count) => sum + count, 0);
  const products = new Uint32Array(2 * rows * width);
  let first = 0;
  for (const [owner, count] of columns.entries()) {
    const block = blocks[owner]!;
    const theirs = shares.filter((_, party) => party !== owner).reduce(add);
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < count; column += 1) {
        const from = (row * count + column) * WORDS;
        const by = (along === 'rows' ? row : first + column) * WORDS;
        const to = (row * width + first + column) * 2;
        multiplyAt(products, to, block[from]!, block[from + 1]!, theirs[by]!, theirs[by + 1]!);
      }
    }
    first += count;
  }
  return products;
}

/** Writes the lowest 64 bits of a product of two numbers of 64 bits, by halves of words: all sums stay below 2^53. */
function multiplyAt(target: Vector, at: number, low: number, high: number, otherLow: number, otherHigh: number): void {
  const upper = (low >>> 16) * otherLow;
  const carried = Math.floor(upper / 2 ** 16);
  const whole = (low & 0xffff) * otherLow + (upper - carried * 2 ** 16) * 2 ** 16;
  target[at] = whole;
  target[at + 1] = Math.floor(whole / 2 ** 32) + carried + Math.imul(low, otherHigh) + Math.imul(high, otherLow);
}
