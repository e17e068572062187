import { TRIGGER_RULES } from '#libs/chain-domain';
import { isObject } from './chain-body.js';
import { type FaultList, pointer, quoted } from './input-fault.js';
import { taskLabel } from './schema-faults.js';

const KNOWN_RULES: ReadonlySet<string> = new Set(TRIGGER_RULES);
const RULES = TRIGGER_RULES.join(', ');

/** Adds a fault for each thing that the grammar knows and this version does not do, rather than pass over it in silence. */
export function addUnsupportedFaults(
  body: Readonly<Record<string, unknown>>,
  tasks: readonly unknown[],
  faults: FaultList,
): void {
  const refuse = (at: string, message: string) => faults.add({ code: 'NOT_SUPPORTED_YET', pointer: at, message });
  if (isObject(body['options']) && 'max_parallel' in body['options']) {
    refuse('/options/max_parallel', 'options.max_parallel is not supported yet: leave it out.');
  }
  for (const [position, task] of tasks.entries()) {
    if (faults.full) return;
    if (!isObject(task)) continue;
    const label = taskLabel(task, position);
    const at = (...steps: (string | number)[]) => pointer('tasks', position, ...steps);
    const { when, trigger_rule: rule, depends_on: list } = task;
    if (when !== undefined) refuse(at('when'), `${label}conditions (when) are not supported yet.`);
    if (isObject(rule)) {
      refuse(at('trigger_rule'), `${label}the trigger rule {"at_least": k} is not supported yet. Known are ${RULES}.`);
    } else if (typeof rule === 'string' && !KNOWN_RULES.has(rule)) {
      refuse(at('trigger_rule'), `${label}the trigger rule ${quoted(rule)} is not supported. Known are ${RULES}.`);
    }
    for (const [index, entry] of (Array.isArray(list) ? list : []).entries()) {
      if (!isObject(entry)) continue;
      if (entry['dependency_type'] === 'condition') {
        refuse(
          at('depends_on', index, 'dependency_type'),
          `${label}dependencies of type "condition" are not supported yet.`,
        );
      }
      if (entry['when'] !== undefined) {
        refuse(at('depends_on', index, 'when'), `${label}conditions on a dependency (when) are not supported yet.`);
      }
    }
  }
}
