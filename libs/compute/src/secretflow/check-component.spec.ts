import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { EngineChoice } from '../catalogue/choose-engine.js';
import { checkTaskParams } from '../catalogue/check-params.js';
import { makeRunners } from '../catalogue/task-runners.js';
import { requireValidSchema } from '../contract/schema-faults.js';
import { runTask } from '../catalogue/run-task.js';
import { testFolder } from '../contract/run-for-tests.js';
import type { TaskRun } from '../contract/task-type.js';
import { bothInput, COLUMNS } from './components-for-tests.js';
import { COMPONENTS } from './component-list.js';
import { REVIEWED } from './reviewed-components.js';
import { secretflow } from './secretflow.js';

type Config = Readonly<Record<string, unknown>>;

const paramsOf = (config: Config): Record<string, unknown> => ({
  engine: 'secretflow',
  sf_init_config: { parties: Object.keys(config['input_data'] as object), address: 'local' },
  task_config: config,
});
const faultsOf = (config: Config): string[] =>
  checkTaskParams('component', paramsOf(config)).map(
    ({ pointer, message, code }) => `${code ?? ''}${pointer} ${message}`,
  );

const psi: Config = {
  component: 'data_prep/psi:1.0.0',
  keys: COLUMNS.keys,
  features: COLUMNS.features,
  input_data: { alice: { input_ds1: 'a.csv' }, bob: { input_ds2: 'b.csv' } },
  attrs: {
    'input/input_ds1/keys': ['id'],
    'input/input_ds2/keys': ['id'],
    input_ds1_keys_duplicated: false,
    input_ds2_keys_duplicated: false,
  },
};
const train: Config = {
  ...{ component: 'ml.train/ss_sgd_train:1.0.0', ...COLUMNS, input_data: bothInput('input_ds') },
  attrs: { 'input/input_ds/label': ['y'], 'input/input_ds/feature_selects': ['a', 'b', 'c'] },
};
const alone = { input_data: { alice: { input_ds: 'a.csv' } }, keys: { alice: ['id'] } };
const scored = { ...alone, features: { alice: ['pred'] }, label: 'y', label_party: 'alice' };
const evaluated = { attrs: { 'input/input_ds/label': ['y'], 'input/input_ds/prediction': ['pred'] } };
const vertical = { ...COLUMNS, input_data: bothInput('input_ds') };
const model = (party: string) => ({
  input_ds: 't.csv',
  input_model: `artifact:chain-1/train/${party}/output_model.json`,
});
const predict = {
  ...{ ...COLUMNS, input_data: { alice: model('alice'), bob: model('bob') } },
  attrs: { receiver: ['alice'] },
};
const selected = { 'input/input_ds/feature_selects': ['a', 'b', 'c'] };
const semi2k = { ...vertical, protocol: 'SEMI2K', attrs: selected };
const rules = (party: string) => ({ input_ds: 't.csv', input_rule: `artifact:chain-1/woe/${party}/output_rule.json` });

/** A task of each that was reviewed, without faults. */
const FINE: Readonly<Record<string, Config>> = {
  'data_prep/psi:1.0.0': psi,
  'data_prep/train_test_split:1.0.0': { ...vertical, attrs: { train_size: 0.5 } },
  'data_filter/feature_filter:1.0.0': { ...vertical, attrs: { 'input/input_ds/drop_features': ['b'] } },
  'data_prep/union:1.0.0': {
    ...{ keys: { alice: ['id'] }, attrs: {} },
    input_data: { alice: { input_ds1: 'a.csv', input_ds2: 'b.csv' } },
  },
  'stats/table_statistics:1.0.2': { ...scored, attrs: { 'input/input_ds/features': ['pred', 'y'] } },
  'ml.eval/biclassification_eval:1.0.0': { ...scored, ...evaluated },
  'ml.eval/prediction_bias_eval:1.0.0': { ...scored, ...evaluated },
  'ml.eval/regression_eval:1.0.0': { ...scored, ...evaluated },
  'postprocessing/score_card_transformer:1.0.0': {
    ...scored,
    attrs: {
      ...{ positive: 1, scaled_value: 600, odd_base: 20, pdo: 20, predict_score_name: 'points' },
      'input/input_ds/predict_name': ['pred'],
    },
  },
  'ml.train/ss_sgd_train:1.0.0': train,
  'ml.predict/ss_sgd_predict:1.0.0': predict,
  'stats/ss_pearsonr:1.0.0': semi2k,
  'stats/ss_vif:1.0.0': semi2k,
  'preprocessing/vert_woe_binning:1.0.0': train,
  'preprocessing/substitution:1.0.0': {
    ...{ ...COLUMNS, input_data: { alice: rules('alice'), bob: rules('bob') }, attrs: {} },
  },
  'ml.train/ss_glm_train:1.1.0': {
    ...{ ...train, protocol: 'SEMI2K' },
    attrs: {
      ...{ ...(train['attrs'] as object), link_type: 'Logit', label_dist_type: 'Bernoulli', optimizer: 'SGD' },
    },
  },
  'ml.predict/ss_glm_predict:1.1.0': { ...predict, protocol: 'SEMI2K' },
  'ml.train/sgb_train:1.1.0': train,
  'ml.predict/sgb_predict:1.0.0': predict,
  'ml.eval/ss_pvalue:1.0.0': { ...predict, protocol: 'SEMI2K', attrs: {} },
};

