import { randomBytes } from 'node:crypto';
import type { OpenedColumn } from '#libs/consent';
import { TaskFailure } from '../contract/task-type.js';
import { BITS, bitsOfEnds, openedOf, reserveFirst, type Opened } from '../party/opened.js';
import type { PartyContext } from '../party/party-program.js';
import { exchangeMessages } from '../vertical/exchange-messages.js';
import { batches } from '../vertical/split-rows.js';
import type { PreparedRows, RowRules, TrainingRows } from '../vertical/vertical-rows.js';
import { mostLosses } from './losses.js';
import { featuresOf } from './predict-on-shares.js';
import { LEAST_LABEL_SIZE, MOST_SIZE, sizeOf, type Sizes } from './room.js';
import type { Schedule } from './schedule.js';
import type { SeenRows } from './slice.js';
import type { SsLrPart, SsLrPlan } from './ss-lr-plan.js';
import { RanAway } from './ss-lr-train.js';

/** What the rows of a training have to be. */
export function rulesOf({ training }: SsLrPlan): RowRules {
  return {
    binaryLabel: training.regType === 'logistic',
    maxSize: 2 ** MOST_SIZE,
    minGroups: 1,
    minRowsWhy: (least) => `a model of under ${least} would be about single rows.`,
    refusesFewApart: true,
  };
}

/** Tells the others the sizes of the own values, and gets theirs; the first party names the training. */
export async function agree(
  context: PartyContext,
  { parties, labelParty }: SsLrPlan,
  { train, predict }: PreparedRows,
): Promise<{ training: string; sizes: Sizes }> {
  const first = parties[0]!;
  const training = randomBytes(16).toString('hex');
  const features = Math.max(
    sizeOf(train.values, 0),
    predict === null ? 0 : sizeOf(featuresOf(predict, train.columns), 0),
  );
  const ofLabel = train.label && sizeOf(train.label, LEAST_LABEL_SIZE);
  const own = {
    features,
    // A count, from the smallest size on.
    ...(ofLabel !== null && { label: ofLabel - LEAST_LABEL_SIZE }),
    ...(context.party === first && { training }),
  };
  const theirs = await exchangeMessages(context, own);
  const label = theirs.get(labelParty)?.count('label', MOST_SIZE - LEAST_LABEL_SIZE);
  return {
    training: theirs.get(first)?.text('training', 32) ?? training,
    sizes: {
      features: parties.map((party) => theirs.get(party)?.count('features', MOST_SIZE) ?? features),
      label: label === undefined ? ofLabel! : label + LEAST_LABEL_SIZE,
    },
  };
}

/**
 * How many losses are opened: those that all parties can count. Each is a figure about the label and all features, and so is where a
 * training ends that runs away: at one of its steps, or at its last loss.
 */
export async function agreeOnLosses(
  context: PartyContext,
  part: SsLrPart,
  { epochs, batchSize }: Schedule,
  { train }: PreparedRows,
): Promise<number> {
  const { rows } = train;
  const ends = epochs * batches(rows, batchSize).length + 2;
  const wish = (losses: number, share?: number): Opened => {
    const columns = [...columnsOf(part, train, losses, BITS.loss), ...columnsOf(part, train, 1, bitsOfEnds(ends))];
    return { columns, joint: true, ...(share !== undefined && { share }) };
  };
  const most = mostLosses(epochs, rows);
  const counts = [...(most > 1 ? [most] : []), ...(most > 0 ? [1] : []), 0];
  const own =
    counts[
      await reserveFirst(
        context,
        counts.map((count) => wish(count, count > 1 ? 1 / 2 : undefined)),
      )
    ]!;
  const theirs = await exchangeMessages(context, { losses: own });
  return Math.min(own, ...Array.from(theirs.values(), (each) => each.count('losses', most)));
}

/** As many figures about each of the party's columns, the label among them where it has it. */
function columnsOf({ features, label }: SsLrPart, train: TrainingRows, figures: number, bits: number): OpenedColumn[] {
  const { rows, values } = train;
  return [
    ...openedOf({ names: features, values, rows }, figures, bits),
    ...(train.label ? openedOf({ names: [label!], values: train.label, rows }, figures, bits) : []),
  ];
}

/** What the weights describe. */
export const seenRows = (part: SsLrPart, train: TrainingRows): SeenRows => ({
  rows: train.rows,
  columns: columnsOf(part, train, 0, 0).map(({ column, distinct }) => ({ column, distinct })),
});

/** Says what to scale. */
export function tooLarge({ features, label }: Sizes, { parties, training: { batchSize } }: SsLrPlan): TaskFailure {
  const most = Math.max(...features);
  const party = parties[features.indexOf(most)]!;
  return new TaskFailure(
    'NOT_CONVERGED',
    `Features up to 2^${most} (party ${party}) and labels up to 2^${label}${batchSize === null ? '' : `, in batches of ${batchSize},`} leave the fixed point no room for weights. Scale the features (standard_scaler) and the label` +
      (batchSize === null ? '.' : ', or take a smaller params.batch_size.'),
    false,
    { party, feature_bits: most, label_bits: label },
  );
}

/** Says of a training that ran away what to change. */
export function asFailure(error: unknown): never {
  if (!(error instanceof RanAway)) throw error;
  throw new TaskFailure(
    'NOT_CONVERGED',
    'Training ran away: its weights left their range, or its loss ended above that of an untrained model. Lower ' +
      'params.learning_rate, and scale the features (standard_scaler).',
  );
}
