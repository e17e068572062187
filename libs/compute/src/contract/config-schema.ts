/** Parts that the types' `configSchema`s are made of. */
import type { JsonSchema } from './task-type.js';

/** Marks a map from party to value: `checkTaskParams` holds its keys against the parties, and those that have a table. */
export const PER_PARTY = 'x-per-party';

/** Beside an `enum`: values that no engine takes yet, and whose they are. `{BC22_PSI_2PC: 'SecretFlow'}` */
export const ELSEWHERE = 'x-other-engines';

/** Marks a parameter that may be `${secrets.<name>}`: see `takesSecret`. */
export const SECRET = 'x-secret';

/** What a party, or a dealer, may be called. */
export const PARTY = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
const PARTY_NAME = PARTY.source;

/** A `task_config` of exactly these properties, besides `task_type`. */
export function configSchema<
  const Properties extends Readonly<Record<string, JsonSchema>>,
  const Required extends keyof Properties & string,
>(type: string, properties: Properties, required: readonly Required[]) {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    additionalProperties: false,
    required,
    properties: { task_type: { const: type, description: 'The task type again, where given.' }, ...properties },
  } as const;
}

/** `{alice: <value>, bob: <value>}`. */
export function perParty<const Value extends JsonSchema>(value: Value, description: string) {
  return {
    type: 'object',
    [PER_PARTY]: true,
    description,
    minProperties: 1,
    propertyNames: { pattern: PARTY_NAME },
    additionalProperties: value,
  } as const;
}

export const columnName = { type: 'string', minLength: 1, maxLength: 1024 } as const;

export const columnNames = {
  type: 'array',
  items: columnName,
  minItems: 1,
  maxItems: 10_000,
  uniqueItems: true,
} as const;

/** Columns to work on: one list for every party (each takes those it has), or a list per party. */
export function columnChoice(description: string) {
  return {
    type: ['array', 'object'],
    [PER_PARTY]: true,
    description: `${description} A list for all parties (each takes those that it has), or {party: list}.`,
    items: columnName,
    minItems: 1,
    uniqueItems: true,
    additionalProperties: columnNames,
  } as const;
}

export const inputPath = {
  type: 'string',
  minLength: 1,
  maxLength: 4096,
  description: "Below the party's data folder, absolute or relative; or an artifact: reference.",
} as const;

export const outputPath = {
  type: 'string',
  minLength: 1,
  maxLength: 4096,
  description: "Below the party's data folder; artifact:<name>, or nothing, keeps the file as an artifact of the task.",
} as const;

/** Tables of one party by the names that a text or a command gives them: see `tableNameFaults`. */
export const namedTables = {
  type: 'object',
  minProperties: 1,
  maxProperties: 20,
  additionalProperties: inputPath,
} as const;
