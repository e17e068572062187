import fc, { type Arbitrary } from 'fast-check';
import { hostileText, hostileValue } from './values.js';

type Place = { readonly holder: object; readonly key: string };

/** The value with one to three of its members replaced, removed, renamed or joined by others. */
export function changedValue(good: Arbitrary<unknown>): Arbitrary<unknown> {
  const change = fc.record({
    at: fc.nat(),
    kind: fc.constantFrom('replace', 'replace', 'remove', 'rename', 'add'),
    name: hostileText,
    value: hostileValue,
  });
  return fc.tuple(good, fc.array(change, { minLength: 1, maxLength: 3 })).map(([value, changes]) => {
    const root = { value: structuredClone(value) };
    for (const { at, kind, name, value: shared } of changes) {
      // One and the same odd value may come twice, and so within itself.
      const other: unknown = structuredClone(shared);
      const places = placesOf(root);
      const { holder, key } = places[at % places.length]!;
      const members = holder as Record<string, unknown>;
      if (kind === 'replace' || holder === root) members[key] = other;
      else if (kind === 'add') define(members, name, other);
      else {
        if (kind === 'rename') define(members, name, members[key]);
        if (Array.isArray(holder)) holder.splice(Number(key), 1);
        else delete members[key];
      }
    }
    return root.value;
  });
}

/** Defines `__proto__`, too, as an own member. */
function define(holder: object, name: string, value: unknown): void {
  const member = { value, enumerable: true, configurable: true, writable: true };
  if (Array.isArray(holder)) holder.push(value);
  else Object.defineProperty(holder, name, member);
}

function placesOf(root: object): Place[] {
  const places: Place[] = [];
  const walk = (holder: object): void => {
    for (const [key, value] of Object.entries(holder)) {
      places.push({ holder, key });
      if (value !== null && typeof value === 'object' && places.length < 500) walk(value as object);
    }
  };
  walk(root);
  return places;
}

const RAW = [
  '1e999',
  '9007199254740993',
  '-',
  '01',
  '.5',
  'NaN',
  'undefined',
  '"\\u0000"',
  '"\\ud800"',
  '"\0"',
  '\xff',
  '1'.repeat(1_000),
  `${'['.repeat(100)}${']'.repeat(100)}`,
  '['.repeat(70_000),
  '{"a":'.repeat(65),
  '"' + 'x'.repeat(100_000) + '"',
  '/**/',
  "'a'",
];
const DOUBLED = [
  '"chain_name":"again"',
  '"tasks":[]',
  '"__proto__":{"dry_run":true}',
  '"constructor":{"prototype":{"x":1}}',
  '"dry_run":false',
  '"\\u005f_proto__":1',
  '"":1',
];

/** The text of a JSON value, no longer what JSON.stringify would write, and often no JSON. One byte a character is sent where it is no UTF-8. */
export function changedText(good: Arbitrary<string>): Arbitrary<string> {
  const cut = fc
    .tuple(good, fc.double({ min: 0, max: 1, noNaN: true }))
    .map(([text, at]) => text.slice(0, Math.floor(text.length * at)));
  const token = fc.tuple(good, fc.nat(), fc.constantFrom(...RAW)).map(([text, at, raw]) => {
    const tokens = [...text.matchAll(/"(?:[^"\\]|\\.)*"(?!:)|-?\d[\d.eE+-]*|true|false|null/g)];
    const chosen = tokens[at % Math.max(1, tokens.length)];
    if (chosen === undefined) return raw;
    return text.slice(0, chosen.index) + raw + text.slice(chosen.index + chosen[0].length);
  });
  const doubled = fc
    .tuple(good, fc.constantFrom(...DOUBLED))
    .map(([text, more]) => text.replace('{', () => `{${more},`));
  const spliced = fc.tuple(good, fc.nat(), hostileText).map(([text, at, more]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + more + text.slice(place);
  });
  const odd = fc.constantFrom('', ' ', 'null', '[]', '"x"', '1', '\ufeff', '{} {}', '\0', '\xff\xfe', '[[[[', '{"a"}');
  return fc.oneof(cut, token, doubled, spliced, odd);
}
