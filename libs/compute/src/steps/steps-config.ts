import { columnChoice, configSchema, inputPath, outputPath, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';
import type { JsonSchema } from '../contract/task-type.js';
import type { StepKind } from './step.js';

const tables = {
  input_data: perParty(inputPath, 'Table of each party, CSV or Parquet.'),
  output_data: perParty(outputPath, 'Output table of each party.'),
} as const;

export const columns = columnChoice('Columns to work on.');

type TablesSchema = ReturnType<typeof configSchema<typeof tables, 'input_data'>>;

/** The schema of one step as a task type. Its static type covers the tables; the step itself reads its options. */
export function tablesSchema(
  type: string,
  options: Readonly<Record<string, JsonSchema>>,
  required: readonly string[],
): TablesSchema {
  return configSchema(type, { ...tables, ...options }, ['input_data', ...(required as readonly 'input_data'[])]);
}

/** The schema of a list of steps of these kinds. */
export function stepListSchema(type: string, kinds: readonly StepKind[]) {
  const items = {
    type: 'object',
    discriminator: { propertyName: 'op' },
    required: ['op'],
    oneOf: kinds.map(stepSchema),
  } as const;
  const steps = { type: 'array', minItems: 1, maxItems: 100, items } as const;
  return configSchema(type, { ...tables, steps }, ['input_data', 'steps']);
}

/** The tables of `task_config`. */
export type TablesConfig = ConfigOf<TablesSchema>;

function stepSchema(kind: StepKind): JsonSchema {
  return {
    title: kind.title,
    description: kind.description,
    type: 'object',
    additionalProperties: false,
    required: ['op', ...kind.required],
    properties: { op: { const: kind.op }, columns, ...kind.options },
  };
}
