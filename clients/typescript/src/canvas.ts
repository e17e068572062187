import type { CreateChainRequest } from './generated/index.js';

type TaskBody = CreateChainRequest['tasks'][number];
type Dependency = NonNullable<TaskBody['depends_on']>[number];
type Undo = NonNullable<TaskBody['compensate_with']>;
type EndChain = NonNullable<TaskBody['end_chain']>;
type ForEach = Extract<NonNullable<TaskBody['for_each']>, { items: unknown }>;
type Repeat = NonNullable<TaskBody['repeat']>;
type RetryPolicy = NonNullable<TaskBody['retry_policy']>;
/** What a task of type `chain` runs. */
type Subchain = CreateChainRequest | { readonly template: string; readonly version?: string | number };
/** What `POST /chains` takes beside name and tasks. */
export type ChainSettings = Omit<CreateChainRequest, 'chain_name' | 'tasks'>;

/** A chain in the making: the tasks placed so far, and the ids that are taken. */
interface Draft {
  readonly tasks: TaskBody[];
  readonly taken: Set<string>;
}

/** What a chain is made of: a task, or several put together by `chain`, `group`, `chord` and `branch`. Never changed once made. */
export abstract class Step {
  /** The body of `POST /chains`. Tasks without their own id are named `<task_type>-<n>`, in the order written. */
  build(chainName: string, settings: ChainSettings = {}): CreateChainRequest {
    const draft: Draft = { tasks: [], taken: new Set() };
    for (const { id } of this.inside()) {
      if (id === undefined) continue;
      if (draft.taken.has(id)) throw new Error(`Two tasks are called ${JSON.stringify(id)}.`);
      draft.taken.add(id);
    }
    this.place(draft, [], false);
    return { chain_name: chainName, ...settings, tasks: draft.tasks };
  }

  /** Its tasks, in the order written. */
  abstract inside(): Iterable<Task>;
  /** Adds its tasks to the draft, the first of them after `before`. Returns the ids of its last tasks. */
  abstract place(draft: Draft, before: readonly string[], isCallback: boolean): readonly string[];
}

/** A task and how it runs. Each method returns a new one. */
export class Task extends Step {
  constructor(
    private readonly body: Omit<TaskBody, 'task_id' | 'depends_on'>,
    readonly id?: string,
    private readonly others: readonly Dependency[] = [],
  ) {
    super();
  }

  /** Its `task_id`, 1 to 64 of `A-Z a-z 0-9 . _ -`: needed where others refer to it. */
  as(id: string): Task {
    return new Task(this.body, id, this.others);
  }

  /** A name for people. */
  named(name: string): Task {
    return this.with({ task_name: name });
  }

  /** A CEL expression that must hold, as the task is about to be sent, for it to run. */
  when(condition: string): Task {
    return this.with({ when: condition });
  }

  /** Ends the chain when it has succeeded and the CEL expression holds, which may name its own result. */
  endChain(when: string, status: EndChain['status'], message?: string): Task {
    return this.with({ end_chain: { when, status, ...(message !== undefined && { message }) } });
  }

  /**
   * How it is undone if the chain fails or is cancelled after it has succeeded: a type with its parameters, which may hold `result(…)` of
   * it and of tasks before it.
   */
  compensateWith(type: string, params: Undo['task_params'], more: Omit<Undo, 'task_type' | 'task_params'> = {}): Task {
    return this.with({ compensate_with: { task_type: type, task_params: params, ...more } });
  }

  /**
   * Runs it once for each item of a list, which is written out, a `param(…)` or the `result(…)` of a task before it: its parameters may
   * hold `item()` and `index`. What comes after it gets the list of results. It has its own id (`as`), or its instances have none to refer to.
   */
  forEach(items: NonNullable<ForEach['items']>, settings: Omit<ForEach, 'items'> = {}): Task {
    return this.with({ for_each: { items, ...settings } });
  }

  /** Runs the chain of a `subchain` in turns, until a CEL expression on the outputs of the last one holds, at most `max` times. */
  repeat(until: string, max: number, more: Omit<Repeat, 'until' | 'max'> = {}): Task {
    return this.with({ repeat: { until, max, ...more } });
  }

  /** What its parents must have come to: `all_success` where it is left out; `{ at_least: k }` for k successes. */
  trigger(rule: NonNullable<TaskBody['trigger_rule']>): Task {
    return this.with({ trigger_rule: rule });
  }

