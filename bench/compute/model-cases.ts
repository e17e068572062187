import { error, type Outcome, type Paths, type TypeCase } from './case.js';
import { areaUnder, largestDifference, logisticFit, moments, numbers, readColumns } from './reference.js';
import { chance, labelFor, names, scaledCell, type TableShape } from './tables.js';

/** A model of `train`, `aggregate`, `merge_models` and `federated_training`. */
interface Model {
  readonly weights: number[];
  readonly intercept: number;
  readonly rows: number;
}

interface ModelResult {
  readonly model_paths: Record<string, string>;
}

/** The models that the task before has made. */
function modelOf(before: unknown): Record<string, string> {
  return (before as ModelResult).model_paths;
}

const AREA = [
  'AUC; in brackets that of the chances from which the labels were drawn, the best there can be',
  'AUC；括号内为生成标签所用概率的 AUC，即可能的最佳值',
] as const;
const AUC_ERROR = ['difference of the AUC from that by ranks', 'AUC 与按秩计算之差'] as const;
const MODELS = ['largest difference from the mean of the models', '与各模型平均值的最大差'] as const;
const WALD = ['largest relative difference of z from plain arithmetic', 'z 与直接计算的最大相对差'] as const;
const POINTS = ['largest difference of points from plain arithmetic', '分数与直接计算的最大差'] as const;
const MEANS = ['largest difference of a mean from plain arithmetic', '均值与直接计算的最大差'] as const;
const RELATIVE = ['largest relative difference from plain arithmetic', '与直接计算的最大相对差'] as const;

const against = (own: number, best: number): string => `${own.toFixed(4)} (${best.toFixed(4)})`;

