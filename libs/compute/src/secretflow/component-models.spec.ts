import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { clearResult } from '../contract/run-for-tests.js';
import type { TaskRunResult } from '../contract/task-type.js';
import {
  bothInput,
  COLUMNS,
  describeComponents,
  outputsOf,
  runIt,
  valuesOf,
  withLeft,
} from './components-for-tests.js';

const ROWS = 600;
const TRAINED = { 'input/input_ds/label': ['y'], 'input/input_ds/feature_selects': ['a', 'b', 'c'] };
const GLM = {
  ...{ epochs: 6, batch_size: 100, learning_rate: 0.5, l2_lambda: 0.01 },
  ...{ link_type: 'Logit', label_dist_type: 'Bernoulli', optimizer: 'SGD' },
};

/** Says the gains of a split, as the label's party has them and as they reach both. */
const GAINS = `
import sys
import numpy as np
sys.path.append(sys.argv[1])
sys.dont_write_bytecode = True
import component
from secretflow.ml.boost.sgb_v.factory.components.split_finder.split_finder import SplitFinder
class Holder:
    party = "alice"
    def __call__(self, fn, **more):
        return lambda *args: fn(*args)
def gains():
    finder = SplitFinder()
    finder.set_params({"reg_lambda": 0.1, "gamma": 0.0})
    finder.label_holder = Holder()
    found = finder.find_best_splits_level_wise([np.array([[1.0, 3.0, 0.0]])], [np.array([[1.0, 2.0, 3.0]])], 0, 0)
    return [int(found[0][0]), bool(found[1][0]), float(found[2][0])]
before = gains()
component.hide_gains()
print(before, gains())
`;

await describeComponents(
  "models of SecretFlow's components",
  (folder, python) => {
    const train = (component: string, attrs: object, protocol: string): Promise<TaskRunResult> =>
      runIt(
        folder,
        {
          ...{ component, ...COLUMNS, protocol, input_data: bothInput('input_ds') },
          attrs: { ...TRAINED, ...attrs },
        },
        { taskId: component.split(/[/:]/)[1]! },
      );
    /** What a receiver gets, and the share of rows in which it is right. */
    async function predict(component: string, model: TaskRunResult, receiver: string, protocol: string) {
      const outcome = await runIt(
        folder,
        {
          ...{ component, ...COLUMNS, protocol, input_data: withLeft(model, 'input_model', 'output_model') },
          attrs: { receiver: [receiver], save_ids: true, save_label: receiver === 'alice' },
        },
        { taskId: `${component.split(/[/:]/)[1]!}-${receiver}` },
      );
      const other = receiver === 'alice' ? 'bob' : 'alice';
      expect(outputsOf(outcome)[other]).toEqual({});
      const [header, ...rows] = await folder.rows(receiver, outputsOf(outcome)[receiver]!['output_ds']!);
      expect(header).toEqual(receiver === 'alice' ? ['pred', 'id', 'y'] : ['pred', 'id']);
      expect(rows.map(([, id]) => id)).toEqual(Array.from({ length: ROWS }, (_, at) => valuesOf(at).id));
      const right = rows.filter(([pred], at) => Number(pred) > 0.5 === (valuesOf(at).y === 1));
      return right.length / ROWS;
    }

    test('sgb_train and sgb_predict find the label, for either receiver', async () => {
      const model = await train(
        'ml.train/sgb_train:1.1.0',
        { num_boost_round: 5, max_depth: 3, learning_rate: 0.3 },
        'CHEETAH',
      );
      expect(clearResult(model, 'bob')).toEqual({ reports: { report: [] } });
      const right = await predict('ml.predict/sgb_predict:1.0.0', model, 'alice', 'CHEETAH');
      expect(right).toBeGreaterThan(0.85);
      expect(await predict('ml.predict/sgb_predict:1.0.0', model, 'bob', 'CHEETAH')).toBe(right);
    }, 180_000);

    test('sgb_train keeps the gains of splits from both', () => {
      const folderOfPrograms = fileURLToPath(new URL('../../../../../engines/secretflow', import.meta.url));
      const said = execFileSync(python, ['-I', '-c', GAINS, folderOfPrograms], {
        ...{ encoding: 'utf8', cwd: dirname(python), env: { PATH: '/usr/bin:/bin' } },
      });
      // The same split, without its gain.
      expect(said.trim().split('\n').at(-1)).toMatch(/^\[1, True, [1-9][\d.]+\] \[1, True, 0\.0\]$/);
    }, 60_000);

    test('ss_glm_train and ss_glm_predict find the label, and ss_pvalue which columns say nothing of it', async () => {
      const model = await train('ml.train/ss_glm_train:1.1.0', GLM, 'SEMI2K');
      expect(await predict('ml.predict/ss_glm_predict:1.1.0', model, 'bob', 'SEMI2K')).toBeGreaterThan(0.9);
      const outcome = await runIt(
        folder,
        {
          ...{ component: 'ml.eval/ss_pvalue:1.0.0', ...COLUMNS, protocol: 'SEMI2K' },
          ...{ input_data: withLeft(model, 'input_model', 'output_model'), attrs: {} },
        },
        { taskId: 'pvalue' },
      );
      expect(outputsOf(outcome)).toEqual({ alice: {}, bob: {} });
      const text = JSON.stringify(clearResult(outcome, 'bob'));
      const values = Object.fromEntries(
        [...text.matchAll(/"feature\/(\w)","type":"float","value":\{(?:"f":([\d.e-]+))?\}/g)].map(([, name, value]) => [
          name,
          Number(value ?? 0),
        ]),
      );
      expect(Object.keys(values)).toEqual(['a', 'b', 'c']);
      expect(Math.max(values['a']!, values['c']!)).toBeLessThan(0.001);
      expect(values['b']).toBeGreaterThan(0.05);
    }, 180_000);
  },
  ROWS,
);
