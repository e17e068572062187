/**
 * References in `task_params` to the results of earlier tasks: `${tasks.<task_id>.result}` and, into it, dot-separated
 * keys and list indexes: `${tasks.psi-1.result.reports[0].party}`. A string that is one reference and nothing else
 * becomes the value itself, of whatever type; inside a longer text a string is put as it is and any other value as JSON.
 * `$${` writes `${`. Only values are read, never the keys of an object. A string that is `${secrets.<name>}` stays as it is: the
 * worker knows secrets. So does a string that is `${tasks.<task_id>.party_results.<party>.<path>}`: that party alone can open what it names.
 *
 * A key is anything without `. [ ] { }`, white space or quotes; `[0]` reaches into lists only, `.key` into objects only.
 * Task ids may hold dots, so the fixed word `.result` or `.party_results` ends the id: the first one does, unless a longer id
 * that ends before a later one is a task of the chain (`taskIds`), which then wins.
 */
import { type JsonValue, mapStrings } from './map-strings.js';
import { pointer as pointerOf } from './input-fault.js';
import {
  type ParsedReference,
  parseReference,
  type ReferenceFaultCode,
  secretNameOf,
  splitText,
} from './reference-syntax.js';

/** References in the parameters of one task at most: each can bring in a result of 64 KiB. */
export const MAX_REFERENCES = 256;
const MAX_FAULTS = 100;

/** A reference in `task_params`; `pointer` is the JSON pointer of the string that holds it, relative to them. */
export interface Reference extends ParsedReference {
  readonly pointer: string;
  readonly raw: string;
}

/** A `${` that is no reference. The message names it and says what to write instead. */
export interface ReferenceFault {
  readonly code: ReferenceFaultCode | 'TOO_MANY_REFERENCES';
  readonly pointer: string;
  readonly raw: string;
  readonly message: string;
}

/** Ids of the chain's tasks, for telling ids that hold `.result` apart. */
export interface TaskIds {
  has(taskId: string): boolean;
}

/** All references in document order, and what looks like one and is none (at most 100 of them). Never throws. */
export function findReferences(
  params: JsonValue,
  taskIds?: TaskIds,
): { references: Reference[]; faults: ReferenceFault[] } {
  const references: Reference[] = [];
  const faults: ReferenceFault[] = [];
  mapStrings(params, [], (text, path) => {
    if (secretNameOf(text) !== undefined) return text;
    for (const segment of splitText(text)) {
      if (faults.length >= MAX_FAULTS || references.length > MAX_REFERENCES) break;
      if (segment.kind === 'text') continue;
      const pointer = pointerOf(...path);
      const { raw } = segment;
      const parsed = parseReference(segment, taskIds);
      if (!parsed.ok) faults.push({ code: parsed.code, pointer, raw, message: parsed.message });
      else if (parsed.reference.party !== undefined && raw !== text)
        faults.push({ code: 'MALFORMED_REFERENCE', pointer, raw, message: standsAlone(raw) });
      else references.push({ pointer, raw, ...parsed.reference });
    }
    return text;
  });
  const extra = references[MAX_REFERENCES];
  if (extra) {
    const message = `A task has at most ${MAX_REFERENCES} references in its parameters.`;
    faults.push({ code: 'TOO_MANY_REFERENCES', pointer: extra.pointer, raw: extra.raw, message });
  }
  return { references: references.slice(0, MAX_REFERENCES), faults };
}

const standsAlone = (raw: string): string => `"${raw}": a result of one party stands alone in its string.`;

/** Where a party's own result belongs in `task_params`: the steps to a string that is a reference to it and nothing else. */
export interface PartyReference {
  readonly place: readonly (string | number)[];
  readonly taskId: string;
  readonly party: string;
  /** Into the party's result. */
  readonly path: readonly (string | number)[];
}

/** The places of parties' own results in parameters as they were sent: see `findSecrets`. */
export function findPartyReferences(params: JsonValue, taskIds?: TaskIds): PartyReference[] {
  const found: PartyReference[] = [];
  mapStrings(params, [], (text, place) => {
    const reference = partyReferenceIn(text, taskIds);
    if (reference) found.push({ place: [...place], ...reference });
    return text;
  });
  return found;
}

