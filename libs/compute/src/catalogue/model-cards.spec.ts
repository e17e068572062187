import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ConsentJson } from '#libs/consent';
import { OwnedRuns } from '../party/owned-runs-for-tests.js';

interface Card {
  readonly made_by: Record<string, string>;
  readonly trained_on: { readonly datasets: readonly string[] };
}
type Config = Readonly<Record<string, ConsentJson>>;

const ROWS = 120;
const noise = (row: number, seed: number): number => ((row + 1) * (7919 * seed + 31)) % 1009;

describe('the card of a model', () => {
  let runs: OwnedRuns;
  let train_data: Record<string, string>;

  beforeAll(async () => {
    runs = await OwnedRuns.claim('alice', 'bob');
    const rows = Array.from({ length: ROWS }, (_, row) => row);
    const table = (party: string, name: string, seed: number): Promise<string> =>
      runs.table(party, name, [['x', 'y'], ...rows.map((row) => [noise(row, seed) % 7, noise(row, 2) % 2])]);
    train_data = { alice: await table('alice', 'loans', 1), bob: await table('bob', 'deposits', 3) };
  });
  afterAll(() => runs.folder.remove());

  /** The text of a party's card. */
  const cardOf = (task: string, party: string): Promise<string> =>
    runs.folder.text(party, `artifact:chain-1/${task}/${party}/model_card.json`);
  const joint = (params: Config): Config => ({
    ...{ train_data, features: { alice: ['x'], bob: ['x'] }, label: 'y', label_party: 'alice' },
    ...{ test_fraction: 0.25, split_seed: 3, params },
  });

  it('says what its party brought, how it was trained, and what all parties know', async () => {
    const { result } = await runs.run('ss_lr', 'lr', joint({ epochs: 2, learning_rate: 0.01 }));
    const { training_metrics: metrics, model_paths: models } = result as {
      training_metrics: { loss_by_epoch: number[]; final_loss: number };
      model_paths: Record<string, string>;
    };
    const [alice, bob] = [await cardOf('lr', 'alice'), await cardOf('lr', 'bob')];
    expect(JSON.parse(alice)).toEqual({
      format: 'taskchain/model-card/v1',
      party: 'alice',
      model: models.alice,
      made_by: { task_type: 'ss_lr', version: expect.any(String), chain_id: 'chain-1', task_id: 'lr' },
      parties: ['alice', 'bob'],
      trained_on: {
        inputs: ['dataset:alice/loans@1'],
        datasets: ['loans@1'],
        rows: 90,
        split: { test_fraction: 0.25, split_seed: 3, held_out_rows: 30 },
      },
      parameters: {
        ...{ epochs: 2, learning_rate: 0.01, batch_size: 64, reg_type: 'logistic', penalty: 'none', l2_norm: 0.5 },
      },
      figures: { final_loss: metrics.final_loss, loss_by_epoch: metrics.loss_by_epoch },
    });
    expect(JSON.parse(bob)).toMatchObject({ party: 'bob', trained_on: { datasets: ['deposits@1'], rows: 90 } });
    // Nothing of what the other party brought.
    expect([alice.includes('deposits'), bob.includes('loans')]).toEqual([false, false]);
  });

  it('says no more than its run opens: of ss_glm no loss of under 64 rows', async () => {
    const { result } = await runs.run('ss_glm', 'glm', { ...joint({ epochs: 6 }), test_fraction: 0.475 });
    const { training_metrics: metrics } = result as { training_metrics: Record<string, unknown> };
    expect(metrics).toMatchObject({ rows: 63, explained: null });
    expect(JSON.parse(await cardOf('glm', 'bob'))).toMatchObject({
      trained_on: { rows: 63, datasets: ['deposits@1'] },
      parameters: { distribution: 'bernoulli', epochs: 6, l2_lambda: 0 },
      figures: { explained: null },
    });
  });

  it('is made by each type that makes a model', async () => {
    const trees = joint({ max_depth: 2, num_boost_round: 2 });
    const same = { train_data, features: ['x'], label: 'y' };
    const models = Object.fromEntries(
      ['alice', 'bob'].map((party) => [party, `artifact:chain-1/train/${party}/model.json`]),
    );
    const trainings: [string, string, Config][] = [
      ['ss_xgb', 'xgb', trees],
      ['secureboost', 'boost', trees],
      ['train', 'train', same],
      ['federated_training', 'federate', { ...same, params: { rounds: 1 } }],
      ['aggregate', 'mean', { models }],
    ];
    for (const [type, task, config] of trainings) {
      await runs.run(type, task, config);
      for (const [party, dataset] of [
        ['alice', 'loans@1'],
        ['bob', 'deposits@1'],
      ] as const) {
        const { made_by: by, trained_on: on } = JSON.parse(await cardOf(task, party)) as Card;
        expect([by.task_type, on.datasets]).toEqual([type, [dataset]]);
      }
    }
  });
});
