import {
  aucParam,
  between,
  columnsParam,
  HOSPITALS,
  IDS,
  listParam,
  OPTIONS,
  partiesParam,
  PATIENTS,
  type ShippedTemplate,
  SIGNS,
  SIGNS_OF,
  tablesParam,
} from './parts.js';

const SCHEMA = {
  id: { type: 'string', required: true, unique: true },
  radius_mean: { type: 'number', required: true, min: 0, max: 50 },
  y: { type: 'integer', required: true, enum: [0, 1] },
};

/** `validate-<party>` of each party, all at once. */
export const validations = (parties: readonly string[]): object[] =>
  parties.map((party) => ({
    task_id: `validate-${party}`,
    task_name: `Check the table of ${party}`,
    task_type: 'validation',
    depends_on: [],
    task_params: {
      ...between([party]),
      task_config: { input_data: { [party]: `\${params.tables.${party}}` }, schema: '${params.schema}' },
    },
  }));

export const schemaParam = { type: 'object', title: 'What each table must be like, by column', default: SCHEMA };

const trainOf = (party: string): object => ({
  task_id: `train-${party}`,
  task_name: `Train on the rows of ${party}`,
  task_type: 'train',
  depends_on: [],
  task_params: {
    ...between([party]),
    task_config: {
      train_data: { [party]: `\${params.tables.${party}}` },
      model: 'logistic',
      features: '${params.features}',
      label: '${params.label}',
      params: { epochs: '${params.epochs}', learning_rate: 0.1 },
    },
  },
});

const featuresOf = (party: string): object => ({
  task_id: `features-${party}`,
  task_name: `Features of ${party}`,
  task_type: 'feature_engineering',
  depends_on: ['prepare'],
  task_params: {
    ...between([party]),
    task_config: {
      input_data: { [party]: `\${tasks.prepare.result.output_paths.${party}}` },
      steps: [{ op: 'standard_scaler', columns: '${params.features}' }],
    },
  },
});

const label = { type: 'string', title: 'The column to learn', default: 'y' };
const TWO = { alice: HOSPITALS.alice, bob: HOSPITALS.bob };

