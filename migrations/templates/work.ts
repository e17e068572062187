import { schemaParam, validations } from './design.js';
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

const PARTIES = '${params.parties}';

/** `report` after these tasks. */
const report = (after: readonly string[], more: object = {}): object => ({
  task_id: 'report',
  task_name: 'Report',
  task_type: 'report',
  depends_on: after,
  is_callback: true,
  ...more,
  task_params: { task_config: { title: '${params.title}' } },
});
const title = (text: string): object => ({ type: 'string', title: 'Title of the report', default: text });

const psi = (after: string): object => ({
  task_id: 'intersect',
  task_name: 'Intersect',
  task_type: 'psi',
  depends_on: [after],
  task_params: {
    ...between(PARTIES),
    task_config: { keys: '${params.keys}', input_paths: `\${tasks.${after}.result.output_paths}` },
  },
});

const judge = (task: string, least: string): object => ({
  task_id: `evaluate-${task}`,
  task_name: `Judge ${task}`,
  task_type: 'biclassification_eval',
  depends_on: [task],
  task_params: {
    ...between(PARTIES),
    task_config: {
      prediction_data: { alice: `\${tasks.${task}.result.prediction_output}` },
      bucket_size: 10,
      assert: { auc: { min: least } },
    },
  },
});

/** What trains on the common rows, with the label of alice. */
const trainedBy = (task_id: string, task_type: string, params: object): object => ({
  task_id,
  task_type,
  depends_on: ['intersect'],
  task_params: {
    ...between(PARTIES),
    task_config: {
      train_data: '${tasks.intersect.result.output_paths}',
      features: '${params.features}',
      label: '${params.label}',
      label_party: 'alice',
      params,
      test_fraction: 0.25,
      split_seed: 7,
      prediction_receiver: 'alice',
    },
  },
});

const scale = (steps: readonly object[]): object => ({
  task_id: 'prepare',
  task_name: 'Prepare each table',
  task_type: 'preprocessing',
  depends_on: [],
  task_params: { ...between(PARTIES), task_config: { input_data: '${params.tables}', steps } },
});

const shared = {
  parties: partiesParam('alice', 'bob'),
  keys: columnsParam('Columns to match by', IDS),
};
const boosted = { num_boost_round: 5, max_depth: 3, learning_rate: 0.3, reg_lambda: 1, sketch_eps: 0.1, seed: 42 };