/** The reference to a party's own result that a string is as a whole. */
function partyReferenceIn(text: string, taskIds?: TaskIds): Omit<PartyReference, 'place'> | undefined {
  const [segment, more] = splitText(text);
  if (segment?.kind !== 'reference' || more !== undefined) return undefined;
  const parsed = parseReference(segment, taskIds);
  if (!parsed.ok || parsed.reference.party === undefined) return undefined;
  const { taskId, party, path } = parsed.reference;
  return { taskId, party, path };
}

/** Where a secret belongs in `task_params`: the steps to a string that is `${secrets.<name>}` and nothing else. */
export interface SecretPlace {
  readonly path: readonly (string | number)[];
  readonly name: string;
}

/**
 * The places of secrets in parameters as they were sent. Asked before references are resolved: a result that looks like
 * a secret is none.
 */
export function findSecrets(params: JsonValue): SecretPlace[] {
  const places: SecretPlace[] = [];
  mapStrings(params, [], (text, path) => {
    const name = secretNameOf(text);
    if (name !== undefined) places.push({ path: [...path], name });
    return text;
  });
  return places;
}

export type Resolution =
  | { readonly ok: true; readonly params: JsonValue }
  | { readonly ok: false; readonly missing: readonly { readonly pointer: string; readonly raw: string }[] };

/**
 * `params` with every reference replaced, or all the references that lead to nothing (malformed ones among them). `params` is
 * left as it was; parts of it and of the results may be shared with what is returned. Reads own properties only.
 * Without `taskIds` the tasks that have a result are the known ones.
 */
export function resolveReferences(
  params: JsonValue,
  results: ReadonlyMap<string, JsonValue> | Readonly<Record<string, JsonValue>>,
  taskIds?: TaskIds,
): Resolution {
  const byId = results instanceof Map ? results : new Map(Object.entries(results));
  const missing: { pointer: string; raw: string }[] = [];
  const resolved = mapStrings(params, [], (text, path) => {
    if (secretNameOf(text) !== undefined || partyReferenceIn(text, taskIds ?? byId) !== undefined) return text;
    const values = [...splitText(text)].map((segment): JsonValue => {
      if (segment.kind === 'text') return segment.text;
      const parsed = parseReference(segment, taskIds ?? byId);
      const isKnown = parsed.ok && parsed.reference.party === undefined;
      const value = isKnown ? valueAt(byId.get(parsed.reference.taskId), parsed.reference.path) : undefined;
      if (value === undefined) missing.push({ pointer: pointerOf(...path), raw: segment.raw });
      return value ?? null;
    });
    if (values.length === 1) return values[0]!;
    return values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join('');
  });
  return missing.length > 0 ? { ok: false, missing } : { ok: true, params: resolved };
}

/**
 * `params` for a task of another chain: references replaced by the values of these results, and whatever is in a value is text there,
 * no reference and no secret. Secrets stay. Where a reference leads to nothing its string stays, so that the task says so when it is due.
 */
export function freezeReferences(
  params: JsonValue,
  results: ReadonlyMap<string, JsonValue>,
  taskIds: TaskIds,
): JsonValue {
  return mapStrings(params, [], (text) => {
    if (secretNameOf(text) !== undefined) return text;
    const resolved = resolveReferences(text, results, taskIds);
    return resolved.ok ? mapStrings(resolved.params, [], (each) => each.replaceAll('${', () => '$${')) : text;
  });
}

/** The value that `path` leads to, of own properties and list items only; undefined if the path leads nowhere. */
export function valueAt(result: JsonValue | undefined, path: readonly (string | number)[]): JsonValue | undefined {
  let value = result;
  for (const step of path) {
    if (value === null || typeof value !== 'object' || Array.isArray(value) !== (typeof step === 'number'))
      return undefined;
    value = Object.hasOwn(value, step) ? (value as Record<string | number, JsonValue>)[step] : undefined;
  }
  return value;
}

/** Puts a value at a place that `value` has. */
export function putAt(value: unknown, place: readonly (string | number)[], member: JsonValue): void {
  let holder = value as Record<string | number, unknown>;
  for (const step of place.slice(0, -1)) holder = holder[step] as Record<string | number, unknown>;
  holder[place.at(-1)!] = member;
}