/** The four chains of the design (section 7): in a row, at once, at once with a callback, and all of that together. */
export const designTemplates: readonly ShippedTemplate[] = [
  {
    template_id: 'template-psi-data-flow',
    title: 'PSI data flow (PSI数据处理流程)',
    description:
      'One task after another: fill gaps, intersect privately, analyse the common rows. 数据预处理 -> PSI求交 -> 结果分析。',
    tags: ['psi', 'sequential', '隐私求交'],
    chain: {
      chain_name: 'PSI data flow',
      params: {
        type: 'object',
        properties: {
          parties: partiesParam('alice', 'bob'),
          tables: tablesParam(PATIENTS),
          keys: columnsParam('Columns to match by', IDS),
          columns: columnsParam('Columns to fill and to analyse', SIGNS_OF),
        },
      },
      outputs: { report: '${tasks.analyse.result}' },
      tasks: [
        {
          task_id: 'prepare',
          task_name: 'Fill gaps',
          task_type: 'preprocessing',
          task_params: {
            ...between('${params.parties}'),
            task_config: {
              input_data: '${params.tables}',
              steps: [{ op: 'fillna', method: 'mean', columns: '${params.columns}' }],
            },
          },
        },
        {
          task_id: 'intersect',
          task_name: 'Intersect',
          task_type: 'psi',
          task_params: {
            ...between('${params.parties}'),
            task_config: { keys: '${params.keys}', input_paths: '${tasks.prepare.result.output_paths}' },
          },
        },
        {
          task_id: 'analyse',
          task_name: 'Analyse',
          task_type: 'analysis',
          task_params: {
            ...between('${params.parties}'),
            task_config: { input_data: '${tasks.intersect.result.output_paths}', columns: '${params.columns}' },
          },
        },
      ],
      options: OPTIONS,
    },
  },
  {
    template_id: 'template-multi-party-validation',
    title: 'Validation by several parties (多方数据验证)',
    description: 'Three parties check their tables against one schema, all at once. 三方同时按同一模式验证各自的数据。',
    tags: ['validation', 'parallel', '数据验证'],
    chain: {
      chain_name: 'Validation by several parties',
      params: { type: 'object', properties: { tables: tablesParam(HOSPITALS), schema: schemaParam } },
      tasks: validations(['alice', 'bob', 'carol']),
      options: { ...OPTIONS, stop_on_error: false },
    },
  },
  {
    template_id: 'template-federated-models',
    title: 'Models of two parties, merged (联邦模型训练)',
    description:
      'Two parties train at once on their own rows; the callback averages the models by secure aggregation. 两方各自训练，回调安全聚合模型。',
    tags: ['training', 'chord', '联邦学习'],
    chain: {
      chain_name: 'Models of two parties, merged',
      params: {
        type: 'object',
        properties: {
          tables: tablesParam(TWO),
          features: listParam('Columns to learn from', SIGNS),
          label,
          epochs: { type: 'integer', minimum: 1, maximum: 1000, default: 50 },
        },
      },
      outputs: { models: '${tasks.aggregate.result.model_paths}' },
      tasks: [
        trainOf('alice'),
        trainOf('bob'),
        {
          task_id: 'aggregate',
          task_name: 'Average the models',
          task_type: 'aggregate',
          depends_on: ['train-alice', 'train-bob'],
          is_callback: true,
          task_params: {
            ...between(['alice', 'bob']),
            task_config: { weighting: 'rows', min_parties: 2 },
          },
        },
      ],
      options: OPTIONS,
    },
  },
  {
    template_id: 'template-end-to-end',
    title: 'From tables to a judged model (端到端隐私计算流程)',
    description:
      'Prepare, features of each party at once, federated training, evaluation. 数据预处理 -> 并行特征工程 -> 联邦训练 -> 模型评估。',
    tags: ['training', 'complex', '联邦学习'],
    chain: {
      chain_name: 'From tables to a judged model',
      params: {
        type: 'object',
        properties: {
          tables: tablesParam(TWO),
          features: listParam('Columns to learn from', SIGNS),
          label,
          rounds: { type: 'integer', minimum: 1, maximum: 1000, default: 20 },
          min_auc: aucParam(0.9),
        },
      },
      outputs: { evaluation: '${tasks.evaluate.result}' },
      tasks: [
        {
          task_id: 'prepare',
          task_name: 'Fill gaps',
          task_type: 'preprocessing',
          depends_on: [],
          task_params: {
            ...between(['alice', 'bob']),
            task_config: {
              input_data: '${params.tables}',
              steps: [
                {
                  op: 'fillna',
                  method: 'mean',
                  columns: { alice: '${params.features}', bob: '${params.features}' },
                },
              ],
            },
          },
        },
        featuresOf('alice'),
        featuresOf('bob'),
        {
          task_id: 'train',
          task_name: 'Train together',
          task_type: 'federated_training',
          depends_on: ['features-alice', 'features-bob'],
          task_params: {
            ...between(['alice', 'bob']),
            task_config: {
              train_data: {
                alice: '${tasks.features-alice.result.output_paths.alice}',
                bob: '${tasks.features-bob.result.output_paths.bob}',
              },
              model: 'logistic',
              features: '${params.features}',
              label: '${params.label}',
              params: { rounds: '${params.rounds}', learning_rate: 0.1 },
              min_parties: 2,
            },
          },
        },
        {
          task_id: 'evaluate',
          task_name: 'Judge the model',
          task_type: 'evaluation',
          depends_on: ['train', 'features-alice'],
          task_params: {
            ...between(['alice', 'bob']),
            task_config: {
              model: { alice: '${tasks.train.result.model_paths.alice}' },
              test_data: { alice: '${tasks.features-alice.result.output_paths.alice}' },
              label: '${params.label}',
              bucket_size: 5,
              assert: { auc: { min: '${params.min_auc}' } },
            },
          },
        },
      ],
      options: OPTIONS,
    },
  },
];
