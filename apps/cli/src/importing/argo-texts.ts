import { escaped, type Notes, type Place } from './imported.js';

// The small languages in the texts of Argo Workflows: {{tags}}, conditions of `when`, expressions of `depends`, durations.

/** What texts of one template may name. */
export interface Scope {
  readonly inputs: ReadonlyMap<string, unknown>;
  /** The ids of the tasks beside it that are one task here. */
  readonly ids: ReadonlyMap<string, string>;
}

const TAG = /\{\{([^{}]*)\}\}/g;
const ONLY_INPUT = /^\{\{\s*inputs\.(?:parameters|artifacts)\.([^{}\s]+?)\s*\}\}$/;

/** The text with references in place of its tags; a tag alone becomes the value of the input that it names. */
export function translated(text: string, scope: Scope, notes: Notes, place: Place): unknown {
  const input = ONLY_INPUT.exec(text)?.[1];
  if (input !== undefined && scope.inputs.has(input)) return scope.inputs.get(input);
  return escaped(text).replaceAll(TAG, (tag, words: string) => {
    const found = ofTag(words.trim(), scope);
    if (found === undefined) {
      notes.add(place, 'TEXT', { text: tag });
      return tag;
    }
    return typeof found === 'string' ? found : JSON.stringify(found);
  });
}

function ofTag(words: string, { inputs, ids }: Scope): unknown {
  const [, param] = /^workflow\.parameters\.([A-Za-z_][A-Za-z0-9_-]{0,63})$/.exec(words) ?? [];
  if (param !== undefined) return `\${params.${param}}`;
  const [, input] = /^inputs\.(?:parameters|artifacts)\.(\S+)$/.exec(words) ?? [];
  if (input !== undefined) return inputs.get(input);
  if (/^item(\.[A-Za-z0-9_-]+)*$/.test(words)) return `\${${words}}`;
  const [, task, output] = /^(?:tasks|steps)\.([^.]+)\.outputs\.(\S+)$/.exec(words) ?? [];
  const id = task === undefined ? undefined : ids.get(task);
  if (id === undefined) return undefined;
  if (output === 'result') return `\${tasks.${id}.result}`;
  const [, name] = /^(?:parameters|artifacts)\.([A-Za-z0-9_-]+)$/.exec(output!) ?? [];
  return name === undefined ? undefined : `\${tasks.${id}.result.${name}}`;
}

/** A condition in CEL; undefined: it has no counterpart. Only comparisons of a task's output with a literal have. */
export function conditionOf(text: string, { ids }: Scope): string | undefined {
  const [, task, output, compare, literal] =
    /^\s*"?\{\{\s*(?:tasks|steps)\.([^.{}]+)\.outputs\.(result|parameters\.[A-Za-z0-9_-]+)\s*\}\}"?\s*(==|!=|>=|<=|>|<)\s*"?([^"{}&|]*?)"?\s*$/.exec(
      text,
    ) ?? [];
  const id = task === undefined ? undefined : ids.get(task);
  if (id === undefined || literal === undefined) return undefined;
  const value = output === 'result' ? 'result' : `result[${JSON.stringify(output!.slice('parameters.'.length))}]`;
  const right = /^-?\d+(\.\d+)?$/.test(literal) ? literal : JSON.stringify(literal);
  return `tasks[${JSON.stringify(id)}].${value} ${compare} ${right}`;
}

/** What an expression of `depends` names, and its trigger rule; without a rule it has none here. */
export function dependsOf(text: string): { readonly names: string[]; readonly rule?: string | undefined } {
  const names = [...new Set(text.match(/(?<![\w.-])[\w-]+/g) ?? [])];
  const plain = text.replaceAll(/[\s()]/g, '');
  for (const [shape, rule] of RULES) if (shape.test(plain)) return { names, rule };
  return { names };
}

const RULES: readonly (readonly [RegExp, string])[] = [
  [/^[\w-]+(&&[\w-]+)*$/, 'none_failed'],
  [/^[\w-]+\.Succeeded(&&[\w-]+\.Succeeded)*$/, 'all_success'],
  [/^[\w-]+\.Failed(&&[\w-]+\.Failed)*$/, 'all_failed'],
  [/^[\w-]+(\.Succeeded)?(\|\|[\w-]+(\.Succeeded)?)*$/, 'one_success'],
  [/^[\w-]+\.Failed(\|\|[\w-]+\.Failed)*$/, 'one_failed'],
];

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400 };

/** Seconds of `90`, `"90"`, `"90s"`, `"1h30m"`; undefined: it is none. */
export function secondsOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value);
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(value)) return undefined;
  return [...value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)].reduce(
    (sum, [, n, unit]) => sum + Number(n) * UNITS[unit!]!,
    0,
  );
}
