/** How a field of a worker's `task_config` becomes one of ours. */
export interface FleetField {
  /** Its name here; absent: the same. */
  readonly to?: string;
  /** What the worker takes where there is none, if that is another than here. */
  readonly otherwise?: unknown;
  /** The only values that there are here. */
  readonly only?: readonly unknown[];
}

/** What a `task_type` of the design's workers is here: all 17 of them. */
export interface FleetType {
  readonly type: string;
  /** The field with a table of each party, and its name here. */
  readonly data: string;
  readonly dataTo?: string;
  /** The field with what it writes, and what of the result here later tasks read in its place; `receiver`: one path, of that party alone. */
  readonly output?: string;
  readonly result?: string;
  readonly receiver?: true;
  /** Columns by the party that has them, where the worker takes one list. */
  readonly byParty?: true;
  readonly model?: true;
  readonly fields: Readonly<Record<string, FleetField>>;
  /** Those of `params`. */
  readonly params?: Readonly<Record<string, FleetField>>;
}

const tables = { data: 'input_data', output: 'output_data', result: 'output_paths' } as const;
const columns = { columns: {} } as const;
const binning = { ...columns, n_bins: { to: 'bin_num', otherwise: 5 } };
const trained = { data: 'train_data', output: 'model_output', result: 'model_paths', byParty: true } as const;
const label = { label: {}, label_party: {} };
const predicted: FleetType = {
  ...{ type: 'predict', data: 'predict_data', dataTo: 'input_data', output: 'output_path' },
  ...{ result: 'prediction_output', receiver: true, model: true },
  fields: { receiver_party: { to: 'prediction_receiver' } },
};
const report = { data: 'input_data', output: 'output_report' } as const;
const evaluated = { data: 'prediction_data', output: 'output_report' } as const;
const judged = { label_column: {}, prediction_column: {} };

export const FLEET_TYPES: Readonly<Record<string, FleetType>> = {
  psi: {
    ...{ type: 'psi', data: 'input_paths', output: 'output_paths', result: 'output_paths' },
    fields: {
      ...{ keys: {}, receiver: {}, broadcast_result: {}, precheck_input: {} },
      sort: {},
      // The engine celery takes both, native the second.
      protocol: { otherwise: 'KKRT_PSI_2PC', only: ['ECDH_PSI_2PC'] },
    },
  },
  standard_scaler: { type: 'standard_scaler', ...tables, fields: { ...columns, with_mean: {}, with_std: {} } },
  minmax_scaler: { type: 'minmax_scaler', ...tables, fields: { ...columns, feature_range: {} } },
  label_encoder: { type: 'label_encoder', ...tables, fields: columns },
  onehot_encoder: { type: 'onehot_encoder', ...tables, fields: { ...columns, drop: { only: ['first'] } } },
  fillna: {
    type: 'fillna',
    ...tables,
    fields: { ...columns, strategy: { to: 'method' }, fill_value: { to: 'value' } },
  },
  equal_width_binning: { type: 'equal_width_binning', ...tables, fields: binning },
  quantile_binning: { type: 'quantile_binning', ...tables, fields: binning },
  table_statistics: { type: 'table_statistics', ...report, fields: columns },
  pearson_correlation: { type: 'pearson_correlation', ...report, fields: columns },
  vif: { type: 'vif', ...report, fields: columns },
  ss_lr: {
    ...{ type: 'ss_lr', ...trained, fields: label },
    params: {
      epochs: { otherwise: 5 },
      learning_rate: { otherwise: 0.3 },
      batch_size: { otherwise: 32 },
      reg_type: {},
      penalty: { otherwise: 'l2' },
      l2_norm: { otherwise: 0.1 },
      // How it approximates the sigmoid: native has one way.
      sig_type: { only: [] },
    },
  },
  ss_lr_predict: predicted,
  ss_xgb: {
    ...{ type: 'ss_xgb', ...trained, fields: label },
    params: {
      ...{ num_boost_round: {}, max_depth: {}, learning_rate: {}, objective: {}, reg_lambda: {}, subsample: {} },
      ...{ colsample_by_tree: {}, base_score: {}, seed: { otherwise: 42 } },
    },
  },
  ss_xgb_predict: predicted,
  biclassification_eval: {
    ...{ type: 'biclassification_eval', ...evaluated },
    fields: { ...judged, bucket_size: { otherwise: 10 } },
  },
  regression_eval: { type: 'regression_eval', ...evaluated, fields: judged },
};

/** How the workers call the columns of predictions: that of probabilities is the one here. */
export const PROBABILITY = 'probability';
