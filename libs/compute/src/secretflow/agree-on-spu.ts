import { TaskFailure } from '../contract/task-type.js';
import { PeerMessage } from '../contract/peer-message.js';
import type { PartyContext } from '../party/party-program.js';
import { SPU_VERSION } from './protocols.js';

/** Sites may have other releases: two versions of SPU are not made to speak with each other. Before a table is read. Throws TaskFailure PROTOCOL_UNSUPPORTED. */
export async function agreeOnSpu(context: PartyContext, version = SPU_VERSION): Promise<void> {
  for (const peer of context.peers) await context.send(peer, { spu: version });
  for (const peer of context.peers) {
    const theirs = new PeerMessage(peer, await context.receiveJson<unknown>(peer)).text('spu', MOST_LENGTH);
    if (theirs === version) continue;
    const message = `${context.party} has SPU ${version}, and ${peer} ${JSON.stringify(theirs)}: all parties need the same.`;
    throw new TaskFailure('PROTOCOL_UNSUPPORTED', message, false, { party: peer });
  }
}

const MOST_LENGTH = 40;
