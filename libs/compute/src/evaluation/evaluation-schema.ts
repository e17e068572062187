import { holderOf, type HeldTable } from './holder.js';
import type { Unresolved } from '../contract/config-type.js';
import { inputPath, outputPath, perParty } from '../contract/config-schema.js';
import { METRICS, type MetricName } from './metrics.js';
import { REGRESSION_METRICS, type RegressionMetricName } from './regression-metrics.js';
import type { JsonSchema, ParamFault } from '../contract/task-type.js';
import { MOST_PARTIES } from '../vertical/vertical-schema.js';

/** A path with the one party that it belongs to, or an artifact that names its party. */
const ofOne = <const Path extends JsonSchema>(path: Path, description: string) =>
  ({ ...perParty(path, description), type: ['string', 'object'], minLength: 1, maxProperties: 1 }) as const;

/** A path of each party of a model. */
export const ofModel = (description: string) =>
  ({ ...perParty(inputPath, description), maxProperties: MOST_PARTIES }) as const;

/** The table of an evaluation. */
export const predictionData = ofOne(
  inputPath,
  'The table: {party: path}, or an artifact of one party, e.g. the prediction_output of ss_lr.',
);

/** Output of an evaluation's report. */
export const evaluationReport = ofOne(outputPath, 'Output report; by default the artifact <party>/evaluation.json.');

/** Number of buckets of an evaluation. */
export const bucketSize = { type: 'integer', minimum: 1, maximum: 100, default: 10 } as const;

const floorOf = (name: MetricName) =>
  ({
    type: 'object',
    description: `Floor under ${name}.`,
    additionalProperties: false,
    required: ['min'],
    properties: { min: { type: 'number', minimum: 0, maximum: 1, description: 'The lowest value that passes.' } },
  }) as const;

/** Bounds that `assert` may set for a model of two classes, by metric. */
export const classGates = Object.fromEntries(METRICS.map((name) => [name, floorOf(name)])) as Record<
  MetricName,
  ReturnType<typeof floorOf>
>;

const boundsOf = (name: RegressionMetricName) =>
  ({
    type: 'object',
    description: `Bounds of ${name}.`,
    additionalProperties: false,
    minProperties: 1,
    properties: {
      min: { type: 'number', description: 'The lowest value that passes.' },
      max: { type: 'number', description: 'The highest value that passes.' },
    },
  }) as const;

/** Bounds that `assert` may set for a model of numbers, by metric. */
export const numberGates = Object.fromEntries(REGRESSION_METRICS.map((name) => [name, boundsOf(name)])) as Record<
  RegressionMetricName,
  ReturnType<typeof boundsOf>
>;

/** Checks beyond the schema: the table's party must be known, and the report must belong to it. */
export function holderFaults(config: Unresolved<HeldTable>): ParamFault[] {
  const { prediction_data: data, output_report: report } = config;
  const faults: ParamFault[] = [];
  if (typeof data === 'string' && data.includes('${')) return faults;
  const holder = holderOf(data);
  if (!holder) {
    const message = 'must say whose it is: {party: path}, or artifact:<chain_id>/<task_id>/<party>/<name>';
    faults.push({ pointer: '/prediction_data', message });
  } else if (typeof report === 'object' && !(holder.party in report)) {
    faults.push({ pointer: '/output_report', message: `must belong to ${holder.party}, as prediction_data does` });
  }
  return faults;
}

/** The party that gets what is predicted with a model: the one that is named, or the only one. Undefined where the parameters do not say. */
export function receiverOf(model: object, named: string | undefined): string | undefined {
  const parties = Object.keys(model);
  return named ?? (parties.length === 1 ? parties[0] : undefined);
}

/** Parameters beside a model, each with its name: the tables, and the party that gets what is predicted. */
interface BesideModel {
  readonly data: readonly [name: string, value: unknown];
  readonly party: readonly [name: string, value: string | undefined];
}

/** Checks beyond the schema: which parties take part. While the chain is created any value may still be a reference. */
export function modelFaults(model: unknown, { data, party }: BesideModel): ParamFault[] {
  const [of, tables] = data;
  const [named, value] = party;
  if (typeof model !== 'object' || model === null || typeof tables !== 'object' || tables === null) return [];
  const parties = Object.keys(model);
  const faults: ParamFault[] = [];
  if (parties.toSorted().join() !== Object.keys(tables).toSorted().join()) {
    faults.push({ pointer: `/${of}`, message: `must be of the parties of model (${parties.join(', ')})` });
  }
  const receiver = receiverOf(model, value);
  if (receiver === undefined) {
    faults.push({
      pointer: `/${named}`,
      message: `is required with ${parties.length === 2 ? 'two' : 'several'} parties: one of ${parties.join(', ')}`,
    });
  } else if (!receiver.includes('${') && !parties.includes(receiver)) {
    const message = `${JSON.stringify(receiver)} is no party of model (${parties.join(', ')})`;
    faults.push({ pointer: `/${named}`, message });
  }
  return faults;
}
