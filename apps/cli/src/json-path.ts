import { isObject } from '#libs/chain-domain';

/** Writes a document as a template says. */
export type Template = (document: unknown) => string;

/** Values that a step leads to from one value. */
type Step = (value: unknown) => readonly unknown[];
type Part = (root: unknown, here: unknown) => string;

/**
 * A template in the JSONPath of kubectl (https://kubernetes.io/docs/reference/kubectl/jsonpath/): text outside of braces stands
 * for itself; in braces a path, a text in quotes, or `range` and `end`. Paths have `.name`, `['name']`, `[0]`, `[-1]`, `[1:3]`, `[*]`,
 * `.*`, and filters that compare one path with one value: `[?(@.status=="FAILURE")]`. No recursive descent, unions or
 * code. A template without braces is one path. `shown` makes strings of others harmless. Throws what cannot be read.
 */
export function readTemplate(text: string, shown: (text: string) => string): Template {
  const { parts, rest } = readParts(text.includes('{') ? text : `{${text}}`, shown);
  if (rest !== undefined) throw new Error('{end} without {range}');
  return (document) => parts.map((part) => part(document, document)).join('');
}

const TOKEN = /\{((?:"(?:[^"\\]|\\.)*"|'[^']*'|[^{}"'])*)\}|([^{]+)/y;

/** Parts up to the end, or up to `{end}`: `rest` is then what follows. */
function readParts(text: string, shown: (text: string) => string): { parts: Part[]; rest: string | undefined } {
  const parts: Part[] = [];
  for (let rest = text; rest !== '';) {
    TOKEN.lastIndex = 0;
    const [whole, inside, plain] = TOKEN.exec(rest) ?? [];
    if (whole === undefined) throw new Error(`${rest} has no closing brace`);
    rest = rest.slice(whole.length);
    const words = inside?.trim();
    if (plain !== undefined) parts.push(() => plain);
    else if (words === 'end') return { parts, rest };
    else if (words!.startsWith('range ')) {
      const steps = readPath(words!.slice('range '.length).trim());
      const loop = readParts(rest, shown);
      if (loop.rest === undefined) throw new Error('{range} without {end}');
      rest = loop.rest;
      parts.push((root, here) =>
        follow(steps, here)
          .map((each) => loop.parts.map((part) => part(root, each)).join(''))
          .join(''),
      );
    } else if (/^["']/.test(words!)) {
      const literal = readValue(words!) as string;
      parts.push(() => literal);
    } else {
      const steps = readPath(words!);
      const fromRoot = words!.startsWith('$');
      parts.push((root, here) =>
        follow(steps, fromRoot ? root : here)
          .map((value) => textOf(value, shown))
          .join(' '),
      );
    }
  }
  return { parts, rest: undefined };
}

function textOf(value: unknown, shown: (text: string) => string): string {
  return shown(typeof value === 'string' ? value : JSON.stringify(value));
}

function follow(steps: readonly Step[], from: unknown): readonly unknown[] {
  let values: readonly unknown[] = [from];
  for (const step of steps) values = values.flatMap(step);
  return values;
}

const childrenOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
const named =
  (name: string): Step =>
  (value) =>
    isObject(value) && Object.hasOwn(value, name) ? [value[name]] : [];
const listed =
  (choose: (list: readonly unknown[]) => readonly unknown[]): Step =>
  (value) =>
    Array.isArray(value) ? choose(value) : [];

/** Forms of a step, and what each makes of the groups of its expression. */
const FORMS: readonly (readonly [RegExp, (...groups: string[]) => Step])[] = [
  [/^(?:\.\*|\[\*\])/, () => childrenOf],
  [/^\.([\p{L}_][\p{L}\p{N}_-]*)/u, (name) => named(name)],
  [/^\[(?:'([^']*)'|"([^"]*)")\]/, (single, double) => named(single ?? double)],
  [/^\[(-?\d{1,9})\]/, (index) => listed((list) => list.slice(Number(index)).slice(0, 1))],
  [
    /^\[(-?\d{1,9})?:(-?\d{1,9})?\]/,
    (from, to) => listed((list) => list.slice(from ? Number(from) : 0, to ? Number(to) : undefined)),
  ],
  [/^\[\?\(\s*@([^=!<>\s]*)\s*\)\]/, (path) => where(path, () => true)],
  [
    /^\[\?\(\s*@([^=!<>\s]*)\s*(==|!=|<=|>=|<|>)\s*("(?:[^"\\]|\\.)*"|'[^']*'|[^\s)]+)\s*\)\]/,
    (path, operator, text) => {
      const wanted = readValue(text);
      return where(path, (value) => COMPARE[operator]!(value as string, wanted as string));
    },
  ],
];

const COMPARE: Readonly<Record<string, (a: string, b: string) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

function where(path: string, holds: (value: unknown) => boolean): Step {
  const steps = readPath(path);
  return listed((list) => list.filter((each) => follow(steps, each).some(holds)));
}

function readPath(text: string): Step[] {
  const steps: Step[] = [];
  let rest = text.replace(/^[$@]/, '');
  if (rest === '.') return steps;
  next: while (rest !== '') {
    for (const [form, make] of FORMS) {
      const [whole, ...groups] = form.exec(rest) ?? [];
      if (whole === undefined) continue;
      steps.push(make(...groups));
      rest = rest.slice(whole.length);
      continue next;
    }
    throw new Error(`${rest} is no step of a path`);
  }
  return steps;
}

/** A text in quotes, a number, true, false or null. */
function readValue(text: string): unknown {
  if (text.startsWith("'")) return text.slice(1, -1);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Error(`${text} is no value`);
  }
}
