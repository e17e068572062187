import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import type { ExportedModel } from './exported-model.js';
import { onnxOf } from './onnx.js';
import { fitsXml, pmmlOf } from './pmml.js';

/** What a program read in an export. */
interface Read {
  readonly columns: string[];
  readonly label: string;
  readonly predictions: number[];
}
interface Case {
  readonly pmml: string;
  readonly onnx: string;
  readonly onnxruntime: Read;
  readonly pypmml: Read;
}

/** Compiled, this file lies in dist; what ONNX Runtime and PMML4S read in these exports lies beside its source, with the script that asked them. */
const FILE = fileURLToPath(
  new URL('../../../../../libs/compute/src/model-export/readers-for-tests.json', import.meta.url),
);
const { rows, models } = JSON.parse(readFileSync(FILE, 'utf8')) as {
  readonly rows: readonly (readonly [number, number, number])[];
  readonly models: Readonly<Record<ExportedModel['objective'], Case>>;
};

const modelOf = (objective: ExportedModel['objective']): ExportedModel => ({
  objective,
  label: 'y & "z"',
  columns: ['age', 'a "b" <c> & d\n', '年龄'],
  weights: [0.25, -1.5, 1e-7],
  intercept: 0.1,
});

describe.each(['logistic', 'linear'] as const)('a %s model', (objective) => {
  const model = modelOf(objective);
  const expected = rows.map((row) => {
    const score = model.weights.reduce((sum, weight, at) => sum + weight * row[at]!, model.intercept);
    return objective === 'logistic' ? 1 / (1 + Math.exp(-score)) : score;
  });

  test.each(['onnxruntime', 'pypmml'] as const)('predicts with %s what it is to', (reader) => {
    const { pmml, onnx, [reader]: read } = models[objective];
    // The very bytes that the reader was given.
    if (reader === 'pypmml') expect(pmmlOf(model, '0.1.0')).toBe(pmml);
    else expect(Buffer.from(onnxOf(model, '0.1.0')).toString('base64')).toBe(onnx);
    expect([read.columns, read.label]).toEqual([model.columns, model.label]);
    read.predictions.forEach((found, row) => expect(found).toBeCloseTo(expected[row]!, 12));
    expect(read.predictions).toHaveLength(rows.length);
  });
});

test('names that XML cannot hold are recognised', () => {
  for (const name of ['age', '年龄', '😀', 'a\tb\n', '<&>"']) expect(fitsXml(name)).toBe(true);
  for (const name of ['\u0000', 'a\u0007', '\ud800', '\ufffe']) expect(fitsXml(name)).toBe(false);
});
