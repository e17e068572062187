import {
  aucParam,
  between,
  listParam,
  OPTIONS,
  partiesParam,
  type ShippedTemplate,
  SIGNS,
  tablesParam,
} from './parts.js';

const CLINICS = {
  alice: 'dataset:alice/clinic@1',
  bob: 'dataset:bob/clinic@1',
  carol: 'dataset:carol/clinic@1',
};
const text = { type: 'string' };
const given = (...names: readonly string[]): object =>
  Object.fromEntries(names.map((name) => [name, `\${params.${name}}`]));

/** Some rounds, from the models of the turn before. */
const turn = {
  params: {
    type: 'object',
    properties: {
      parties: { type: 'array', items: text },
      tables: { type: 'object', additionalProperties: text },
      features: { type: 'array', items: text },
      label: text,
      rounds: { type: 'integer' },
      models: { type: 'object', 'x-artifact': true, default: {} },
    },
  },
  outputs: {
    models: '${tasks.rounds.result.model_paths}',
    before: '${tasks.rounds.result.training_metrics.initial_loss}',
    loss: '${tasks.rounds.result.training_metrics.final_loss}',
  },
  tasks: [
    {
      task_id: 'rounds',
      task_name: 'Train some rounds',
      task_type: 'federated_training',
      depends_on: [],
      task_params: {
        ...between('${params.parties}'),
        task_config: {
          train_data: '${params.tables}',
          model: 'logistic',
          ...given('features', 'label'),
          initial_model: '${params.models}',
          params: { rounds: '${params.rounds}', learning_rate: 0.1 },
        },
      },
    },
  ],
};

/** The last model, on rows that it has not seen. */
const judgement = {
  params: {
    type: 'object',
    properties: {
      parties: { type: 'array', items: text },
      models: { type: 'object', 'x-artifact': true },
      test: text,
      label: text,
      min_auc: { type: 'number' },
    },
  },
  outputs: { evaluation: '${tasks.evaluate.result}' },
  tasks: [
    {
      task_id: 'evaluate',
      task_name: 'Judge the model',
      task_type: 'evaluation',
      depends_on: [],
      task_params: {
        ...between('${params.parties}'),
        task_config: {
          model: { alice: '${params.models.alice}' },
          test_data: { alice: '${params.test}' },
          label: '${params.label}',
          bucket_size: 5,
          assert: { auc: { min: '${params.min_auc}' } },
        },
      },
    },
  ],
};

/** A chain whose turns hand files on. */
export const loopTemplates: readonly ShippedTemplate[] = [
  {
    template_id: 'template-federated-loop',
    title: 'Federated training until the loss stops falling (横向联邦训练循环)',
    description:
      'Parties with the same columns of different rows train one model under masks, turn by turn, each from the model of the turn before, until a turn lowers the loss by less than 0.01; one of them judges it on rows that it has kept.',
    tags: ['training', 'horizontal', 'loop', '联邦学习'],
    chain: {
      chain_name: 'Federated training until the loss stops falling',
      params: {
        type: 'object',
        properties: {
          parties: partiesParam('alice', 'bob', 'carol'),
          tables: tablesParam(CLINICS),
          test: { type: 'string', title: 'Rows of alice to judge by', default: 'dataset:alice/clinic-test@1' },
          features: listParam('Columns to learn from', SIGNS),
          label: { type: 'string', title: 'The column to learn', default: 'y' },
          rounds: { type: 'integer', minimum: 1, maximum: 100, default: 5, title: 'Rounds of a turn' },
          min_auc: aucParam(0.9),
        },
      },
      outputs: {
        evaluation: '${tasks.judge.result.evaluation}',
        loss: '${tasks.train.result.loss}',
        models: '${tasks.train.result.models}',
      },
      tasks: [
        {
          task_id: 'train',
          task_name: 'Train in turns',
          task_type: 'chain',
          depends_on: [],
          task_params: {
            task_config: { chain: turn, args: given('parties', 'tables', 'features', 'label', 'rounds') },
          },
          repeat: {
            until: 'tasks.train.result.before - tasks.train.result.loss < 0.01',
            max: 30,
            carry: { models: 'models' },
          },
        },
        {
          task_id: 'judge',
          task_name: 'Judge the last model',
          task_type: 'chain',
          depends_on: ['train'],
          task_params: {
            task_config: {
              chain: judgement,
              args: { ...given('parties', 'test', 'label', 'min_auc'), models: '${tasks.train.result.models}' },
            },
          },
        },
      ],
      options: OPTIONS,
    },
  },
];
