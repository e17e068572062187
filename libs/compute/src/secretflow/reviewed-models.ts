import { PREDICTS, labelIsNamed, mustBe, NAMES, RUNS, SHARES, SHARES_OF_SEMI2K } from './component-review.js';
import type { Asked, Opening, Reviewed } from './component-review.js';
import { figuresOf, widthOf } from './reviewed-columns.js';

const epochsOf = ({ attrs: { epochs = 10, eps = 0.001 } }: Asked): number =>
  typeof epochs === 'number' && eps !== 0 ? Math.max(0, epochs - 1) : 0;
const RECEIVED = 'the purpose of the task. It is noted, not counted.';
const BESIDE = "The output has columns of the receiver's own alone beside it. The number of rows.";
/** Bits of the largest label, which both learn as a double. */
const DOUBLE = 53;

const numberIn = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise);

/** Sums by bucket that the party of the label sees of the other's columns. */
const sumsOf = ({ attrs: { num_boost_round: rounds, max_depth: depth }, features, party }: Opening): number =>
  numberIn(rounds, 10) * numberIn(depth, 5) * features[party]!.length;

/** Components that train models and predict by them, by id. */
export const REVIEWED_MODELS: Readonly<Record<string, Reviewed>> = {
  'ml.train/ss_sgd_train:1.0.0': {
    leaves: `${SHARES} After each epoch but the first both learn whether the weights have come to rest, unless eps is 0: one bit an epoch, counted about the label and every feature. No weight is opened. The number of rows. ${NAMES} ${RUNS}`,
    parties: { most: 2 },
    aligned: true,
    refusesFewApart: true,
    attrs: { report_weights: mustBe([false], 'it opens all weights to both parties') },
    opens: (opening) => [{ columns: figuresOf(opening, epochsOf(opening), 1), ofRows: true }],
  },
  'ml.predict/ss_sgd_predict:1.0.0': {
    leaves: `${SHARES} The receiver learns a probability or a number for each row, to 18 bits by CHEETAH and 26 by SEMI2K: ${RECEIVED} ${BESIDE} ${NAMES} ${RUNS}`,
    parties: { most: 2 },
    aligned: true,
    ...PREDICTS,
  },
  'ml.train/ss_glm_train:1.1.0': {
    leaves: `${SHARES_OF_SEMI2K} Both learn the largest value of the label where it is over 2. No weight, gradient or metric is opened. The number of rows. ${NAMES} ${RUNS}`,
    parties: { most: 2 },
    aligned: true,
    refusesFewApart: true,
    rowsEach: 20,
    needsSemi2k: true,
    attrs: {
      optimizer: {
        values: ['SGD'],
        message: 'must be "SGD": IRLS opens products of all columns to whoever has the label',
      },
      iter_start_irls: mustBe([0], 'IRLS opens products of all columns to whoever has the label'),
      stopping_rounds: mustBe([0], 'an early stop opens a prediction of each row to whoever has the label, each epoch'),
      stopping_metric: mustBe(
        ['deviance', 'MSE', 'RMSE', 'AUC'],
        'by the weights it would stop after an epoch that shows something of them',
      ),
      report_weights: mustBe([false], 'it opens all weights to both parties'),
      report_metric: mustBe([false], 'it opens a metric an epoch to both parties'),
    },
    check: labelIsNamed,
    opens: (opening) => {
      const { labelParty, party } = opening;
      const label = figuresOf(opening, 1, DOUBLE).slice(-1);
      return party === labelParty && label[0]!.distinct > 2 ? [{ columns: label, ofRows: true }] : [];
    },
  },
  'ml.predict/ss_glm_predict:1.1.0': {
    leaves: `${SHARES_OF_SEMI2K} The receiver learns a prediction for each row, to 40 bits after the point: ${RECEIVED} ${BESIDE} ${NAMES} ${RUNS}`,
    parties: { most: 2 },
    aligned: true,
    needsSemi2k: true,
    ...PREDICTS,
  },
  'ml.train/sgb_train:1.1.0': {
    leaves: `Whoever has the label learns for each node of each tree the sums of derivatives by bucket of the other's columns, in an order made anew for each node, and for each split of the other party's which rows go to which side. By the derivatives, which it knows, it can work out in which bucket most rows lie: take the other's columns as open to it, in some ten steps each. The other party learns the rows of each node that is summed, and so which rows go to which side of splits of the label's party, its own splits, and the shape of all trees: rows of one leaf tend to have one label. Nodes may have one row. The gains of splits, which SecretFlow opens to both, are kept from both here. Sums are noted, and a policy's budget.sums bounds them. The number of rows. ${NAMES} ${RUNS}`,
    parties: { most: 2 },
    aligned: true,
    refusesFewApart: true,
    attrs: {
      tree_growing_method: mustBe(['level'], 'trees that grow leaf by leaf open a gain of each leaf'),
      enable_goss: mustBe([false], 'it opens which rows the trees fit worst'),
      enable_monitor: mustBe([false], 'it opens a metric for each tree to both parties'),
      enable_early_stop: mustBe([false], 'it opens a metric for each tree to both parties'),
      report_importances: mustBe([false], 'it opens the gains of all splits to both parties'),
    },
    check: labelIsNamed,
    opens: (opening) => {
      const { labelParty, party, peers } = opening;
      return party === labelParty ? [] : [{ columns: [], to: peers, counts: { sums: sumsOf(opening) } }];
    },
  },
  'ml.predict/sgb_predict:1.0.0': {
    leaves: `The other party sends whoever had the label in training for each row and tree to which side of its own splits the row goes. That party learns a score for each row, and so does the receiver: ${RECEIVED} ${BESIDE} ${NAMES} ${RUNS}`,
    parties: { most: 2 },
    aligned: true,
    ...PREDICTS,
    // Whose label it was stands in the model, which is SecretFlow's: either may learn scores.
    opens: ({ peers, rows }) => [{ columns: [], to: peers, counts: { predictions: rows } }],
  },
  'ml.eval/ss_pvalue:1.0.0': {
    leaves: `${SHARES_OF_SEMI2K} Whoever has the label learns the weighted products of all columns with each other, and from these and the statistics that both learn the size of each weight: the model is open to it but for signs. Both learn the p-value and the square of z or t of each weight. Nothing is rounded: each figure is counted at some 40 bits about every column, so that a label of two values needs some 80 rows a column. The number of rows. ${NAMES} ${RUNS}`,
    parties: { most: 2 },
    aligned: true,
    refusesFewApart: true,
    rowsEach: 20,
    needsSemi2k: true,
    opens: (opening) => {
      const width = widthOf(opening) + 1;
      // Products with each other column, by the party of the label; statistics, by both.
      const isLabels = opening.party === opening.labelParty;
      return [{ columns: figuresOf(opening, isLabels ? width : 2 * width), ofRows: true }];
    },
  },
};
