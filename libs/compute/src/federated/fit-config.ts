import { columnName, columnNames } from '../contract/config-schema.js';
import type { Unresolved } from '../contract/config-type.js';
import type { ParamFault } from '../contract/task-type.js';
import { OBJECTIVES, type Objective, type Signature } from './model.js';
import type { FitPlan } from './regression.js';

/** The part of `task_config` that `train` and `federated_training` have in common. */
export interface FitConfig {
  readonly model?: Objective;
  readonly features: readonly string[];
  readonly label: string;
  readonly params?: {
    readonly epochs?: number;
    readonly learning_rate?: number;
    readonly batch_size?: number;
    readonly l2_norm?: number;
    readonly standardize?: boolean;
    readonly seed?: number;
  };
}

/** Schemas of what says which model to fit. */
export const modelProperties = {
  model: { enum: OBJECTIVES, default: 'logistic', description: 'The kind of regression.' },
  features: { ...columnNames, description: 'Numeric feature columns, which the table of every party has.' },
  label: { ...columnName, description: 'Label column, which every table has; 0 or 1 in logistic regression.' },
} as const;

/** Schemas of `params`: how to fit. */
export function fitProperties(epochs: number, standardize: string) {
  return {
    epochs: { type: 'integer', minimum: 1, maximum: 10_000, default: epochs, description: 'Passes over the rows.' },
    learning_rate: {
      type: 'number',
      minimum: 1e-6,
      maximum: 100,
      default: 0.1,
      description: 'Step size; one that is too large fails with NOT_CONVERGED.',
    },
    batch_size: {
      type: 'integer',
      minimum: 0,
      maximum: 1_000_000,
      default: 64,
      description: 'Rows of one step; 0 takes all of them.',
    },
    l2_norm: {
      type: 'number',
      minimum: 0,
      maximum: 1e6,
      default: 0,
      description:
        'Weight of the l2 penalty: the loss is the mean over the rows plus l2_norm / 2 times the squared weights.',
    },
    standardize: { type: 'boolean', default: true, description: standardize },
    seed: {
      type: 'integer',
      minimum: 0,
      maximum: 4294967295,
      default: 0,
      description: 'Seed of the order in which the rows are taken.',
    },
  } as const;
}

export function signatureOf(config: FitConfig): Signature {
  return { objective: config.model ?? 'logistic', label: config.label, features: config.features };
}

/** The plan of a checked config; `epochs` is the default. */
export function fitPlanOf(config: FitConfig, epochs: number): FitPlan {
  const { params = {} } = config;
  return {
    objective: config.model ?? 'logistic',
    epochs: params.epochs ?? epochs,
    batchSize: params.batch_size ?? 64,
    learningRate: params.learning_rate ?? 0.1,
    l2: params.l2_norm ?? 0,
  };
}

/** Checks beyond the schema. */
export function fitFaults({ features, label }: Unresolved<Pick<FitConfig, 'features' | 'label'>>): ParamFault[] {
  const holdsLabel = Array.isArray(features) && features.includes(label);
  return holdsLabel ? [{ pointer: '/features', message: 'must not hold the label' }] : [];
}
