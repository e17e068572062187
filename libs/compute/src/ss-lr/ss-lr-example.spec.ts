import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { binaryMetrics, cutPoints, type BinaryMetrics } from '../evaluation/metrics.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import { openModel } from './open-model-for-tests.js';
import { runSsLr } from './ss-lr-run.js';
import { batches, splitRows } from '../vertical/split-rows.js';
import type { JsonObject, TaskRunResult } from '../contract/task-type.js';

const example = new URL('../../../../../examples/breast-cancer/', import.meta.url);
const SEED = 7;
let folder: TestFolder;
/** Standardised features of the rows that both hospitals have: alice's 15, then bob's 15. */
let cells: number[][];
let labels: number[];
let names: { alice: string[]; bob: string[] };

type Row = Record<string, string>;
const rowsOf = async (party: string): Promise<Row[]> =>
  parse(await readFile(new URL(`${party}/breast-cancer.csv`, example), 'utf8'), { columns: true }) as Row[];

beforeAll(async () => {
  folder = await testFolder();
  const [alice, bob] = [await rowsOf('alice'), await rowsOf('bob')];
  const others = new Map(bob.map((row) => [row.id, row]));
  const pairs = alice.flatMap((row) => (others.has(row.id) ? [[row, others.get(row.id)!] as const] : []));
  pairs.sort(([left], [right]) => (left.id! < right.id! ? -1 : 1));
  const featuresOf = (row: Row): string[] => Object.keys(row).filter((name) => name !== 'id' && name !== 'y');
  names = { alice: featuresOf(alice[0]!), bob: featuresOf(bob[0]!) };
  const columns = [
    ...names.alice.map((name) => [0, name] as const),
    ...names.bob.map((name) => [1, name] as const),
  ].map(([side, name]) => {
    const present = pairs
      .map((pair) => pair[side][name]!)
      .filter((field) => field !== '')
      .map(Number);
    const mean = present.reduce((sum, x) => sum + x, 0) / present.length;
    const values = pairs.map((pair) => (pair[side][name] === '' ? mean : Number(pair[side][name])));
    const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
    return values.map((x) => (x - mean) / deviation);
  });
  cells = pairs.map((_, row) => columns.map((column) => column[row]!));
  labels = pairs.map(([row]) => Number(row.y));
  const csv = (header: string[], rows: number[][]): string =>
    `${[header, ...rows].map((row) => row.join(',')).join('\n')}\n`;
  await folder.table(
    'alice',
    't.csv',
    csv(
      [...names.alice, 'y'],
      cells.map((cell, row) => [...cell.slice(0, 15), labels[row]!]),
    ),
  );
  await folder.table(
    'bob',
    't.csv',
    csv(
      names.bob,
      cells.map((cell) => cell.slice(15)),
    ),
  );
});
afterAll(() => folder.remove());

/** The default schedule on plain doubles, over the first `columns` features, with an L1 penalty by proximal steps. */
function plainFit(order: Uint32Array, columns: number, l1 = 0): (row: number) => { score: number; weights: number[] } {
  const weights: number[] = Array(columns).fill(0);
  let intercept = 0;
  const score = (row: number): number => weights.reduce((sum, w, c) => sum + w * cells[row]![c]!, intercept);
  for (let epoch = 0; epoch < 10; epoch += 1) {
    for (const [from, to] of batches(order.length, 64)) {
      const rows = [...order.subarray(from, to)];
      const residuals = rows.map((row) => 0.5 + score(row) / 8 - labels[row]!);
      const sum = (of: (at: number) => number): number => rows.reduce((total, _, at) => total + of(at), 0);
      const step = 0.1 / rows.length;
      for (let c = 0; c < columns; c += 1) {
        const stepped = weights[c]! - step * sum((at) => residuals[at]! * cells[rows[at]!]![c]!);
        weights[c] = Math.sign(stepped) * Math.max(Math.abs(stepped) - step * l1, 0);
      }
      intercept -= step * sum((at) => residuals[at]!);
    }
  }
  return (row) => ({ score: score(row), weights });
}
const metricsOf = (rows: Uint32Array, scores: number[]): BinaryMetrics =>
  binaryMetrics(
    cutPoints(
      [...rows].map((row) => labels[row]!),
      Float64Array.from(scores),
    ),
  );

const config = (): JsonObject => ({
  features: names,
  label: 'y',
  label_party: 'alice',
  train_data: { alice: 't.csv', bob: 't.csv' },
  test_fraction: 0.2,
  split_seed: SEED,
});
/** The weights that both slices give together, alice's first. */
async function weightsOf(outcome: TaskRunResult): Promise<number[]> {
  const paths = outcome.result.model_paths as Record<'alice' | 'bob', string>;
  return openModel(await folder.text('alice', paths.alice), await folder.text('bob', paths.bob)).weights;
}

describe('ss_lr on the breast cancer example', () => {
  test('has the weights of a plain fit within 1e-4, and predicts better than alice could alone', async () => {
    const outcome = await runSsLr(folder.run(config()));
    const { train, heldOut } = splitRows(cells.length, 0.2, SEED);
    const { weights } = plainFit(train, 30)(0);
    (await weightsOf(outcome)).forEach((w, c) => expect(Math.abs(w - weights[c]!)).toBeLessThan(1e-4));

    const [, ...predictions] = await folder.rows('alice', String(outcome.result.prediction_output));
    const joint = metricsOf(
      heldOut,
      predictions.map(([, p]) => Number(p)),
    );
    const alone = plainFit(train, 15);
    const alice = metricsOf(
      heldOut,
      [...heldOut].map((row) => 1 / (1 + Math.exp(-alone(row).score))),
    );
    expect(joint.auc).toBeGreaterThanOrEqual(0.985);
    expect(joint.accuracy).toBeGreaterThanOrEqual(0.95);
    expect(joint.auc).toBeGreaterThan(alice.auc);
    expect(joint.accuracy).toBeGreaterThanOrEqual(alice.accuracy);
  });

  test('has the weights of a plain proximal fit within 1e-4 with an l1 penalty, many of them 0', async () => {
    const outcome = await runSsLr(folder.run({ ...config(), params: { penalty: 'l1', l2_norm: 2 } }, { taskId: 'l1' }));
    const { weights } = plainFit(splitRows(cells.length, 0.2, SEED).train, 30, 2)(0);
    const found = await weightsOf(outcome);
    found.forEach((w, c) => expect(Math.abs(w - weights[c]!)).toBeLessThan(1e-4));
    expect(found.map((w) => w === 0)).toEqual(weights.map((w) => w === 0));
    expect(found.filter((w) => w === 0).length).toBeGreaterThan(5);
  });
});
