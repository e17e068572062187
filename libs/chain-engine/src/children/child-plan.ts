import { expandParams, type FailureCode, type InputFault, isObject, type JsonValue, quoted } from '#libs/chain-domain';
import { valueFaults } from '../apply/value-faults.js';
import type { ChildPlan, NewTask } from '../commands/new-chain.js';
import { namedIn, takesArtifacts, textsIn, type Handed } from './handed.js';

/** Characters of JSON that a child is given at most, as what is written out. */
export const MAX_ARGS = 64 * 1_024;

/** The chain with the values in their places; or what is wrong with them. */
export type FilledPlan =
  { readonly chain: ChildPlan['chain'] } | { readonly fault: string; readonly code?: FailureCode };

/**
 * Puts the values of open parameters into what a task runs. What a value brings is data, never a reference. `handed`: the artifacts that may be
 * handed down; a task may read those that come to it through parameters which are marked for that.
 */
export function fillPlan(
  { chain, open }: ChildPlan,
  args: Readonly<Record<string, JsonValue>>,
  handed: Handed = new Map(),
): FilledPlan {
  const names = Object.keys(open);
  if (names.length === 0) return { chain };
  if (isLonger(args, MAX_ARGS)) return { fault: `args have more than ${MAX_ARGS} characters` };
  // null is a value.
  const valueOf = (name: string): JsonValue | undefined =>
    Object.hasOwn(args, name) ? args[name] : (open[name] as { default?: JsonValue }).default;
  const values = new Map(
    names.flatMap((name) => {
      const value = valueOf(name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  const [wrong] = valueFaults(schemaOf(open), Object.fromEntries(values));
  if (wrong !== undefined) return { fault: `args${wrong.pointer.replaceAll('/', '.')} ${wrong.message}` };
  const artifacts = names.filter((name) => takesArtifacts(open[name]!));
  for (const name of artifacts) {
    const stranger = textsIn(values.get(name)!).find((text) => !handed.has(text));
    if (stranger === undefined) continue;
    const fault = `args.${name} holds ${quoted(stranger)}, which is no artifact of a task that it comes from, or of an earlier turn`;
    return { fault, code: 'ARTIFACT_OF_OTHER_CHAIN' };
  }
  const down = namedIn(
    artifacts.map((name) => values.get(name)!),
    handed,
  );
  const { expand } = expandParams({ declared: names, values, secrets: new Set() });
  const faults: InputFault[] = [];
  const filled = <T extends { readonly params: unknown }>(task: T, position: number): T => {
    const { value, faults: found } = expand(task.params as JsonValue, ['tasks', position, 'task_params']);
    faults.push(...found);
    const read = namedIn(value, down);
    return { ...task, params: value, ...(read.size > 0 && { handed: read }) };
  };
  const tasks: readonly NewTask[] = chain.tasks.map(filled);
  const compensation = chain.compensation?.map(filled);
  const [first] = faults;
  if (first !== undefined) return { fault: first.message };
  return { chain: { ...chain, tasks, ...(compensation && { compensation }) } };
}

/** By open parameters: all instances of a list share one. */
const schemas = new WeakMap<ChildPlan['open'], object>();

function schemaOf(open: ChildPlan['open']): object {
  let schema = schemas.get(open);
  if (schema === undefined)
    schemas.set(open, (schema = { type: 'object', required: Object.keys(open), properties: open }));
  return schema;
}

/** Whether a value has more characters of JSON than `most`. Reads no more of it than that: one value may stand at many places. */
export function isLonger(value: JsonValue, most: number): boolean {
  let left = most;
  const take = (each: JsonValue): void => {
    left -= 2;
    if (typeof each === 'string') left -= each.length;
    else if (typeof each !== 'object' || each === null) left -= String(each).length - 1;
    else {
      for (const [name, member] of Object.entries(each)) {
        if (left < 0) return;
        if (!Array.isArray(each)) left -= name.length + 2;
        take(member);
      }
    }
  };
  take(value);
  return left < 0;
}

/** The values that the parameters of a task of type `chain` give to its child. */
export function argsOf(params: unknown): Readonly<Record<string, JsonValue>> {
  const config = isObject(params) ? params['task_config'] : undefined;
  const args = isObject(config) ? config['args'] : undefined;
  return isObject(args) ? (args as Readonly<Record<string, JsonValue>>) : {};
}
