import { BucketDealer } from '../mpc/bucket-sums.js';
import { dealChosen } from '../mpc/chosen-bits.js';
import { lineTo } from '../mpc/party-line.js';
import { deal } from '../mpc/session.js';
import type { PartyProgram } from '../party/party-program.js';
import { bucketSizesFrom, dealerCommandFrom } from './commands.js';
import type { SecureBoostPlan } from './secureboost-plan.js';

/** The dealer of `secureboost`, in a thread without tables: it receives sizes, and sends masks. */
export const run: PartyProgram<SecureBoostPlan, null> = async (context, plan) => {
  const { parties, labelParty, boosting } = plan;
  const featureParty = parties.find((party) => party !== labelParty)!;
  const columns = plan.columns[parties.indexOf(featureParty)]!;
  const { rows, sizes } = bucketSizesFrom(featureParty, await context.receiveJson<unknown>(featureParty), columns);
  const dealt = await deal([lineTo(context, parties[0]), lineTo(context, parties[1])]);
  const [label, features] = parties[0] === labelParty ? dealt : ([dealt[1], dealt[0]] as const);
  const dealer = new BucketDealer(label, features, rows, sizes);
  for (let served = 1; ; served += 1) {
    const command = dealerCommandFrom(labelParty, await context.receiveJson<unknown>(labelParty), sizes.length);
    context.progress((0.95 * served) / (served + 2 * boosting.rounds), 'handing out masks');
    switch (command.op) {
      case 'sums':
        for (let node = 0; node < command.nodes; node += 1) await dealer.deal(command.columns);
        break;
      case 'choice':
        await dealChosen(label, features, command);
        break;
      case 'done':
        context.progress(1, 'done');
        return null;
    }
  }
};
