import { expect } from '@jest/globals';
import { mean, numbers, type ExampleOutcome } from './example-outcome.js';
import { auc, hospitalAuc, scoresOf } from './plain-figures.js';

/** What the examples of types that train, predict and evaluate must come to. */
export const EXPECTED_MODELS: Readonly<Record<string, (outcome: ExampleOutcome) => void>> = {
  'tasks/ss_lr': ({ results }) => {
    expect(results.train.training_metrics).toMatchObject({ rows: 407, held_out_rows: 102 });
    expect(results.train.training_metrics.final_loss).toBeLessThan(0.1);
  },
  'tasks/ss_pvalue': ({ results }) => {
    // z and p are in the parties' own results: ss-pvalue.spec.ts compares them.
    expect(results.test).toEqual({ reg_type: 'logistic', rows: 500, columns: { alice: 4, bob: 4 } });
  },
  'tasks/scorecard': ({ results }) => {
    // The points are in the parties' own results: scorecard.spec.ts compares them.
    expect(results.score).toMatchObject({ rows: 940, columns: { alice: 2, bob: 2 }, scaled_value: 600 });
  },
  'tasks/ss_glm': (outcome) => {
    const { training_metrics: metrics, prediction_output: reference } = outcome.results.fit;
    expect(metrics).toMatchObject({ distribution: 'gamma', explained_of: 'deviance', rows: 764, held_out_rows: 191 });
    expect(metrics.explained).toBeGreaterThan(0.4);
    const label = numbers(outcome.column(reference, 'label'));
    const off = numbers(outcome.column(reference, 'prediction')).map((predicted, row) => predicted - label[row]!);
    expect(Math.abs(mean(off))).toBeLessThan(0.15 * mean(label));
    expect(mean(off.map(Math.abs))).toBeLessThan(0.5 * mean(label));
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
  'tasks/model_export': (outcome) => {
    const { train, export: exported } = outcome.results;
    const { features, weights, intercept } = outcome.json(train.model_paths.alice);
    expect(exported).toMatchObject({ format: 'pmml', kind: { alice: 'whole_model' } });
    // Which programs read it: formats.spec.ts.
    const text = outcome.artifact(exported.export_paths.alice).toString();
    expect(text).toContain(`<RegressionTable intercept="${intercept}" targetCategory="1">`);
    features.forEach((name: string, at: number) =>
      expect(text).toContain(`<NumericPredictor name="${name}" coefficient="${weights[at]}"/>`),
    );
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
};

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
