import { defineTask } from '../contract/define-task.js';
import { fitFaults } from './fit-config.js';
import { trainSchema } from './train-config.js';

/** A model of each named party on its own rows, which stays with the party. */
export const train = defineTask({
  type: 'train',
  title: 'Local training',
  description:
    'Fits a logistic or linear regression of each party on its own rows. The model stays with its party as an artifact, ' +
    'until aggregate or merge_models combines the models of the upstream train tasks.',
  leaves:
    'Nothing but the name of the file. The model stays with the party; its loss and the number of rows are in party_results of that party alone.',
  needsParties: true,
  configSchema: trainSchema,
  check: fitFaults,
  load: async () => (await import('./train-run.js')).runTrain,
});
