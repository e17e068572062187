import type { FitConfig } from './fit-config.js';

/** `task_config` of `federated_training`, as its schema lets it through. */
export interface FederatedTrainingConfig extends FitConfig {
  readonly train_data: Readonly<Record<string, string>>;
  readonly params?: FitConfig['params'] & { readonly rounds?: number };
  readonly min_parties?: number;
  readonly model_output?: Readonly<Record<string, string>>;
}

/** How many secure sums a training makes: for the scaling, for each round, and for the last loss. */
export function countSums(rounds: number, standardize: boolean): number {
  return (standardize ? 2 : 1) + rounds + 1;
}
