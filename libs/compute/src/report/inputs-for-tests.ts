import type { Json, JsonObject } from '../contract/task-type.js';

/** Markup, script, quotes and an end of everything, as a column may be called. */
export const HOSTILE = `"><script>alert(1)</script><img src=https://evil.example/x onerror=alert(2)>'</text></svg>]]>&{a|b}`;
/** Names without a place to break, in the alphabet of each reader. */
export const LONG_NAMES = ['x'.repeat(300), '客户最近十二个月的平均信用卡账单金额'.repeat(8), 'ß_'.repeat(60)] as const;

const bucket = (from: number): JsonObject => ({
  from,
  to: from + 0.2,
  rows: 50,
  positives: Math.round(50 * from),
  mean_score: from + 0.1,
});
const BUCKETS = [bucket(0.8), bucket(0.4), bucket(0)];
const ROC = [
  [0, 0, 0.99],
  [0.1, 0.9, 0.5],
  [1, 1, 0.01],
];

/** A result of each kind of task, as the types write them. */
export const INPUTS: Record<string, Json> = {
  prepare: {
    output_paths: { alice: 'artifact:c/prepare/alice/x.csv' },
    rows: { alice: 550, bob: 552 },
    columns_scaled: { alice: ['age', 'income'], bob: [] },
  },
  intersect: {
    intersection_count: 509,
    output_paths: { alice: 'artifact:c/t/alice/x.csv' },
    psi_protocol: 'ECDH_PSI_2PC',
    receiver: 'alice',
    reports: [
      { party: 'alice', original_count: 550, intersection_count: 509 },
      { party: 'bob', original_count: 552, intersection_count: -1 },
    ],
  },
  describe: {
    statistics: {
      age: { count: 509, mean: 41.123456789, std: 9, min: null, '25%': 30, '50%': 40, '75%': 50, max: null },
      income: { count: 509, mean: 2.5, std: 0, min: 2.5, '25%': 2.5, '50%': 2.5, '75%': 2.5, max: 2.5 },
    },
    rows: { alice: 509 },
    suppressed: { alice: ['rare'], bob: [] },
    statistics_truncated: true,
  },
  relate: {
    rows: 509,
    correlation_matrix: { age: { age: 1, income: -0.25 }, income: { age: -0.25, income: 1 } },
    vif_values: { age: 1.5, income: 12, twin: null },
    not_correlated: { rare: 'gaps' },
  },
  train: {
    model_saved: true,
    model_paths: { alice: 'artifact:c/train/alice/model.json', bob: 'artifact:c/train/bob/model.json' },
    training_metrics: { epochs: 3, final_loss: 0.07, loss_by_epoch: [0.2, 0.1, 0.07] },
  },
  merge: {
    model_saved: true,
    model_paths: { alice: 'artifact:c/merge/alice/model.json' },
    model: 'logistic',
    feature_count: 6,
    rows: 456,
    weighting: 'rows',
    parties: ['alice', 'bob'],
    warnings: [{ code: 'PRIVACY_TWO_PARTY_AGGREGATE', message: 'Only alice and bob are in the sum.' }],
  },
  evaluate: {
    party: 'alice',
    rows: 250,
    metrics: { auc: 0.99, ks: 0.93, f1_score: 0.9, precision: 0.9, recall: 0.9, accuracy: 0.97 },
    curves: { roc: ROC, calibration: BUCKETS, buckets: BUCKETS },
  },
  'evaluate-numbers': {
    party: 'bob',
    rows: 60,
    mean_label: 9,
    mean_prediction: 9.5,
    metrics: { mse: 4, rmse: 2, mae: 1.5, mape: 0.1, r2_score: 0.6, explained_variance: 0.7 },
    curves: {
      by_prediction: [
        { rows: 30, mean_prediction: 5, mean_label: 4 },
        { rows: 30, mean_prediction: 14, mean_label: 14 },
      ],
      by_residual: [
        { rows: 30, mean_prediction: 10, mean_label: 8 },
        { rows: 30, mean_prediction: 9, mean_label: 10 },
      ],
    },
  },
  seal: {
    format: 'age-encryption.org/v1',
    recipients: ['age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq'],
    files: [
      { party: 'alice', name: 'x.csv', artifact: 'artifact:c/seal/x.csv.age', plaintext_bytes: 10, bytes: 210 },
      { name: 'results.json', artifact: 'artifact:c/seal/results.json.age', plaintext_bytes: 20, bytes: 220 },
    ],
  },
  odd: { hello: ['world', { deep: null }] },
};

/** A result of each kind whose every name is one of `names`. */
export function resultsNamed(names: readonly string[]): Record<string, Json> {
  const byName = (value: (at: number) => Json): JsonObject =>
    Object.fromEntries(names.map((name, at) => [name, value(at)]));
  const column = { count: 9, mean: 4, std: 1, min: 0, '25%': 2, '50%': 4, '75%': 6, max: 8 };
  return {
    intersect: {
      intersection_count: 1,
      psi_protocol: names[0]!,
      reports: names.map((party) => ({ party, original_count: 10, intersection_count: 1 })),
    },
    prepare: { columns_binned: byName(() => [...names]), rows: byName(() => 3) },
    describe: { statistics: byName(() => column), rows: byName(() => 9), suppressed: byName(() => [...names]) },
    grid: { statistics: byName(() => byName((at) => names[at]!)) },
    relate: {
      correlation_matrix: byName((row) => byName((at) => (row === at ? 1 : 0.5))),
      vif_values: byName((at) => at),
      not_correlated: byName((at) => names[at]!),
    },
    train: {
      model_saved: true,
      model_paths: byName((at) => names[at]!),
      training_metrics: { ...byName((at) => at), constructor: 'x', loss_by_epoch: [1, 2] },
      feature_importance: byName((at) => at),
      warnings: names.map((message) => ({ code: message, message })),
    },
    evaluate: { party: names[0]!, metrics: { ...byName((at) => at), auc: 0.6, constructor: 2 }, curves: { roc: ROC } },
    again: { party: names[0]!, metrics: { auc: 0.5 }, curves: { roc: ROC } },
    seal: {
      recipients: [...names],
      files: names.map((name) => ({ party: name, name, artifact: name, plaintext_bytes: 1, bytes: 2 })),
    },
    other: byName((at) => names[at]!),
    // A task's id is the author's; the worker trusts no name, so neither does the page.
    [names[0]!]: { hello: names[0]! },
  };
}
