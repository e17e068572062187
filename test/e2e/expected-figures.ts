import { Decrypter } from 'age-encryption';
import { expect } from '@jest/globals';
import { exampleKey, mean, numbers, tally, type ExampleOutcome } from './example-outcome.js';
import { auc, correlation, hospitalAuc, scoresOf } from './plain-figures.js';
import { EXPECTED_LOCAL } from './expected-local.js';
import { EXPECTED_MODELS } from './expected-models.js';
import { expectRiskControl } from './risk-control-figures.js';
import { expectWoe } from './woe-figures.js';

/** What each example must come to, worked out from its tables in plain arithmetic. A new example needs an entry. */
export const EXPECTED: Readonly<Record<string, (outcome: ExampleOutcome) => void | Promise<void>>> = {
  'breast-cancer': ({ results }) => {
    expect(results.intersect.intersection_count).toBe(509);
    expect(results.evaluate.metrics.auc).toBeGreaterThan(0.97);
    expect(results.report.auc).toBe(results.evaluate.metrics.auc);
  },
  branching: ({ results }) => {
    expect(results.intersect.intersection_count).toBe(509);
    expect(Object.keys(results.describe.statistics)).toHaveLength(2);
    expect(results['too-few']).toBeNull();
    expect(results.report).toMatchObject({ sections: [{ kind: 'intersection' }, { kind: 'statistics' }] });
  },
  'for-each': ({ results }) => {
    expect(results.describe).toEqual([results['describe[duration]'], results['describe[credit_amount]']]);
    expect(Object.keys(results.describe[1].statistics)).toHaveLength(2);
  },
  'for-each-result': ({ results }) => {
    expect(results.choose.result.columns).toEqual(['duration', 'credit_amount']);
    const columns = results.describe.map((each: { statistics: object }) => Object.keys(each.statistics));
    expect(columns).toEqual([
      ['age', 'duration'],
      ['age', 'credit_amount'],
    ]);
  },
  ending: ({ results }) => {
    expect(results.intersect.intersection_count).toBe(509);
    expect(results.describe).toBeNull();
  },
  compensation: ({ results }) => {
    expect(results.reserve.result).toEqual({ hold: 'hold-7' });
    expect(results.intersect.intersection_count).toBe(509);
  },
  nested: ({ results }) => {
    expect(results.describe.common).toBe(509);
    expect(Object.keys(results.describe.statistics)).toHaveLength(2);
    expect(results.take.result).toEqual(results.describe);
  },
  turns: ({ results }) => {
    expect(results.nest).toEqual({ seen: [[[]]] });
    expect(results.report.result).toEqual(results.nest);
  },
  'sign-off': ({ results }) => {
    expect(results.ask).toMatchObject({ answer: { column: 'id' }, signed_by: 'admin key' });
    expect(results.intersect.intersection_count).toBe(509);
  },
  signal: ({ results }) => {
    expect(results.arrived).toEqual({ columns: ['id'] });
    expect(results.intersect.intersection_count).toBe(509);
  },
  waiting: ({ results }) => {
    expect(Date.parse(results.pause.ended_at)).toBeGreaterThan(0);
    expect(results.intersect.intersection_count).toBe(509);
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
  'tasks/psi_count': ({ results }) => {
    // The number is in the receiver's own results: psi-count.spec.ts compares it.
    expect(results.count).toMatchObject({ intersection_count: null, receiver: 'alice', parties: ['alice', 'bob'] });
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
  'tasks/cast': (outcome) => {
    expect(outcome.written('cast', 'alice', 'duration')).toEqual(outcome.given('alice', 'bank.csv', 'duration'));
    expect(new Set(outcome.written('cast', 'alice', 'savings_status'))).toEqual(new Set(['']));
  },
  'tasks/feature_filter': (outcome) => {
    expect(outcome.columns('feature-filter', 'alice')).toHaveLength(10);
    expect(outcome.results['feature-filter'].columns_dropped.alice).toEqual(['other_parties', 'other_payment_plans']);
  },
  ...EXPECTED_LOCAL,
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
  ...EXPECTED_MODELS,
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
  'three-party-scoring': ({ results }) => {
    expect(results.intersect.intersection_count).toBe(930);
    expect(results.train.training_metrics).toMatchObject({ rows: 697, held_out_rows: 233 });
    expect(Object.keys(results.train.model_paths).sort()).toEqual(['alice', 'bob', 'carol']);
    expect(results.evaluate.metrics.auc).toBe(0.75);
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
  'federated-loop': (outcome) => {
    const { train, judge } = outcome.results;
    const parties = ['alice', 'bob', 'carol'];
    const [model, ...others] = parties.map((party) => outcome.json(train.models[party]));
    expect(others).toEqual([model, model]);
    expect(model.rows).toBe(456);
    const column = (name: string) => parties.flatMap((party) => numbers(outcome.given(party, 'clinic.csv', name)));
    const margins = scoresOf(model, column).map((score, row) => (column('y')[row] === 1 ? score : -score));
    expect(train.loss).toBeCloseTo(mean(margins.map((margin) => Math.log1p(Math.exp(-margin)))), 6);
    // The turn before lowered it by more, and the first one began with no model.
    expect(train.before - train.loss).toBeLessThan(0.01);
    expect(train.before).toBeLessThan(0.2);
    for (const party of parties) {
      const tested = (name: string) => numbers(outcome.given(party, 'clinic-test.csv', name));
      const { metrics } = outcome.json(judge[party].output_report);
      expect(metrics.auc).toBeCloseTo(auc(tested('y'), scoresOf(model, tested)), 10);
    }
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
  'tasks/sql': (outcome) => {
    const purposes = outcome.given('alice', 'bank.csv', 'purpose');
    const bad = numbers(outcome.given('alice', 'bank.csv', 'bad'));
    const large = Object.entries(tally(purposes)).filter(([, rows]) => rows! >= 20);
    const paths = outcome.results['by-purpose'].output_paths.alice as string;
    expect(outcome.column(paths, 'purpose')).toEqual(large.map(([purpose]) => purpose).sort());
    outcome.column(paths, 'purpose').forEach((purpose, row) => {
      const rate = mean(bad.filter((_, at) => purposes[at] === purpose));
      expect(Number(outcome.column(paths, 'bad_rate')[row])).toBeCloseTo(rate, 12);
    });
  },
  // Nothing is missing, so nobody is called.
  'tasks/http': ({ results }) => expect(results).toEqual({ check: expect.anything(), alert: null }),
  // No row is broken, so no command runs.
  'tasks/script': ({ results }) => expect(results).toEqual({ check: expect.anything(), clean: null }),
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
