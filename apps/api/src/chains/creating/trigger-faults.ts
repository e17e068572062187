import { type FaultList, isObject, pointer, quoted, type TaskNode, TRIGGER_RULES } from '#libs/chain-domain';
import { taskLabel } from './chain-schema-faults.js';

const KNOWN_RULES: ReadonlySet<string> = new Set(TRIGGER_RULES);

/** Adds what is wrong with trigger rules: one that there is not, or a quorum of more tasks than are waited for. */
export function addTriggerFaults(tasks: readonly unknown[], nodes: readonly TaskNode[], faults: FaultList): void {
  for (const [position, task] of tasks.entries()) {
    if (faults.full) return;
    if (!isObject(task)) continue;
    const label = taskLabel(task, position);
    const { trigger_rule: rule } = task;
    if (typeof rule === 'string' && !KNOWN_RULES.has(rule)) {
      const message = `${label}There is no trigger rule ${quoted(rule)}. There are ${TRIGGER_RULES.join(', ')} and {"at_least": k}.`;
      faults.add({ code: 'INVALID_VALUE', pointer: pointer('tasks', position, 'trigger_rule'), message });
    }
    const quorum = isObject(rule) ? rule['at_least'] : undefined;
    const parents = nodes[position]!.dependencies.length;
    if (typeof quorum === 'number' && quorum > parents) {
      const message = `${label}trigger_rule.at_least is ${quorum}, and the task waits for ${parents} ${parents === 1 ? 'task' : 'tasks'}.`;
      faults.add({ code: 'OUT_OF_RANGE', pointer: pointer('tasks', position, 'trigger_rule', 'at_least'), message });
    }
  }
}
