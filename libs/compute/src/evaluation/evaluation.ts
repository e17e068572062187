import { defineTask } from '../contract/define-task.js';
import type { Unresolved } from '../contract/config-type.js';
import type { ParamFault } from '../contract/task-type.js';
import { evaluationSchema, labelPartyOf, type EvaluationConfig } from './evaluation-config.js';

/** Figures of a model on test data, whatever type has trained it. */
export const evaluation = defineTask({
  type: 'evaluation',
  title: 'Evaluation of a model on test data',
  description:
    'Predicts test data with a model of train, aggregate, merge_models or federated_training (of one party), or with both slices ' +
    'of ss_lr, ss_xgb or secureboost, and evaluates: a logistic model as biclassification_eval does, a linear one as regression_eval.',
  leaves:
    "Figures rounded as biclassification_eval and regression_eval say. Of two parties' models the label's party gets the rounded predictions on shares (ss_lr, ss_xgb), up to 12 bits of each row, or under masks the sides of the rows that reach a split (secureboost), and the predictions; the other party learns the row count, and which of its splits are asked for. For ss_lr both tell the largest absolute value of their features, rounded up to a power of two.",
  needsParties: true,
  configSchema: evaluationSchema,
  check: faultsOf,
  load: async () => (await import('./evaluation-run.js')).runEvaluation,
});

/** Checks beyond the schema: which parties take part. While the chain is created any value may still be a reference. */
function faultsOf(config: Unresolved<EvaluationConfig>): ParamFault[] {
  if (typeof config.model !== 'object' || typeof config.test_data !== 'object') return [];
  const parties = Object.keys(config.model);
  const faults: ParamFault[] = [];
  if (parties.toSorted().join() !== Object.keys(config.test_data).toSorted().join()) {
    faults.push({ pointer: '/test_data', message: `must be of the parties of model (${parties.join(', ')})` });
  }
  const labelParty = labelPartyOf(config.model, config.label_party);
  if (labelParty === undefined) {
    faults.push({ pointer: '/label_party', message: `is required with two parties: one of ${parties.join(', ')}` });
  } else if (!labelParty.includes('${') && !parties.includes(labelParty)) {
    const message = `${JSON.stringify(labelParty)} is no party of model (${parties.join(', ')})`;
    faults.push({ pointer: '/label_party', message });
  }
  return faults;
}
