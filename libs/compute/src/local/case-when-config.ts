import { configSchema } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';
import { expressionText } from '../expression/expression-faults.js';
import { newColumns, tables } from './expr-config.js';

const MAX_CASES = 100;

export const caseWhenSchema = configSchema(
  'case_when',
  {
    ...tables,
    new_columns: newColumns(
      {
        cases: {
          type: 'array',
          minItems: 1,
          maxItems: MAX_CASES,
          description: 'In order: the first whose condition holds gives the value.',
          items: {
            type: 'object',
            additionalProperties: false,
            required: ['when', 'then'],
            properties: {
              when: expressionText('A condition on the row.'),
              then: expressionText('The value, as an expression: a text stands in quotes.'),
            },
          },
        },
        otherwise: expressionText('The value where no condition holds; without it the value is missing.'),
      },
      'cases',
      'Columns to make for each party, in order, each by the first condition that holds. One that has the name of a column takes its place.',
    ),
  },
  ['input_data', 'new_columns'],
);

export type CaseWhenConfig = ConfigOf<typeof caseWhenSchema>;
