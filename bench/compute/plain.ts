/** The same work in clear, by one thread and as plainly as can be: what the tasks are compared with. */
import { createReadStream } from 'node:fs';

/** Hands on the fields of each data row of a CSV table without quotes. */
async function eachRow(file: string, use: (fields: string[]) => void): Promise<void> {
  let rest = '';
  let header = true;
  for await (const chunk of createReadStream(file, { encoding: 'utf8', highWaterMark: 1 << 18 })) {
    const lines = (rest + (chunk as string)).split('\n');
    rest = lines.pop()!;
    if (header) lines.shift();
    header = false;
    for (const line of lines) use(line.split(','));
  }
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1_000;
}

/** Seconds of a hash join of two tables by their first column, without writing it. */
export const joinSeconds = (left: string, right: string): Promise<number> =>
  secondsOf(async () => {
    const keys = new Set<string>();
    let common = 0;
    await eachRow(left, ([key]) => keys.add(key!));
    await eachRow(right, ([key]) => (common += keys.has(key!) ? 1 : 0));
    return common;
  });

/** Seconds of one pass that takes sum, least and greatest of every numeric column, and no quartiles. */
export const passSeconds = (file: string): Promise<number> =>
  secondsOf(async () => {
    const columns: { sum: number; least: number; greatest: number }[] = [];
    await eachRow(file, (fields) => {
      fields.forEach((field, at) => {
        const column = (columns[at] ??= { sum: 0, least: Infinity, greatest: -Infinity });
        const value = Number(field);
        if (Number.isNaN(value)) return;
        column.sum += value;
        column.least = Math.min(column.least, value);
        column.greatest = Math.max(column.greatest, value);
      });
    });
  });

/** Seconds of a logistic regression by mini-batches over the rows of both tables; the left one ends with the label. */
export const fitSeconds = (left: string, right: string, epochs: number, batch: number): Promise<number> =>
  secondsOf(async () => {
    const [own, peer]: [number[][], number[][]] = [[], []];
    await eachRow(left, ([, ...fields]) => own.push(fields.map(Number)));
    await eachRow(right, ([, ...fields]) => peer.push(fields.map(Number)));
    const labels = own.map((row) => row.pop()!);
    const rows = own.map((row, at) => Float64Array.of(1, ...row, ...peer[at]!));
    const weights = new Float64Array(rows[0]!.length);
    const gradient = new Float64Array(weights.length);
    for (let epoch = 0; epoch < epochs; epoch += 1) {
      for (let from = 0; from < rows.length; from += batch) {
        gradient.fill(0);
        const to = Math.min(from + batch, rows.length);
        for (let at = from; at < to; at += 1) {
          const row = rows[at]!;
          const score = row.reduce((sum, value, i) => sum + value * weights[i]!, 0);
          const miss = 1 / (1 + Math.exp(-score)) - labels[at]!;
          for (let i = 0; i < row.length; i += 1) gradient[i]! += miss * row[i]!;
        }
        for (let i = 0; i < weights.length; i += 1) weights[i]! -= (0.1 * gradient[i]!) / (to - from);
      }
    }
  });
