import { configSchema, inputPath, outputPath, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';

export const substitutionSchema = configSchema(
  'substitution',
  {
    input_data: perParty(inputPath, 'Table of each party to apply its rules to, CSV or Parquet.'),
    rules: perParty(
      inputPath,
      'Rules of each party: the rules.json of a task that learnt them, as its rules_paths give it.',
    ),
    output_data: perParty(outputPath, 'Output table of each party.'),
    unseen: {
      type: 'string',
      enum: ['fail', 'missing'],
      default: 'fail',
      description:
        'What becomes of a category that the rules lack: the task fails, or it is taken for a missing value.',
    },
    missing_values: {
      type: 'string',
      enum: ['keep', 'fail'],
      default: 'keep',
      description:
        'What becomes of a missing value that no rule fills or weighs: it stays missing (0 in all one-hot columns), or the task fails.',
    },
  },
  ['input_data', 'rules'],
);

export type SubstitutionConfig = ConfigOf<typeof substitutionSchema>;
