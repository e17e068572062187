import { MAX_ROWS, PeerMessage } from '../contract/peer-message.js';
import { JointDealer } from '../mpc/joint.js';
import { lineTo } from '../mpc/party-line.js';
import { deal } from '../mpc/session.js';
import type { PartyProgram } from '../party/party-program.js';
import { dealCounts } from './bin-counts.js';
import { binsFrom, binHolders } from './messages.js';
import type { WoePlan } from './woe-binning-party.js';

/** The dealer of `woe_binning`, in a process without tables: it receives numbers of rows and bins, and serves the label's party with each other one in turn. */
export const run: PartyProgram<WoePlan, null> = async (context, plan) => {
  const holders = binHolders(plan);
  for (const [done, party] of holders.entries()) {
    const message = await context.receiveJson<unknown>(party);
    const rows = new PeerMessage(party, message).count('rows', MAX_ROWS);
    const bins = binsFrom(party, message);
    const dealt = await deal([lineTo(context, plan.labelParty), lineTo(context, party)]);
    const joint = new JointDealer(dealt, () => context.receiveBytes(party));
    await dealCounts(joint, rows, bins, (fraction) =>
      context.progress((0.95 * (done + fraction)) / holders.length, 'handing out masks'),
    );
  }
  context.progress(1, 'done');
  return null;
};
