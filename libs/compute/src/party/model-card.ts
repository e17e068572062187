import { createRequire } from 'node:module';
import type { JsonObject, JsonSchema } from '../contract/task-type.js';
import type { PartyContext } from './party-program.js';
import type { OutputRows } from './row-sets.js';
import { writeJson } from './write-json.js';

const CARD_FORMAT = 'taskchain/model-card/v1';

/** Compiled, this file lies five folders below the project's. */
const project = createRequire(import.meta.url)('../../../../../package.json') as { readonly version: string };

/** The version of Task Chain. */
export const VERSION = project.version;

/** What the author of a training chose. */
export interface Choices {
  readonly taskType: string;
  /** `params`, every default filled in. */
  readonly parameters: JsonObject;
}

interface TrainingSchema {
  readonly properties: {
    readonly task_type: { readonly const: string };
    readonly params: { readonly properties: Readonly<Record<string, JsonSchema>> };
  };
}

/** The choices of a checked config, by the schema of its type. */
export function choicesOf({ properties }: TrainingSchema, params: JsonObject = {}): Choices {
  const defaults = Object.entries(properties.params.properties).flatMap(([name, { default: value }]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return {
    taskType: properties.task_type.const,
    parameters: { ...(Object.fromEntries(defaults) as JsonObject), ...params },
  };
}

/** What a party's model was made of and how, beside {@link Choices}. */
interface Made {
  /** The tables or models, as the party opened them. */
  readonly from: readonly string[];
  /** Of the training, of this party or of all of them together. */
  readonly rows: number;
  /** Which rows of the table were held out of the training, where some were. */
  readonly split?: JsonObject;
  /** What all parties of the training know of how it went, and of `train` the party alone. */
  readonly figures: JsonObject;
}

/** What the model card of a party holds beside its own model's place: what the party brought itself, and what all parties know. Make it once the tables are open. */
export function modelCard(context: PartyContext, { taskType, parameters }: Choices, made: Made): JsonObject {
  const { from, split, rows, figures } = made;
  return {
    made_by: { task_type: taskType, version: VERSION, chain_id: context.chainId, task_id: context.taskId },
    parties: [context.party, ...context.peers].sort(),
    trained_on: { inputs: [...from], datasets: [...context.datasets], rows, ...(split && { split }) },
    parameters,
    figures,
  };
}

/** A party's model, as it is kept. */
interface KeptModel {
  /** As the task's parameters give it. */
  readonly target: string | null;
  readonly content: object;
  readonly card: JsonObject;
  /** The rows whose figures it holds, where later figures of it are to be judged as figures of them. */
  readonly rows?: OutputRows;
}

/** Keeps a party's model, by default as its artifact `model.json`, and its card as `model_card.json`. Returns the reference of the model. */
export async function keepModel(context: PartyContext, { target, content, card, rows }: KeptModel): Promise<string> {
  const model = await writeJson(context, target, 'model.json', content, rows);
  await writeJson(context, null, 'model_card.json', { format: CARD_FORMAT, party: context.party, model, ...card });
  return model;
}
