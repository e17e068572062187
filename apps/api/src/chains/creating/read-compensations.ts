import {
  type FaultList,
  findPartyReferences,
  findReferences,
  isControlType,
  isObject,
  type JsonValue,
  pointer,
  quoted,
  readDependencies,
  type RetryPolicy,
} from '#libs/chain-domain';
import { MAX_TASKS, plan, type Plan } from '#libs/dag-planner';
import type { CompensationPlan } from '#libs/repositories';
import type { TaskCatalogue } from '../../catalogue/catalogue.js';
import { taskLabel } from './chain-schema-faults.js';
import { addParamsFaults, type SecretUse } from './params-faults.js';

/** The task that undoes another. */
export interface CompensateWith {
  readonly taskName: string;
  readonly taskType: string;
  readonly params: { readonly [key: string]: JsonValue };
  readonly retryPolicy: RetryPolicy;
  readonly timeoutSeconds: number | null;
}

/** A task as far as it may be undone. */
interface UndoneTask {
  readonly taskId: string;
  readonly position: number;
  readonly priority: number;
  readonly compensateWith?: CompensateWith;
}

/** The tasks that undo others, beside the tasks of a chain. */
export class Compensations {
  /** Places of the tasks that are undone. */
  private readonly of: number[] = [];
  private readonly extended: unknown[];

  constructor(private readonly tasks: readonly unknown[]) {
    const undone = tasks.flatMap((task, position) => {
      const how = isObject(task) ? task['compensate_with'] : undefined;
      if (!isObject(how)) return [];
      this.of.push(position);
      const { task_id: id } = task as { task_id?: unknown };
      // No id of a task has a space, so that no reference names it.
      return [{ ...how, task_id: `${String(id)} (compensate_with)`, depends_on: [id] }];
    });
    this.extended = [...tasks, ...undone];
  }

  /** Adds what is wrong with types and parameters, as for tasks that follow those that they undo; returns their secrets. */
  addFaults(catalogue: TaskCatalogue, faults: FaultList): SecretUse[] {
    if (this.of.length === 0) return [];
    if (this.extended.length > MAX_TASKS) {
      const message = `The chain has ${this.extended.length} tasks with those of compensate_with, more than ${MAX_TASKS}.`;
      faults.add({ code: 'TOO_MANY_TASKS', pointer: '/tasks', message });
      return [];
    }
    const planned = plan(readDependencies(this.extended));
    const known: Plan | undefined = planned.ok ? planned.plan : undefined;
    for (const [at, position] of this.of.entries()) {
      const undo = this.extended[this.tasks.length + at] as { task_type?: unknown; task_params?: JsonValue };
      const { task_type: type, task_params: params } = undo;
      if (typeof type === 'string' && isControlType(type)) {
        const message = `${taskLabel(this.tasks[position], position)}no worker runs a ${type}, so that it undoes nothing.`;
        faults.add({
          code: 'UNKNOWN_TASK_TYPE',
          pointer: pointer('tasks', position, 'compensate_with', 'task_type'),
          message,
        });
      }
      for (const { taskId, place } of isObject(params) ? findPartyReferences(params as JsonValue) : []) {
        const message = `The result of task ${quoted(taskId)} for one party cannot stand in compensate_with: another chain cannot read it.`;
        faults.add({
          code: 'PARTY_RESULT_NOT_ALLOWED',
          pointer: pointer('tasks', position, 'compensate_with', 'task_params', ...place),
          message,
        });
      }
    }
    return addParamsFaults(this.extended, catalogue, known, faults, this.tasks.length);
  }

  /** Where the caller looks for what is wrong at a place of these tasks. */
  placeOf(place: string): string {
    const [, position, below] = /^\/tasks\/(\d+)(.*)$/s.exec(place) ?? [];
    const at = Number(position) - this.tasks.length;
    return at >= 0 ? `/tasks/${this.of[at]}/compensate_with${below}` : place;
  }
}

/** How the tasks of a chain without faults are undone; null: not at all. */
export function compensationOf(tasks: readonly UndoneTask[]): CompensationPlan['tasks'] | null {
  const positions = new Map(tasks.map(({ taskId, position }) => [taskId, position]));
  const undone = tasks.flatMap(({ compensateWith, taskId, position, priority }) => {
    if (compensateWith === undefined) return [];
    const { references } = findReferences(compensateWith.params, positions);
    const referenced = [...new Set(references.map(({ taskId }) => positions.get(taskId)!))];
    return [{ position, taskId, priority, ...compensateWith, referenced }];
  });
  return undone.length === 0 ? null : undone;
}
