import { columnName, configSchema } from '../contract/config-schema.js';
import type { ConfigOf, Unresolved } from '../contract/config-type.js';
import type { ParamFault } from '../contract/task-type.js';
import { verticalData, verticalFaults, verticalOutputs } from '../vertical/vertical-schema.js';
import { DISTRIBUTIONS } from './family.js';

/** More columns take minutes, and need thousands of rows. */
const MAX_COLUMNS = 100;

export const ssGlmSchema = configSchema(
  'ss_glm',
  {
    ...verticalData,
    label: {
      ...columnName,
      description: 'Label column: 0 or 1 with bernoulli, above 0 with gamma, else 0 or more.',
    },
    offset: {
      ...columnName,
      description:
        "Column of the label's party that is added to the score of each row, such as the logarithm of an exposure; a table to predict has it, too.",
    },
    weight: {
      ...columnName,
      description: "Column of the label's party: how much each row counts, 0 or more; by default all count alike.",
    },
    params: {
      type: 'object',
      description: 'What to fit, and how.',
      additionalProperties: false,
      properties: {
        distribution: {
          enum: DISTRIBUTIONS,
          default: 'bernoulli',
          description:
            'Distribution of the label about its mean: bernoulli with a logit link, poisson, gamma and tweedie with a log link.',
        },
        tweedie_power: {
          type: 'number',
          minimum: 1,
          maximum: 2,
          default: 1.5,
          description:
            'With tweedie: the variance grows as mean^tweedie_power, to three decimals; 1 is poisson, 2 is gamma.',
        },
        l2_lambda: {
          type: 'number',
          minimum: 0,
          maximum: 1e6,
          default: 0,
          description:
            'Penalty l2_lambda / 2 * the sum of the squares of the coefficients, of columns scaled to a variance of 1, beside half the mean deviance; not on the intercept.',
        },
        epochs: {
          type: 'integer',
          minimum: 1,
          maximum: 50,
          default: 10,
          description: 'Newton steps; too few fail with NOT_CONVERGED.',
        },
      },
    },
    ...verticalOutputs,
  },
  ['features', 'label', 'label_party', 'train_data'],
);

/** `task_config` of `ss_glm`. */
export type SsGlmConfig = ConfigOf<typeof ssGlmSchema>;

/** Checks beyond the schema: those of every vertical training, how many columns there are, and that each has one role. */
export function glmFaults(config: Unresolved<SsGlmConfig>): ParamFault[] {
  const faults = verticalFaults(config);
  if (typeof config.features !== 'object') return faults;
  const columns = Object.values(config.features).flat().length;
  if (columns > MAX_COLUMNS) {
    faults.push({ pointer: '/features', message: `must name at most ${MAX_COLUMNS} columns, has ${columns}` });
  }
  const taken = [config.label, ...(config.features[config.label_party] ?? [])];
  for (const key of ['offset', 'weight'] as const) {
    const name = config[key];
    if (name === undefined) continue;
    if (taken.includes(name)) faults.push({ pointer: `/${key}`, message: 'must be no feature, label or offset' });
    taken.push(name);
  }
  return faults;
}
