import type { Objective } from '../federated/model.js';

/** A regression as other programs read it: its score is `intercept` and each weight times the column of the same place. */
export interface ExportedModel {
  readonly objective: Objective;
  /** What it predicts: 0 or 1 in a logistic model. */
  readonly label: string;
  /** Names of its columns, which all differ, also from the label. */
  readonly columns: readonly string[];
  readonly weights: readonly number[];
  readonly intercept: number;
}

/** What stands in the head of each file. */
export const DESCRIPTION: Record<Objective, string> = {
  logistic: 'Logistic regression: the probability of class 1 is the sigmoid of the score.',
  linear: 'Linear regression: the prediction is the score.',
};
