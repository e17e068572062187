/** Parts that the types' `configSchema`s are made of. */
import type { JsonSchema, ParamFault, RunTask, TaskType } from './task-type.js';

/**
 * A type of the native engine. `check` finds what a schema cannot say; it is called with a `task_config` that fits the
 * schema, in which any string may still be a reference. Pointers are relative to `task_config`.
 */
export interface NativeTaskType extends TaskType {
  readonly check?: (config: Record<string, unknown>) => ParamFault[];
  /** Imports the code that runs it, so that the API can list types without it. */
  readonly load: () => Promise<RunTask>;
}

/** Marks a map from party to value: `checkTaskParams` holds its keys against the parties, and those that have a table. */
export const PER_PARTY = 'x-per-party';

/** Beside an `enum`: the values that another engine would take, and which. `{KKRT_PSI_2PC: 'secretflow'}` */
export const ELSEWHERE = 'x-other-engines';

/** Marks a parameter that may be `${secrets.<name>}`: see `takesSecret`. */
export const SECRET = 'x-secret';

const PARTY_NAME = '^[A-Za-z][A-Za-z0-9_-]{0,63}$';

/** A `task_config` of exactly these properties, besides `task_type`. */
export function configSchema(
  type: string,
  properties: Record<string, JsonSchema>,
  required: readonly string[],
): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    additionalProperties: false,
    required,
    properties: { task_type: { const: type, description: 'The task type again, where given.' }, ...properties },
  };
}

/** `{alice: <value>, bob: <value>}`. */
export function perParty(value: JsonSchema, description: string): JsonSchema {
  return {
    type: 'object',
    [PER_PARTY]: true,
    description,
    minProperties: 1,
    propertyNames: { pattern: PARTY_NAME },
    additionalProperties: value,
  };
}

export const columnName: JsonSchema = { type: 'string', minLength: 1, maxLength: 1024 };

export const columnNames: JsonSchema = {
  type: 'array',
  items: columnName,
  minItems: 1,
  maxItems: 10_000,
  uniqueItems: true,
};

/** Columns to work on: one list for every party (each takes those it has), or a list per party. */
export function columnChoice(description: string): JsonSchema {
  return {
    type: ['array', 'object'],
    [PER_PARTY]: true,
    description: `${description} A list for all parties, of which each takes those it has, or {party: list}.`,
    items: columnName,
    minItems: 1,
    uniqueItems: true,
    additionalProperties: columnNames,
  };
}

export const inputPath: JsonSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 4096,
  description: "Below the party's data folder, absolute or relative; or an artifact: reference.",
};

export const outputPath: JsonSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 4096,
  description: "Below the party's data folder; artifact:<name>, or nothing, keeps the file as an artifact of the task.",
};
