import { columnName, configSchema, inputPath, outputPath, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';
import { expressionText } from '../expression/expression-faults.js';

/** Columns that one task makes for a party. */
const MAX_COLUMNS = 100;

export const tables = {
  input_data: perParty(inputPath, 'Table of each party, CSV or Parquet.'),
  output_data: perParty(outputPath, 'Output table of each party.'),
} as const;

/** `{party: [<column>, ...]}`: columns to make, each described by `properties` beside its name. */
export const newColumns = <
  const Properties extends Readonly<Record<string, object>>,
  const Required extends keyof Properties & string,
>(
  properties: Properties,
  required: Required,
  description: string,
) =>
  perParty(
    {
      type: 'array',
      minItems: 1,
      maxItems: MAX_COLUMNS,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['column', required],
        properties: { column: { ...columnName, description: 'Its name.' }, ...properties },
      },
    },
    description,
  );

export const exprSchema = configSchema(
  'expr',
  {
    ...tables,
    new_columns: newColumns(
      { expression: expressionText('Its value in a row, as an expression over the columns of the row.') },
      'expression',
      'Columns to make for each party, in order, each by an expression over the columns of its table and those before it. One that has the name of a column takes its place.',
    ),
  },
  ['input_data', 'new_columns'],
);

export type ExprConfig = ConfigOf<typeof exprSchema>;
