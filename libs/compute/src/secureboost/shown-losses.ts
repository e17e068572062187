import { BITS, openedOf, reserveFirst } from '../party/opened.js';
import type { PartyContext } from '../party/party-program.js';
import { stepsWithLoss } from '../vertical/shown-steps.js';
import type { PreparedRows } from '../vertical/vertical-rows.js';
import type { SecureBoostPart } from './secureboost-plan.js';

/** Training rows for each loss, so that all of them take a quarter of a bit a row. */
export const ROWS_PER_LOSS = 4 * BITS.number;

/**
 * Which rounds have a loss that the other party sees: counts them, each as a figure about the label and all features of the label's
 * party. As many as fit half of what is left, or the last one, or none.
 */
export async function roundsWithLoss(
  context: PartyContext,
  { plan, features, label }: SecureBoostPart,
  { train }: PreparedRows,
): Promise<ReadonlySet<number>> {
  const { rounds } = plan.boosting;
  const { rows } = train;
  const most = Math.min(rounds, Math.floor(rows / ROWS_PER_LOSS));
  const counts = [...(most > 1 ? [most] : []), ...(most > 0 ? [1] : []), 0];
  const wishes = counts.map((losses) => ({
    columns: [
      ...openedOf({ names: features, values: train.values, rows }, losses, BITS.number),
      ...openedOf({ names: [label!], values: train.label!, rows }, losses, BITS.number),
    ],
    joint: true,
    ...(losses > 1 && { share: 1 / 2 }),
  }));
  return stepsWithLoss(rounds, counts[await reserveFirst(context, wishes)]!);
}

/** The losses by round that are shown, to three significant digits; null for the others. */
export const shownLosses = (losses: readonly number[], shown: ReadonlySet<number>): (number | null)[] =>
  losses.map((loss, round) => (shown.has(round) ? Number(loss.toPrecision(3)) : null));
