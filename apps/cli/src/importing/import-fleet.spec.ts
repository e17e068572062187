import { describe, expect, it } from '@jest/globals';
import { checkTaskParams } from '#libs/compute';
import { FLEET_TYPES } from './fleet-types.js';
import { formatOf, importDocument } from './import-document.js';

type Task = Record<string, unknown> & { task_id: string; depends_on: string[]; task_params: Params };
type Params = { task_config: Record<string, unknown>; sf_init_config: object };

const tables = {
  '/app/data/alice/in.csv': { party: 'alice', path: 'dataset:alice/in@1', columns: ['id', 'age', 'y'] },
  '/app/data/bob/in.csv': { party: 'bob', path: 'in.csv', columns: ['id', 'income'] },
};
const IN = { alice: '/app/data/alice/in.csv', bob: '/app/data/bob/in.csv' };
const OURS = { alice: 'dataset:alice/in@1', bob: 'in.csv' };
const to = (name: string) => ({ alice: `/app/out/${name}.a`, bob: `/app/out/${name}.b` });
const message = (task_type: string, task_config: object, subtask_id = task_type): object => ({
  ...{ task_id: 'flow-7', subtask_id, execution_id: 'x', spu_config: {}, heu_config: null },
  sf_init_config: { parties: ['alice', 'bob'], address: 'local' },
  task_config: { task_type, ...task_config },
});
const imported = (...messages: object[]) => {
  const { chain, notes } = importDocument({ name: 'flow', messages }, 'fleet', { tables });
  return {
    chain,
    tasks: chain['tasks'] as Task[],
    notes: notes.map(({ path, reason }) => `${path} ${reason}`).filter((each) => !each.endsWith(' PLATFORM')),
  };
};
/** The task_config here of one message. */
const configOf = (task_type: string, task_config: object) => {
  const { tasks, notes } = imported(message(task_type, task_config));
  expect(tasks).toHaveLength(1);
  expect(checkTaskParams(tasks[0]!['task_type'] as string, tasks[0]!.task_params)).toEqual([]);
  return { type: tasks[0]!['task_type'], config: tasks[0]!.task_params.task_config, notes };
};

/** Of each type: what the worker takes, and what it is here. */
const STEP = { input_data: IN, output_data: to('o'), columns: ['age'] };
const DATA = { input_data: OURS, columns: ['age'] };
const TRAIN = { train_data: IN, features: ['age', 'income'], label: 'y', label_party: 'alice', model_output: to('m') };
const TRAINED = { train_data: OURS, features: { alice: ['age'], bob: ['income'] }, label: 'y', label_party: 'alice' };
const REPORT = { output_report: '/app/out/r.json' };
const EVAL = { prediction_data: { alice: IN.alice }, label_column: 'y', prediction_column: 'probability', ...REPORT };
const EVALUATED = { prediction_data: { alice: OURS.alice }, label_column: 'y', prediction_column: 'probability' };
const CASES: readonly [string, object, string, object, string[]][] = [
  [
    'psi',
    { keys: { alice: ['id'], bob: ['id'] }, input_paths: IN, output_paths: to('p'), receiver: 'bob', sort: true },
    'psi',
    { keys: { alice: ['id'], bob: ['id'] }, input_paths: OURS, receiver: 'bob', sort: true },
    // What the worker takes where nothing is said, native does not have.
    ['/messages/0/task_config/protocol VALUE'],
  ],
  ['standard_scaler', { ...STEP, with_mean: false }, 'standard_scaler', { ...DATA, with_mean: false }, []],
  ['minmax_scaler', { ...STEP, feature_range: [0, 2] }, 'minmax_scaler', { ...DATA, feature_range: [0, 2] }, []],
  ['label_encoder', STEP, 'label_encoder', DATA, []],
  ['onehot_encoder', { ...STEP, drop: 'first' }, 'onehot_encoder', { ...DATA, drop: 'first' }, []],
  ['onehot_encoder', { ...STEP, drop: 'if_binary' }, 'onehot_encoder', DATA, ['/messages/0/task_config/drop VALUE']],
  ['fillna', { ...STEP, strategy: 'constant', fill_value: 3 }, 'fillna', { ...DATA, method: 'constant', value: 3 }, []],
  ['equal_width_binning', STEP, 'equal_width_binning', { ...DATA, bin_num: 5 }, []],
  ['quantile_binning', { ...STEP, n_bins: 7 }, 'quantile_binning', { ...DATA, bin_num: 7 }, []],
  ['table_statistics', { input_data: IN, ...REPORT }, 'table_statistics', { input_data: OURS }, []],
  ['pearson_correlation', { input_data: IN, columns: ['age'], ...REPORT }, 'pearson_correlation', DATA, []],
  ['vif', { input_data: IN, columns: ['age'], ...REPORT }, 'vif', DATA, []],
  [
    'ss_lr',
    { ...TRAIN, params: { epochs: 3, sig_type: 't1' } },
    'ss_lr',
    // The worker's own defaults, which are others than here.
    { ...TRAINED, params: { epochs: 3, learning_rate: 0.3, batch_size: 32, penalty: 'l2', l2_norm: 0.1 } },
    ['/messages/0/task_config/params/sig_type VALUE'],
  ],
  ['ss_xgb', { ...TRAIN, params: { max_depth: 4 } }, 'ss_xgb', { ...TRAINED, params: { max_depth: 4, seed: 42 } }, []],
  ['biclassification_eval', EVAL, 'biclassification_eval', { ...EVALUATED, bucket_size: 10 }, []],
  ['regression_eval', EVAL, 'regression_eval', EVALUATED, []],
];

