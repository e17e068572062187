import { quoted } from './input-fault.js';
import { type Item, putItem } from './items.js';
import type { JsonValue } from './map-strings.js';
import { isObject } from './strict-json.js';

/** Items of a list out of a result, unless `max_items` says another number. */
export const DEFAULT_MAX_ITEMS = 100;
const MAX_ID = 64;
const KEY = /^[A-Za-z0-9._-]{1,62}$/;

/** What `for_each` says beside its list. */
export interface ForEach {
  /** What names an instance, of its item; absent: its index. */
  readonly key?: string;
  /** Items of an instance; absent: one, and no list. */
  readonly batch?: number;
  readonly maxItems?: number;
  readonly maxParallel?: number;
  /** Instances that must succeed: a number, or a share below 1. */
  readonly atLeast?: number;
}

/** One run of a task over a list. */
export interface Instance extends Item {
  /** It never changes, whatever becomes of the others. */
  readonly id: string;
}

/** The instances in the order of the list, and how many of them must succeed where `at_least` says so. */
export interface Instances {
  readonly instances: readonly Instance[];
  readonly atLeast?: number;
}

/** What is wrong with a list, and which field of `for_each` says so. */
export interface ListFault {
  readonly code: 'OUT_OF_RANGE' | 'INVALID_VALUE' | 'DUPLICATE_KEY';
  readonly field: 'items' | 'at_least' | 'key' | null;
  readonly says: string;
}

/** Reads the settings of a `for_each` that its schema allows; its short form has none. */
export function readForEach(said: unknown): ForEach {
  const { key, batch, max_items: maxItems, max_parallel: maxParallel, at_least: atLeast } = isObject(said) ? said : {};
  return {
    ...(typeof key === 'string' && { key }),
    ...(typeof batch === 'number' && { batch }),
    ...(typeof maxItems === 'number' && { maxItems }),
    ...(typeof maxParallel === 'number' && { maxParallel }),
    ...(typeof atLeast === 'number' && { atLeast }),
  };
}

/** The instances of the task `base` over a list, whether it was written out or came out of a result; or what is wrong with it. */
export function instancesOf(base: string, list: readonly JsonValue[], how: ForEach): Instances | ListFault {
  const { batch, maxItems, atLeast: least } = how;
  if (maxItems !== undefined && list.length > maxItems) {
    return fault('OUT_OF_RANGE', 'items', `the list has ${list.length} items, and max_items is ${maxItems}`);
  }
  const items =
    batch === undefined
      ? list
      : Array.from({ length: Math.ceil(list.length / batch) }, (_, i) => list.slice(i * batch, (i + 1) * batch));
  const atLeast = least !== undefined && least < 1 ? Math.ceil(least * items.length) : least;
  if (atLeast !== undefined && (!Number.isInteger(atLeast) || (atLeast > items.length && items.length > 0))) {
    return fault('OUT_OF_RANGE', 'at_least', `at_least is ${atLeast}, and there are ${items.length} instances`);
  }
  const known = new Set<string>();
  const instances: Instance[] = [];
  for (const [index, item] of items.entries()) {
    const id = idOf(base, how, { item, index }, known);
    if (typeof id !== 'string') return id;
    instances.push({ id, item, index });
  }
  return { instances, ...(atLeast !== undefined && { atLeast }) };
}

function idOf(base: string, { key }: ForEach, of: Item, known: Set<string>): string | ListFault {
  const name = key === undefined ? of.index : putItem(key, [], of).value;
  const text = String(name);
  const field = key === undefined ? null : 'key';
  if ((typeof name !== 'string' && !Number.isSafeInteger(name)) || !KEY.test(text)) {
    const says = `the key of item ${of.index} must be of letters, digits and . _ - or a whole number`;
    return fault('INVALID_VALUE', field, says);
  }
  if (known.has(text)) return fault('DUPLICATE_KEY', field, `two items have the key ${quoted(text)}`);
  known.add(text);
  const id = `${base}[${text}]`;
  if (id.length <= MAX_ID) return id;
  const says = `the id ${quoted(id)} has more than ${MAX_ID} characters: give the task a shorter one`;
  return fault('INVALID_VALUE', field, says);
}

const fault = (code: ListFault['code'], field: ListFault['field'], says: string): ListFault => ({ code, field, says });
