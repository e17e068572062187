import { PeerMessage } from '../contract/peer-message.js';
import { JointDealer } from '../mpc/joint.js';
import { lineTo } from '../mpc/party-line.js';
import { zeros } from '../mpc/ring.js';
import { deal } from '../mpc/session.js';
import type { PartyProgram } from '../party/party-program.js';
import { LEAST_LABEL_SIZE, MOST_SIZE } from '../ss-lr/room.js';
import { coefficientsOnShares } from './coefficients-on-shares.js';
import { MOST_WEIGHTS } from './open-coefficients.js';

/** How many weights a model has, and the exponent of its labels. Throws PROTOCOL_VIOLATION. */
export function sizesFrom(peer: string, value: unknown): { weights: number; labelSize: number } {
  const message = new PeerMessage(peer, value);
  const label = message.count('label', MOST_SIZE - LEAST_LABEL_SIZE);
  return { weights: message.count('weights', MOST_WEIGHTS), labelSize: label + LEAST_LABEL_SIZE };
}

/** The dealer of `model_export` where coefficients are opened, in a process without files. */
export const run: PartyProgram<null, null> = async (context) => {
  const [first, second] = context.peers as [string, string];
  const { weights, labelSize } = sizesFrom(first, await context.receiveJson<unknown>(first));
  const dealt = await deal([lineTo(context, first), lineTo(context, second)]);
  // No step opens bits to the dealer.
  const joint = new JointDealer(dealt, () => context.receiveBytes(first));
  await coefficientsOnShares(joint, zeros(weights), labelSize);
  await joint.flush();
  return null;
};