/** Chains for common work, beside those of the design. */
export const workTemplates: readonly ShippedTemplate[] = [
  {
    template_id: 'template-psi-pipeline',
    title: 'PSI pipeline (隐私求交流水线)',
    description: 'Fill and scale each table, intersect privately, describe the common rows, report.',
    tags: ['psi', '隐私求交'],
    chain: {
      chain_name: 'PSI pipeline',
      params: {
        type: 'object',
        properties: {
          ...shared,
          tables: tablesParam(PATIENTS),
          columns: columnsParam('Columns to fill, scale and describe', SIGNS_OF),
          title: title('PSI pipeline'),
        },
      },
      outputs: { rows: '${tasks.intersect.result.intersection_count}' },
      tasks: [
        scale([
          { op: 'fillna', method: 'mean', columns: '${params.columns}' },
          { op: 'minmax_scaler', columns: '${params.columns}' },
        ]),
        psi('prepare'),
        {
          task_id: 'describe',
          task_name: 'Describe the common rows',
          task_type: 'table_statistics',
          depends_on: ['intersect'],
          task_params: {
            ...between(PARTIES),
            task_config: { input_data: '${tasks.intersect.result.output_paths}', columns: '${params.columns}' },
          },
        },
        report(['intersect', 'describe']),
      ],
      options: OPTIONS,
    },
  },
  {
    template_id: 'template-vertical-models',
    title: 'Logistic regression and XGBoost on shares (纵向逻辑回归与 XGBoost)',
    description:
      'Two parties with different columns of the same rows train both models on secret shares; each is judged on rows that it has not seen.',
    tags: ['training', 'vertical', '纵向联邦', '风控'],
    chain: {
      chain_name: 'Logistic regression and XGBoost on shares',
      params: {
        type: 'object',
        properties: {
          ...shared,
          tables: tablesParam(PATIENTS),
          features: columnsParam('Columns to learn from', SIGNS_OF),
          label: { type: 'string', title: 'The column to learn, of alice', default: 'y' },
          epochs: { type: 'integer', minimum: 1, maximum: 100, default: 5 },
          min_auc: aucParam(0.9),
          title: title('Two models on shares'),
        },
      },
      outputs: { lr: '${tasks.evaluate-lr.result}', xgb: '${tasks.evaluate-xgb.result}' },
      tasks: [
        scale([{ op: 'standard_scaler', columns: '${params.features}' }]),
        psi('prepare'),
        trainedBy('lr', 'ss_lr', { epochs: '${params.epochs}', learning_rate: 0.1, batch_size: 64 }),
        trainedBy('xgb', 'ss_xgb', boosted),
        judge('lr', '${params.min_auc}'),
        judge('xgb', '${params.min_auc}'),
        report(['evaluate-lr', 'evaluate-xgb']),
      ],
      options: OPTIONS,
    },
  },
  {
    template_id: 'template-horizontal-training',
    title: 'Horizontal federated training (横向联邦训练)',
    description:
      'Parties with the same columns of different rows train one model in rounds under masks; one of them judges it on rows that it has kept.',
    tags: ['training', 'horizontal', '联邦学习'],
    chain: {
      chain_name: 'Horizontal federated training',
      params: {
        type: 'object',
        properties: {
          parties: partiesParam('alice', 'bob', 'carol'),
          tables: tablesParam(HOSPITALS),
          test: { type: 'string', title: 'Rows of alice to judge by', default: 'dataset:alice/hospital-test@1' },
          features: listParam('Columns to learn from', SIGNS),
          label: { type: 'string', title: 'The column to learn', default: 'y' },
          rounds: { type: 'integer', minimum: 1, maximum: 1000, default: 20 },
          min_auc: aucParam(0.9),
        },
      },
      outputs: { evaluation: '${tasks.evaluate.result}', models: '${tasks.train.result.model_paths}' },
      tasks: [
        {
          task_id: 'train',
          task_name: 'Train in rounds',
          task_type: 'federated_training',
          depends_on: [],
          task_params: {
            ...between(PARTIES),
            task_config: {
              train_data: '${params.tables}',
              model: 'logistic',
              features: '${params.features}',
              label: '${params.label}',
              params: { rounds: '${params.rounds}', learning_rate: 0.1 },
            },
          },
        },
        {
          task_id: 'evaluate',
          task_name: 'Judge the model',
          task_type: 'evaluation',
          depends_on: ['train'],
          task_params: {
            ...between(PARTIES),
            task_config: {
              model: { alice: '${tasks.train.result.model_paths.alice}' },
              test_data: { alice: '${params.test}' },
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
  {
    template_id: 'template-validation-quorum',
    title: 'Validation with a quorum (法定多数验证)',
    description: 'Three parties check their tables at once; the report is made as soon as two of them are valid.',
    tags: ['validation', 'quorum', '数据验证'],
    chain: {
      chain_name: 'Validation with a quorum',
      params: {
        type: 'object',
        properties: {
          tables: tablesParam(HOSPITALS),
          schema: schemaParam,
          title: title('Valid tables'),
        },
      },
      tasks: [
        ...validations(['alice', 'bob', 'carol']).map((task) => ({ ...task, retry_policy: { max_retries: 0 } })),
        report(['validate-alice', 'validate-bob', 'validate-carol'], { trigger_rule: { at_least: 2 } }),
      ],
      options: { ...OPTIONS, stop_on_error: false },
    },
  },
  {
    template_id: 'template-credit-scoring',
    title: 'Credit scoring (信贷风控评分)',
    description:
      'A bank and a registry prepare their tables, intersect their customers and train a score on secret shares, which is judged on customers that it has not seen. 联合风控建模。',
    tags: ['credit', 'vertical', '风控'],
    chain: {
      chain_name: 'Credit scoring',
      params: {
        type: 'object',
        properties: {
          ...shared,
          tables: tablesParam({ alice: 'dataset:alice/bank@1', bob: 'dataset:bob/registry@1' }),
          numbers: columnsParam('Columns of numbers, filled and scaled', {
            alice: ['duration', 'credit_amount', 'installment_commitment'],
            bob: ['age', 'residence_since'],
          }),
          words: columnsParam('Columns of words, one column for each word but the first', {
            alice: ['checking_status'],
            bob: ['own_telephone'],
          }),
          features: columnsParam('Columns to learn from, after that', {
            alice: [
              'checking_status_<0',
              'checking_status_>=200',
              'checking_status_no checking',
              'duration',
              'credit_amount',
              'installment_commitment',
            ],
            bob: ['age', 'residence_since', 'own_telephone_yes'],
          }),
          label: { type: 'string', title: 'The column to learn, of alice', default: 'bad' },
          epochs: { type: 'integer', minimum: 1, maximum: 100, default: 20 },
          min_auc: aucParam(0.65),
          title: title('Credit scoring'),
        },
      },
      outputs: { evaluation: '${tasks.evaluate-score.result}' },
      tasks: [
        scale([
          { op: 'fillna', method: 'median', columns: '${params.numbers}' },
          { op: 'onehot_encoder', columns: '${params.words}', drop: 'first' },
          { op: 'standard_scaler', columns: '${params.numbers}' },
        ]),
        psi('prepare'),
        trainedBy('score', 'ss_lr', {
          epochs: '${params.epochs}',
          learning_rate: 0.3,
          batch_size: 64,
          penalty: 'l2',
          l2_norm: 0.5,
        }),
        judge('score', '${params.min_auc}'),
        report(['intersect', 'evaluate-score']),
      ],
      options: OPTIONS,
    },
  },
  {
    template_id: 'template-encrypted-delivery',
    title: 'Encrypted delivery (加密交付)',
    description:
      "Two parties intersect their rows; alice's and the results are encrypted to recipients outside of the chain, who alone can read them.",
    tags: ['psi', 'encrypt', '加密'],
    chain: {
      chain_name: 'Encrypted delivery',
      params: {
        type: 'object',
        required: ['recipients'],
        properties: {
          ...shared,
          tables: tablesParam(PATIENTS),
          recipients: { type: 'array', items: { type: 'string' }, minItems: 1, title: 'Keys of recipients (age1...)' },
          title: title('Encrypted delivery'),
        },
      },
      tasks: [
        {
          task_id: 'intersect',
          task_name: 'Intersect',
          task_type: 'psi',
          depends_on: [],
          task_params: {
            ...between(PARTIES),
            task_config: { keys: '${params.keys}', input_paths: '${params.tables}', receiver: 'alice' },
          },
        },
        {
          task_id: 'deliver',
          task_name: 'Encrypt to the recipients',
          task_type: 'encrypt',
          depends_on: ['intersect'],
          task_params: {
            ...between(['alice']),
            task_config: {
              recipients: '${params.recipients}',
              input_data: { alice: '${tasks.intersect.result.output_paths.alice}' },
              results: true,
            },
          },
        },
        report(['intersect', 'deliver']),
      ],
      options: OPTIONS,
    },
  },
];
