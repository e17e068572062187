/** Plain arithmetic that the results of the tasks are held against. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { inverse, Matrix } from 'ml-matrix';

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

/** The most likely coefficients of the columns of a logistic regression with an intercept, and their standard errors, by Newton's method. */
export function logisticFit(
  rows: readonly (readonly number[])[],
  labels: readonly number[],
): { weight: number; error: number }[] {
  const size = rows[0]!.length + 1;
  const weights: number[] = Array<number>(size).fill(0);
  for (let step = 0; ; step += 1) {
    const information = Matrix.zeros(size, size);
    const gradient: number[] = Array<number>(size).fill(0);
    for (const [row, columns] of rows.entries()) {
      const x = [...columns, 1];
      const chance = 1 / (1 + Math.exp(-x.reduce((sum, value, at) => sum + value * weights[at]!, 0)));
      for (let i = 0; i < size; i += 1) {
        gradient[i]! += (labels[row]! - chance) * x[i]!;
        const weighted = chance * (1 - chance) * x[i]!;
        for (let j = 0; j < size; j += 1) information.set(i, j, information.get(i, j) + weighted * x[j]!);
      }
    }
    const variances = inverse(information);
    if (step === 12)
      return weights.slice(0, -1).map((weight, at) => ({ weight, error: Math.sqrt(variances.get(at, at)) }));
    weights.forEach(
      (_, i) => (weights[i]! += gradient.reduce((sum, value, j) => sum + value * variances.get(i, j), 0)),
    );
  }
}

/** Weight of evidence of each row's bin: the logarithm of its share of the rows with label 1 over its share of the others. */
export function weights(bins: ArrayLike<number>, labels: readonly string[]): Float64Array {
  const ones: number[] = [];
  const zeros: number[] = [];
  labels.forEach((label, row) => {
    const counts = label === '1' ? ones : zeros;
    counts[bins[row]!] = (counts[bins[row]!] ?? 0) + 1;
  });
  const all = labels.filter((label) => label === '1').length;
  return Float64Array.from(bins, (bin) => Math.log(ones[bin]! / all / (zeros[bin]! / (labels.length - all))));
}
