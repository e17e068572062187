import {
  cutText,
  CHILD_CHAIN,
  type FaultList,
  isObject,
  type JsonValue,
  pointer,
  quoted,
  secretNameOf,
  splitText,
} from '#libs/chain-domain';
import { readCondition, type ChildPlan, type Repeat, type TemplateUse } from '#libs/chain-engine';
import { MAX_TASKS } from '#libs/dag-planner';
import type { ChainReading, ReadChild } from './chain-reading.js';
import { taskLabel } from './chain-schema-faults.js';
import type { ExpandedLists } from './expand-for-each.js';
import type { LaterList } from './later-lists.js';
import type { SecretUse } from './params-faults.js';

/** A chain, its children, theirs and so on: so many generations at most. */
export const MAX_GENERATIONS = 5;

type Json = Readonly<Record<string, unknown>>;

/** The chain of a version of a template, or why there is none. */
export type TemplateChain =
  { readonly chain: Json; readonly template: TemplateUse } | { readonly code: string; readonly message: string };

/** What a chain is read with, beside its body. */
export interface ReadingContext {
  /** By `templateKey`; absent: templates are not looked at. */
  readonly templates?: ReadonlyMap<string, TemplateChain>;
  /** 1 is a chain that has no parent. */
  readonly generation: number;
  /** Parameters whose values come when the chain starts. */
  readonly open: ReadonlySet<string>;
}

export const OUTERMOST: ReadingContext = { generation: 1, open: new Set() };

/** What the template of a task is looked up by. */
export const templateKey = ({ template, version }: Json): string => JSON.stringify([template, version ?? null]);

/** What a task of type `chain` says of its chain. */
export function childConfig(task: unknown): Json | undefined {
  if (!isObject(task) || task['task_type'] !== CHILD_CHAIN || !isObject(task['task_params'])) return undefined;
  const config = task['task_params']['task_config'];
  return isObject(config) ? config : undefined;
}

/** The children of a chain by position, how many tasks it has with them over time, and how many they have at once. */
interface ReadChildren {
  readonly children: ReadonlyMap<number, ReadChild>;
  readonly secrets: readonly SecretUse[];
  readonly treeSize: number;
  readonly childTasks: number;
}

/** The chains that stand in tasks. Each is a function: it sees nothing of the chain around it but the values that it gets. */
export class Children {
  /** Without the chains that stand in them: what refers to something there means their own tasks. */
  readonly tasks: readonly unknown[];
  private readonly chains = new Map<number, unknown>();

  constructor(
    sent: readonly unknown[],
    private readonly context: ReadingContext,
  ) {
    this.tasks = sent.map((task, position) => {
      const config = childConfig(task);
      if (config?.['chain'] === undefined) return task;
      const { chain, ...rest } = config;
      this.chains.set(position, chain);
      return withConfig(task as Json, rest);
    });
  }

  /** The tasks with their chains again. */
  written(tasks: readonly unknown[]): readonly unknown[] {
    return tasks.map((task, position) =>
      this.chains.has(position)
        ? withConfig(task as Json, { chain: this.chains.get(position), ...childConfig(task) })
        : task,
    );
  }

