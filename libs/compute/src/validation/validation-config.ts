import { configSchema, inputPath, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';

const rule = {
  type: 'object',
  additionalProperties: false,
  properties: {
    type: { enum: ['string', 'integer', 'number', 'boolean'], description: 'The type of every field.' },
    required: {
      type: 'boolean',
      default: false,
      description: 'Whether the column must exist and have no missing field.',
    },
    unique: { type: 'boolean', default: false, description: 'Whether values must be unique.' },
    min: { type: 'number', description: 'The lowest number; for the types integer and number.' },
    max: { type: 'number', description: 'The highest number; for the types integer and number.' },
    enum: {
      type: 'array',
      items: { type: ['string', 'number', 'boolean'] },
      minItems: 1,
      maxItems: 1000,
      uniqueItems: true,
      description: 'The permitted values.',
    },
  },
} as const;

const tableSchema = {
  type: 'object',
  minProperties: 1,
  maxProperties: 10_000,
  propertyNames: { minLength: 1, maxLength: 1024 },
  additionalProperties: rule,
} as const;

const rowCount = { type: 'integer', minimum: 0, maximum: 1_000_000_000 } as const;

export const validationSchema = configSchema(
  'validation',
  {
    input_data: perParty(inputPath, 'Table of each party, CSV or Parquet.'),
    schema: { ...tableSchema, description: 'Rules by column, for the table of every party.' },
    party_schemas: perParty(
      tableSchema,
      'Rules by column for the table of one party. They replace the rules of `schema` for the same column.',
    ),
    rows: {
      type: 'object',
      description: 'How many rows each table must have.',
      additionalProperties: false,
      minProperties: 1,
      properties: {
        min: { ...rowCount, description: 'Minimum number of rows.' },
        max: { ...rowCount, description: 'Maximum number of rows.' },
        equal: { type: 'boolean', description: 'Whether all tables must have the same number of rows.' },
      },
    },
  },
  ['input_data'],
);

/** `task_config` of `validation`. */
export type ValidationConfig = ConfigOf<typeof validationSchema>;

/** The rules of a column. */
export type ColumnRule = ConfigOf<typeof rule>;
export type TableSchema = ConfigOf<typeof tableSchema>;

/** A rule that a table breaks, as others see it: never with what. `column` is absent where it is about the whole table. */
export interface Finding {
  readonly party: string;
  readonly column?: string;
  readonly rule:
    'type' | 'required' | 'unique' | 'min' | 'max' | 'enum' | 'rows.min' | 'rows.max' | 'rows.equal' | 'withheld';
  /** For the party itself alone: `extent` says what others see. */
  readonly count: null;
  /** How many rows break it; of `rows`, how many there are. */
  readonly extent: string;
}
