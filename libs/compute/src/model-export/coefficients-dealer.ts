import { PeerMessage } from '../contract/peer-message.js';
import { lineTo } from '../mpc/party-line.js';
import { PieceSender } from '../mpc/pieces.js';
import { dealGroup } from '../mpc/session.js';
import type { PartyProgram } from '../party/party-program.js';
import { LEAST_LABEL_SIZE, MOST_SIZE } from '../ss-lr/room.js';
import { dealCoefficients } from './coefficients-on-shares.js';
import { MOST_WEIGHTS } from './open-coefficients.js';

/** How many weights a model has, and the exponent of its labels. Throws PROTOCOL_VIOLATION. */
export function sizesFrom(peer: string, value: unknown): { weights: number; labelSize: number } {
  const message = new PeerMessage(peer, value);
  const label = message.count('label', MOST_SIZE - LEAST_LABEL_SIZE);
  return { weights: message.count('weights', MOST_WEIGHTS), labelSize: label + LEAST_LABEL_SIZE };
}

/** The dealer of `model_export` where coefficients are opened, in a process without files. */
export const run: PartyProgram<null, null> = async (context) => {
  const first = context.peers[0]!;
  const { weights, labelSize } = sizesFrom(first, await context.receiveJson<unknown>(first));
  const dealt = await dealGroup(context.peers.map((peer) => lineTo(context, peer)));
  const toLast = new PieceSender(dealt.at(-1)!.channel);
  await dealCoefficients(dealt, toLast, weights, labelSize);
  await toLast.flush();
  return null;
};
