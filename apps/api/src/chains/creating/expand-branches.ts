import { type FaultList, isObject, pointer, quoted } from '#libs/chain-domain';
import { MAX_CONDITION_LENGTH, readCondition } from '#libs/chain-engine';
import type { Plan } from '#libs/dag-planner';
import { taskLabel } from './chain-schema-faults.js';

/** Characters of the conditions of all arms of a chain: reading them takes about half a second. */
const MAX_OF_A_CHAIN = 100_000;
/** Characters that branches add to a chain when they are written out: a short body could ask for gigabytes. */
const MAX_ADDED = 1024 * 1024;

type Task = Readonly<Record<string, unknown>>;
type Place = readonly (string | number)[];

/** A task that the condition of an arm names. */
interface Named {
  readonly position: number;
  readonly place: Place;
  readonly taskId: string;
}

export interface ExpandedBranches {
  /** Without `branch`: what an arm names depends on the task of the branch, under a condition. */
  readonly tasks: readonly unknown[];
  /** Where the caller has to look for what is wrong at a place of the written out tasks. */
  readonly placeOf: (place: string) => string;
  /** Adds a fault for each condition of an arm that names what its task does not wait for. `at`: where a task stands in the plan. */
  readonly addFaults: (plan: Plan, faults: FaultList, at: (position: number) => number) => void;
}

/**
 * Writes the branches of tasks out as conditions of dependencies, and adds what is wrong with them. An arm holds where its own
 * condition does and those of the arms before it do not, so that each reader of the chain sees why a task runs.
 */
export function expandBranches(tasks: readonly unknown[], faults: FaultList): ExpandedBranches {
  const written = [...tasks];
  const positions = new Map(tasks.map((task, position) => [isObject(task) ? task['task_id'] : undefined, position]));
  const places = new Map<string, string>();
  const named: Named[] = [];
  const room = { toRead: MAX_OF_A_CHAIN, toAdd: MAX_ADDED };
  for (const [position, task] of tasks.entries()) {
    if (!isObject(task) || typeof task['task_id'] !== 'string' || !Array.isArray(task['branch'])) continue;
    const { branch, ...rest } = { ...(written[position] as Task), branch: task['branch'] as unknown[] };
    written[position] = rest;
    if (faults.full) continue;
    const arms = new Arms(task, position, branch, positions, faults, room);
    named.push(...arms.named);
    for (const { target, text, place } of arms.conditions()) {
      const { changed, index } = withCondition(written[target] as Task, task['task_id'], text);
      if (changed === undefined) continue;
      written[target] = changed;
      places.set(pointer('tasks', target, 'depends_on', index), pointer(...place));
    }
  }
  return {
    tasks: written,
    placeOf: (place) => {
      const [dependency = ''] = /^\/tasks\/\d+\/depends_on\/\d+/.exec(place) ?? [];
      return places.get(dependency) ?? place;
    },
    addFaults: (plan, list, at) => {
      for (const { position, place, taskId } of named) {
        const other = positions.get(taskId)!;
        if (other === position || plan.isAncestor(at(other), at(position))) continue;
        const why = 'that task does not have to be done before this one: add it to depends_on';
        const message = `${taskLabel(tasks[position], position)}the condition names task ${quoted(taskId)}, and ${why}.`;
        list.add({ code: 'REFERENCE_NOT_ANCESTOR', pointer: pointer(...place), message });
      }
    },
  };
}

/** The arms of one branch. */
class Arms {
  readonly named: Named[] = [];
  /** By the task that arms name: the arms that take it. */
  private readonly targets = new Map<number, { readonly texts: string[]; readonly place: Place }>();
  private readable = true;

  constructor(
    private readonly task: Task,
    private readonly position: number,
    branch: readonly unknown[],
    private readonly positions: ReadonlyMap<unknown, number>,
    private readonly faults: FaultList,
    private readonly room: { toRead: number; toAdd: number },
  ) {
    const before: string[] = [];
    for (const [index, arm] of branch.entries()) {
      if (!isObject(arm)) continue;
      const { when, then, else: otherwise } = arm;
      const place = ['tasks', position, 'branch', index];
      const isLast = index > 0 && index === branch.length - 1;
      const isArm =
        otherwise === undefined
          ? when !== undefined && then !== undefined
          : when === undefined && then === undefined && isLast;
      if (!isArm) {
        this.add('INVALID_VALUE', place, 'an arm has `when` and `then`; the last one of several may have `else` alone');
        continue;
      }
      if (when !== undefined && !this.read(when, [...place, 'when'])) continue;
      const own = typeof when === 'string' ? [before.length === 0 ? when : `(${when})`] : [];
      this.take(
        otherwise ?? then,
        [...before, ...own].join(' && '),
        [...place, otherwise === undefined ? 'then' : 'else'],
        place,
      );
      if (typeof when === 'string') before.push(`!(${when})`);
    }
  }

