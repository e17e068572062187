import { defineTask } from '../contract/define-task.js';
import { glmFaults, ssGlmSchema } from './ss-glm-config.js';

/** Vertical generalised linear model of two parties on secret shares (SecretFlow's `ss_glm_train`). */
export const ssGlm = defineTask({
  type: 'ss_glm',
  title: 'Generalised linear model on secret shares',
  description:
    'Fits a generalised linear model to columns that two parties hold of the same rows (aligned by psi), by maximum likelihood: for yes or no (logit link), or for ' +
    'counts, amounts and costs with a log link (Poisson, gamma, Tweedie), with an offset, weights of rows and an l2 penalty. Features, labels and the model stay ' +
    'secret-shared: each party keeps a share of the coefficients, and one party gets the rounded predictions.',
  leaves:
    'Uniformly masked shares and the row counts. Both parties learn one bit, whether there is a fit, with a log link the mean of the label rounded up to a power of two, and from ' +
    '64 training rows on how much of the deviance (of the squared residuals with logit) is explained, to 1/1024: 11 bits. No coefficient, matrix or gradient is opened. The ' +
    'prediction receiver learns probabilities to 1/1024, or means in steps of 1/256 of themselves: up to 12 bits of each predicted row. A receiver that chooses columns, labels or ' +
    "rows learns what these say of the other party's row: of its only column nearly all. Figures are counted against half a bit for each row of the label and of features of " +
    'at most 16 values, over all tasks, and predictions are noted.',
  needsParties: true,
  approximate: true,
  configSchema: ssGlmSchema,
  check: glmFaults,
  load: async () => (await import('./ss-glm-run.js')).runSsGlm,
});
