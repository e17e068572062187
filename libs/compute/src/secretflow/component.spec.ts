import { expect, test } from '@jest/globals';
import { clearResult } from '../contract/run-for-tests.js';
import { bothInput, COLUMNS, describeComponents, outputsOf, ROWS, runIt, valuesOf } from './components-for-tests.js';

await describeComponents('components of SecretFlow', (folder) => {
  const psi = {
    component: 'data_prep/psi:1.0.0',
    ...COLUMNS,
    input_data: { alice: { input_ds1: 'own.csv' }, bob: { input_ds2: 'own.csv' } },
    attrs: {
      'input/input_ds1/keys': ['id'],
      'input/input_ds2/keys': ['id'],
      input_ds1_keys_duplicated: false,
      input_ds2_keys_duplicated: false,
    },
  };

  test('psi keeps the rows that both have, aligned, and tells each party the numbers', async () => {
    const outcome = await runIt(folder, psi, { taskId: 'psi' });
    const { alice, bob } = outputsOf(outcome);
    const [ofAlice, ofBob] = [
      await folder.rows('alice', alice!['output_ds']!),
      await folder.rows('bob', bob!['output_ds']!),
    ];
    expect(ofAlice[0]).toEqual(['id', 'a', 'y']);
    expect(ofBob[0]).toEqual(['id', 'b', 'c']);
    const common = Array.from({ length: ROWS - 40 }, (_, at) => valuesOf(at + 40));
    expect(ofAlice.slice(1).map(([id, a, y]) => [id, Number(a), Number(y)])).toEqual(
      common.map(({ id, a, y }) => [id, a, y]),
    );
    expect(ofBob.slice(1).map(([id, b, c]) => [id, Number(b), Number(c)])).toEqual(
      common.map(({ id, b, c }) => [id, b, c]),
    );
    expect(JSON.stringify(outcome.result)).not.toContain('260');
    expect(JSON.stringify(clearResult(outcome, 'bob'))).toContain('"260"');
    expect(await folder.temporaries()).toEqual([]);
  }, 60_000);

  test.each(['CHEETAH', 'SEMI2K'])(
    'ss_sgd_train and ss_sgd_predict find the label by %s',
    async (protocol) => {
      const vertical = { ...COLUMNS, protocol };
      const trained = await runIt(
        folder,
        {
          ...{ component: 'ml.train/ss_sgd_train:1.0.0', ...vertical, input_data: bothInput('input_ds') },
          attrs: {
            ...{ epochs: 5, batch_size: 50, learning_rate: 0.5, eps: 0 },
            'input/input_ds/label': ['y'],
            'input/input_ds/feature_selects': ['a', 'b', 'c'],
          },
        },
        { taskId: `train-${protocol}` },
      );
      const models = outputsOf(trained);
      expect(Object.keys(models['alice']!)).toEqual(['output_model']);
      expect(clearResult(trained, 'alice')).toEqual({ reports: { report: [] } });
      const predict = {
        ...{ component: 'ml.predict/ss_sgd_predict:1.0.0', ...vertical },
        input_data: {
          alice: { input_ds: 'both.csv', input_model: models['alice']!['output_model'] },
          bob: { input_ds: 'both.csv', input_model: models['bob']!['output_model'] },
        },
        attrs: { receiver: ['alice'], save_label: true },
      };
      const predicted = await runIt(folder, predict, { taskId: `predict-${protocol}` });
      const outputs = outputsOf(predicted);
      expect(outputs['bob']).toEqual({});
      const [header, ...rows] = await folder.rows('alice', outputs['alice']!['output_ds']!);
      expect(header).toEqual(['pred', 'id', 'y']);
      expect(rows).toHaveLength(ROWS);
      const right = rows.filter(([pred, , y]) => Number(pred) > 0.5 === (y === '1'));
      expect(right.length / ROWS).toBeGreaterThan(0.9);
      // A model of which one part is of another run, or that its party has not left, is no model.
      const [own, other] = [models['alice']!['output_model']!, models['bob']!['output_model']!];
      const forged = (await folder.text('bob', other)).replace('"mac": "', '"mac": "0');
      await folder.table('..', `artifacts/${other.slice('artifact:'.length)}`, forged);
      await expect(
        runIt(folder, {
          ...predict,
          input_data: {
            alice: { input_ds: 'both.csv', input_model: own },
            bob: { input_ds: 'both.csv', input_model: other },
          },
        }),
      ).rejects.toMatchObject({ code: 'MODEL_INCOMPATIBLE' });
    },
    120_000,
  );

  test('train_test_split, feature_filter and union keep the rows of both aligned', async () => {
    const split = await runIt(
      folder,
      {
        ...{ component: 'data_prep/train_test_split:1.0.0', ...COLUMNS, input_data: bothInput('input_ds') },
        attrs: { train_size: 0.75, test_size: 0.25, random_state: 7 },
        output_data: { bob: { test_ds: 'split/test.csv' } },
      },
      { taskId: 'split' },
    );
    const { alice, bob } = outputsOf(split);
    expect(bob!['test_ds']).toBe('split/test.csv');
    const ids = async (party: string, reference: string): Promise<string[]> =>
      (await folder.rows(party, reference)).slice(1).map(([id]) => id!);
    const [train, test] = [await ids('alice', alice!['train_ds']!), await ids('alice', alice!['test_ds']!)];
    expect([train.length, test.length]).toEqual([0.75 * ROWS, 0.25 * ROWS]);
    expect(await ids('bob', bob!['train_ds']!)).toEqual(train);
    expect(await ids('bob', bob!['test_ds']!)).toEqual(test);
    expect(new Set([...train, ...test]).size).toBe(ROWS);

    const filtered = await runIt(
      folder,
      {
        ...{ component: 'data_filter/feature_filter:1.0.0', ...COLUMNS, input_data: bothInput('input_ds') },
        attrs: { 'input/input_ds/drop_features': ['b'] },
      },
      { taskId: 'filter' },
    );
    const [header] = await folder.rows('bob', outputsOf(filtered)['bob']!['output_ds']!);
    expect(header).toEqual(['id', 'c']);

    const union = await runIt(
      folder,
      {
        component: 'data_prep/union:1.0.0',
        ...COLUMNS,
        input_data: {
          alice: { input_ds1: alice!['train_ds'], input_ds2: alice!['test_ds'] },
          bob: { input_ds1: bob!['train_ds'], input_ds2: bob!['test_ds'] },
        },
        attrs: {},
      },
      { taskId: 'union' },
    );
    for (const party of ['alice', 'bob'])
      expect(await ids(party, outputsOf(union)[party]!['output_ds']!)).toEqual([...train, ...test]);
  }, 120_000);

  const alone = { keys: { alice: ['id'] }, input_data: { alice: { input_ds: 'scores.csv' } } };
  const scores = async (): Promise<void> => {
    const rows = Array.from({ length: ROWS }, (_, at) => {
      const { id, a, c, y } = valuesOf(at);
      return `${id},${(1 / (1 + Math.exp(-a - c))).toFixed(6)},${y}`;
    });
    await folder.table('alice', 'scores.csv', `id,pred,y\n${rows.join('\n')}\n`);
  };

  test('table_statistics, evaluations and the score card run within one party, whose readers get the report', async () => {
    await scores();
    const evaluated = { ...alone, features: { alice: ['pred'] }, label: 'y', label_party: 'alice' };
    const columns = { 'input/input_ds/label': ['y'], 'input/input_ds/prediction': ['pred'] };
    const report = async (component: string, config: object): Promise<string> => {
      const outcome = await runIt(
        folder,
        { ...evaluated, component, ...config },
        { taskId: component.split(/[/:]/)[1]! },
      );
      expect(outcome.result).toEqual({ component, parties: ['alice'], outputs: { alice: expect.anything() } });
      return JSON.stringify(outcome.partyResults);
    };
    expect(await report('ml.eval/biclassification_eval:1.0.0', { attrs: { ...columns, bucket_size: 3 } })).toMatch(
      /"auc".*"f":0\.9\d/,
    );
    expect(await report('ml.eval/prediction_bias_eval:1.0.0', { attrs: { ...columns, bucket_num: 3 } })).toContain(
      'avg_label',
    );
    expect(await report('ml.eval/regression_eval:1.0.0', { attrs: columns })).toContain('r2_score');
    const of = { attrs: { 'input/input_ds/features': ['pred', 'y'] } };
    expect(await report('stats/table_statistics:1.0.2', of)).toContain('kurtosis');
    const card = await runIt(
      folder,
      {
        ...evaluated,
        component: 'postprocessing/score_card_transformer:1.0.0',
        attrs: {
          ...{ positive: 1, scaled_value: 600, odd_base: 20, pdo: 20, predict_score_name: 'points' },
          'input/input_ds/predict_name': ['pred'],
        },
      },
      { taskId: 'card' },
    );
    const [header, first] = await folder.rows('alice', outputsOf(card)['alice']!['output_ds']!);
    const at = header!.indexOf('points');
    const odds = Number(first![header!.indexOf('pred')]);
    const expected = 600 - (20 / Math.log(2)) * (Math.log(20) + Math.log(odds / (1 - odds)));
    expect(Number(first![at])).toBeCloseTo(expected, 2);
  }, 180_000);
});
