import type { PlanNode } from '#libs/dag-planner';
import { isObject } from './strict-json.js';

/**
 * How a task depends on another: `sequential` only waits for it, `data` also uses its result, `condition` also has a
 * `when` that must hold.
 */
export type DependencyType = 'sequential' | 'data' | 'condition';

/** One task to wait for, and where the task says so: nowhere if it only follows from the order of the list. */
export interface Dependency {
  readonly taskId: string;
  readonly dependencyType: DependencyType;
  readonly when: string | null;
  readonly place: readonly [key: 'depends_on' | 'callback_for', index: number] | readonly [];
}

/** A task as the planner takes it, with the dependencies that it really has. */
export interface TaskNode extends PlanNode {
  readonly dependencies: readonly Dependency[];
}

/**
 * What each task waits for. `depends_on` as it is, then what `callback_for` names beyond it; without either, a
 * sequential task waits for the one before it in the list and a parallel one for none. Entries that the schema refuses are left
 * out, and a task without a usable id gets one that nothing can name, so that the rest of a faulty body can be planned.
 */
export function readDependencies(tasks: readonly unknown[]): TaskNode[] {
  const nodes: TaskNode[] = [];
  tasks.forEach((value, position) => {
    const task = isObject(value) ? value : {};
    const id = typeof task['task_id'] === 'string' ? task['task_id'] : `\0${position}`;
    const dependencies = dependenciesOf(task, id, nodes[position - 1]?.id);
    nodes.push({ id, dependencies, dependsOn: dependencies.map(({ taskId }) => taskId) });
  });
  return nodes;
}

function dependenciesOf(task: Readonly<Record<string, unknown>>, id: string, before?: string): Dependency[] {
  if (task['depends_on'] === undefined && task['callback_for'] === undefined) {
    // Two tasks of one id in a row are reported as that and not as a task that waits for itself.
    const follows = task['execution_mode'] !== 'parallel' && before !== undefined && before !== id;
    return follows ? [{ taskId: before, dependencyType: 'sequential', when: null, place: [] }] : [];
  }
  const named = entriesOf(task['depends_on'], 'depends_on');
  const known = new Set(named.map(({ taskId }) => taskId));
  const added = entriesOf(task['callback_for'], 'callback_for').filter(({ taskId }) => !known.has(taskId));
  return [...named, ...added];
}

function entriesOf(list: unknown, key: 'depends_on' | 'callback_for'): Dependency[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown, index) => {
    const taskId = isObject(entry) ? entry['task_id'] : entry;
    if (typeof taskId !== 'string') return [];
    return [{ taskId, ...kindOf(entry), place: [key, index] }];
  });
}

function kindOf(entry: unknown): Pick<Dependency, 'dependencyType' | 'when'> {
  if (!isObject(entry)) return { dependencyType: 'sequential', when: null };
  const when = typeof entry['when'] === 'string' ? entry['when'] : null;
  const type = entry['dependency_type'];
  if (type === 'data' || type === 'condition') return { dependencyType: type, when };
  return { dependencyType: type === undefined && when !== null ? 'condition' : 'sequential', when };
}
