import { WORDS } from './ring.js';
import type { Vector } from './rings.js';

/** The transpose of a row-major matrix of ring elements. */
export function transposed(matrix: Vector, rows: number, columns: number): Vector {
  const turned = new Uint32Array(matrix.length);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const from = (row * columns + column) * WORDS;
      turned.set(matrix.subarray(from, from + WORDS), (column * rows + row) * WORDS);
    }
  }
  return turned;
}

/** Two matrices of as many rows side by side. */
export function beside(left: Vector, right: Vector, rows: number): Vector {
  const [own, more] = [left.length / rows, right.length / rows];
  const both = new Uint32Array(left.length + right.length);
  for (let row = 0; row < rows; row += 1) {
    both.set(left.subarray(row * own, (row + 1) * own), row * (own + more));
    both.set(right.subarray(row * more, (row + 1) * more), row * (own + more) + own);
  }
  return both;
}

/** Columns `from` to `to` of a matrix. */
export function columnsOf(matrix: Vector, rows: number, from: number, to: number): Vector {
  const width = matrix.length / rows;
  const kept = new Uint32Array(rows * (to - from) * WORDS);
  for (let row = 0; row < rows; row += 1) {
    kept.set(matrix.subarray(row * width + from * WORDS, row * width + to * WORDS), row * (to - from) * WORDS);
  }
  return kept;
}

/** The same matrix with the upper half below the diagonal as well. */
export function symmetric(matrix: Vector, size: number): Vector {
  const mirrored = matrix.slice();
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < row; column += 1) {
      const from = (column * size + row) * WORDS;
      mirrored.set(matrix.subarray(from, from + WORDS), (row * size + column) * WORDS);
    }
  }
  return mirrored;
}

/** Each element as often as there are `columns`, one after the other. */
export function repeated(column: Vector, columns: number): Vector {
  const wide = new Uint32Array(column.length * columns);
  for (let row = 0; row < column.length / WORDS; row += 1) {
    const element = column.subarray(row * WORDS, (row + 1) * WORDS);
    for (let at = 0; at < columns; at += 1) wide.set(element, (row * columns + at) * WORDS);
  }
  return wide;
}

/** The diagonal of a square matrix. */
export function diagonalOf(matrix: Vector, size: number): Vector {
  const diagonal = new Uint32Array(size * WORDS);
  for (let at = 0; at < size; at += 1) {
    const from = at * (size + 1) * WORDS;
    diagonal.set(matrix.subarray(from, from + WORDS), at * WORDS);
  }
  return diagonal;
}

/** A number in each place of the diagonal. */
export function diagonal(size: number, element: Vector): Vector {
  const matrix = new Uint32Array(size * size * WORDS);
  for (let at = 0; at < size; at += 1) matrix.set(element, at * (size + 1) * WORDS);
  return matrix;
}
