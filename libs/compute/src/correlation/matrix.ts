import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** Correlations are multiples of 1 / STEPS. */
export const STEPS = 1000;

/** A correlation as others see it: rounded, and never beyond 1. */
export function toThreeDigits(correlation: number): number {
  return Math.max(-1, Math.min(1, Math.round(correlation * STEPS) / STEPS)) + 0;
}

/**
 * left' * right of row-major columns of the same rows, in doubles: the correlations of standardised columns.
 */
export function plainProduct(values: Float64Array, columns: number): Float64Array {
  const product = new Float64Array(columns * columns);
  for (let at = 0; at < values.length; at += columns) {
    for (let i = 0; i < columns; i += 1) {
      const left = values[at + i]!;
      for (let j = i; j < columns; j += 1) product[i * columns + j]! += left * values[at + j]!;
    }
  }
  for (let i = 0; i < columns; i += 1) {
    for (let j = 0; j < i; j += 1) product[i * columns + j] = product[j * columns + i]!;
  }
  return product;
}

/**
 * Variance inflation factors: the diagonal of the inverse of a correlation matrix, 1 / (1 - R^2) of each column on all
 * others. Of rounded correlations no eigenvalue is known below their steps, so factors end at `STEPS`; two digits.
 */
export function varianceInflation(correlations: readonly (readonly number[])[]): number[] {
  const { realEigenvalues: values, eigenvectorMatrix: vectors } = new EigenvalueDecomposition(
    new Matrix(correlations.map((row) => [...row])),
    { assumeSymmetric: true },
  );
  return correlations.map((_, column) => {
    const factor = values.reduce(
      (sum, value, at) => sum + vectors.get(column, at) ** 2 / Math.max(value, 1 / STEPS),
      0,
    );
    return Number(Math.max(1, factor).toPrecision(2));
  });
}
