import { zeros } from '../mpc/ring.js';
import type { PartyProgram } from '../party/party-program.js';
import { columnsIn } from '../ss-pvalue/fit-shape.js';
import { dealFit } from '../ss-pvalue/join-fit.js';
import { coefficientsOf, failsOf } from '../ss-pvalue/wald-on-shares.js';
import { MOST_VALUES, pointsOnShares } from './points-on-shares.js';

/** The dealer of `scorecard`, in a process without tables. */
export const run: PartyProgram<null, null> = async (context) => {
  const { joint, fit, origin, shape } = await dealFit(context);
  const coefficients = await coefficientsOf(joint, fit, origin);
  await failsOf(joint, fit, coefficients);
  await pointsOnShares(joint, coefficients, zeros((columnsIn(shape) - 1) * MOST_VALUES + 1), 0);
  await joint.flush();
  return null;
};
