import { columnName, configSchema, inputPath, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';

const ofBoth = (description: string) =>
  ({ ...perParty(inputPath, description), minProperties: 2, maxProperties: 2 }) as const;

export const ssPvalueSchema = configSchema(
  'ss_pvalue',
  {
    model: ofBoth(
      'The slices of both parties, e.g. the model_paths of ss_lr: they say which columns are tested, and how.',
    ),
    train_data: ofBoth(
      'Table of each party that the model was trained on, CSV or Parquet, with the same rows in the same order.',
    ),
    label: { ...columnName, description: 'Label column of the training, 0 or 1 in logistic regression.' },
    label_party: { type: 'string', minLength: 1, description: 'The party that has the label.' },
  },
  ['model', 'train_data', 'label', 'label_party'],
);

/** `task_config` of `ss_pvalue`. */
export type SsPvalueConfig = ConfigOf<typeof ssPvalueSchema>;