describe('the components of SecretFlow', () => {
  test('are 53, each with a schema, and those that were reviewed are among them', () => {
    expect(COMPONENTS).toHaveLength(53);
    for (const { attrs } of COMPONENTS) expect(() => requireValidSchema(attrs)).not.toThrow();
    const ids = COMPONENTS.map(({ id }) => id);
    expect(Object.keys(REVIEWED).filter((id) => !ids.includes(id))).toEqual([]);
    const runner = secretflow(undefined);
    expect(runner.protocols('component')).toEqual(ids);
    for (const id of ids) {
      const leaves = runner.leaves('component', { component: id })!;
      expect([id, leaves.startsWith('Nobody has reviewed')]).toEqual([id, !Object.hasOwn(REVIEWED, id)]);
      expect(runner.leaves('component', { protocol: id })).toBe(leaves);
    }
  });

  test.each(Object.keys(REVIEWED))(
    '%s takes a task as it should be, and no parameter that it does not have',
    (component) => {
      const config: Config = { ...FINE[component]!, component };
      expect(faultsOf(config)).toEqual([]);
      const attrs = { ...(config['attrs'] as object), checkpoint_uri: '/etc/passwd' };
      expect(faultsOf({ ...config, attrs })).toEqual([
        expect.stringMatching(/^\/task_config\/attrs\/checkpoint_uri is not a known field/),
      ]);
      // Of one party more or less than it is for.
      const parties = Object.keys(config['input_data'] as object);
      const none = { ...config, input_data: Object.fromEntries(parties.map((party) => [party, { other: 'a.csv' }])) };
      expect(faultsOf(none).join()).toMatch(/no input of/);
    },
  );

  test.each<[string, string, RegExp]>([
    ['stats/ss_pearsonr:1.0.0', 'protocol=CHEETAH', /must be SEMI2K/],
    ['stats/ss_vif:1.0.0', 'protocol=CHEETAH', /must be SEMI2K/],
    ['ml.train/ss_glm_train:1.1.0', 'protocol=CHEETAH', /must be SEMI2K/],
    ['ml.predict/ss_glm_predict:1.1.0', 'protocol=CHEETAH', /must be SEMI2K/],
    ['ml.eval/ss_pvalue:1.0.0', 'protocol=CHEETAH', /must be SEMI2K/],
    ['preprocessing/vert_woe_binning:1.0.0', 'binning_method=chimerge', /a hundred small bins/],
    ['preprocessing/vert_woe_binning:1.0.0', 'secure_device_type=heu', /nothing blinds the sums/],
    ['preprocessing/vert_woe_binning:1.0.0', 'report_rules=true', /opens all edges/],
    ['preprocessing/vert_woe_binning:1.0.0', 'input/input_ds/label=["a"]', /must be "y", as label says/],
    ['ml.train/ss_glm_train:1.1.0', 'optimizer=IRLS', /IRLS opens products/],
    ['ml.train/ss_glm_train:1.1.0', 'iter_start_irls=1', /IRLS opens products/],
    ['ml.train/ss_glm_train:1.1.0', 'stopping_rounds=1', /a prediction of each row/],
    ['ml.train/ss_glm_train:1.1.0', 'stopping_metric=weight', /by the weights it would stop/],
    ['ml.train/ss_glm_train:1.1.0', 'report_weights=true', /opens all weights/],
    ['ml.train/ss_glm_train:1.1.0', 'report_metric=true', /a metric an epoch/],
    ['ml.train/ss_glm_train:1.1.0', 'input/input_ds/label=["b"]', /must be "y", as label says/],
    ['ml.train/sgb_train:1.1.0', 'tree_growing_method=leaf', /leaf by leaf/],
    ['ml.train/sgb_train:1.1.0', 'enable_goss=true', /which rows the trees fit worst/],
    ['ml.train/sgb_train:1.1.0', 'enable_monitor=true', /a metric for each tree/],
    ['ml.train/sgb_train:1.1.0', 'enable_early_stop=true', /a metric for each tree/],
    ['ml.train/sgb_train:1.1.0', 'report_importances=true', /gains of all splits/],
    ['ml.train/sgb_train:1.1.0', 'input/input_ds/label=["c"]', /must be "y", as label says/],
    ['ml.predict/sgb_predict:1.0.0', 'receiver=["eve"]', /no party of input_data/],
    ['ml.predict/ss_glm_predict:1.1.0', 'receiver=["eve"]', /no party of input_data/],
  ])('%s refuses %s', (component, change, message) => {
    const [name, text] = change.split('=') as [string, string];
    const value: unknown = /^[[\dtf]/.test(text) ? JSON.parse(text) : text;
    const fine: Config = { ...FINE[component]!, component };
    const attrs = { ...(fine['attrs'] as object), [name]: value };
    const faults = faultsOf(name === 'protocol' ? { ...fine, protocol: value } : { ...fine, attrs });
    expect(faults).toEqual([expect.stringMatching(message)]);
  });

  test.each(['preprocessing/vert_woe_binning:1.0.0', 'ml.train/sgb_train:1.1.0', 'ml.train/ss_glm_train:1.1.0'])(
    '%s counts by label, and so has to be told which it is',
    (component) => {
      const { label: _, label_party: __, ...config } = { ...FINE[component]!, component } as Config;
      const features = { alice: ['a', 'y'], bob: ['b', 'c'] };
      expect(faultsOf({ ...config, features })).toEqual([expect.stringMatching(/label names the label/)]);
    },
  );

  test.each<[string, Config, RegExp]>([
    ['an id that there is not', { ...psi, component: 'data_prep/psi:9.9.9' }, /component must be one of/],
    [
      'keys that repeat',
      { ...psi, attrs: { ...(psi['attrs'] as object), input_ds1_keys_duplicated: true } },
      /keys that repeat/,
    ],
    [
      'another join',
      { ...psi, attrs: { ...(psi['attrs'] as object), join_type: 'full_join' } },
      /must be "inner_join"/,
    ],
    [
      'a curve that shows bits',
      { ...psi, attrs: { ...(psi['attrs'] as object), protocol: 'PROTOCOL_ECDH' } },
      /must be CURVE_FOURQ/,
    ],
    [
      'weights in the report',
      { ...train, attrs: { ...(train['attrs'] as object), report_weights: true } },
      /opens all weights/,
    ],
    [
      'a column that it does not name',
      { ...train, attrs: { ...(train['attrs'] as object), 'input/input_ds/label': ['salary'] } },
      /"salary", which is neither/,
    ],
    [
      'an output that there is not',
      { ...train, output_data: { alice: { '../x': 'x.csv' } } },
      /no table that .* gives/,
    ],
    ['a model as a table', { ...train, output_data: { alice: { output_model: 'x.json' } } }, /no table that .* gives/],
    [
      'an input of another name',
      { ...train, input_data: { alice: { '../../x': 'a.csv' }, bob: { input_ds: 'b.csv' } } },
      /no input of/,
    ],
    [
      'a number as a text',
      { ...train, attrs: { ...(train['attrs'] as object), epochs: '5; import os' } },
      /epochs must be/,
    ],
    ['a number out of bounds', { ...train, attrs: { ...(train['attrs'] as object), epochs: 0 } }, /epochs must be/],
    [
      'a party that is not there',
      {
        ...FINE['ml.predict/ss_sgd_predict:1.0.0']!,
        component: 'ml.predict/ss_sgd_predict:1.0.0',
        attrs: { receiver: ['eve'] },
      },
      /receiver is no party/,
    ],
    [
      'a file as a model',
      {
        ...FINE['ml.predict/ss_sgd_predict:1.0.0']!,
        component: 'ml.predict/ss_sgd_predict:1.0.0',
        input_data: { alice: { ...model('alice'), input_model: 'evil.json' }, bob: model('bob') },
      },
      /must be an artifact/,
    ],
    [
      'statistics of two parties',
      { ...vertical, component: 'stats/table_statistics:1.0.2', attrs: { 'input/input_ds/features': ['a'] } },
      /must name 1 party/,
    ],
    ['one that was reviewed as one that was not', { ...psi, not_reviewed: true }, /must be absent/],
    ['another protocol', { ...psi, protocol: 'REF2K' }, /protocol must be one of/],
  ])('refuse %s', (_, config, message) => expect(faultsOf(config).join('\n')).toMatch(message));

  const unreviewed = {
    ...{ ...scored, component: 'stats/groupby_statistics:1.0.0' },
    attrs: { 'input/input_ds/by': ['pred'], aggregation_config: '{}' },
  };

  test('that nobody has reviewed run only where the task says so and the operator names them', async () => {
    expect(faultsOf(unreviewed)).toEqual([expect.stringMatching(/^COMPONENT_NOT_REVIEWED.*SECRETFLOW_COMPONENTS/)]);
    const said = { ...unreviewed, not_reviewed: true };
    expect(faultsOf(said)).toEqual([]);
    const settings = { secretflowPython: '/py', secretflowComponentsPython: '/py' };
    const refusals = (secretflowComponents: readonly string[], config: Config = said): unknown[] => {
      const choice = new EngineChoice(makeRunners({ ...settings, secretflowComponents }), 'native');
      return [...choice.refusals('secretflow', 'component', { task_config: config as never })];
    };
    expect(refusals([])).toEqual([expect.objectContaining({ code: 'COMPONENT_NOT_REVIEWED' })]);
    expect(refusals([unreviewed.component])).toEqual([]);
    expect(refusals([], psi)).toEqual([]);
    // A worker with other settings than the API refuses as well.
    const folder = await testFolder();
    try {
      const run = (config: Config, allowed: readonly string[] = []): Promise<unknown> =>
        runTask('component', { ...folder.run({}), params: paramsOf(config) } as unknown as TaskRun, [
          secretflow('/nowhere', { python: '/nowhere', allowed }),
        ]);
      await expect(run(said)).rejects.toMatchObject({ code: 'COMPONENT_NOT_REVIEWED' });
      // Nobody has claimed this folder, so no policy allows it.
      await folder.table('alice', 'a.csv', 'id,pred,y\n1,2,3\n');
      await expect(run(said, [unreviewed.component])).rejects.toMatchObject({ code: 'COMPONENT_NOT_REVIEWED' });
    } finally {
      await folder.remove();
    }
  });

  test('are not listed where they are not set up, and need their engine', () => {
    const here = new EngineChoice(makeRunners({ secretflowPython: '/py' }), 'native');
    expect(here.namesFor('component')).toEqual([]);
    expect(here.leavesOf('component')).toEqual([]);
    expect(here.fault('secretflow', 'component', {})).toMatch(/sets SECRETFLOW_COMPONENTS_PYTHON/);
    expect(here.fault('secretflow', 'psi', {})).toBe(undefined);
    const set = new EngineChoice(makeRunners({ secretflowPython: '/py', secretflowComponentsPython: '/py' }), 'native');
    expect(set.namesFor('component')).toEqual(['secretflow']);
    expect(set.leavesOf('component')).toHaveLength(53);
    const { engine: _, ...params } = paramsOf(psi);
    expect(checkTaskParams('component', params)).toEqual([
      { pointer: '/engine', message: expect.stringMatching(/^must be "secretflow"/) },
    ]);
  });

  test('have a page that names each that was reviewed', () => {
    const page = readFileSync(new URL('../../../../../docs/tasks/component.md', import.meta.url), 'utf8');
    for (const id of Object.keys(REVIEWED)) expect(page).toContain(`\`${id}\``);
  });
});
