/** Plain arithmetic that the results of the tasks are held against. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** Named columns of a CSV table without quotes; those of `prefix*` in the order of the file. */
export async function readColumns(file: string, names: readonly string[]): Promise<Record<string, string[]>> {
  const columns: Record<string, string[]> = {};
  let places: [string, number][] | undefined;
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const fields = line.split(',');
    if (places === undefined) {
      const wanted = names.flatMap((name) =>
        name.endsWith('*') ? fields.filter((each) => each.startsWith(name.slice(0, -1))) : [name],
      );
      places = wanted.map((name) => [name, fields.indexOf(name)]);
      for (const name of wanted) columns[name] = [];
    } else for (const [name, at] of places) columns[name]!.push(fields[at]!);
  }
  return columns;
}

export const numbers = (fields: readonly string[]): Float64Array => Float64Array.from(fields, Number);

export function largestDifference(left: ArrayLike<number>, right: ArrayLike<number>): number {
  if (left.length !== right.length) return Infinity;
  let most = 0;
  for (let i = 0; i < left.length; i += 1) most = Math.max(most, Math.abs(left[i]! - right[i]!));
  return most;
}

/** How many places hold another value. */
export function differing<T>(left: readonly T[], right: readonly T[]): number {
  return left.reduce((sum, each, at) => sum + (each === right[at] ? 0 : 1), Math.abs(left.length - right.length));
}

/** Mean and sample deviation in two passes. */
export function moments(values: Float64Array): { mean: number; deviation: (lost: 0 | 1) => number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: (lost) => Math.sqrt(squares / (values.length - lost)) };
}

/** Interpolated as numpy does by default. */
export function quantile(values: Float64Array, share: number): number {
  const sorted = Float64Array.from(values).sort();
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)]!;
  return low + (sorted[Math.ceil(place)]! - low) * (place - Math.floor(place));
}

/** Pearson's r of every two columns. */
export function correlations(columns: readonly Float64Array[]): number[][] {
  const standard = columns.map((values) => {
    const { mean, deviation } = moments(values);
    const scale = deviation(0) * Math.sqrt(values.length);
    return values.map((value) => (value - mean) / scale);
  });
  return standard.map((x) => standard.map((y) => x.reduce((sum, value, at) => sum + value * y[at]!, 0)));
}

/** The area under the ROC curve by ranks (Mann and Whitney), ties counted half. */
export function areaUnder(labels: ArrayLike<number>, scores: Float64Array): number {
  const order = Uint32Array.from(scores, (_, at) => at).sort((a, b) => scores[a]! - scores[b]!);
  let [ranks, positives] = [0, 0];
  for (let from = 0, to = 0; from < order.length; from = to) {
    while (to < order.length && scores[order[to]!] === scores[order[from]!]) to += 1;
    for (let at = from; at < to; at += 1) {
      if (labels[order[at]!] !== 1) continue;
      ranks += (from + 1 + to) / 2;
      positives += 1;
    }
  }
  return (ranks - (positives * (positives + 1)) / 2) / (positives * (order.length - positives));
}
