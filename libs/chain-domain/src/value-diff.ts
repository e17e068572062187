import { pointer } from './input-fault.js';
import type { JsonValue } from './map-strings.js';
import { splitText } from './reference-syntax.js';

/** `of-template`: the second value was made of the first, whose parameters it has values for. */
export type DiffMode = 'versions' | 'of-template';

/** How the value at a place changed. `filled`: the second has a value where the first names a parameter. */
export interface ValueChange {
  /** JSON pointer: into the second value, or into the first for what was removed. */
  readonly pointer: string;
  readonly change: 'added' | 'removed' | 'changed' | 'filled';
  /** Null where it was added. */
  readonly before: JsonValue;
  /** Null where it was removed. */
  readonly after: JsonValue;
}

type Path = readonly (string | number)[];

/** What differs, by place. The order of keys is no difference. Of a list that grew or shrank, what is the same at both ends stays out. */
export function changesOf(before: JsonValue, after: JsonValue, path: Path, mode: DiffMode): ValueChange[] {
  const here = pointer(...path);
  if (typeof before === 'string' && mode === 'of-template' && namesParam(before)) {
    return [{ pointer: here, change: fills(before, after) ? 'filled' : 'changed', before, after }];
  }
  if (Array.isArray(before) && Array.isArray(after)) return changesOfList(before, after, path, mode);
  if (isRecord(before) && isRecord(after)) {
    const keys = new Set([...Object.keys(after), ...Object.keys(before)]);
    return [...keys].flatMap((key) => {
      const at = [...path, key];
      if (!Object.hasOwn(before, key)) return [added(after[key]!, at)];
      if (!Object.hasOwn(after, key)) return [removed(before[key]!, at)];
      return changesOf(before[key]!, after[key]!, at, mode);
    });
  }
  return before === after ? [] : [{ pointer: here, change: 'changed', before, after }];
}

/** Each plain value with its place, and each empty list and object, as texts that can be compared. */
export function leavesOf(value: JsonValue, path: Path = []): string[] {
  const inside = isRecord(value) || Array.isArray(value) ? Object.entries(value) : [];
  if (inside.length === 0) return [`${pointer(...path)} ${JSON.stringify(value)}`];
  return inside.flatMap(([key, member]) => leavesOf(member, [...path, key]));
}

function changesOfList(before: JsonValue[], after: JsonValue[], path: Path, mode: DiffMode): ValueChange[] {
  if (before.length === after.length) {
    return before.flatMap((value, i) => changesOf(value, after[i]!, [...path, i], mode));
  }
  const agree = (a: JsonValue, b: JsonValue): boolean =>
    changesOf(a, b, [], mode).every(({ change }) => change === 'filled');
  const most = Math.min(before.length, after.length);
  let first = 0;
  while (first < most && agree(before[first]!, after[first]!)) first++;
  let last = 0;
  while (last < most - first && agree(before.at(-1 - last)!, after.at(-1 - last)!)) last++;
  const out = before.slice(first, before.length - last).map((value, i) => removed(value, [...path, first + i]));
  return [...out, ...after.slice(first, after.length - last).map((value, i) => added(value, [...path, first + i]))];
}

const added = (after: JsonValue, path: Path): ValueChange => ({
  pointer: pointer(...path),
  change: 'added',
  before: null,
  after,
});

const removed = (before: JsonValue, path: Path): ValueChange => ({
  pointer: pointer(...path),
  change: 'removed',
  before,
  after: null,
});

const isRecord = (value: JsonValue): value is { [key: string]: JsonValue } =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

const PARAM = /^\$\{params[.[]/;

function namesParam(text: string): boolean {
  if (!text.includes('${params')) return false;
  return [...splitText(text)].some((segment) => segment.kind === 'reference' && PARAM.test(segment.raw));
}

/** Whether the value can be the text with something put in for each of its parameters. */
function fills(text: string, value: JsonValue): boolean {
  const around = [''];
  for (const segment of splitText(text)) {
    if (segment.kind === 'reference' && PARAM.test(segment.raw)) around.push('');
    else
      around[around.length - 1] += segment.kind === 'text' ? segment.text.replaceAll('${', () => '$${') : segment.raw;
  }
  if (around.join('') === '' && around.length === 2) return true;
  if (typeof value !== 'string') return false;
  const [first, last] = [around[0]!, around.at(-1)!];
  if (!value.startsWith(first) || !value.endsWith(last) || value.length < first.length + last.length) return false;
  let rest = value.slice(first.length, value.length - last.length);
  for (const piece of around.slice(1, -1)) {
    const at = rest.indexOf(piece);
    if (at === -1) return false;
    rest = rest.slice(at + piece.length);
  }
  return true;
}
