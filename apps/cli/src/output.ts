import stringWidth from 'string-width';
import { stringify } from 'yaml';
import { padWidth, printable } from '#libs/chain-view';
import type { Output } from './shell.js';

export const FORMATS = ['table', 'json', 'yaml'] as const;
export type Format = (typeof FORMATS)[number];

/** Writes a document for programs. */
export function writeDocument(output: Output, format: 'json' | 'yaml', value: unknown): void {
  output.write(format === 'json' ? `${JSON.stringify(value, null, 2)}\n` : stringify(value));
}

/** A column of a table: its heading, and its text in a row. */
export type Column<Row> = readonly [heading: string, cell: (row: Row) => string | number | null | undefined];

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
