import { Decrypter } from 'age-encryption';
import { expect } from '@jest/globals';
import { exampleKey, mean, numbers, tally, type ExampleOutcome } from './example-outcome.js';
import { auc, correlation, hospitalAuc, scoresOf } from './plain-figures.js';
import { expectRiskControl } from './risk-control-figures.js';
import { expectWoe } from './woe-figures.js';

/** What each example must come to, worked out from its tables in plain arithmetic. A new example needs an entry. */
export const EXPECTED: Readonly<Record<string, (outcome: ExampleOutcome) => void | Promise<void>>> = {
  'breast-cancer': ({ results }) => {
    expect(results.intersect.intersection_count).toBe(509);
    expect(results.evaluate.metrics.auc).toBeGreaterThan(0.97);
    expect(results.report.auc).toBe(results.evaluate.metrics.auc);
  },
  'psi-pipeline': ({ results }) => {
    expect(results.intersect.intersection_count).toBe(509);
    expect(results.describe).toMatchObject({ rows: { alice: 500, bob: 500 }, suppressed: { alice: [], bob: [] } });
    expect(Object.keys(results.describe.statistics)).toHaveLength(12);
    expect(results.report).toMatchObject({
      intersection_count: 509,
      sections: [{ kind: 'intersection' }, { kind: 'statistics' }],
    });
  },
  'credit-scoring': ({ results }) => {
    expect(results.intersect.intersection_count).toBe(955);
    expect(results['evaluate-lr'].rows).toBe(220);
    expect(results['evaluate-lr'].metrics.auc).toBeGreaterThan(0.74);
    expect(results.report.auc).toBe(results['evaluate-lr'].metrics.auc);
  },
  'risk-control': expectRiskControl,
  'tasks/psi': (outcome) => {
    const keys = new Set(outcome.given('bob', 'breast-cancer.csv', 'id'));
    const common = outcome.given('alice', 'breast-cancer.csv', 'id').filter((id) => keys.has(id));
    expect(outcome.results.psi.intersection_count).toBe(common.length);
    for (const party of ['alice', 'bob']) expect(outcome.written('psi', party, 'id')).toEqual(common.sort());
  },
  'tasks/fillna': (outcome) => {
    for (const [party, file, column] of [
      ['alice', 'bank.csv', 'credit_amount'],
      ['bob', 'registry.csv', 'age'],
    ] as const) {
      const given = outcome.given(party, file, column);
      const sorted = numbers(given).sort((a, b) => a - b);
      const median = (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
      const filled = given.map((field) => (field === '' ? String(median) : field));
      expect(given).toContain('');
      expect(outcome.written('fillna', party, column)).toEqual(filled);
    }
  },
  'tasks/standard_scaler': (outcome) => {
    const scaled = numbers(outcome.written('standard-scaler', 'alice', 'radius_mean'));
    expect(mean(scaled)).toBeCloseTo(0, 10);
    expect(mean(scaled.map((value) => value ** 2))).toBeCloseTo(1, 10);
  },
  'tasks/minmax_scaler': (outcome) => {
    const given = numbers(outcome.given('alice', 'bank.csv', 'duration'));
    const [low, high] = [Math.min(...given), Math.max(...given)];
    const scaled = numbers(outcome.written('minmax-scaler', 'alice', 'duration'));
    scaled.forEach((value, row) => expect(value).toBeCloseTo((given[row]! - low) / (high - low), 12));
  },
  'tasks/label_encoder': (outcome) => {
    const given = outcome.given('bob', 'registry.csv', 'housing');
    const classes = [...new Set(given)].sort();
    expect(outcome.written('label-encoder', 'bob', 'housing')).toEqual(
      given.map((each) => String(classes.indexOf(each))),
    );
  },
  'tasks/onehot_encoder': (outcome) => {
    const counts = Object.entries(tally(outcome.given('bob', 'registry.csv', 'job'))).sort(([a], [b]) =>
      a < b ? -1 : 1,
    );
    for (const [job, rows] of counts.slice(1)) {
      expect(tally(outcome.written('onehot-encoder', 'bob', `job_${job}`))['1']).toBe(rows);
    }
    expect(outcome.columns('onehot-encoder', 'bob')).not.toContain(`job_${counts[0]![0]}`);
  },
  'tasks/quantile_binning': (outcome) => {
    const counts = tally(outcome.written('quantile-binning', 'alice', 'credit_amount').filter((bin) => bin !== ''));
    expect(Object.keys(counts)).toEqual(['0', '1', '2', '3', '4']);
    const rows = numbers(outcome.given('alice', 'bank.csv', 'credit_amount')).length;
    for (const count of Object.values(counts)) expect(Math.abs(count - rows / 5)).toBeLessThanOrEqual(1);
  },
  'tasks/equal_width_binning': (outcome) => {
    const given = numbers(outcome.given('alice', 'bank.csv', 'duration'));
    const [low, high] = [Math.min(...given), Math.max(...given)];
    const binOf = (value: number) => Math.max(0, Math.ceil(((value - low) / (high - low)) * 4) - 1);
    expect(numbers(outcome.written('equal-width-binning', 'alice', 'duration'))).toEqual(given.map(binOf));
  },
  'tasks/table_statistics': (outcome) => {
    const ages = numbers(outcome.given('bob', 'registry.csv', 'age'));
    const { age } = outcome.results.statistics.statistics;
    expect(age).toMatchObject({ count: ages.length - (ages.length % 20), min: null, max: null });
    const deviation = Math.sqrt(mean(ages.map((each) => (each - mean(ages)) ** 2)));
    expect(Math.abs(age.mean - mean(ages))).toBeLessThan(deviation / 10);
    expect(Math.abs(age.std - deviation)).toBeLessThan(deviation / 10);
  },
  'tasks/pearson_correlation': (outcome) => {
    const matrix = outcome.results.correlate.correlation_matrix;
    const columns = commonColumns(outcome);
    expect(Object.keys(matrix).sort()).toEqual(Object.keys(columns).sort());
    for (const [left, x] of Object.entries(columns)) {
      for (const [right, y] of Object.entries(columns)) {
        expect(matrix[left][right]).toBeCloseTo(correlation(x, y), 3);
      }
    }
  },
  'tasks/analysis': (outcome) => {
    const { statistics, not_correlated: left, correlation_matrix: matrix } = outcome.results.analyse;
    const columnOf = (name: string) =>
      numbers(outcome.written('intersect', name === 'residence_since' ? 'bob' : 'alice', name));
    const names = ['duration', 'installment_commitment', 'residence_since'];
    expect(left).toEqual({ credit_amount: 'gaps', age: 'gaps' });
    expect(Object.keys(statistics).sort()).toEqual([...names, 'credit_amount', 'age'].sort());
    for (const left of names) {
      expect(Math.abs(statistics[left].mean - mean(columnOf(left)))).toBeLessThan(statistics[left].std / 10);
      for (const right of names)
        expect(matrix[left][right]).toBeCloseTo(correlation(columnOf(left), columnOf(right)), 3);
    }
  },
  'tasks/vif': (outcome) => {
    const factors = outcome.results.vif.vif_values;
    const { radius_mean: mean, radius_worst: worst } = commonColumns(outcome);
    expect(Object.keys(factors)).toHaveLength(6);
    // Two columns alone explain each other to 1 / (1 - r^2); with the others beside them it is more.
    expect(factors.radius_mean).toBeGreaterThan(1 / (1 - correlation(mean!, worst!) ** 2));
    expect(factors.symmetry_worst).toBeLessThan(3);
  },
  'tasks/train_test_split': (outcome) => {
    const { train_paths: train, test_paths: test, rows } = outcome.results.split;
    const ids = (paths: Record<string, string>, party: string): string[] => outcome.column(paths[party]!, 'id');
    expect(rows).toBe(500);
    expect([...ids(train, 'alice'), ...ids(test, 'alice')].sort()).toEqual(outcome.written('intersect', 'alice', 'id'));
    for (const paths of [train, test]) expect(ids(paths, 'bob')).toEqual(ids(paths, 'alice'));
    const all = tally(outcome.written('intersect', 'alice', 'y'));
    const drawn = tally(outcome.column(train.alice, 'y'));
    expect(drawn['0']! + drawn['1']!).toBe(Math.round(509 * 0.75));
    for (const label of ['0', '1']) expect(Math.abs(drawn[label]! - all[label]! * 0.75)).toBeLessThan(1);
  },
  'tasks/woe_binning': expectWoe,
  'tasks/ss_lr': ({ results }) => {
    expect(results.train.training_metrics).toMatchObject({ rows: 407, held_out_rows: 102 });
    expect(results.train.training_metrics.final_loss).toBeLessThan(0.1);
  },
  'tasks/ss_pvalue': ({ results }) => {
    // z and p are in the parties' own results: ss-pvalue.spec.ts compares them.
    expect(results.test).toEqual({ reg_type: 'logistic', rows: 500, columns: { alice: 4, bob: 4 } });
  },
  'tasks/ss_xgb': (outcome) => boosted(outcome, 25),
  'tasks/secureboost': (outcome) => {
    boosted(outcome, 30);
    const { training_metrics: metrics, model_paths: models } = outcome.results.train;
    expect(outcome.json(models.bob).splits).toHaveLength(metrics.splits.bob);
  },
  'tasks/biclassification_eval': (outcome) => {
    const reference = outcome.results.train.prediction_output;
    const label = numbers(outcome.column(reference, 'label'));
    const score = numbers(outcome.column(reference, 'prediction'));
    const { metrics } = outcome.json(outcome.results.evaluate.output_report);
    expect(metrics.auc).toBeCloseTo(auc(label, score), 10);
    expect(metrics.auc).toBeGreaterThan(0.97);
    expect(metrics.accuracy).toBeCloseTo(
      mean(label.map((each, row) => Number(each === Number(score[row]! >= 0.5)))),
      10,
    );
  },
  'tasks/regression_eval': (outcome) => {
    const reference = outcome.results.train.prediction_output;
    const label = numbers(outcome.column(reference, 'label'));
    const errors = numbers(outcome.column(reference, 'prediction')).map((predicted, row) => predicted - label[row]!);
    const { metrics } = outcome.json(outcome.results.evaluate.output_report);
    const squares = (values: readonly number[], about: number) => mean(values.map((value) => (value - about) ** 2));
    expect(metrics.mse).toBeCloseTo(squares(errors, 0), 10);
    expect(metrics.mae).toBeCloseTo(mean(errors.map(Math.abs)), 10);
    expect(metrics.r2_score).toBeCloseTo(1 - squares(errors, 0) / squares(label, mean(label)), 10);
    expect(metrics.r2_score).toBeGreaterThan(0.85);
  },
  'tasks/prediction_bias_eval': (outcome) => {
    const reference = outcome.results.predict.prediction_output;
    const label = numbers(outcome.column(reference, 'y'));
    const chance = numbers(outcome.column(reference, 'prediction'));
    const { rows, buckets } = outcome.json(outcome.results.evaluate.output_report);
    expect([rows, buckets.length, outcome.results.evaluate.rows]).toEqual([509, 4, 500]);
    for (const { from, to, bias } of buckets) {
      const inside = (_: number, row: number): boolean => chance[row]! >= from && chance[row]! <= to;
      expect(bias).toBeCloseTo(mean(chance.filter(inside)) - mean(label.filter(inside)), 10);
    }
    for (const { rows, bias } of outcome.results.evaluate.buckets) {
      expect(rows % 20).toBe(0);
      expect(Math.abs(bias)).toBeLessThan(0.3);
    }
  },
  'tasks/preprocessing': (outcome) => {
    expect(outcome.columns('prepare', 'alice')).not.toContain('purpose');
    expect(outcome.written('prepare', 'alice', 'credit_amount')).not.toContain('');
    expect(Object.keys(tally(outcome.written('prepare', 'bob', 'own_telephone')))).toEqual(['0', '1']);
  },
  'tasks/feature_engineering': (outcome) => {
    expect(outcome.columns('features', 'alice').filter((name) => name.startsWith('checking_status_'))).toHaveLength(3);
    const duration = numbers(outcome.written('features', 'alice', 'duration'));
    expect([Math.min(...duration), Math.max(...duration)]).toEqual([0, 1]);
  },
  'tasks/substitution': (outcome) => {
    for (const [party, column] of [
      ['alice', 'radius_mean'],
      ['bob', 'texture_mean'],
    ] as const) {
      const learnt = numbers(outcome.given(party, 'hospital.csv', column));
      const deviation = Math.sqrt(mean(learnt.map((value) => (value - mean(learnt)) ** 2)));
      const given = numbers(outcome.given(party, 'hospital-test.csv', column));
      const scaled = numbers(outcome.written('apply', party, column));
      scaled.forEach((value, row) => expect(value).toBeCloseTo((given[row]! - mean(learnt)) / deviation, 9));
    }
    const { steps } = outcome.json(outcome.results.learn.rules_paths.alice);
    const [{ edges }] = steps[1].columns as [{ edges: number[] }];
    const areas = numbers(outcome.given('alice', 'hospital-test.csv', 'area_mean'));
    const bins = areas.map((area) => edges.filter((edge) => edge < area).length);
    expect(numbers(outcome.written('apply', 'alice', 'area_mean'))).toEqual(bins);
  },
  'three-party-validation': ({ results }) => {
    for (const party of ['alice', 'bob', 'carol']) {
      expect(results[`validate-${party}`]).toMatchObject({
        valid: true,
        rows: { [party]: 140 },
        columns_checked: { [party]: 32 },
      });
    }
  },
  'federated-training': (outcome) => {
    const { aggregate, report, ...others } = outcome.results;
    expect(aggregate).toMatchObject({ rows: 456, parties: ['alice', 'bob', 'carol'] });
    const model = outcome.json(aggregate.model_paths.alice);
    for (const party of ['alice', 'bob', 'carol']) {
      const column = (name: string) => numbers(outcome.given(party, 'hospital-test.csv', name));
      expect(outcome.json(aggregate.model_paths[party])).toEqual(model);
      const { metrics } = outcome.json(others[`evaluate-${party}`].output_report);
      expect(metrics.auc).toBeCloseTo(auc(column('y'), scoresOf(model, column)), 10);
    }
    // One malignant patient of carol's scores as a benign one would (README).
    expect(hospitalAuc(outcome, model)).toBeGreaterThan(0.97);
    expect(hospitalAuc(outcome, model, ['P464203'])).toBeGreaterThan(0.99);
    expect(report.sections.at(-1).kind).toBe('comparison');
  },
  'encrypted-delivery': async (outcome) => {
    const { intersect, deliver, report } = outcome.results;
    // Of the receiver alone.
    expect(intersect.intersection_count).toBeNull();
    expect(outcome.written('intersect', 'alice', 'id')).toHaveLength(509);
    const [table, results] = deliver.files;
    expect(await opened(outcome, table)).toEqual(outcome.artifact(intersect.output_paths.alice));
    expect(JSON.parse((await opened(outcome, results)).toString()).results).toEqual({ intersect });
    expect(report.sections).toMatchObject([{ kind: 'intersection' }, { kind: 'encryption' }]);
  },
  'tasks/validation': (outcome) => {
    const { validate } = outcome.results;
    const rows = outcome.given('alice', 'hospital.csv', 'id').length;
    const shown = rows - (rows % 20);
    expect(validate).toMatchObject({ valid: true, rows: { alice: shown, bob: shown, carol: shown } });
  },
  'tasks/train': (outcome) => {
    for (const [party, reference] of Object.entries(outcome.results.train.model_paths as Record<string, string>)) {
      const { features, weights, intercept, rows } = outcome.json(reference);
      const columns = features.map((name: string) => numbers(outcome.given(party, 'hospital.csv', name)));
      const label = numbers(outcome.given(party, 'hospital.csv', 'y'));
      const scores = label.map((_, row) =>
        columns.reduce((sum: number, column: number[], at: number) => sum + weights[at] * column[row]!, intercept),
      );
      expect(rows).toBe(label.length);
      expect(auc(label, scores)).toBeGreaterThan(0.98);
    }
  },
  'tasks/federated_training': (outcome) => {
    const { federate } = outcome.results;
    expect(federate).toMatchObject({ rows: 456, parties: ['alice', 'bob', 'carol'] });
    const models = Object.values(federate.model_paths as Record<string, string>).map((path) => outcome.json(path));
    expect(models).toEqual([models[0], models[0], models[0]]);
    expect(hospitalAuc(outcome, models[0])).toBeGreaterThan(0.97);
  },
  'tasks/aggregate': (outcome) => {
    const { train, aggregate } = outcome.results;
    expect(Object.keys(aggregate.model_paths)).toEqual(['alice']);
    expect(aggregate).toMatchObject({ rows: 456, parties: ['alice', 'bob', 'carol'] });
    expectMean(outcome, aggregate.model_paths.alice, Object.values(train.model_paths));
  },
  'tasks/merge_models': (outcome) => {
    const { train, 'train-more': more, merge } = outcome.results;
    const merged = [...Object.values(train.model_paths), ...Object.values(more.model_paths)] as string[];
    for (const reference of Object.values(merge.model_paths as object)) expectMean(outcome, reference, merged);
  },
  'tasks/evaluation': (outcome) => {
    const { federate, evaluate } = outcome.results;
    const column = (name: string) => numbers(outcome.given('alice', 'hospital-test.csv', name));
    const label = column('y');
    const scores = scoresOf(outcome.json(federate.model_paths.alice), column);
    expect(evaluate).toMatchObject({ party: 'alice', objective: 'logistic', rows: label.length - (label.length % 20) });
    const { metrics } = outcome.json(evaluate.output_report);
    expect(metrics.auc).toBeCloseTo(auc(label, scores), 10);
    const right = label.map((each, row) => Number(each === Number(scores[row]! >= 0)));
    expect(metrics.accuracy).toBeCloseTo(mean(right), 10);
  },
  'tasks/predict': (outcome) => {
    const { intersect, predict } = outcome.results;
    expect(predict).toMatchObject({ party: 'alice', objective: 'logistic', rows: 500 });
    const column = (name: string) => outcome.column(predict.prediction_output, name);
    expect(column('id')).toEqual(outcome.column(intersect.output_paths.alice, 'id'));
    const chances = numbers(column('chance'));
    expect(chances.every((chance) => Number.isInteger(chance * 1024) && chance >= 0 && chance <= 1)).toBe(true);
    expect(auc(numbers(column('y')), chances)).toBeGreaterThan(0.97);
  },
  'tasks/encrypt': async (outcome) => {
    const { statistics, encrypt } = outcome.results;
    const [table, results] = encrypt.files;
    expect(await opened(outcome, table)).toEqual(outcome.table('alice', 'bank.csv'));
    const plain = (await opened(outcome, results)).toString();
    expect(JSON.parse(plain).results).toEqual({ statistics });
  },
  'tasks/report': (outcome) => {
    const { report } = outcome.results;
    expect(report).toMatchObject({
      intersection_count: 955,
      sections: [{ kind: 'intersection' }, { kind: 'statistics' }],
    });
    const html = outcome.artifact(report.report_html).toString();
    expect(html).toContain('<html lang="zh-CN">');
    expect(html).toContain('信用评分');
  },
  // Nothing is missing, so nobody is called.
  'tasks/http': ({ results }) => expect(results).toEqual({ check: expect.anything(), alert: null }),
  'tasks/diagnostic': ({ results }) => expect(results.second).toMatchObject({ attempt: 1, result: 7 }),
};

/** What the recipient of an encrypted file reads. */
async function opened(outcome: ExampleOutcome, file: { readonly artifact: string }): Promise<Buffer> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(exampleKey());
  return Buffer.from(await decrypter.decrypt(new Uint8Array(outcome.artifact(file.artifact))));
}

