import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkTaskParams } from '../catalogue/check-params.js';
import { runTask } from '../catalogue/run-task.js';
import type { TestFolder } from '../contract/run-for-tests.js';
import type { JsonObject, TaskRunResult } from '../contract/task-type.js';
import { FEATURES, SHARED_TREES, TEST, TestModels, TRAININGS } from '../evaluation/models-for-tests.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { openModel } from '../ss-lr/open-model-for-tests.js';
import { runModelExport } from './model-export-run.js';

interface Node {
  readonly feature?: string;
  readonly threshold?: number;
  readonly left?: true | number;
  readonly right?: number;
  readonly weight?: number;
  readonly peer_split?: number;
}
interface Part {
  readonly holds: string;
  readonly features: { feature: string; share: string }[];
  readonly peer_features: string[];
  readonly intercept: string;
  readonly fraction_bits: number;
  readonly start: number;
  readonly base_score: number;
  readonly trees: { nodes: Node[]; leaves: string[] }[];
  readonly splits: { feature: string; threshold: number }[];
}
type OwnTrees = Omit<Part, 'trees'> & { readonly trees: Node[][] };

let models: TestModels;
let folder: TestFolder;
beforeAll(async () => {
  models = await TestModels.train([...TRAININGS.filter(([task]) => task === 'lr' || task === 'xgb'), SHARED_TREES]);
  ({ folder } = models);
});
afterAll(() => folder.remove());

const exported = (config: JsonObject): Promise<TaskRunResult> => runTask('model_export', folder.run(config));
const failureOf = (config: JsonObject): Promise<unknown> => exported(config).catch((error: unknown) => error);

/** What both parties hold of a joint model, as they export it. */
async function partsOf<Of = Part>(task: string): Promise<{ alice: Of; bob: Of }> {
  const { result } = await exported({ model: models.of(task) });
  const paths = result.export_paths as { alice: string; bob: string };
  const read = async (party: 'alice' | 'bob') => JSON.parse(await folder.text(party, paths[party])) as Of;
  return { alice: await read('alice'), bob: await read('bob') };
}

/** What the training predicted of the test rows. */
async function predicted(task: string): Promise<number[]> {
  const rows = await folder.rows('alice', models.trained[task]!.result.prediction_output as string);
  return rows.slice(1).map(([, prediction]) => Number(prediction));
}
const valueOf = (row: readonly number[], feature: string): number =>
  Number(row[[...FEATURES.alice, ...FEATURES.bob].indexOf(feature)]!.toFixed(6));
const sigmoid = (score: number): number => 1 / (1 + Math.exp(-score));
/** The number that two shares make. */
const joined = (one: string, other: string, modulus: number, fraction: number): number =>
  Number(BigInt.asIntN(modulus, BigInt(one) + BigInt(other))) / 2 ** fraction;