  /**
   * Reads the children of written-out tasks by `read`, and adds what is wrong with them.
   */
  read(
    body: Json,
    tasks: readonly unknown[],
    { originOf, later }: Pick<ExpandedLists, 'originOf' | 'later'>,
    faults: FaultList,
    read: (body: Json, context: ReadingContext) => ChainReading,
  ): ReadChildren {
    const children = new Map<number, ReadChild>();
    const secrets: SecretUse[] = [];
    let count = tasks.length;
    let childTasks = 0;
    for (const [position, task] of tasks.entries()) {
      const list = later.get(position);
      if (list !== undefined && !faults.full) {
        const child = this.readList(body, task as Json, { position, origin: originOf(position), list }, faults, read);
        secrets.push(...child.secrets);
        if (child.read === undefined) continue;
        children.set(position, child.read);
        // One of them stands for all instances, beside the task that collects their results.
        const { input } = child.read;
        count += 1 + (input.treeSize - 1) * list.forEach.maxItems;
        childTasks += 1 + (input.tasks.length + input.childTasks - 1) * list.forEach.maxItems;
        if (count <= MAX_TASKS) continue;
        const says = `with ${list.forEach.maxItems} items, its max_items, the chain has more than ${MAX_TASKS} tasks`;
        const message = `${taskLabel(task, position)}${says}: set a smaller one.`;
        faults.add({ code: 'TOO_MANY_TASKS', pointer: pointer('tasks', position, 'for_each'), message });
        break;
      }
      const config = childConfig(task);
      if (config === undefined || faults.full) continue;
      const label = taskLabel(task, position);
      const at = ['tasks', position, 'task_params', 'task_config'] as const;
      const add = (code: string, place: readonly (string | number)[], says: string): void =>
        faults.add({ code, pointer: pointer(...at, ...place), message: `${label}${says}.` });
      const found = this.chainOf(originOf(position), config, add);
      if (found === undefined) continue;
      const args = isObject(config['args']) ? config['args'] : {};
      const repeat = readRepeat(task as Json, position, found.chain, args, faults);
      const carried = Object.keys(repeat?.carry ?? {});
      const open = new Set([...Object.keys(args).filter((name) => isOpen(args[name] as JsonValue)), ...carried]);
      const closed = Object.fromEntries(Object.entries(args).filter(([name]) => !open.has(name)));
      const inherited = inheritedBy(found.chain, body, task as Json);
      const reading = read(
        { ...inherited, ...(Object.keys(closed).length > 0 && { args: closed }) },
        { ...this.context, generation: this.context.generation + 1, open },
      );
      const placeOf = (place: string): string => {
        if (place === '/args' || place.startsWith('/args/')) return pointer(...at) + place;
        return found.template ? pointer(...at, 'template') : pointer(...at, 'chain') + place;
      };
      secrets.push(
        ...reading.secrets.map((use) => ({ ...use, pointer: placeOf(use.pointer), label: label + use.label })),
      );
      if (!reading.ok) {
        for (const fault of reading.faults) {
          faults.add({ ...fault, pointer: placeOf(fault.pointer ?? ''), message: label + fault.message });
        }
        continue;
      }
      count += reading.chain.treeSize * (repeat?.max ?? 1);
      childTasks += reading.chain.tasks.length + reading.chain.childTasks;
      const { template } = found;
      children.set(position, {
        input: reading.chain,
        template,
        open: schemasOf(found.chain, open),
        repeat,
        forEach: undefined,
        place: placeOf(''),
      });
      if (count <= MAX_TASKS) continue;
      add('TOO_MANY_TASKS', [], `with those of its children the chain has more than ${MAX_TASKS} tasks`);
      break;
    }
    return { children, secrets, treeSize: count, childTasks };
  }

  /** Reads the chain of the instances of a task whose list comes out of a result. */
  private readList(
    body: Json,
    task: Json,
    { position, origin, list }: { readonly position: number; readonly origin: number; readonly list: LaterList },
    faults: FaultList,
    read: (body: Json, context: ReadingContext) => ChainReading,
  ): { readonly read?: ReadChild; readonly secrets: readonly SecretUse[] } {
    const own = pointer('tasks', position);
    if (this.context.generation >= MAX_GENERATIONS) {
      const says = `for_each over a result runs a chain, and chains stand in chains up to ${MAX_GENERATIONS} deep, the outermost counted`;
      faults.add({ code: 'TOO_DEEP', pointer: `${own}/for_each`, message: `${taskLabel(task, position)}${says}.` });
      return { secrets: [] };
    }
    const [pattern] = list.chain['tasks'] as [Json];
    const inline = this.chains.get(origin);
    const tasks = [inline === undefined ? pattern : withConfig(pattern, { chain: inline, ...childConfig(pattern) })];
    const {
      concurrency_key: _key,
      concurrency_limit: _limit,
      ...options
    } = isObject(body['options']) ? body['options'] : ({} as Json);
    const reading = read(inheritedBy({ ...list.chain, tasks, options }, body, task), {
      ...this.context,
      generation: this.context.generation + 1,
      open: list.open,
    });
    const id = String(task['task_id']);
    const placed = <Fault extends { readonly pointer?: string }>(fault: Fault): Fault & { pointer: string } => ({
      ...fault,
      pointer: (fault.pointer ?? '').replace(/^\/tasks\/0(?=\/|$)/, own),
    });
    const secrets = reading.secrets.map((use) => ({
      ...placed(use),
      label: use.label.replaceAll(`${id}[0]`, () => id),
    }));
    if (!reading.ok) {
      // Its parameters are none of the caller's.
      for (const fault of reading.faults.filter(({ pointer: place }) => place?.startsWith('/params') !== true)) {
        faults.add({ ...placed(fault), message: fault.message.replaceAll(`${id}[0]`, () => id) });
      }
      return { secrets };
    }
    const open = Object.fromEntries([...list.open].map((name) => [name, {}]));
    const { forEach } = list;
    return {
      read: { input: reading.chain, template: undefined, open, repeat: undefined, forEach, place: own },
      secrets,
    };
  }

