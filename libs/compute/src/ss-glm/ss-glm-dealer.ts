import { MAX_ROWS, PeerMessage } from '../contract/peer-message.js';
import { JointDealer } from '../mpc/joint.js';
import { lineTo } from '../mpc/party-line.js';
import { zeros } from '../mpc/ring.js';
import { deal } from '../mpc/session.js';
import type { PartyProgram } from '../party/party-program.js';
import { batches } from '../vertical/split-rows.js';
import { explainedOn } from './explained.js';
import { fitGlm } from './fit-glm.js';
import { shapeOf, type SsGlmPlan } from './glm-plan.js';
import { PREDICT_ROWS, dealGlm } from './predict-glm.js';

/** The numbers of rows that a party trains on, and predicts, and whether the loss is opened. Throws PROTOCOL_VIOLATION. */
export function glmSizesFrom(peer: string, value: unknown): { rows: number; predict: number; explained: boolean } {
  const message = new PeerMessage(peer, value);
  return {
    rows: message.count('rows', MAX_ROWS),
    predict: message.count('predict', MAX_ROWS),
    explained: message.flag('explained'),
  };
}

/** The dealer of `ss_glm`, in a process without tables: it receives the plan and row counts, and sends masks. */
export const run: PartyProgram<SsGlmPlan, null> = async (context, plan) => {
  const [first, second] = plan.parties;
  const { rows, predict, explained } = glmSizesFrom(first, await context.receiveJson<unknown>(first));
  const joint = new JointDealer(await deal([lineTo(context, first), lineTo(context, second)]), () =>
    context.receiveBytes(first),
  );
  const shape = shapeOf(plan, rows, 0);
  const columns = plan.columns[0] + plan.columns[1] + 1;
  const none = (from: number, to: number) => zeros(to - from);
  const shares = {
    ...{ label: none, weights: none, offset: none },
    features: (from: number, to: number) => zeros((to - from) * columns),
    start: zeros(columns),
  };
  const { loss } = await fitGlm(joint, shape, shares, (fraction) => context.progress(0.9 * fraction, 'dealing'));
  if (explained) await explainedOn(joint, loss, rows, null);
  for (const [from, to] of batches(predict, PREDICT_ROWS)) {
    await dealGlm(joint, { link: plan.family.link, columns: plan.columns }, to - from);
  }
  await joint.flush();
  return null;
};
