import { defineTask } from '../contract/define-task.js';
import type { Unresolved } from '../contract/config-type.js';
import type { ParamFault } from '../contract/task-type.js';
import { modelFaults } from './evaluation-schema.js';
import { predictSchema, type PredictConfig } from './predict-config.js';

/** Predictions of a model on new rows, whatever type has trained it (SecretFlow's `ss_sgd_predict` and its like). */
export const predict = defineTask({
  type: 'predict',
  title: 'Predictions of a model on new rows',
  description:
    'Predicts rows without a label, a run of rows after the other: with a model of train, aggregate, merge_models or federated_training ' +
    '(of one party), or with all slices of ss_lr, ss_glm, ss_xgb or secureboost. One party gets the predictions.',
  leaves:
    'Of joint models the receiver alone gets the predictions: rounded on shares (ss_lr, ss_glm, ss_xgb), up to 12 bits of each row; ' +
    'with secureboost also, under masks, the sides of the rows that reach a split. Each other party learns the row count, and of ' +
    'secureboost which of its splits are asked for. For ss_lr all tell the largest absolute value of their features, rounded up ' +
    'to a power of two. A receiver that asks again after changing its columns learns an equation each time: by two predictions ' +
    "its own weights, by thirty the others' part of each score to seven digits, and where it knows as many rows of the others' " +
    'columns as there are columns and one, their weights. Predictions are counted in the ledger and not limited by it: bound them by ' +
    'uses. With serve each row is opened alone, once the receiver asks for it and it is counted: the others learn which row, and when. ' +
    'The result has the row count in steps of 20.',
  needsParties: true,
  configSchema: predictSchema,
  check: faultsOf,
  load: async () => (await import('./predict-run.js')).runPredict,
});

function faultsOf(config: Unresolved<PredictConfig>): ParamFault[] {
  const faults = modelFaults(config.model, {
    data: ['input_data', config.input_data],
    party: ['prediction_receiver', config.prediction_receiver],
  });
  const { keep_columns: keep, prediction_name: name = 'prediction' } = config;
  if (Array.isArray(keep) && keep.includes(name)) {
    const message = `must not be one of keep_columns: ${JSON.stringify(name)}`;
    faults.push({ pointer: '/prediction_name', message });
  }
  return [...faults, ...serveFaults(config)];
}

/** What is served is no table. */
function serveFaults(config: Unresolved<PredictConfig>): ParamFault[] {
  if (config.serve === undefined) return [];
  const faults: ParamFault[] = (['prediction_name', 'keep_columns', 'prediction_output'] as const)
    .filter((field) => config[field] !== undefined)
    .map((field) => ({ pointer: `/${field}`, message: 'must be absent with serve, which writes no table' }));
  const { model } = config;
  if (typeof model === 'object' && Object.keys(model).length === 1)
    faults.push({ pointer: '/serve', message: 'needs a model of several parties: one party predicts by itself' });
  return faults;
}
