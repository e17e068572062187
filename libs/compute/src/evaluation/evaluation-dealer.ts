import { PeerMessage } from '../contract/peer-message.js';
import { lineTo } from '../mpc/party-line.js';
import { dealChosen } from '../mpc/chosen-bits.js';
import { deal } from '../mpc/session.js';
import type { PartyProgram } from '../party/party-program.js';
import { dealerCommandFrom } from '../secureboost/commands.js';

/** Whether the label's party wants masks. Throws PROTOCOL_VIOLATION. */
export const masksFrom = (peer: string, value: unknown): boolean => new PeerMessage(peer, value).flag('masks');

/** The dealer of `evaluation`, in a process without tables: it receives sizes, and sends masks if the model has trees. */
export const run: PartyProgram<{ readonly labelParty: string }, null> = async (context, { labelParty }) => {
  if (!masksFrom(labelParty, await context.receiveJson<unknown>(labelParty))) return null;
  const dealt = await deal([lineTo(context, context.peers[0]!), lineTo(context, context.peers[1]!)]);
  const [label, features] = context.peers[0] === labelParty ? dealt : ([dealt[1], dealt[0]] as const);
  for (;;) {
    const command = dealerCommandFrom(labelParty, await context.receiveJson<unknown>(labelParty), 0);
    if (command.op !== 'choice') return null;
    await dealChosen(label, features, command);
  }
};
