import { randomUUID } from 'node:crypto';
import { putAt } from '#libs/chain-domain';
import type { OwnValue, TaskParams } from '../contract/task-type.js';

/** A value of a party's own result, and the steps to its place in `task_params`. */
export interface PlacedOwnValue extends OwnValue {
  readonly place: readonly (string | number)[];
}

/**
 * Puts a marker into each place. It is random, so no text that comes from a result can pass for one. The worker never opens
 * the values.
 */
export function withMarkers(
  params: TaskParams,
  values: readonly PlacedOwnValue[],
): { params: TaskParams; own: Readonly<Record<string, OwnValue>> } {
  const marked = structuredClone(params);
  const own: Record<string, OwnValue> = {};
  for (const { place, ...value } of values) {
    const marker = `own:${randomUUID()}`;
    own[marker] = value;
    putAt(marked, place, marker);
  }
  return { params: marked, own };
}
