import { expandParams, type FailureCode, type InputFault, isObject, type JsonValue, quoted } from '#libs/chain-domain';
import { valueFaults } from '../apply/value-faults.js';
import type { ChildPlan, NewTask } from '../commands/new-chain.js';
import { namedIn, takesArtifacts, textsIn, type Handed } from './handed.js';

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
  const valueOf = (name: string): JsonValue | undefined =>
    args[name] ?? (open[name] as { default?: JsonValue }).default;
  const values = new Map(
    names.flatMap((name) => {
      const value = valueOf(name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  const schema = { type: 'object', required: names, properties: open };
  const [wrong] = valueFaults(schema, Object.fromEntries(values));
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

/** The values that the parameters of a task of type `chain` give to its child. */
export function argsOf(params: unknown): Readonly<Record<string, JsonValue>> {
  const config = isObject(params) ? params['task_config'] : undefined;
  const args = isObject(config) ? config['args'] : undefined;
  return isObject(args) ? (args as Readonly<Record<string, JsonValue>>) : {};
}
