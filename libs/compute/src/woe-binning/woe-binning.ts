import type { Unresolved } from '../contract/config-type.js';
import { defineTask } from '../contract/define-task.js';
import type { ParamFault } from '../contract/task-type.js';
import { woeBinningSchema, type WoeBinningConfig } from './woe-binning-config.js';

/** Bins of the columns of all parties by weight of evidence (SecretFlow's `vert_woe_binning`), where one party has the label. */
export const woeBinning = defineTask({
  type: 'woe_binning',
  title: 'Weight-of-evidence binning',
  description:
    'Puts the columns of all parties into bins, over rows that are aligned by psi, and replaces each value by the weight of evidence of its bin: how ' +
    'much more of the positive rows than of the negative ones are in it, by the label of one party. Positive rows of the bins of another party are counted on secret shares.',
  configSchema: woeBinningSchema,
  leaves:
    'The number of rows, which the other parties learn and the result has in steps of 20. The party of the label learns of another party’s columns how many bins they have in all, and ' +
    'nothing else. The other party learns the number of positive rows of each of its bins that has 20 rows and 5 of each class; of any other that it has not, and it is merged. ' +
    'The counts are charged to the label, 4.4 bits for a bin of 100 rows, and half a bit for each row is open over all tasks. Within that, who chooses bins in many tasks reads single labels by ' +
    'their differences: of 100 labels five were read.',
  needsParties: true,
  check,
  load: async () => (await import('./woe-binning-run.js')).runWoeBinning,
});

function check(config: Unresolved<WoeBinningConfig>): ParamFault[] {
  const { columns, label_column: label } = config;
  if (typeof columns !== 'object') return [];
  const lists = Object.entries(columns);
  const faults: ParamFault[] = [];
  if (lists.every(([, names]) => names.length === 0))
    faults.push({ pointer: '/columns', message: 'must name at least one column' });
  for (const [party, names] of lists) {
    const own = typeof label === 'object' && Object.hasOwn(label, party) ? label[party] : undefined;
    if (own !== undefined && typeof names !== 'string' && names.includes(own))
      faults.push({ pointer: `/columns/${party}`, message: 'must not hold the label' });
  }
  return faults;
}