  /** So many further tries, or a whole policy. */
  retry(policy: number | RetryPolicy): Task {
    return this.with({ retry_policy: typeof policy === 'number' ? { max_retries: policy } : policy });
  }

  /** Seconds that one try may run. */
  timeout(seconds: number): Task {
    return this.with({ timeout: seconds });
  }

  /** Seconds that it may wait for a worker. */
  queueTimeout(seconds: number): Task {
    return this.with({ queue_timeout: seconds });
  }

  /** 1 (last) to 10 (first), or `low`, `normal`, `high`, `critical`. */
  priority(priority: NonNullable<TaskBody['priority']>): Task {
    return this.with({ priority });
  }

  /** It may fail without failing the chain. */
  tolerable(): Task {
    return this.with({ tolerable: true });
  }

  /** Waits for these as well, beside what its place says. A task that is named here has its own id (`as`). */
  after(...others: readonly (Task | Dependency)[]): Task {
    const added = others.map((other) => (other instanceof Task ? other.ownId() : other));
    return new Task(this.body, this.id, [...this.others, ...added]);
  }

  /**
   * The reference to its result, for the parameters of tasks that come after it: `${tasks.<id>.result.<path>}`, or the
   * whole result without a path. The task has its own id (`as`).
   */
  result(path = ''): string {
    return `\${tasks.${this.ownId()}.result${path && !path.startsWith('[') ? '.' : ''}${path}}`;
  }

  override inside(): Iterable<Task> {
    return [this];
  }

  override place(draft: Draft, before: readonly string[], isCallback: boolean): readonly string[] {
    const id = this.id ?? freeId(draft.taken, this.body.task_type);
    draft.taken.add(id);
    // Of a task named twice, what `after` says of it counts.
    const said = new Map(this.others.map((other) => [idOf(other), other]));
    const depends_on = [...before.filter((other) => !said.has(other)), ...said.values()];
    draft.tasks.push({ task_id: id, ...this.body, depends_on, ...(isCallback && { is_callback: true }) });
    return [id];
  }

  private with(more: Partial<TaskBody>): Task {
    return new Task({ ...this.body, ...more }, this.id, this.others);
  }

  private ownId(): string {
    if (this.id === undefined) throw new Error(`Give the ${this.body.task_type} task an id first: task(…).as('…').`);
    return this.id;
  }
}

class Sequence extends Step {
  constructor(private readonly steps: readonly Step[]) {
    super();
  }

  override *inside(): Iterable<Task> {
    for (const step of this.steps) yield* step.inside();
  }

  override place(draft: Draft, before: readonly string[], isCallback: boolean): readonly string[] {
    let last = before;
    for (const [i, step] of this.steps.entries()) last = step.place(draft, last, isCallback && i === 0);
    return last;
  }
}

class Group extends Step {
  constructor(private readonly steps: readonly Step[]) {
    super();
  }

  override *inside(): Iterable<Task> {
    for (const step of this.steps) yield* step.inside();
  }

  override place(draft: Draft, before: readonly string[], isCallback: boolean): readonly string[] {
    return this.steps.flatMap((step) => step.place(draft, before, isCallback));
  }
}

class Chord extends Step {
  constructor(
    private readonly header: Step,
    private readonly callback: Step,
  ) {
    super();
  }

  override *inside(): Iterable<Task> {
    yield* this.header.inside();
    yield* this.callback.inside();
  }

  override place(draft: Draft, before: readonly string[], isCallback: boolean): readonly string[] {
    return this.callback.place(draft, this.header.place(draft, before, isCallback), true);
  }
}

/** What one arm of a branch runs, where its CEL expression holds. */
export interface Arm {
  readonly when: string;
  readonly then: Step;
}

class Branch extends Step {
  constructor(
    private readonly by: Task,
    private readonly arms: readonly Arm[],
    private readonly otherwise: Step | undefined,
  ) {
    super();
  }

  override *inside(): Iterable<Task> {
    yield* this.by.inside();
    for (const { then } of this.arms) yield* then.inside();
    if (this.otherwise !== undefined) yield* this.otherwise.inside();
  }

