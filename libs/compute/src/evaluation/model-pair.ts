import { checkGroup } from '../contract/privacy.js';
import { TaskFailure, type JsonObject } from '../contract/task-type.js';
import type { PartyContext } from '../party/party-program.js';
import { checkAligned } from '../vertical/vertical-rows.js';
import type { ModelPart } from './model-file.js';
import { checkSameModel } from './same-model.js';

/** The refusal of a model file that does not fit its task. */
export function incompatible(party: string, path: string, why: string): TaskFailure {
  return new TaskFailure('MODEL_INCOMPATIBLE', `Party ${party}: ${path} ${why}.`, false, { party });
}

/** The table that both parties of a model have the same rows of: the parameter `<kind>_data`. */
interface Counted {
  readonly kind: 'test' | 'input';
  readonly path: string;
  readonly rows: number;
}

/**
 * Agrees with the other party that both slices are of one training and that both tables have the same number of rows. Returns the
 * fewest rows that a figure may cover. Throws TaskFailure MODEL_INCOMPATIBLE, GROUP_TOO_SMALL, NOT_ALIGNED.
 */
export async function checkPair(
  context: PartyContext,
  peer: string,
  model: ModelPart,
  { kind, path, rows }: Counted,
): Promise<number> {
  await checkSameModel(context, peer, model);
  // Before the peer compares: an empty table and one of a row fail alike.
  checkGroup(context, path, rows);
  const least = await checkAligned(context, peer, { [kind]: rows });
  checkGroup({ party: context.party, minGroupRows: least }, path, rows);
  return least;
}

/** What the dealer must know of a model: whether it has trees in clear, or the sizes of one on shares and of the table. */
export function toDeal(model: ModelPart, rows: number): JsonObject {
  if (model.kind === 'shared') {
    const { objective, scoreBits, owners } = model.slice;
    return { masks: false, rows, objective, score_bits: scoreBits, trees: owners.map((each) => each.join('')) };
  }
  if (model.kind === 'glm') {
    const { columns, link } = model.slice;
    return { masks: false, rows, first: columns[0], second: columns[1], objective: model.objective, link };
  }
  if (model.kind !== 'slice') return { masks: model.kind === 'trees' };
  const { columns, regType } = model.slice;
  return { masks: false, rows, first: columns[0], second: columns[1], objective: regType };
}
