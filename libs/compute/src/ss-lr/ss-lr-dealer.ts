import { MAX_ROWS, PeerMessage } from '../contract/peer-message.js';
import type { PartyProgram } from '../party/party-program.js';
import { lineTo } from '../mpc/party-line.js';
import { deal } from '../mpc/session.js';
import { ROWS_PER_LOSS } from './losses.js';
import { dealPrediction } from './predict-on-shares.js';
import type { SsLrPlan } from './ss-lr-plan.js';
import { dealTraining } from './ss-lr-train.js';

/** The numbers of rows that a party trains on, and predicts, and of losses that are opened. Throws PROTOCOL_VIOLATION. */
export function rowsFrom(peer: string, value: unknown): { rows: number; predict: number; losses: number } {
  const message = new PeerMessage(peer, value);
  const rows = message.count('rows', MAX_ROWS);
  return { rows, predict: message.count('predict', MAX_ROWS), losses: message.count('losses', rows / ROWS_PER_LOSS) };
}

/** The dealer of `ss_lr`, in a thread without tables: it receives the plan and row counts, and sends masks. */
export const run: PartyProgram<SsLrPlan, null> = async (context, plan) => {
  const { parties, columns, schedule } = plan;
  const { rows, predict, losses } = rowsFrom(parties[0], await context.receiveJson<unknown>(parties[0]));
  const lines = [lineTo(context, parties[0]), lineTo(context, parties[1])] as const;
  await dealTraining(await deal(lines), rows, columns, schedule, losses, (fraction, epoch) =>
    context.progress(fraction, `training, epoch ${epoch + 1} of ${schedule.epochs}`),
  );
  if (predict > 0) await dealPrediction(await deal(lines), columns, schedule.regType, predict);
  return null;
};
