import { MAX_ROWS, PeerMessage } from '../contract/peer-message.js';
import type { PartyProgram } from '../party/party-program.js';
import { lineTo } from '../mpc/party-line.js';
import { dealGroup } from '../mpc/session.js';
import { ROWS_PER_LOSS } from './losses.js';
import { dealPrediction } from './predict-on-shares.js';
import { MOST_BATCH_SIZE } from './schedule.js';
import type { SsLrPlan } from './ss-lr-plan.js';
import { dealTraining } from './ss-lr-train.js';

/** What the parties have agreed on. */
interface Agreed {
  /** That they train on. */
  readonly rows: number;
  readonly batchSize: number;
  readonly predict: number;
  /** How many are opened. */
  readonly losses: number;
}

/** What the first party says that they have agreed on. Throws PROTOCOL_VIOLATION. */
export function agreedFrom(peer: string, value: unknown): Agreed {
  const message = new PeerMessage(peer, value);
  const rows = message.count('rows', MAX_ROWS);
  return {
    rows,
    // Batches without rows would never end an epoch.
    batchSize: Math.max(1, message.count('batchSize', MOST_BATCH_SIZE)),
    predict: message.count('predict', MAX_ROWS),
    losses: message.count('losses', rows / ROWS_PER_LOSS),
  };
}

/** The dealer of `ss_lr`, in a thread without tables: it receives the plan and row counts, and sends masks. */
export const run: PartyProgram<SsLrPlan, null> = async (context, plan) => {
  const { parties, columns, training } = plan;
  const first = parties[0]!;
  const { rows, batchSize, predict, losses } = agreedFrom(first, await context.receiveJson<unknown>(first));
  const schedule = { ...training, batchSize };
  const lines = parties.map((party) => lineTo(context, party));
  await dealTraining(await dealGroup(lines), rows, columns, schedule, losses, (fraction, epoch) =>
    context.progress(fraction, `training, epoch ${epoch + 1} of ${schedule.epochs}`),
  );
  if (predict > 0) await dealPrediction(await dealGroup(lines), columns, schedule.regType, predict);
  return null;
};
