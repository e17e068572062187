import { MAX_ROWS, PeerMessage } from '../contract/peer-message.js';
import type { PartyProgram } from '../party/party-program.js';
import { lineTo } from '../mpc/party-line.js';
import type { SsLrPlan } from './ss-lr-plan.js';
import { dealTraining } from './ss-lr-train.js';

/** The number of rows that a party trains on. Throws PROTOCOL_VIOLATION. */
export const rowsFrom = (peer: string, value: unknown): number => new PeerMessage(peer, value).count('rows', MAX_ROWS);

/** The dealer of `ss_lr`, in a thread without tables: it receives the plan and the row count, and sends masks. */
export const run: PartyProgram<SsLrPlan, null> = async (context, plan) => {
  const rows = rowsFrom(plan.parties[0], await context.receiveJson<unknown>(plan.parties[0]));
  const lines = [lineTo(context, plan.parties[0]), lineTo(context, plan.parties[1])] as const;
  await dealTraining(lines, rows, plan.columns, plan.schedule, (fraction, epoch) =>
    context.progress(fraction, `training, epoch ${epoch + 1} of ${plan.schedule.epochs}`),
  );
  return null;
};
