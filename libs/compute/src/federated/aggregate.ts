import type { Unresolved } from '../contract/config-type.js';
import { defineTask } from '../contract/define-task.js';
import type { ParamFault } from '../contract/task-type.js';
import { aggregateSchema, type AggregateConfig } from './aggregate-config.js';

const combining = <const Type extends string>(type: Type, title: string, description: string) =>
  defineTask({
    type,
    title,
    description,
    leaves:
      'Masked models. Their sum is revealed to the aggregator (at sites there is none) and the receivers, the number of rows behind it to all; the names ' +
      'of features are compared in clear. Whoever gives a model learns the sum of the others. Of two parties that is the other ' +
      "model: a warning says so. All parties but one together learn that one's model. Two sums that differ by one party give its model.",
    needsParties: true,
    configSchema: aggregateSchema(type),
    check: receiverFaults,
    load: async () => {
      const { runAggregate } = await import('./aggregate-run.js');
      return (run) => runAggregate(run, {}, type);
    },
  });

/** Federated averaging in one round: the mean of the parties' models, and nothing of a single one. */
export const aggregate = combining(
  'aggregate',
  'Secure aggregation of models',
  'Averages the models of the upstream train tasks, weighted by their rows, with secure aggregation (Bonawitz et al. 2017). ' +
    'All models must have the same objective, label and features.',
);

/** As `aggregate`, by the name that a chain may give to a merge in its midst. */
export const mergeModels = combining(
  'merge_models',
  'Merge models',
  'Merges the models of upstream tasks (train, aggregate, federated_training) into their mean, by secure aggregation: the same as aggregate, under another name.',
);

function receiverFaults({
  models: given,
  receivers,
  model_output: outputs,
}: Unresolved<AggregateConfig>): ParamFault[] {
  if (typeof receivers !== 'object') return [];
  const names = receivers;
  const isOpen = (name: string): boolean => name.includes('${');
  const faults: ParamFault[] = [];
  for (const [at, receiver] of names.entries()) {
    if (typeof given !== 'object' || Object.hasOwn(given, receiver) || isOpen(receiver)) continue;
    const message = `gives no model; those that do are ${Object.keys(given).join(', ')}`;
    faults.push({ pointer: `/receivers/${at}`, message });
  }
  for (const party of typeof outputs === 'object' && !names.some(isOpen) ? Object.keys(outputs) : []) {
    if (names.includes(party)) continue;
    faults.push({ pointer: `/model_output/${party}`, message: `is no party of receivers (${names.join(', ')})` });
  }
  return faults;
}
