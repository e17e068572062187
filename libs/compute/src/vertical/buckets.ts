/** A feature as its party sees it in training: the bucket of each row, and the edges between buckets. */
export interface Bucketed {
  /** Bucket of each row, from 0. */
  readonly of: Uint16Array;
  readonly count: number;
  /** Largest values of all buckets but the last: a row is in the first bucket that it does not exceed. */
  readonly edges: readonly number[];
}

/**
 * Puts a column of row-major `values` into at most `most` buckets of about equally many rows, at least `fewest` each. Equal
 * values share a bucket; an edge lies midway between two values. A constant column has one bucket.
 */
export function bucketed(
  values: Float64Array,
  column: number,
  columns: number,
  most: number,
  fewest: number,
): Bucketed {
  const rows = values.length / columns;
  const own = Float64Array.from({ length: rows }, (_, row) => values[row * columns + column]!);
  const sorted = own.slice().sort();
  const least = Math.max(fewest, rows / most);
  const edges: number[] = [];
  let start = 0;
  for (let place = 1; place < rows; place += 1) {
    const [below, above] = [sorted[place - 1]!, sorted[place]!];
    if (below === above || place - start < fewest || rows - place < fewest) continue;
    if (place < Math.round((edges.length + 1) * least)) continue;
    edges.push(midway(below, above));
    start = place;
  }
  const of = Uint16Array.from(own, (value) => bucketOf(edges, value));
  return { of, count: edges.length + 1, edges };
}

/** A number from `below` inclusive to `above` exclusive. */
function midway(below: number, above: number): number {
  const middle = below / 2 + above / 2;
  return middle >= below && middle < above ? middle : below;
}

/** Binary search for the first bucket whose edge is at least `value`. */
function bucketOf(edges: readonly number[], value: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value <= edges[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}
