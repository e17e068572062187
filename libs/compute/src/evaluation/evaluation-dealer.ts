import { MAX_ROWS, PeerMessage, isCount, violation } from '../contract/peer-message.js';
import { OBJECTIVES } from '../federated/model.js';
import { lineTo } from '../mpc/party-line.js';
import { dealChosen } from '../mpc/chosen-bits.js';
import { dealGroup } from '../mpc/session.js';
import { JointDealer } from '../mpc/joint.js';
import { LINKS } from '../ss-glm/family.js';
import { PREDICT_ROWS as GLM_ROWS, dealGlm } from '../ss-glm/predict-glm.js';
import { dealPrediction } from '../ss-lr/predict-on-shares.js';
import { PREDICT_ROWS, predictShared, type ModelShape } from '../ss-xgb/shared-model.js';
import type { PartyProgram } from '../party/party-program.js';
import { batches } from '../vertical/split-rows.js';
import { dealerCommandFrom } from '../secureboost/commands.js';

const MAX_COLUMNS = 100_000;

/** The most trees of a model, and nodes of a tree. */
const MAX_TREES = 1000;
const MAX_NODES = 255;

/** What the party that gets predictions wants of a model of so many parties: masks for the splits of trees (null), or for a regression or trees on shares of these sizes. Throws PROTOCOL_VIOLATION. */
export function wantedFrom(peer: string, value: unknown, parties = 2) {
  const message = new PeerMessage(peer, value);
  if (message.flag('masks')) return null;
  const rows = message.count('rows', MAX_ROWS);
  const objective = message.choice('objective', OBJECTIVES);
  if (message.has('trees')) {
    const isTree = (item: unknown): item is string =>
      typeof item === 'string' &&
      item.length <= MAX_NODES &&
      /^[01]+$/.test(item) &&
      Number.isInteger(Math.log2(item.length + 1));
    const trees = message.list('trees', MAX_TREES, isTree);
    const owners = trees.map((tree) => Array.from(tree, (owner): 0 | 1 => (owner === '0' ? 0 : 1)));
    const shape: ModelShape = { objective, start: 0, scoreBits: message.count('score_bits', 20), owners };
    return { rows, objective, shape };
  }
  if (!message.has('link')) {
    const fits = (item: unknown): item is number => isCount(item, MAX_COLUMNS);
    const columns = message.list('columns', parties, fits);
    if (columns.length < parties) throw violation(peer, 'columns of fewer parties');
    return { columns, rows, objective };
  }
  const columns = [message.count('first', MAX_COLUMNS), message.count('second', MAX_COLUMNS)] as const;
  return { columns, rows, objective, link: message.choice('link', LINKS) };
}

/** The dealer of `evaluation` and `predict`, in a process without tables: it receives sizes of the party that gets predictions, and sends masks. */
export const run: PartyProgram<{ readonly receiver: string }, null> = async (context, { receiver }) => {
  const peers = context.peers;
  const wanted = wantedFrom(receiver, await context.receiveJson<unknown>(receiver), peers.length);
  const dealt = await dealGroup(peers.map((peer) => lineTo(context, peer)));
  if (wanted?.columns && !wanted.link) {
    await dealPrediction(dealt, wanted.columns, wanted.objective, wanted.rows);
    return null;
  }
  const pair = [dealt[0]!, dealt[1]!] as const;
  if (wanted?.shape) {
    const joint = new JointDealer(pair, () => context.receiveBytes(peers[0]!));
    for (let from = 0; from < wanted.rows; from += PREDICT_ROWS) {
      await predictShared(joint, wanted.shape, null, Math.min(PREDICT_ROWS, wanted.rows - from), () => null);
    }
    await joint.flush();
    return null;
  }
  if (wanted?.link) {
    const joint = new JointDealer(pair, () => context.receiveBytes(peers[0]!));
    for (const [from, to] of batches(wanted.rows, GLM_ROWS)) await dealGlm(joint, wanted, to - from);
    await joint.flush();
    return null;
  }
  const [label, features] = peers[0] === receiver ? pair : pair.toReversed();
  for (;;) {
    const command = dealerCommandFrom(receiver, await context.receiveJson<unknown>(receiver), 0);
    if (command.op !== 'choice') return null;
    await dealChosen(label, features, command);
  }
};