/** Columns of the rows that psi found, in its order, by name. */
function commonColumns(outcome: ExampleOutcome): Record<string, number[]> {
  const of = (party: string, ...names: string[]) =>
    names.map((name) => [name, numbers(outcome.written('intersect', party, name))] as const);
  return Object.fromEntries([
    ...of('alice', 'radius_mean', 'texture_mean', 'smoothness_mean'),
    ...of('bob', 'radius_worst', 'texture_worst', 'symmetry_worst'),
  ]);
}

/** The weights of a model are the mean of those of others, which were made from equally many rows. */
function expectMean(outcome: ExampleOutcome, reference: string, others: readonly string[]): void {
  const byName = (path: string): Record<string, number> => {
    const { features, weights, intercept } = outcome.json(path);
    return Object.fromEntries([['', intercept], ...features.map((name: string, at: number) => [name, weights[at]])]);
  };
  const parts = others.map(byName);
  for (const [name, weight] of Object.entries(byName(reference))) {
    expect(weight).toBeCloseTo(mean(parts.map((part) => part[name]!)), 9);
  }
}

/** Trees that predict held-out rows well. */
function boosted(outcome: ExampleOutcome, trees: number): void {
  const { training_metrics: metrics, prediction_output: reference } = outcome.results.train;
  expect(metrics).toMatchObject({ num_trees: trees, rows: 407, held_out_rows: 102 });
  const score = numbers(outcome.column(reference, 'prediction'));
  expect(auc(numbers(outcome.column(reference, 'label')), score)).toBeGreaterThan(0.97);
}
