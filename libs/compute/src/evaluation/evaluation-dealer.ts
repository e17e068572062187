import { MAX_ROWS, PeerMessage } from '../contract/peer-message.js';
import { OBJECTIVES } from '../federated/model.js';
import { lineTo } from '../mpc/party-line.js';
import { dealChosen } from '../mpc/chosen-bits.js';
import { deal } from '../mpc/session.js';
import { dealPrediction } from '../ss-lr/predict-on-shares.js';
import type { PartyProgram } from '../party/party-program.js';
import { dealerCommandFrom } from '../secureboost/commands.js';

const MAX_COLUMNS = 100_000;

/** What the label's party wants: masks for the splits of trees (null), or for a regression of these sizes. Throws PROTOCOL_VIOLATION. */
export function wantedFrom(peer: string, value: unknown) {
  const message = new PeerMessage(peer, value);
  if (message.flag('masks')) return null;
  const columns = [message.count('first', MAX_COLUMNS), message.count('second', MAX_COLUMNS)] as const;
  return { columns, rows: message.count('rows', MAX_ROWS), objective: message.choice('objective', OBJECTIVES) };
}

/** The dealer of `evaluation`, in a process without tables: it receives sizes, and sends masks. */
export const run: PartyProgram<{ readonly labelParty: string }, null> = async (context, { labelParty }) => {
  const wanted = wantedFrom(labelParty, await context.receiveJson<unknown>(labelParty));
  const dealt = await deal([lineTo(context, context.peers[0]!), lineTo(context, context.peers[1]!)]);
  if (wanted !== null) {
    await dealPrediction(dealt, wanted.columns, wanted.objective, wanted.rows);
    return null;
  }
  const [label, features] = context.peers[0] === labelParty ? dealt : ([dealt[1], dealt[0]] as const);
  for (;;) {
    const command = dealerCommandFrom(labelParty, await context.receiveJson<unknown>(labelParty), 0);
    if (command.op !== 'choice') return null;
    await dealChosen(label, features, command);
  }
};
