import { TaskFailure } from '../contract/task-type.js';
import type { PartyContext } from '../party/party-program.js';
import type { ModelPart } from './model-file.js';

/** What a party sends the others about a model. */
const KINDS = {
  ...{ slice: 'regression', glm: 'glm', shared: 'shared_trees' },
  ...{ trees: 'trees', splits: 'trees', whole: 'trees' },
} as const;

/**
 * Tells each peer what model this is, and compares. All slices must be of one training: of the same kind and name, with as many splits of the one
 * without the label. Throws TaskFailure MODEL_INCOMPATIBLE.
 */
export async function checkSameModel(
  context: Pick<PartyContext, 'party' | 'peers' | 'send' | 'receiveJson'>,
  model: ModelPart,
): Promise<void> {
  const own = {
    kind: KINDS[model.kind],
    objective: model.objective,
    splits: splitsOf(model),
    training: model.kind === 'whole' ? null : model.training,
  };
  for (const peer of context.peers) await context.send(peer, own);
  for (const peer of context.peers) {
    const theirs = await context.receiveJson<typeof own>(peer);
    if (JSON.stringify(own) === JSON.stringify(theirs)) continue;
    throw new TaskFailure(
      'MODEL_INCOMPATIBLE',
      `The models of ${context.party} and ${peer} are not slices of one: give both those of the same training.`,
    );
  }
}

/** The number of splits of the party without the label. */
function splitsOf(model: ModelPart): number {
  if (model.kind === 'splits') return model.splits.length;
  if (model.kind !== 'trees') return 0;
  return model.trees.flat().filter((node) => 'peerSplit' in node).length;
}
