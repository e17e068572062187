import type { PartyProgram } from '../party/party-program.js';
import { dealFit } from './join-fit.js';
import { waldOnShares } from './wald-on-shares.js';

/** The dealer of `ss_pvalue`, in a process without tables. */
export const run: PartyProgram<null, null> = async (context) => {
  const { joint, fit, origin, shape } = await dealFit(context);
  await waldOnShares(joint, fit, origin, shape);
  await joint.flush();
  return null;
};
