import { configSchema, outputPath, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';
import { expressionText } from '../expression/expression-faults.js';
import { tables } from './expr-config.js';

export const conditionFilterSchema = configSchema(
  'condition_filter',
  {
    ...tables,
    conditions: perParty(
      expressionText('A condition on the row.'),
      'Which rows of each party to keep: those whose condition holds. Where it is missing the row is not kept.',
    ),
    rest_output: perParty(outputPath, 'Where each party keeps the other rows.'),
  },
  ['input_data', 'conditions'],
);

export type ConditionFilterConfig = ConfigOf<typeof conditionFilterSchema>;
