import { columnName, configSchema, inputPath, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';

const ofBoth = (description: string) =>
  ({ ...perParty(inputPath, description), minProperties: 2, maxProperties: 2 }) as const;

export const scorecardSchema = configSchema(
  'scorecard',
  {
    model: ofBoth('The slices of both parties, e.g. the model_paths of ss_lr: they say which columns get points.'),
    train_data: ofBoth(
      'Table of each party that the model was trained on, with at most 50 values a column: WOE or bins. The same rows in the same order.',
    ),
    label: { ...columnName, description: 'Label column of the training, 0 or 1.' },
    label_party: { type: 'string', minLength: 1, description: 'The party that has the label.' },
    params: {
      type: 'object',
      description: 'How odds become points.',
      additionalProperties: false,
      properties: {
        scaled_value: {
          type: 'integer',
          minimum: 1,
          maximum: 1000,
          default: 600,
          description: 'Points at odds of odd_base.',
        },
        odd_base: {
          type: 'number',
          minimum: 0.001,
          maximum: 1000,
          default: 20,
          description: 'Odds that have scaled_value points.',
        },
        pdo: { type: 'number', minimum: 1, maximum: 200, default: 20, description: 'Points that double the odds.' },
        positive: {
          enum: [1, 0],
          default: 1,
          description: 'The label of a positive case, such as a default: more points mean fewer of them.',
        },
      },
    },
  },
  ['model', 'train_data', 'label', 'label_party'],
);

/** `task_config` of `scorecard`. */
export type ScorecardConfig = ConfigOf<typeof scorecardSchema>;

/** How odds become points, every default filled in. */
export interface Scale {
  readonly scaledValue: number;
  readonly oddBase: number;
  readonly pdo: number;
  readonly positive: 0 | 1;
}

export const scaleOf = ({ params = {} }: ScorecardConfig): Scale => ({
  scaledValue: params.scaled_value ?? 600,
  oddBase: params.odd_base ?? 20,
  pdo: params.pdo ?? 20,
  positive: params.positive ?? 1,
});

/** Points of log odds of a label of 1: `offset` + `factor` * log odds. */
export function lineOf({ scaledValue, oddBase, pdo, positive }: Scale): {
  readonly offset: number;
  readonly factor: number;
} {
  const factor = pdo / Math.LN2;
  return { offset: scaledValue - factor * Math.log(oddBase), factor: positive === 1 ? -factor : factor };
}
