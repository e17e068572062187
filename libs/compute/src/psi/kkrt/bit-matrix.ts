/** Bits of a row or column in a word. */
export const WORD_BITS = 32;

/**
 * Matrices of bits, lowest bit of a word first. `rows` are one after the other, of `width` words each; `columns` too, of `height` words each: bit i
 * of row j is bit j of column i.
 */
export function toColumns(rows: Uint32Array, width: number, height: number): Uint32Array {
  return turned(rows, width, height);
}

export function toRows(columns: Uint32Array, width: number, height: number): Uint32Array {
  return turned(columns, height, width);
}

/** The transposition by squares of 32 bits: `across` words in a line of the source, `down` words in one of the result. */
function turned(source: Uint32Array, across: number, down: number): Uint32Array {
  const target = new Uint32Array(source.length);
  const square = new Uint32Array(WORD_BITS);
  for (let top = 0; top < down; top += 1) {
    for (let left = 0; left < across; left += 1) {
      let at = top * WORD_BITS * across + left;
      for (let line = 0; line < WORD_BITS; line += 1, at += across) square[line] = source[at]!;
      turnSquare(square);
      let to = left * WORD_BITS * down + top;
      for (let line = 0; line < WORD_BITS; line += 1, to += down) target[to] = square[line]!;
    }
  }
  return target;
}

/** Swaps the upper right and the lower left quarter of ever smaller squares (H. S. Warren, "Hacker's Delight", 7-3). */
function turnSquare(square: Uint32Array): void {
  let mask = 0x0000ffff;
  for (let size = 16; size > 0; size >>= 1, mask ^= mask << size) {
    for (let line = 0; line < WORD_BITS; line = (line + size + 1) & ~size) {
      const swapped = ((square[line]! >>> size) ^ square[line + size]!) & mask;
      square[line]! ^= swapped << size;
      square[line + size]! ^= swapped;
    }
  }
}
