/** What SecretPad's components are here. `data` takes the table of input 0, `columns` the columns by party. */
export interface Component {
  readonly type: string;
  /** Where the table goes. */
  readonly data: string;
  /** Where columns go that an attribute names, by party; and that of the label. */
  readonly columns?: string;
  readonly label?: true;
  /** Attributes by where they go in task_config. */
  readonly attrs: Readonly<Record<string, string>>;
  /** Inputs beside the table: what becomes of their outputs. */
  readonly model?: number;
  /** The field of the result that each output is. */
  readonly outputs: readonly string[];
}

const train = (type: string, ...names: readonly string[]): Component => ({
  ...{ type, data: 'train_data', columns: 'features', label: true, outputs: ['model_paths'] },
  attrs: Object.fromEntries(names.map((name) => [name, `params.${name}`])),
});
const stats = (type: string): Component => ({ type, data: 'input_data', columns: 'columns', attrs: {}, outputs: [] });
const predict: Component = {
  ...{ type: 'predict', data: 'input_data', model: 0, outputs: ['prediction_output'] },
  attrs: { receiver: 'prediction_receiver', pred_name: 'prediction_name' },
};

export const COMPONENTS: Readonly<Record<string, Component>> = {
  'data_prep/train_test_split': {
    ...{ type: 'train_test_split', data: 'input_data', outputs: ['train_paths', 'test_paths'] },
    attrs: { train_size: 'train_size', random_state: 'random_state', shuffle: 'shuffle' },
  },
  'ml.train/ss_sgd_train': train('ss_lr', 'epochs', 'learning_rate', 'batch_size', 'reg_type', 'penalty', 'l2_norm'),
  'ml.train/ss_xgb_train': train(
    ...(['ss_xgb', 'num_boost_round', 'max_depth', 'learning_rate', 'objective', 'reg_lambda', 'subsample'] as const),
    ...(['colsample_by_tree', 'sketch_eps', 'base_score', 'seed'] as const),
  ),
  'ml.train/sgb_train': train(
    ...(['secureboost', 'num_boost_round', 'max_depth', 'learning_rate', 'objective', 'reg_lambda'] as const),
    ...(['colsample_by_tree', 'sketch_eps', 'base_score', 'seed'] as const),
  ),
  'ml.predict/ss_sgd_predict': predict,
  'ml.predict/ss_xgb_predict': predict,
  'ml.predict/sgb_predict': predict,
  'ml.eval/biclassification_eval': {
    ...{ type: 'biclassification_eval', data: 'prediction_data', outputs: [] },
    attrs: {
      bucket_size: 'bucket_size',
      'input/input_ds/label': 'label_column',
      'input/input_ds/prediction': 'prediction_column',
    },
  },
  'ml.eval/regression_eval': {
    ...{ type: 'regression_eval', data: 'prediction_data', outputs: [] },
    attrs: {
      bucket_size: 'bucket_size',
      'input/input_ds/label': 'label_column',
      'input/input_ds/prediction': 'prediction_column',
    },
  },
  'stats/table_statistics': {
    type: 'table_statistics',
    data: 'input_data',
    attrs: { 'input/input_ds/features': 'columns' },
    outputs: [],
  },
  'stats/ss_pearsonr': stats('pearson_correlation'),
  'stats/ss_vif': stats('vif'),
};
