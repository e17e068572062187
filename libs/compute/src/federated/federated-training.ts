import type { Unresolved } from '../contract/config-type.js';
import { defineTask } from '../contract/define-task.js';
import type { ParamFault } from '../contract/task-type.js';
import { federatedTrainingSchema, type FederatedTrainingConfig } from './federated-training-config.js';
import { fitFaults } from './fit-config.js';

/** One model on the rows of all parties, by federated averaging with secure aggregation. */
export const federatedTraining = defineTask({
  type: 'federated_training',
  title: 'Federated training',
  description:
    'Fits one logistic or linear regression on the rows of all parties, which hold the same columns of different rows, by federated averaging. In each round every party trains the common model on its own rows, and the results are averaged by ' +
    'secure aggregation (Bonawitz et al. 2017).',
  leaves:
    'Masked vectors. Only their sum over the parties is revealed, to the aggregator (at sites there is none) and the parties: the number of rows, ' +
    'means and deviations of the columns, and in each round the loss and the model. Whoever takes part learns the sum of the ' +
    "others. Of two parties that is the other's part: a warning says so. All parties but one together learn that one's part. " +
    'Two trainings that differ by one party give its part.',
  needsParties: true,
  configSchema: federatedTrainingSchema,
  check: faultsOf,
  load: async () => (await import('./federated-training-run.js')).runFederatedTraining,
});

function faultsOf(config: Unresolved<FederatedTrainingConfig>): ParamFault[] {
  const { train_data: data, initial_model: initial, min_parties: least } = config;
  const faults = fitFaults(config);
  if (typeof data === 'object' && typeof initial === 'object') {
    const [missing] = Object.keys(data).filter((party) => !Object.hasOwn(initial, party));
    const isGiven = Object.keys(initial).length > 0;
    if (isGiven && missing !== undefined)
      faults.push({ pointer: '/initial_model', message: `has no model of ${missing}: every party begins with it` });
  }
  if (typeof data !== 'object' || typeof least !== 'number') return faults;
  const parties = Object.keys(data).length;
  if (least <= parties) return faults;
  return [...faults, { pointer: '/min_parties', message: `must be at most the ${parties} parties of train_data` }];
}
