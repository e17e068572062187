import type { PartyContext } from '../party/party-program.js';
import { keepModel } from '../party/model-card.js';
import { TaskFailure, type JsonObject } from '../contract/task-type.js';

export const OBJECTIVES = ['logistic', 'linear'] as const;
export type Objective = (typeof OBJECTIVES)[number];

/** The properties that two models must share to be averaged. */
export interface Signature {
  readonly objective: Objective;
  readonly label: string;
  readonly features: readonly string[];
}

/**
 * A regression over columns that one table holds: its score is `intercept + sum(weights * features)`, on the columns as they
 * are, unscaled; the prediction is the score, or its sigmoid in a logistic model. `rows` is how many rows it was made from.
 */
export interface RegressionModel extends Signature {
  readonly weights: readonly number[];
  readonly intercept: number;
  readonly rows: number;
}

const FORMAT = 'taskchain/regression/v1';
/** A model of 10,000 columns has well under 1 MiB. */
const MAX_MODEL_BYTES = 16 * 1024 * 1024;

/** Keeps a model as JSON, and its card; the same model gives the same bytes. `more`: further fields of the file. */
export function writeModel(
  context: PartyContext,
  target: string | null,
  model: RegressionModel,
  card: JsonObject,
  more: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  return keepModel(context, { target, content: { format: FORMAT, ...model, ...more }, card });
}

/** Reads a model of this party. Throws MODEL_INCOMPATIBLE for any other file, besides what opening it throws. */
export async function readModel(context: PartyContext, path: string): Promise<RegressionModel> {
  const { content, refuse } = await readModelFile(context, path);
  const model = regressionOf(content);
  if (model) return model;
  throw refuse(`is no model of train, aggregate, merge_models or federated_training (format ${FORMAT})`);
}

/** Reads a model of this party over exactly these columns. Throws as {@link readModel}. */
export async function readLike(context: PartyContext, path: string, signature: Signature): Promise<RegressionModel> {
  const model = await readModel(context, path);
  const { objective, label, features } = signature;
  const isLike =
    model.objective === objective &&
    model.label === label &&
    model.features.length === features.length &&
    model.features.every((name, at) => name === features[at]);
  if (isLike) return model;
  const message = `Party ${context.party}: ${path} is a model of another kind, label or features than this training.`;
  throw new TaskFailure('MODEL_INCOMPATIBLE', message, false, { party: context.party });
}

/** Reads a model's file. Throws MODEL_INCOMPATIBLE for a file that is not a valid model. */
export async function readModelFile(
  context: PartyContext,
  path: string,
): Promise<{ content: unknown; refuse: (why: string) => TaskFailure }> {
  const refuse = (why: string): TaskFailure =>
    new TaskFailure('MODEL_INCOMPATIBLE', `Party ${context.party}: ${path} ${why}.`, false, { party: context.party });
  const input = await context.openInput(path);
  let text: string;
  try {
    if (input.sizeBytes > MAX_MODEL_BYTES) throw refuse('is too large for a model');
    text = await input.handle.readFile('utf8');
  } finally {
    await input.close();
  }
  try {
    return { content: JSON.parse(text), refuse };
  } catch {
    throw refuse('is no JSON, and so no model');
  }
}

/** The model that a file's content is, if it is one. */
export function regressionOf(content: unknown): RegressionModel | undefined {
  if (!isModel(content)) return undefined;
  const { objective, label, features, weights, intercept, rows } = content;
  return { objective, label, features, weights, intercept, rows };
}

function isModel(value: unknown): value is RegressionModel {
  if (typeof value !== 'object' || value === null) return false;
  const { format, objective, label, features, weights, intercept, rows } = value as Record<string, unknown>;
  return (
    format === FORMAT &&
    OBJECTIVES.includes(objective as Objective) &&
    typeof label === 'string' &&
    Array.isArray(features) &&
    features.length > 0 &&
    features.every((name) => typeof name === 'string') &&
    new Set(features).size === features.length &&
    Array.isArray(weights) &&
    weights.length === features.length &&
    [...weights, intercept].every((weight) => Number.isFinite(weight)) &&
    Number.isInteger(rows) &&
    (rows as number) > 0
  );
}
