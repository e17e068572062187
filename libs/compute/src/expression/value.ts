import { isMissing, toNumber } from '../table/csv-reader.js';

/** What a part of an expression comes to in one row; null is a missing value. */
export type Value = number | string | boolean | null;
export type Type = 'number' | 'text' | 'bool';

/** Characters of a text that a function may make: what would be longer is missing. */
const MAX_TEXT = 65_536;

/** A result as the next part sees it: what is no finite number, or too long, is missing. */
export function settled(value: Value): Value {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  return typeof value === 'string' && value.length > MAX_TEXT ? null : value;
}

/** The field of a table as a value of the type: missing where it does not fit, so that no row ends a task, which others would see. */
export function valueOf(field: string, type: Type): Value {
  if (isMissing(field)) return null;
  if (type === 'text') return field;
  return (type === 'number' ? toNumber(field) : BOOLS.get(field)) ?? null;
}

const BOOLS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 'true', 'True', 'TRUE'].map((field) => [field, true] as const),
  ...['0', 'false', 'False', 'FALSE'].map((field) => [field, false] as const),
]);

/** The value as a field of a table: '' where it is missing, and 1 or 0 for a bool. */
export function fieldOf(value: Value): string {
  if (value === null) return '';
  return typeof value === 'boolean' ? (value ? '1' : '0') : String(value);
}