  /** The chain that a task is to run. */
  private chainOf(
    origin: number,
    { template, version }: Json,
    add: (code: string, place: readonly string[], says: string) => void,
  ): { readonly chain: Json; readonly template?: TemplateUse } | undefined {
    const inline = this.chains.get(origin);
    if ((inline === undefined) === (template === undefined)) {
      add('INVALID_PARAMS', [], 'task_config has either chain or template');
      return undefined;
    }
    if (this.context.generation >= MAX_GENERATIONS) {
      add('TOO_DEEP', [], `chains stand in chains up to ${MAX_GENERATIONS} deep, the outermost counted`);
      return undefined;
    }
    if (inline !== undefined) {
      if (!isObject(inline)) add('INVALID_TYPE', ['chain'], 'chain must be an object');
      else if (inline['args'] !== undefined) add('UNKNOWN_FIELD', ['chain', 'args'], 'give args beside the chain');
      else if (inline['execute'] !== undefined) {
        add('UNKNOWN_FIELD', ['chain', 'execute'], 'the chain starts with its task: leave execute out');
      } else return { chain: inline };
      return undefined;
    }
    // The catalogue says what is wrong with it, or it is looked at when a chain is made.
    if (typeof template !== 'string' || this.context.templates === undefined) return undefined;
    const found = this.context.templates.get(templateKey({ template, version }));
    if (found === undefined || 'code' in found) {
      const { code, message } = found ?? { code: 'NOT_FOUND', message: `There is no template ${quoted(template)}.` };
      add(code, ['template'], message.replace(/\.$/, ''));
      return undefined;
    }
    return found;
  }
}

function withConfig(task: Json, config: object): object {
  return { ...task, task_params: { ...(task['task_params'] as object), task_config: config } };
}

/** The body of a child: what it does not say it has from the chain around it, and its tasks from the task that runs it. */
function inheritedBy(chain: Json, body: Json, task: Json): Json {
  const options = isObject(chain['options']) ? chain['options'] : {};
  const around = isObject(body['options']) ? body['options'] : {};
  const priority = options['priority'] ?? task['priority'] ?? around['priority'];
  const approval = options['approval_timeout'] ?? around['approval_timeout'];
  const more = {
    ...(priority !== undefined && { priority }),
    ...(approval !== undefined && { approval_timeout: approval }),
  };
  const name = `${String(body['chain_name'])}: ${String(task['task_id'])}`;
  return {
    chain_name: cutText(name, 255),
    ...(body['metadata'] !== undefined && { metadata: body['metadata'] }),
    ...(body['labels'] !== undefined && { labels: body['labels'] }),
    ...chain,
    ...(chain['options'] === undefined || isObject(chain['options']) ? { options: { ...options, ...more } } : {}),
  };
}

/** How a task repeats its chain. Its condition names the task alone, and what is carried are outputs and parameters of the chain. */
function readRepeat(task: Json, position: number, chain: Json, args: Json, faults: FaultList): Repeat | undefined {
  const said = task['repeat'];
  // Of an instance it is refused: see control-faults.ts.
  if (!isObject(said) || String(task['task_id']).includes('[')) return undefined;
  const add = (code: string, place: readonly string[], says: string): void =>
    faults.add({
      code,
      pointer: pointer('tasks', position, 'repeat', ...place),
      message: `${taskLabel(task, position)}${says}.`,
    });
  const { until, max, delay = 0, carry = {} } = said;
  const reading = readCondition(String(until));
  if (!reading.ok) add('INVALID_CONDITION', ['until'], `until is not valid: ${reading.message}`);
  const other = reading.ok ? reading.taskIds.find((id) => id !== task['task_id']) : undefined;
  if (other !== undefined) {
    add(
      'REFERENCE_NOT_ANCESTOR',
      ['until'],
      `until names task ${quoted(other)}: it can name ${String(task['task_id'])} alone`,
    );
  }
  const outputs = isObject(chain['outputs']) ? chain['outputs'] : {};
  const declared = isObject(chain['params']) ? chain['params']['properties'] : undefined;
  const properties = isObject(declared) ? declared : {};
  for (const [name, output] of Object.entries(isObject(carry) ? carry : {})) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (!Object.hasOwn(outputs, String(output))) {
      add('INVALID_VALUE', ['carry', name], `the chain has no output ${quoted(String(output))}`);
    } else if (property === undefined)
      add('UNKNOWN_FIELD', ['carry', name], `${quoted(name)} is no parameter of the chain`);
    else if (args[name] === undefined && isObject(property) && property['default'] === undefined) {
      add(
        'REQUIRED',
        ['carry', name],
        `the first turn has no value for ${quoted(name)}: give one in args, or declare a default`,
      );
    }
  }
  return {
    until: String(until),
    max: Number(max),
    delayMs: Number(delay) * 1_000,
    carry: carry as Readonly<Record<string, string>>,
  };
}

/** Whether a value comes out of a result. */
function isOpen(value: JsonValue): boolean {
  if (typeof value === 'string') {
    return secretNameOf(value) === undefined && [...splitText(value)].some(({ kind }) => kind === 'reference');
  }
  return value !== null && typeof value === 'object' && Object.values(value).some(isOpen);
}

function schemasOf(chain: Json, open: ReadonlySet<string>): ChildPlan['open'] {
  const declared = isObject(chain['params']) ? chain['params']['properties'] : undefined;
  const properties = isObject(declared) ? declared : {};
  return Object.fromEntries([...open].map((name) => [name, properties[name] as object]));
}
