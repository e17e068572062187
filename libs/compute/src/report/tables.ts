import type { Json, JsonObject } from '../contract/task-type.js';
import { isObject } from './headline.js';
import type { Cell, Table } from './section.js';
import { labelOf, noteOf, type Words } from './words.js';

/** Rows of a table beyond which a page would not be read any more. */
const MAX_ROWS = 500;

/** Names in the order in which a reader expects them; a stored result comes with its keys in an order of the database's. */
const READING_ORDER = [
  ...['count', 'mean', 'std', 'min', '25%', '50%', '75%', 'max'],
  ...[
    'auc',
    'ks',
    'accuracy',
    'f1_score',
    'precision',
    'recall',
    'mse',
    'rmse',
    'mae',
    'mape',
    'r2_score',
    'explained_variance',
  ],
];

/** Keys in reading order: the well-known ones first, the others as they come. */
export function inReadingOrder(keys: readonly string[]): string[] {
  const place = (key: string): number => READING_ORDER.indexOf(key) + 1 || READING_ORDER.length + 1;
  return [...keys].sort((a, b) => place(a) - place(b));
}

/** `{row: {column: cell}}` as a grid, and `{row: cell}` as two columns; `label` says what a column's head shows. */
export function gridOf(
  map: JsonObject,
  caption: string,
  words: Words,
  label: (column: string) => string = (column) => column,
): Table {
  const named = new Set(Object.values(map).flatMap((row) => (isObject(row) ? Object.keys(row) : [])));
  const columns = inReadingOrder([...named]);
  if (columns.length === 0) {
    const rows = Object.entries(map).map(([key, value]) => [key, cellOf(value)]);
    return shortened({ caption, columns: [words.column, words.value], rows }, words);
  }
  const rows = Object.entries(map).map(([key, row]) => [
    key,
    ...columns.map((column) => (isObject(row) ? cellOf(row[column]) : null)),
  ]);
  return shortened({ caption, columns: [words.column, ...columns.map(label)], rows }, words);
}

/** Every value of a result with the path to it. */
export function pathTable(result: Json, caption: string, words: Words): Table {
  const rows: (readonly [string, Cell])[] = [];
  const walk = (path: string, value: Json): void => {
    if (isCell(value)) rows.push([path, value]);
    else if (Array.isArray(value)) value.forEach((each, at) => walk(`${path}[${at}]`, each));
    else for (const [key, each] of Object.entries(value)) walk(path === '' ? key : `${path}.${key}`, each);
  };
  walk('', result);
  return shortened({ caption, columns: [words.path, words.value], rows }, words);
}

/** The first rows alone, where there are more than are read. */
export function shortened(table: Table, words: Words): Table {
  if (table.rows.length <= MAX_ROWS) return table;
  return { ...table, caption: `${table.caption} (${words.shortened})`, rows: table.rows.slice(0, MAX_ROWS) };
}

/** Figures of the keys of `source` that hold a number, a text or a truth, in reading order. */
export function figuresOf(source: JsonObject, words: Words, keys = Object.keys(source)): (readonly [string, Cell])[] {
  return inReadingOrder(keys).flatMap((key) => {
    const value = source[key];
    return isCell(value) && value !== null ? [[labelOf(key, words), value] as const] : [];
  });
}

/** The rows by party if the result has them, else their one number. */
export function rowFigures(result: JsonObject, words: Words): (readonly [string, Cell])[] {
  if (typeof result.rows === 'number') return [[words.rows, result.rows]];
  if (!isObject(result.rows)) return [];
  return Object.entries(result.rows).flatMap(([party, rows]) =>
    isCell(rows) ? [[`${words.rows}, ${party}`, rows] as const] : [],
  );
}

/** The warnings of a result, and that it has no room for all of `key`. */
export function notesOf(result: JsonObject, key: string, words: Words): string[] {
  return [...(result[`${key}_truncated`] === true ? [words.truncated] : []), ...warningsOf(result, words)];
}

/** The warnings of a result. */
export function warningsOf(result: JsonObject, words: Words): string[] {
  return listOf(result.warnings).flatMap((warning) =>
    isObject(warning) && typeof warning.message === 'string'
      ? [noteOf(textOf(warning.code), warning.message, words)]
      : [],
  );
}

/** A value that fits a cell as it is, any other as JSON, nothing as an empty cell. */
export function cellOf(value: Json | undefined): Cell {
  return value === undefined ? null : isCell(value) ? value : JSON.stringify(value);
}

function isCell(value: Json | undefined): value is Cell {
  return value !== undefined && (value === null || typeof value !== 'object');
}

export function isNumber(value: Json | undefined): value is number {
  return typeof value === 'number';
}

export function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
}

export function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}
