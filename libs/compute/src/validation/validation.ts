import { configSchema, inputPath, perParty, type NativeTaskType } from '../contract/config-schema.js';
import type { JsonSchema, ParamFault } from '../contract/task-type.js';
import type { ColumnRule, TableSchema, ValidationConfig } from './validation-config.js';

const rule: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    type: { enum: ['string', 'integer', 'number', 'boolean'], description: 'What every field must be.' },
    required: {
      type: 'boolean',
      default: false,
      description: 'Whether the column must be there and no field of it may be missing.',
    },
    unique: { type: 'boolean', default: false, description: 'Whether no value may be there twice.' },
    min: { type: 'number', description: 'The lowest number; for the types integer and number.' },
    max: { type: 'number', description: 'The highest number; for the types integer and number.' },
    enum: {
      type: 'array',
      items: { type: ['string', 'number', 'boolean'] },
      minItems: 1,
      maxItems: 1000,
      uniqueItems: true,
      description: 'The values that there may be.',
    },
  },
};

const tableSchema: JsonSchema = {
  type: 'object',
  minProperties: 1,
  maxProperties: 10_000,
  propertyNames: { minLength: 1, maxLength: 1024 },
  additionalProperties: rule,
};

const rowCount: JsonSchema = { type: 'integer', minimum: 0, maximum: 1_000_000_000 };

/** Whether tables are what a chain takes them for, before it works on them. */
export const validation: NativeTaskType = {
  type: 'validation',
  title: 'Validation of tables',
  description:
    'Checks the table of each party: types, gaps, repeated values, ranges and permitted values of its columns, and its number of rows. ' +
    'The task fails with all that it finds.',
  leaves:
    'Which column breaks which rule in how many rows, down to 1, and the number of rows. The numbers of these rows stay with the ' +
    'party. No value is quoted, but whoever chooses the rules can find values by counting.',
  needsParties: true,
  configSchema: configSchema(
    'validation',
    {
      input_data: perParty(inputPath, 'Table of each party, CSV or Parquet.'),
      schema: { ...tableSchema, description: 'Rules by column, for the table of every party.' },
      party_schemas: perParty(
        tableSchema,
        'Rules by column for the table of one party, besides or instead of those for all.',
      ),
      rows: {
        type: 'object',
        description: 'How many rows each table must have.',
        additionalProperties: false,
        minProperties: 1,
        properties: {
          min: { ...rowCount, description: 'At least so many.' },
          max: { ...rowCount, description: 'At most so many.' },
          equal: { type: 'boolean', description: 'Whether all tables must have equally many, as aligned tables do.' },
        },
      },
    },
    ['input_data'],
  ),
  check: (config) => faultsOf(config as unknown as ValidationConfig),
  load: async () => (await import('./validation-run.js')).runValidation,
};

function faultsOf({ schema, party_schemas: schemas, rows }: ValidationConfig): ParamFault[] {
  if (schema === undefined && schemas === undefined && rows === undefined) {
    return [{ pointer: '/schema', message: 'is required, or party_schemas, or rows: there is nothing to check' }];
  }
  const faults = schemaFaults('/schema', schema);
  for (const [party, each] of Object.entries(isTable(schemas) ? schemas : {})) {
    faults.push(...schemaFaults(`/party_schemas/${party}`, each));
  }
  if (isTable(rows) && Number(rows.min) > Number(rows.max)) {
    faults.push({ pointer: '/rows/min', message: 'must not be above rows.max' });
  }
  return faults;
}

function schemaFaults(at: string, schema: TableSchema | undefined): ParamFault[] {
  if (!isTable(schema)) return [];
  return Object.entries(schema).flatMap(([column, each]) => {
    const pointer = `${at}/${column.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const message = isTable(each) ? faultOf(each) : undefined;
    return message === undefined ? [] : [{ pointer, message }];
  });
}

function faultOf({ type, min, max }: ColumnRule): string | undefined {
  const isNumeric = type === 'integer' || type === 'number';
  if ((min !== undefined || max !== undefined) && !isNumeric && !String(type).includes('${')) {
    return 'has min or max, which are for the types integer and number';
  }
  return Number(min) > Number(max) ? 'has a min above its max' : undefined;
}

/** Whether it is there and no reference. */
function isTable<T extends object>(value: T | undefined): value is T {
  return typeof value === 'object';
}