  override place(draft: Draft, before: readonly string[], isCallback: boolean): readonly string[] {
    const ids = this.by.place(draft, before, isCallback);
    const at = draft.tasks.length - 1;
    const last: string[] = [];
    // The branch names the first tasks of each arm: those that wait for the task that decides.
    const take = (step: Step): string[] => {
      const from = draft.tasks.length;
      last.push(...step.place(draft, ids, false));
      return draft.tasks
        .slice(from)
        .flatMap((task) => (task.depends_on!.some((each) => idOf(each) === ids[0]) ? [task.task_id] : []));
    };
    const arms = this.arms.map(({ when, then }) => ({ when, then: take(then) }));
    const rest = this.otherwise === undefined ? [] : [{ else: take(this.otherwise) }];
    draft.tasks[at] = { ...draft.tasks[at]!, branch: [...arms, ...rest] };
    return last;
  }
}

/**
 * One task, and after it the first arm whose condition holds, or else `otherwise`. Tasks of the other arms are skipped: give what comes
 * after the branch a trigger rule such as `none_failed_min_one_success`.
 */
export function branch(by: Task, arms: readonly Arm[], otherwise?: Step): Step {
  if (arms.length === 0) throw new Error('A branch has at least one arm.');
  return new Branch(by, arms, otherwise);
}

/** A task of this type. `params` are its `task_params`: `{ sf_init_config, task_config, … }`. */
export function task(type: string, params: TaskBody['task_params'] = {}): Task {
  return new Task({ task_type: type, task_params: params });
}

/** Waits for so many seconds, or until a time with its offset from UTC. No worker is held meanwhile. */
export function wait(time: number | { readonly until: string }): Task {
  return task('wait', { task_config: typeof time === 'number' ? { seconds: time } : time });
}

/** Runs another chain, its child: a body as `build` makes it, or `{ template, version }`; `args` are the values of its parameters. */
export function subchain(of: Subchain, args?: Readonly<Record<string, unknown>>): Task {
  const config = 'template' in of ? of : { chain: of };
  return task('chain', { task_config: { ...config, ...(args && { args }) } });
}

/**
 * Waits for a signal of this name and key, `client.sendSignal`, at most so many seconds (`timeout`). Its payload, which `schema` checks, is
 * the result. No worker is held meanwhile.
 */
export function signal(
  name: string,
  key: string,
  more: { readonly timeout?: number; readonly schema?: Readonly<Record<string, unknown>> } = {},
): Task {
  return task('signal', { task_config: { name, key, ...more } });
}

/**
 * Asks one of `who` (`key:<id>`, `oidc:<subject>`, `role:<role>`) and waits for the answer, `client.answerSignOff`, at most so many
 * seconds (`timeout`). `form` is a JSON Schema of the answer, which is `result.answer`. No worker is held meanwhile.
 */
export function signOff(
  question: string,
  who: readonly string[],
  more: { readonly timeout?: number; readonly form?: Readonly<Record<string, unknown>> } = {},
): Task {
  return task('sign_off', { task_config: { question, who: [...who], ...more } });
}

/** The reference to a parameter of the chain, for the parameters of its tasks: declare it by `params` in the settings of `build`. */
export function param(name: string, path = ''): string {
  return `\${params.${name}${path && !path.startsWith('[') ? '.' : ''}${path}}`;
}

/** What stands for the item of an instance in the parameters of a task with `forEach`, or a part of it. */
export function item(path = ''): string {
  return `\${item${path && !path.startsWith('[') ? '.' : ''}${path}}`;
}

/** What stands for the place of an instance's item in the list, from 0. */
export const index = '${index}';

/** One after the other: the first tasks of each step wait for all last tasks of the step before. */
export function chain(...steps: readonly Step[]): Step {
  return new Sequence(some('chain', steps));
}

/** Side by side: none waits for another. What comes after a group waits for all of it. */
export function group(...steps: readonly Step[]): Step {
  return new Group(some('group', steps));
}

/** Side by side, and then the callback with all their results. */
export function chord(header: readonly Step[], callback: Step): Step {
  return new Chord(new Group(some('chord', header)), callback);
}

function some(what: string, steps: readonly Step[]): readonly Step[] {
  if (steps.length === 0) throw new Error(`A ${what} has at least one step.`);
  return steps;
}

function freeId(taken: ReadonlySet<string>, type: string): string {
  for (let n = 1; ; n++) if (!taken.has(`${type}-${n}`)) return `${type}-${n}`;
}

const idOf = (dependency: Dependency): string => (typeof dependency === 'string' ? dependency : dependency.task_id);
