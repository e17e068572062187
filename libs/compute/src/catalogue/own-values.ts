import { randomUUID } from 'node:crypto';
import { findPartyReferences, putAt, valueAt, type JsonValue } from '#libs/chain-domain';
import { partiesOf } from '#libs/consent';
import { TaskFailure, type OwnValue, type TaskParams } from '../contract/task-type.js';

/** A value of a party's own result, and the steps to its place in `task_params`. */
export interface PlacedOwnValue extends OwnValue {
  readonly place: readonly (string | number)[];
}

/** Whether what stands at `place` in `task_params` is for the process of `party` alone. */
export function isPlaceOf(party: string, place: readonly (string | number)[], parties: readonly string[]): boolean {
  const [first, , ...below] = place;
  return first === 'task_config' && parties.includes(party) && (below.includes(party) || parties.length === 1);
}

/**
 * Puts a marker into each place. It is random, so no text that comes from a result can pass for one. The worker never opens
 * the values. Throws TaskFailure INVALID_PARAMS where a place is not that of its value.
 */
export function withMarkers(
  params: TaskParams,
  values: readonly PlacedOwnValue[],
): { params: TaskParams; own: Readonly<Record<string, OwnValue>> } {
  const marked = structuredClone(params);
  const own: Record<string, OwnValue> = {};
  for (const { place, ...value } of values) {
    // The API refuses these too. A job may come from a queue that somebody else writes to.
    if (!isNamedAt(params, place, value)) {
      const message = `The job puts a result of ${value.party} where its parameters do not name it.`;
      throw new TaskFailure('INVALID_PARAMS', message);
    }
    const marker = `own:${randomUUID()}`;
    own[marker] = value;
    putAt(marked, place, marker);
  }
  return { params: marked, own };
}

function isNamedAt(params: unknown, place: readonly (string | number)[], { party, taskId, path }: OwnValue): boolean {
  const text = valueAt(params as JsonValue, place);
  if (typeof text !== 'string' || !isPlaceOf(party, place, partiesOf(params))) return false;
  const [named] = findPartyReferences(text, new Set([taskId]));
  return named?.taskId === taskId && named.party === party && named.path.join('.') === path.join('.');
}
