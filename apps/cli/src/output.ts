import { InvalidArgumentError } from 'commander';
import stringWidth from 'string-width';
import { stringify } from 'yaml';
import { isObject } from '#libs/chain-domain';
import { padWidth, printable } from '#libs/chain-view';
import { readTemplate, type Template } from './json-path.js';
import type { Output } from './shell.js';

const JSONPATH = 'jsonpath=';
/** What `-o` takes; a template follows the last. */
export const FORMATS = ['table', 'wide', 'json', 'yaml', 'name', JSONPATH] as const;
/** For people (table, wide) or for programs; a template writes an answer itself. */
export type Format = 'table' | 'wide' | 'json' | 'yaml' | 'name' | Template;

/** Reads `-o`. */
export function readFormat(text: string): Format {
  if (text.startsWith(JSONPATH)) {
    try {
      return readTemplate(text.slice(JSONPATH.length), printable);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
  }
  const known = FORMATS.find((each) => each === text);
  if (known !== undefined && known !== JSONPATH) return known;
  throw new InvalidArgumentError(`Allowed choices are ${FORMATS.join(', ')}<template>.`);
}

/** Writes a document for programs. */
export function writeDocument(output: Output, format: Exclude<Format, 'table' | 'wide'>, value: unknown): void {
  output.write(documentOf(format, value));
}

function documentOf(format: Exclude<Format, 'table' | 'wide'>, value: unknown): string {
  if (format === 'json') return `${JSON.stringify(value, null, 2)}\n`;
  if (format === 'yaml') return stringify(value);
  if (format === 'name')
    return namesOf(value)
      .map((name) => `${name}\n`)
      .join('');
  const text = format(value);
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

/** Fields that name a thing; of several that it has, the first. */
const NAMES = [
  'reference',
  'chain_id',
  'webhook_id',
  'key_id',
  'tenant_id',
  'task_id',
  'task_type',
  'party',
  'name',
  'seq',
  'id',
  'signal_id',
  'schedule_id',
  'template_id',
];

/** What names the things of an answer. */
function namesOf(value: unknown): string[] {
  const things: readonly unknown[] = Array.isArray(value) ? value : [value];
  return things.flatMap((thing) => {
    if (!isObject(thing)) return [];
    const field = NAMES.find((name) => ['string', 'number'].includes(typeof thing[name]));
    return field === undefined ? [] : [printable(String(thing[field]))];
  });
}

/** A column of a table: its heading, and its text in a row. The ones marked `wide` are shown with `-o wide`. */
export type Column<Row> = readonly [
  heading: string,
  cell: (row: Row) => string | number | null | undefined,
  only?: 'wide',
];

/** Rows as lines under headings, each column as wide as its widest cell. Cells are made safe for a terminal. */
export function tableOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const headings = columns.map(([heading]) => heading);
  const cells = rows.map((row) => columns.map(([, cell]) => printable(String(cell(row) ?? '-'))));
  return alignedLines([headings, ...cells]);
}

/** Names and values, one a line. */
export function pairsOf(pairs: readonly (readonly [name: string, value: unknown])[]): string[] {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== '');
  return alignedLines(known.map(([name, value]) => [name, printable(String(value))]));
}

function alignedLines(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, stringWidth(cell))));
  return rows.map((row) =>
    row
      .map((cell, i) => padWidth(cell, widths[i]!))
      .join('  ')
      .trimEnd(),
  );
}
