import { columnName, columnNames, inputPath, outputPath, perParty } from '../contract/config-schema.js';
import type { Unresolved } from '../contract/config-type.js';
import type { ParamFault } from '../contract/task-type.js';
import type { VerticalConfig } from './vertical-plan.js';

/** The most parties of a training on shares. */
export const MOST_PARTIES = 8;

const ofAll = <const Most extends number>(most: Most, description: string) =>
  ({ ...perParty(inputPath, description), minProperties: 2, maxProperties: most }) as const;
/** One path for every party, or a path per party. */
const pathOrPaths = (description: string) =>
  ({ ...perParty(outputPath, description), type: ['string', 'object'], minLength: 1 }) as const;

/** The required properties of a vertical training: its inputs. `who` names its parties, at most `most`. */
export const verticalDataOf = <const Most extends number>(most: Most, who: string) =>
  ({
    features: {
      ...perParty(
        { ...columnNames, minItems: 0 },
        'Numeric feature columns of each party, e.g. {"alice": ["age"], "bob": ["income"]}.',
      ),
      maxProperties: most,
    },
    label: { ...columnName, description: 'Label column, 0 or 1 in logistic regression.' },
    label_party: { type: 'string', minLength: 1, description: 'The party that has the label.' },
    train_data: ofAll(most, `Table of each of the ${who}, CSV or Parquet, with the same rows in the same order.`),
  }) as const;

/** {@link verticalDataOf} two parties. */
export const verticalData = verticalDataOf(2, 'two parties');

/** The optional properties: outputs and predictions. */
export const verticalOutputs = {
  model_output: pathOrPaths(
    'Output slice of each party: one path for all, or one for each; by default the artifact <party>/model.json.',
  ),
  test_data: ofAll(
    MOST_PARTIES,
    'Tables of all parties to predict on, with the same columns as train_data; by default the held-out rows, else the training rows.',
  ),
  test_fraction: {
    type: 'number',
    minimum: 0,
    maximum: 0.9,
    default: 0,
    description: 'Share of the rows to hold out of training, and to predict on.',
  },
  split_seed: {
    type: 'integer',
    minimum: 0,
    maximum: 4294967295,
    default: 0,
    description: 'Seed of the order of rows and of what is held out; the same seed gives the same rows.',
  },
  prediction_output: pathOrPaths(
    'Where the receiver keeps its predictions (columns label, where it has it, and prediction); by default, if there ' +
      'are rows to predict on, the artifact <party>/predictions.csv.',
  ),
  prediction_receiver: {
    type: 'string',
    minLength: 1,
    description: 'The one party that gets the predictions; by default label_party.',
  },
} as const;

/**
 * Checks beyond the schema: who has the label and receives predictions, and which options exclude each other. While the
 * chain is created any value may still be a reference, also `train_data` as a whole; then there are no names to compare
 * with.
 */
export function verticalFaults(config: Unresolved<VerticalConfig>): ParamFault[] {
  if (typeof config.train_data !== 'object' || typeof config.features !== 'object') return [];
  const parties = Object.keys(config.train_data);
  const faults: ParamFault[] = [];
  for (const key of ['label_party', 'prediction_receiver'] as const) {
    const name = config[key];
    if (name === undefined || isReference(name) || parties.includes(name)) continue;
    faults.push({
      pointer: `/${key}`,
      message: `${JSON.stringify(name)} is no party of train_data (${parties.join(', ')})`,
    });
  }
  if (Object.values(config.features).every((names) => names.length === 0)) {
    faults.push({ pointer: '/features', message: 'must name at least one column' });
  }
  if (config.features[config.label_party]?.includes(config.label)) {
    faults.push({ pointer: `/features/${config.label_party}`, message: 'must not hold the label' });
  }
  const receiver = config.prediction_receiver ?? config.label_party;
  const kept = config.prediction_output;
  if (typeof kept === 'object' && !Object.hasOwn(kept, receiver) && !isReference(receiver)) {
    const message = `must have a path of ${receiver}, which gets the predictions`;
    faults.push({ pointer: '/prediction_output', message });
  }
  const tests = config.test_data;
  const missing = typeof tests === 'object' ? parties.find((party) => !Object.hasOwn(tests, party)) : undefined;
  if (missing !== undefined) faults.push({ pointer: '/test_data', message: `must have a table of ${missing}, too` });
  if (tests && config.test_fraction) {
    faults.push({ pointer: '/test_fraction', message: 'must not be given together with test_data' });
  }
  return faults;
}

const isReference = (name: string): boolean => name.includes('${');