describe('messages to Celery workers with SecretFlow', () => {
  it('are known by what they hold', () => {
    expect(formatOf({ messages: [message('psi', {})] })).toBe('fleet');
    expect(formatOf({ messages: [{}] })).toBeUndefined();
  });

  it('are of 17 types, each of which is tested here', () => {
    expect(Object.keys(FLEET_TYPES)).toHaveLength(17);
    const tested = new Set([...CASES.map(([type]) => type), 'ss_lr_predict', 'ss_xgb_predict']);
    expect([...tested].sort()).toEqual(Object.keys(FLEET_TYPES).sort());
  });

  it.each(CASES)('of %s keep what there is here, and name the rest (%#)', (type, given, ours, config, notes) => {
    expect(configOf(type, given)).toEqual({ type: ours, config, notes });
  });

  it.each(['ss_lr', 'ss_xgb'])('of %s and its predictions make a chain in which each names what it reads', (type) => {
    const { tasks, notes, chain } = imported(
      message('standard_scaler', { input_data: IN, output_data: to('scaled') }, 'scale'),
      message(type, { ...TRAIN, train_data: to('scaled') }, 'train'),
      message(`${type}_predict`, {
        model_path: to('m'),
        predict_data: to('scaled'),
        output_path: { alice: '/app/out/s' },
      }),
      message('biclassification_eval', { ...EVAL, prediction_data: { alice: '/app/out/s' } }, 'evaluate'),
    );
    expect([chain['chain_name'], notes]).toEqual(['flow', []]);
    for (const { task_type: each, task_params: params } of tasks)
      expect(checkTaskParams(each as string, params)).toEqual([]);
    expect(tasks.map(({ task_id, depends_on }) => [task_id, depends_on])).toEqual([
      ['scale', []],
      ['train', ['scale']],
      [`${type}_predict`, ['scale', 'train']],
      ['evaluate', [`${type}_predict`]],
    ]);
    const [, train, predict, evaluate] = tasks.map(({ task_params: { task_config: config } }) => config);
    expect(train!['train_data']).toEqual({
      alice: '${tasks.scale.result.output_paths.alice}',
      bob: '${tasks.scale.result.output_paths.bob}',
    });
    expect(predict).toEqual({
      model: '${tasks.train.result.model_paths}',
      input_data: train!['train_data'],
      prediction_receiver: 'alice',
      prediction_name: 'probability',
    });
    expect(evaluate!['prediction_data']).toEqual({ alice: `\${tasks.${type}_predict.result.prediction_output}` });
  });

  it('name tables, columns, models, types and fields that nobody knows', () => {
    const { notes, tasks } = imported(
      message('fillna', { ...STEP, input_data: { alice: '/else/${where}.csv' }, odd: 1 }),
      message('ss_lr', { ...TRAIN, features: ['age', 'nobody'] }),
      message('ss_xgb_predict', { model_path: to('none'), predict_data: IN, output_path: {} }),
      message('own_type', { x: 1 }),
    );
    expect(notes).toEqual([
      ...['/messages/0/task_config/input_data/alice NO_TABLE', '/messages/0/task_config/odd UNKNOWN'],
      ...['/messages/1/task_config/features NO_PARTY', '/messages/2/task_config/model_path NO_TABLE'],
      '/messages/3/task_config NO_TYPE',
    ]);
    // A path is no reference, whatever stands in it.
    expect(tasks[0]!.task_params.task_config['input_data']).toEqual({ alice: '/else/$${where}.csv' });
    expect(tasks.map((task) => task['task_type'])).toEqual(['fillna', 'ss_lr', 'predict', 'own_type']);
  });
});
