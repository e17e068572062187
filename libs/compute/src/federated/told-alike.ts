import { canonicalJson } from '#libs/consent';
import { violation } from '../contract/peer-message.js';
import type { TaskRun } from '../contract/task-type.js';

/**
 * The value that all these parties came to alike, as the own one has it at a site: another site can say anything. Throws PROTOCOL_VIOLATION
 * where one says something else. Undefined where nobody says anything.
 */
export function toldAlike<Value>(
  { site }: Pick<TaskRun, 'site'>,
  told: readonly (readonly [party: string, value: Value])[],
): Value | undefined {
  const [, first] = told.find(([party]) => party === site?.party) ?? told[0] ?? [];
  for (const [party, value] of told)
    if (canonicalJson(value) !== canonicalJson(first)) throw violation(party, 'other figures than the sums came to');
  return first;
}
