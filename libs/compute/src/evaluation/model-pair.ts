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

/** Refuses a model that is not of exactly the parties of the task. Throws TaskFailure MODEL_INCOMPATIBLE. */
export function requireParties(
  { party, peers }: Pick<PartyContext, 'party' | 'peers'>,
  path: string,
  model: ModelPart,
): void {
  if (model.kind === 'whole') return;
  const ofModel = model.kind === 'slice' ? model.slice.peers : undefined;
  const count = model.kind === 'slice' ? model.slice.columns.length : 2;
  const areThose = ofModel === undefined || ofModel.join() === peers.join();
  if (count === peers.length + 1 && areThose) return;
  const all = ofModel === undefined ? 'two parties' : [party, ...ofModel].sort().join(', ');
  throw incompatible(party, path, `is a slice of a model of ${all}: name all of these, and no others`);
}

/** The table that all parties of a model have the same rows of: the parameter `<kind>_data`. */
interface Counted {
  readonly kind: 'test' | 'input';
  readonly path: string;
  readonly rows: number;
}

/**
 * Agrees with the other parties that all slices are of one training and that all tables have the same number of rows. Returns the
 * fewest rows that a figure may cover. Throws TaskFailure MODEL_INCOMPATIBLE, GROUP_TOO_SMALL, NOT_ALIGNED.
 */
export async function checkTogether(
  context: PartyContext,
  model: ModelPart,
  { kind, path, rows }: Counted,
): Promise<number> {
  await checkSameModel(context, model);
  // Before others compare: an empty table and one of a row fail alike.
  checkGroup(context, path, rows);
  const least = await checkAligned(context, context.peers, { [kind]: rows });
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
  return { masks: false, rows, columns: [...columns], objective: regType };
}
