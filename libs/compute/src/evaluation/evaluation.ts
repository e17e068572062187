import { defineTask } from '../contract/define-task.js';
import type { Unresolved } from '../contract/config-type.js';
import { evaluationSchema, type EvaluationConfig } from './evaluation-config.js';
import { modelFaults } from './evaluation-schema.js';

/** Figures of a model on test data, whatever type has trained it. */
export const evaluation = defineTask({
  type: 'evaluation',
  title: 'Evaluation of a model on test data',
  description:
    'Predicts test data with a model of train, aggregate, merge_models or federated_training (of one party), or with all slices ' +
    'of ss_lr, ss_glm, ss_xgb or secureboost, and evaluates: a logistic model as biclassification_eval does, a linear one as regression_eval.',
  leaves:
    "Figures rounded as biclassification_eval and regression_eval say. Of joint models the label's party gets the rounded predictions on shares (ss_lr, ss_glm, ss_xgb), up to 12 bits of each row, or under masks the sides of the rows that reach a split (secureboost), and the predictions; each other party learns the row count, and which of its splits are asked for. For ss_lr all tell the largest absolute value of their features, rounded up to a power of two.",
  needsParties: true,
  configSchema: evaluationSchema,
  check: ({ model, test_data: data, label_party: party }: Unresolved<EvaluationConfig>) =>
    modelFaults(model, { data: ['test_data', data], party: ['label_party', party] }),
  load: async () => (await import('./evaluation-run.js')).runEvaluation,
});
