import { csvOf } from '../table/breast-cancer-for-tests.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import { runTask } from '../catalogue/run-task.js';
import type { JsonObject, TaskRunResult } from '../contract/task-type.js';

export const FEATURES = { alice: ['a0', 'a1'], bob: ['b0', 'b1', 'b2'] };
/** Rows: features of alice, of bob, then the class, the number, and the number in three levels. */
export const rowsFrom = (start: number, count: number): number[][] =>
  Array.from({ length: count }, (_, at) => {
    const noise = (salt: number): number => Math.sin((start + at + 1) * (salt * 37.7 + 12.9898)) * 1.5;
    const x = [0, 1, 2, 3, 4].map(noise);
    const score = 1.2 * x[0]! - x[1]! + 0.8 * x[2]! - 1.4 * x[3]! + noise(5) * 0.4;
    const amount = 3 + score;
    return [...x, score > 0 ? 1 : 0, Number(amount.toFixed(4)), 3 + Math.sign(Math.trunc(10 * score))];
  });
export const TEST = rowsFrom(1000, 90);

const BOOSTING = { num_boost_round: 8, max_depth: 3, reg_lambda: 1 };
/** Trainings of both parties: task, type, label and parameters. */
export const TRAININGS: readonly (readonly [string, string, string, JsonObject])[] = [
  ['lr', 'ss_lr', 'y', { epochs: 3 }],
  ['lr-numbers', 'ss_lr', 'amount', { epochs: 20, reg_type: 'linear' }],
  ['xgb', 'secureboost', 'y', BOOSTING],
  ['xgb-numbers', 'secureboost', 'level', { ...BOOSTING, objective: 'linear', base_score: 3 }],
];
/** A training on shares of trees, which takes longer. */
export const SHARED_TREES: (typeof TRAININGS)[number] = ['shared', 'ss_xgb', 'y', { num_boost_round: 2, max_depth: 2 }];

/** Tables of alice and bob, and models that were trained on them: of each training, and `whole` of alice alone. */
export class TestModels {
  readonly trained: Record<string, TaskRunResult> = {};

  private constructor(readonly folder: TestFolder) {}

  static async train(trainings = TRAININGS): Promise<TestModels> {
    const models = new TestModels(await testFolder());
    const { folder, trained } = models;
    await models.tables('train', rowsFrom(0, 300));
    await models.tables('test', TEST);
    await models.tables('few', TEST.slice(0, 4));
    await models.tables('longer', rowsFrom(1000, 91));
    for (const [taskId, type, label, params] of trainings) {
      const config = {
        train_data: { alice: 'train.csv', bob: 'train.csv' },
        test_data: { alice: 'test.csv', bob: 'test.csv' },
        features: FEATURES,
        label,
        label_party: 'alice',
        params,
      };
      trained[taskId] = await runTask(type, folder.run(config, { taskId }));
    }
    const config = { train_data: { alice: 'train.csv' }, features: FEATURES.alice, label: 'y' };
    trained.whole = await runTask('train', folder.run(config, { taskId: 'whole' }));
    return models;
  }

  /** Writes `<name>.csv` of both parties. */
  async tables(name: string, rows: readonly (readonly number[])[]): Promise<void> {
    const shown = (from: number, to: number) => rows.map((row) => row.slice(from, to).map((v) => v.toFixed(6)));
    await this.folder.table(
      'alice',
      `${name}.csv`,
      csvOf(
        [...FEATURES.alice, 'y', 'amount', 'level'],
        shown(0, 2).map((row, at) => [...row, ...rows[at]!.slice(5)]),
      ),
    );
    await this.folder.table('bob', `${name}.csv`, csvOf(FEATURES.bob, shown(2, 5)));
  }

  of(task: string): Record<string, string> {
    return this.trained[task]!.result.model_paths as Record<string, string>;
  }

  /** The name that the slices of a training carry. */
  async nameOf(task: string): Promise<string> {
    return (JSON.parse(await this.folder.text('bob', this.of(task).bob!)) as { training: string }).training;
  }
}