  /** What each task that an arm names waits for. */
  conditions(): { readonly target: number; readonly text: string; readonly place: Place }[] {
    return [...this.targets].map(([target, { texts, place }]) => {
      const text = texts.length === 1 ? texts[0]! : texts.map((each) => `(${each})`).join(' || ');
      // Where an arm cannot be read, its tasks still wait: the graph is checked as it would be.
      return { target, text: this.readable && this.hasRoom(text, place) ? text : 'true', place };
    });
  }

  private read(when: unknown, place: Place): boolean {
    // The schema reports what is no text or has no or too many characters.
    if (typeof when !== 'string' || when.length === 0 || when.length > MAX_CONDITION_LENGTH) return false;
    this.room.toRead -= when.length;
    if (this.room.toRead < 0) {
      return this.add(
        'TOO_MANY_CONDITIONS',
        place,
        `the branches of the chain have more than ${MAX_OF_A_CHAIN} characters in all`,
      );
    }
    const reading = readCondition(when);
    if (!reading.ok) return this.add('INVALID_CONDITION', place, `the condition is not valid: ${reading.message}`);
    for (const taskId of reading.taskIds) {
      if (!this.positions.has(taskId)) {
        return this.add(
          'REFERENCE_UNKNOWN_TASK',
          place,
          `the condition names task ${quoted(taskId)}, and there is no such task`,
        );
      }
      this.named.push({ position: this.position, place, taskId });
    }
    return true;
  }

  private take(ids: unknown, text: string, at: Place, arm: Place): void {
    if (!Array.isArray(ids)) return;
    for (const [index, id] of ids.entries()) {
      if (typeof id !== 'string') continue;
      const target = this.positions.get(id);
      if (target === undefined) {
        this.add('MISSING_DEPENDENCY', [...at, index], `the arm names task ${quoted(id)}, and there is no such task`);
        continue;
      }
      const known = this.targets.get(target);
      if (known === undefined) this.targets.set(target, { texts: [text], place: arm });
      else known.texts.push(text);
    }
  }

  private hasRoom(text: string, place: Place): boolean {
    this.room.toAdd -= text.length;
    if (text.length > MAX_CONDITION_LENGTH) {
      return this.add(
        'TOO_MANY_CONDITIONS',
        place,
        `with those of the arms before it, its condition has ${text.length} characters, more than ${MAX_CONDITION_LENGTH}`,
      );
    }
    if (this.room.toAdd < 0)
      return this.add('TOO_LARGE', place, `branches add more than ${MAX_ADDED} characters to the chain`);
    return true;
  }

  private add(code: string, place: Place, says: string): false {
    this.faults.add({ code, pointer: pointer(...place), message: `${taskLabel(this.task, this.position)}${says}.` });
    this.readable = false;
    return false;
  }
}

/** A task that waits for another under a condition as well, and where in its list; no task if its list is no list. */
function withCondition(task: Task, id: string, text: string): { changed?: Task; index: number } {
  const list = (task['depends_on'] ?? []) as unknown;
  if (!Array.isArray(list)) return { index: -1 };
  const found = list.findIndex((entry: unknown) => (isObject(entry) ? entry['task_id'] : entry) === id);
  const was = isObject(list[found]) ? list[found] : {};
  const own = typeof was['when'] === 'string' ? was['when'] : undefined;
  const entry = {
    task_id: id,
    dependency_type: was['dependency_type'] === 'data' ? 'data' : 'condition',
    when: own === undefined ? text : `(${own}) && (${text})`,
  };
  const index = found === -1 ? list.length : found;
  return { changed: { ...task, depends_on: [...list.slice(0, index), entry, ...list.slice(index + 1)] }, index };
}