/** Cases of the types that train and evaluate; those on secret shares have `shared` rows but for `predict`, all others `rows` a party. */
export function modelCases(rows: number, shared: number): TypeCase[] {
  const parties = ['alice', 'bob', 'carol'];
  const shard = (at: number, size: number): TableShape => {
    return { rows: size, firstKey: at * size, columns: [0, 8], scaled: true, labelOf: 8 };
  };
  const shards = (size: number): Record<string, TableShape> =>
    Object.fromEntries(parties.map((party, at) => [party, shard(at, size)]));
  const training = (paths: Paths): object => ({ train_data: paths, features: names(0, 8), label: 'y' });

  /** AUC of a model over alice's rows. */
  const ofModel = (outcome: Outcome): string => {
    const { model_paths: paths } = outcome.result as ModelResult;
    const { weights, intercept } = outcome.json(paths.alice!) as Model;
    const of = (use: (key: number) => number): Float64Array =>
      Float64Array.from({ length: rows }, (_, key) => use(key));
    const labels = of((key) => labelFor(key, 8));
    const score = of((key) => weights.reduce((sum, weight, at) => sum + weight * scaledCell(key, at), intercept));
    return against(
      areaUnder(labels, score),
      areaUnder(
        labels,
        of((key) => chance(key, 8)),
      ),
    );
  };

  const joined = {
    alice: { rows: shared, columns: [0, 8], scaled: true, labelOf: 16 },
    bob: { rows: shared, columns: [8, 16], scaled: true },
  } as const;
  const jointly = (paths: Paths, params: object): object => ({
    train_data: paths,
    features: { alice: names(0, 8), bob: names(8, 16) },
    label: 'y',
    label_party: 'alice',
    params,
  });
  const LOGISTIC = { epochs: 5, batch_size: 64, learning_rate: 0.1 };
  const bestArea = (labels: Float64Array): number =>
    areaUnder(
      labels,
      Float64Array.from({ length: labels.length }, (_, key) => chance(key, 16)),
    );

  const vertical = (type: string, params: object): TypeCase => ({
    type,
    tables: joined,
    config: (paths) => ({
      ...jointly(paths, params),
      test_fraction: 0.2,
      prediction_receiver: 'alice',
      prediction_output: 'artifact:predictions.csv',
    }),
    of: AREA,
    figure: async (outcome) => {
      const { prediction_output: reference } = outcome.result as { prediction_output: string };
      const { label, prediction } = await readColumns(outcome.file('alice', reference), ['label', 'prediction']);
      const labels = Float64Array.from({ length: shared }, (_, key) => labelFor(key, 16));
      return against(areaUnder(numbers(label!), numbers(prediction!)), bestArea(labels));
    },
  });

  /** A fit of the columns of a model, held to plain arithmetic by what the parties get of each column. */
  const fitted = <Column>(
    type: string,
    decimals: number,
    of: TypeCase['of'],
    differences: (columns: readonly Column[], fit: ReturnType<typeof logisticFit>) => number[],
  ): TypeCase => ({
    type,
    tables: { alice: { ...joined.alice, decimals }, bob: { ...joined.bob, decimals } },
    before: { type: 'ss_lr', config: (paths) => jointly(paths, { epochs: 1, batch_size: 4096 }) },
    config: (paths, before) => ({
      model: modelOf(before),
      train_data: paths,
      ...{ label: 'y', label_party: 'alice' },
    }),
    of,
    figure: (outcome) => {
      const keys = Array.from({ length: shared }, (_, key) => key);
      const fit = logisticFit(
        keys.map((key) => Array.from({ length: 16 }, (_, at) => Number(scaledCell(key, at).toFixed(decimals)))),
        keys.map((key) => labelFor(key, 16)),
      );
      const columns = ['alice', 'bob'].flatMap((party) => Object.values(outcome.kept(party).columns as Column[]));
      const all = differences(columns, fit);
      return error(
        largestDifference(
          all,
          all.map(() => 0),
        ),
      );
    },
  });

  /** Models of few rows: their number does not matter in a mean of models. */
  const combined = (type: string, weighting: 'rows' | 'equal'): TypeCase => ({
    type,
    tables: shards(2_000),
    before: { type: 'train', config: training },
    config: (_, before) => ({ weighting, models: modelOf(before) }),
    of: MODELS,
    figure: (outcome) => {
      const read = (result: unknown): Model[] =>
        Object.values((result as ModelResult).model_paths).map((path) => outcome.json(path) as Model);
      const models = read(outcome.resultBefore);
      const mean = (of: (model: Model) => number): number =>
        models.reduce((sum, model) => sum + of(model), 0) / models.length;
      const [{ weights, intercept }] = read(outcome.result) as [Model];
      const expected = [
        ...weights.map((_, at) => mean((model) => model.weights[at]!)),
        mean((model) => model.intercept),
      ];
      return error(largestDifference([...weights, intercept], expected));
    },
  });

  return [
    vertical('ss_lr', LOGISTIC),
    vertical('ss_glm', { epochs: 6 }),
    fitted<{ z: number }>('ss_pvalue', 6, WALD, (columns, fit) =>
      columns.map(({ z }, at) => z / (fit[at]!.weight / fit[at]!.error) - 1),
    ),
    fitted<{ value: number; points: number }[]>('scorecard', 1, POINTS, (columns, fit) =>
      columns.flatMap((values, at) =>
        values.map(({ value, points }) => points + (20 / Math.LN2) * fit[at]!.weight * value),
      ),
    ),
    vertical('ss_xgb', { num_boost_round: 10, max_depth: 5 }),
    vertical('secureboost', { num_boost_round: 10, max_depth: 5 }),
    {
      type: 'biclassification_eval',
      tables: { alice: { rows, columns: [0, 7], labelOf: 8, chances: true } },
      config: (paths) => ({ prediction_data: paths, label_column: 'y', prediction_column: 'p' }),
      of: AUC_ERROR,
      figure: async (outcome) => {
        const { y, p } = await readColumns(outcome.file('alice', 'table.csv'), ['y', 'p']);
        const { metrics } = outcome.json((outcome.result as { output_report: string }).output_report) as {
          metrics: { auc: number };
        };
        return error(Math.abs(metrics.auc - areaUnder(numbers(y!), numbers(p!))));
      },
    },
    {
      type: 'regression_eval',
      tables: { alice: { rows, columns: [0, 9] } },
      config: (paths) => ({ prediction_data: paths, label_column: 'x0', prediction_column: 'x1' }),
      of: RELATIVE,
      figure: async (outcome) => {
        const { x0, x1 } = await readColumns(outcome.file('alice', 'table.csv'), ['x0', 'x1']);
        const [label, prediction] = [numbers(x0!), numbers(x1!)];
        const residuals = label.map((value, at) => value - prediction[at]!);
        const mse = moments(residuals.map((value) => value ** 2)).mean;
        const mae = moments(residuals.map(Math.abs)).mean;
        const expected = [mse, Math.sqrt(mse), mae, 1 - mse / moments(label).deviation(0) ** 2];
        const { metrics } = outcome.json((outcome.result as { output_report: string }).output_report) as {
          metrics: Record<string, number>;
        };
        const ratios = ['mse', 'rmse', 'mae', 'r2_score'].map((name, at) => metrics[name]! / expected[at]!);
        return error(largestDifference(ratios, [1, 1, 1, 1]));
      },
    },
    {
      type: 'prediction_bias_eval',
      tables: { alice: { rows, columns: [0, 7], labelOf: 8, chances: true } },
      config: (paths) => ({ prediction_data: paths, label_column: 'y', prediction_column: 'p' }),
      of: MEANS,
      figure: async (outcome) => {
        const columns = await readColumns(outcome.file('alice', 'table.csv'), ['y', 'p']);
        const [labels, chances] = [numbers(columns.y!), numbers(columns.p!)];
        const { buckets } = outcome.json((outcome.result as { output_report: string }).output_report) as {
          buckets: { from: number; to: number; mean_prediction: number; mean_label: number }[];
        };
        const expected = buckets.flatMap(({ from, to }) => {
          const inside = (_: number, row: number): boolean => chances[row]! >= from && chances[row]! <= to;
          return [chances, labels].map((values) => moments(values.filter(inside)).mean);
        });
        const found = buckets.flatMap(({ mean_prediction: prediction, mean_label: label }) => [prediction, label]);
        return error(largestDifference(found, expected));
      },
    },
    {
      type: 'evaluation',
      tables: { alice: shard(0, rows) },
      before: { type: 'train', config: training },
      config: (paths, before) => ({
        model: modelOf(before),
        test_data: paths,
        label: 'y',
      }),
      of: AUC_ERROR,
      figure: async (outcome) => {
        const model = outcome.json((outcome.resultBefore as ModelResult).model_paths.alice!) as Model;
        const columns = await readColumns(outcome.file('alice', 'table.csv'), [...names(0, 8), 'y']);
        const features = names(0, 8).map((name) => numbers(columns[name]!));
        const score = features[0]!.map((_, row) =>
          model.weights.reduce((sum, weight, at) => sum + weight * features[at]![row]!, model.intercept),
        );
        const { metrics } = outcome.json((outcome.result as { output_report: string }).output_report) as {
          metrics: { auc: number };
        };
        return error(Math.abs(metrics.auc - areaUnder(numbers(columns.y!), score)));
      },
    },
    {
      type: 'predict',
      tables: { alice: { ...joined.alice, rows }, bob: { ...joined.bob, rows } },
      before: { type: 'ss_lr', config: (paths) => jointly(paths, LOGISTIC), rows: shared },
      config: (paths, before) => ({
        model: modelOf(before),
        input_data: paths,
        prediction_receiver: 'alice',
        keep_columns: ['y'],
      }),
      of: AREA,
      figure: async (outcome) => {
        const { prediction_output: reference } = outcome.result as { prediction_output: string };
        const { y, prediction } = await readColumns(outcome.file('alice', reference), ['y', 'prediction']);
        const labels = numbers(y!);
        return against(areaUnder(labels, numbers(prediction!)), bestArea(labels));
      },
    },
    { type: 'train', tables: shards(rows), config: training, of: AREA, figure: ofModel },
    { type: 'federated_training', tables: shards(rows), config: training, of: AREA, figure: ofModel },
    combined('aggregate', 'rows'),
    combined('merge_models', 'equal'),
  ];
}
