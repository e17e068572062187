import { type FaultList, isObject, pointer, quoted, type TaskNode } from '#libs/chain-domain';
import { MAX_CONDITION_LENGTH, readCondition } from '#libs/chain-engine';
import type { Plan } from '#libs/dag-planner';
import type { TaskBody } from './chain-body.js';
import { taskLabel } from './chain-schema-faults.js';

/** Conditions of one task at most: its own and those of its dependencies. */
const MAX_OF_A_TASK = 32;
/** Characters of all conditions of a chain, each text counted once: reading them takes about half a second. */
const MAX_OF_A_CHAIN = 100_000;

/** The tasks that each condition names, by its text. */
export type ReadConditions = ReadonlyMap<string, readonly string[]>;

/**
 * Adds what is wrong with conditions: syntax, names, tasks that do not come before the one that asks (where there is
 * a plan), and too many of them.
 */
export function addConditionFaults(
  tasks: readonly unknown[],
  nodes: readonly TaskNode[],
  plan: Plan | undefined,
  faults: FaultList,
): ReadConditions {
  const read = new Map<string, readonly string[]>();
  const positions = new Map(nodes.map(({ id }, position) => [id, position]));
  let length = 0;
  for (const [position, task] of tasks.entries()) {
    if (faults.full) return read;
    if (!isObject(task)) continue;
    const label = taskLabel(task, position);
    const add = (code: string, place: readonly (string | number)[], message: string): void =>
      faults.add({ code, pointer: pointer('tasks', position, ...place), message: label + message });
    for (const { dependencyType, when, place } of nodes[position]!.dependencies) {
      if (dependencyType === 'condition' && when === null) {
        add('REQUIRED', [...place, 'when'], 'a dependency of type condition has a `when`.');
      }
    }
    const own = [...placesOf(task, nodes[position]!), ...endOf(task)];
    if (own.length > MAX_OF_A_TASK) {
      add('TOO_MANY_CONDITIONS', [], `it has ${own.length} conditions, more than ${MAX_OF_A_TASK}: join them with &&.`);
      continue;
    }
    for (const { text, place, mayNameItself = false } of own) {
      let named = read.get(text);
      if (named === undefined) {
        // The schema reports a condition that is too long.
        if (text.length === 0 || text.length > MAX_CONDITION_LENGTH) continue;
        length += text.length;
        if (length > MAX_OF_A_CHAIN) {
          add(
            'TOO_MANY_CONDITIONS',
            place,
            `the chain's conditions have more than ${MAX_OF_A_CHAIN} characters in all.`,
          );
          return read;
        }
        const reading = readCondition(text);
        if (!reading.ok) {
          add('INVALID_CONDITION', place, `the condition is not valid: ${reading.message}.`);
          continue;
        }
        named = reading.taskIds;
        read.set(text, named);
      }
      for (const taskId of named) {
        const before = positions.get(taskId);
        if (before === undefined) {
          add(
            'REFERENCE_UNKNOWN_TASK',
            place,
            `the condition names task ${quoted(taskId)}, and there is no such task.`,
          );
        } else if (before !== position || !mayNameItself) {
          if (plan === undefined || plan.isAncestor(before, position)) continue;
          const why = 'that task does not have to be done before this one: add it to depends_on';
          add('REFERENCE_NOT_ANCESTOR', place, `the condition names task ${quoted(taskId)}, and ${why}.`);
        }
      }
    }
  }
  return read;
}

/** A task's conditions and the tasks that they name. */
export function conditionsOf(
  task: TaskBody,
  node: TaskNode,
  read: ReadConditions,
): { conditions: string[]; conditionTasks: string[] } {
  const conditions = [...new Set(placesOf(task, node).map(({ text }) => text))];
  const texts = [...conditions, ...endOf(task).map(({ text }) => text)];
  const named = new Set(texts.flatMap((text) => read.get(text) ?? []));
  named.delete(node.id);
  return { conditions, conditionTasks: [...named] };
}

interface ConditionPlace {
  readonly text: string;
  readonly place: readonly (string | number)[];
  readonly mayNameItself?: boolean;
}

/** The condition by which the task ends the chain: it is read when the task has ended. */
function endOf({ end_chain: end }: { readonly end_chain?: unknown }): ConditionPlace[] {
  const text = isObject(end) ? end['when'] : undefined;
  return typeof text === 'string' ? [{ text, place: ['end_chain', 'when'], mayNameItself: true }] : [];
}

function placesOf(task: { readonly when?: unknown }, node: TaskNode): ConditionPlace[] {
  const own = typeof task.when === 'string' ? [{ text: task.when, place: ['when'] }] : [];
  const edges = node.dependencies.flatMap(({ when, place }) =>
    when === null ? [] : [{ text: when, place: [...place, 'when'] }],
  );
  return [...own, ...edges];
}
