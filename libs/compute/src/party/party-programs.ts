import type { PartyModule } from './party-program.js';

/** Every program that `runParties` starts by name. Loaded in the party's thread alone. */
export const partyPrograms = {
  psi: () => import('../psi/psi-party.js'),
  steps: () => import('../steps/steps-party.js'),
  'table-statistics': () => import('../statistics/statistics-party.js'),
  correlation: () => import('../correlation/correlation-party.js'),
  'correlation-dealer': () => import('../correlation/correlation-dealer.js'),
  analysis: () => import('../analysis/analysis-party.js'),
  burn: () => import('../diagnostic/burn.js'),
  'ss-lr': () => import('../ss-lr/ss-lr-party.js'),
  'ss-lr-dealer': () => import('../ss-lr/ss-lr-dealer.js'),
  'ss-xgb': () => import('../ss-xgb/ss-xgb-party.js'),
  'ss-xgb-dealer': () => import('../ss-xgb/ss-xgb-dealer.js'),
  'biclassification-eval': () => import('../evaluation/biclassification-eval-party.js'),
  'regression-eval': () => import('../evaluation/regression-eval-party.js'),
  evaluation: () => import('../evaluation/evaluation-party.js'),
  'evaluation-dealer': () => import('../evaluation/evaluation-dealer.js'),
  train: () => import('../federated/train-party.js'),
  aggregate: () => import('../federated/aggregate-party.js'),
  'federated-training': () => import('../federated/federated-training-party.js'),
  aggregator: () => import('../federated/aggregator.js'),
  validation: () => import('../validation/validation-party.js'),
  encrypt: () => import('../encrypt/encrypt-party.js'),
  'encrypt-courier': () => import('../encrypt/encrypt-courier.js'),
  report: () => import('../report/report-thread.js'),
} satisfies Record<string, () => Promise<PartyModule>>;

export type PartyProgramName = keyof typeof partyPrograms;
