import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** Decimals that correlations are kept to; the shares are exact to 12. */
const DECIMALS = 10;
/** An eigenvalue below this is one of columns that determine each other: double precision leaves about 1e-15. */
const SINGULAR = 1e-11;
/** Part of a column in such a direction that is more than rounding. */
const TAKES_PART = 1e-6;

/** A correlation as reported: rounded, and never beyond 1. */
export function told(correlation: number): number {
  const scale = 10 ** DECIMALS;
  return Math.max(-1, Math.min(1, Math.round(correlation * scale) / scale)) + 0;
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
 * others. Null where the others determine a column, and the factor is infinite.
 *
 * Uses the eigenvalues, which distinguish a determined column from one that is only close to it.
 */
export function varianceInflation(correlations: readonly (readonly number[])[]): (number | null)[] {
  const { realEigenvalues: values, eigenvectorMatrix: vectors } = new EigenvalueDecomposition(
    new Matrix(correlations.map((row) => [...row])),
    { assumeSymmetric: true },
  );
  return correlations.map((_, column) => {
    let factor = 0;
    for (const [at, value] of values.entries()) {
      const part = vectors.get(column, at) ** 2;
      if (value >= SINGULAR) factor += part / value;
      else if (part > TAKES_PART ** 2) return null;
    }
    return Number(factor.toPrecision(8));
  });
}