describe('model_export', () => {
  test('writes a whole model, alone for its party', async () => {
    const path = models.of('whole').alice!;
    const { features, weights, intercept } = JSON.parse(await folder.text('alice', path)) as {
      features: string[];
      weights: number[];
      intercept: number;
    };
    for (const format of ['json', 'pmml', 'onnx']) {
      const crossed: CrossedMessage[] = [];
      const run = folder.run({ model: { alice: path }, format });
      const { result, artifacts, partyResults } = await runModelExport(run, (message) => crossed.push(message));
      expect(result).toEqual({
        ...{ format, kind: { alice: 'whole_model' }, objective: { alice: 'logistic' } },
        export_paths: { alice: `artifact:chain-1/task-1/alice/model_export.${format}` },
      });
      expect([artifacts.length, crossed, partyResults]).toEqual([1, [], undefined]);
      const text = await folder.text('alice', (result.export_paths as { alice: string }).alice);
      for (const feature of features) expect(text).toContain(feature);
      if (format === 'pmml') for (const weight of weights) expect(text).toContain(`coefficient="${weight}"`);
      if (format !== 'json') continue;
      const coefficients = features.map((feature, at) => ({ feature, weight: weights[at] }));
      const model = { objective: 'logistic', label: 'y', coefficients, intercept };
      expect(JSON.parse(text)).toEqual({
        ...{ format: 'taskchain/model-export/v1', kind: 'whole_model', party: 'alice' },
        ...model,
      });
    }
  });

  test('of ss_lr writes shares, which with those of the other party are the weights', async () => {
    const { alice, bob } = await partsOf('lr');
    expect([alice.holds, alice.features.map(({ feature }) => feature)]).toEqual(['shares', FEATURES.alice]);
    const { weights, intercept } = openModel(
      await folder.text('alice', models.of('lr').alice!),
      await folder.text('bob', models.of('lr').bob!),
    );
    const found = [
      ...alice.features.map(({ share }, at) => joined(share, bob.peer_features[at]!, 128, alice.fraction_bits)),
      ...bob.features.map(({ share }, at) => joined(share, alice.peer_features[at]!, 128, alice.fraction_bits)),
    ];
    expect(found).toEqual(weights);
    expect(joined(alice.intercept, bob.intercept, 128, 48)).toBe(intercept);
    // Of bob's columns alice has no name.
    expect(JSON.stringify(alice)).not.toContain('"b0"');
  });

  test('of ss_xgb writes own splits and shares of leaves, which predict with those of the other party', async () => {
    const { alice, bob } = await partsOf('shared');
    const scoreOf = (row: readonly number[]): number =>
      alice.trees.reduce((sum, { nodes, leaves }, tree) => {
        let at = 0;
        while (at < nodes.length) {
          const own = [nodes[at]!, bob.trees[tree]!.nodes[at]!].find((node) => !('of' in node))!;
          const goesLeft = own.left === true || valueOf(row, own.feature!) <= own.threshold!;
          at = 2 * at + (goesLeft ? 1 : 2);
        }
        const leaf = at - nodes.length;
        return sum + joined(leaves[leaf]!, bob.trees[tree]!.leaves[leaf]!, 32, alice.fraction_bits);
      }, alice.start);
    const expected = await predicted('shared');
    TEST.forEach((row, at) => expect(Math.abs(sigmoid(scoreOf(row)) - expected[at]!)).toBeLessThan(0.01));
  });

  test('of secureboost writes the trees and the splits, which predict together', async () => {
    const { alice, bob } = await partsOf<OwnTrees>('xgb');
    expect([alice.holds, bob.holds]).toEqual(['trees', 'own splits']);
    const scoreOf = (row: readonly number[]): number =>
      alice.trees.reduce((sum, nodes) => {
        let node = nodes[0]!;
        while (node.weight === undefined) {
          const { feature, threshold } = node.peer_split === undefined ? node : bob.splits[node.peer_split]!;
          node = nodes[(valueOf(row, feature!) <= threshold! ? node.left : node.right) as number]!;
        }
        return sum + node.weight;
      }, alice.base_score);
    const expected = await predicted('xgb');
    TEST.forEach((row, at) => expect(sigmoid(scoreOf(row))).toBeCloseTo(expected[at]!, 9));
    expect(JSON.stringify(alice)).not.toContain('"b0"');
  });

  test('states no exact size of a part: it would say something of its thresholds', async () => {
    const { artifacts } = await exported({ model: models.of('xgb') });
    expect(artifacts.map(({ sizeBytes }) => sizeBytes)).toEqual([65_536, 65_536]);
  });

  test('fails on a part as PMML, on slices of earlier releases and on names that XML cannot hold', async () => {
    const model = models.of('lr');
    const slice = JSON.parse(await folder.text('alice', model.alice!)) as JsonObject;
    const { peer: _, ...unnamed } = slice;
    await folder.table('alice', 'unnamed.json', JSON.stringify(unnamed));
    const whole = JSON.parse(await folder.text('alice', models.of('whole').alice!)) as JsonObject;
    await folder.table('alice', 'bell.json', JSON.stringify({ ...whole, features: ['a0', '\u0007'] }));
    const cases: [JsonObject, string][] = [
      [{ model, format: 'pmml' }, 'export it as json'],
      [{ model, format: 'onnx' }, 'export it as json'],
      [{ model: { alice: 'unnamed.json' } }, 'train again'],
      [{ model: { alice: 'bell.json' }, format: 'pmml' }, 'XML cannot hold'],
      [{ model: { bob: 'train.csv' } }, 'is no'],
      [{ model: models.of('xgb'), coefficients_to: ['alice'] }, 'is no slice of ss_lr'],
    ];
    for (const [config, why] of cases) {
      expect(await failureOf(config)).toMatchObject({
        code: 'MODEL_INCOMPATIBLE',
        message: expect.stringContaining(why),
      });
    }
    // Nobody has signed that bob may read them.
    expect(await failureOf({ model, coefficients_to: ['bob'] })).toMatchObject({ code: 'POLICY_REFUSED' });
  });

  test('parameters are refused where they cannot work', () => {
    const pointers = (task_config: JsonObject): string[] =>
      checkTaskParams('model_export', { sf_init_config: { parties: ['alice', 'bob'] }, task_config }).map(
        ({ pointer }) => pointer.slice('/task_config'.length),
      );
    const model = { alice: 'm.json', bob: 'm.json' };
    expect(pointers({ model })).toEqual([]);
    expect(pointers({ model, coefficients_to: ['bob'], format: 'pmml' })).toEqual([]);
    expect(pointers({ model: '${tasks.t.result.model_paths}', coefficients_to: ['bob'] })).toEqual([]);
    expect(pointers({ model: { alice: 'm.json' }, coefficients_to: ['alice'] })).toEqual(['/model']);
    expect(pointers({ model, coefficients_to: ['carol'] })).toEqual(['/coefficients_to/0']);
    expect(pointers({ model, coefficients_to: ['bob'], export_output: { alice: 'c.json' } })).toEqual([
      '/export_output/alice',
    ]);
    expect(pointers({ model, format: 'pickle' })).toEqual(['/format']);
  });
});
