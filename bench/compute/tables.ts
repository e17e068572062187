import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A made table: `id`, numbers `x<n>` of which any two correlate at about 0.5, and the requested extra columns. */
export interface TableShape {
  readonly rows: number;
  /** Its keys are those from here on, so that tables which begin elsewhere have a part of them in common. */
  readonly firstKey?: number;
  /** Numbers of its first numeric column and of the one after its last: other parties have other columns. */
  readonly columns: readonly [from: number, to: number];
  /** Numbers of mean 0 and deviation 1 instead of 0 to 1,000. */
  readonly scaled?: boolean;
  /** Decimals of scaled numbers; default 6. With one there are 49 values. */
  readonly decimals?: number;
  /** Every tenth field of the first numeric column is missing. */
  readonly gaps?: boolean;
  /** A column `city` of 20 values. */
  readonly city?: boolean;
  /** A column `y` of 0 and 1, drawn by `chance` from the columns up to this number. */
  readonly labelOf?: number;
  /** A column `p` of the chances behind these labels. */
  readonly chances?: boolean;
}

const KEYS = 10_000_019;
const CHUNK = 1 << 20;

/** Writes the table as CSV; the same shape gives the same bytes. */
export async function writeTable(file: string, shape: TableShape): Promise<void> {
  const { rows, firstKey = 0, columns, scaled, decimals = 6, gaps, city, labelOf, chances } = shape;
  await mkdir(dirname(file), { recursive: true });
  const out = createWriteStream(file);
  const more = [city && 'city', labelOf !== undefined && 'y', chances && 'p'].filter(
    (name) => typeof name === 'string',
  );
  let text = `${['id', ...names(...columns), ...more].join(',')}\n`;
  for (let key = firstKey; key < firstKey + rows; key += 1) {
    text += idOf(key);
    for (let column = columns[0]; column < columns[1]; column += 1) {
      const missing = gaps && column === columns[0] && key % 10 === 0;
      text += missing ? ',' : `,${scaled ? scaledCell(key, column).toFixed(decimals) : cell(key, column)}`;
    }
    if (city) text += `,${cityOf(key)}`;
    if (labelOf !== undefined) text += `,${labelFor(key, labelOf)}`;
    if (chances) text += `,${chance(key, labelOf!).toFixed(9)}`;
    text += '\n';
    if (text.length < CHUNK) continue;
    if (!out.write(text)) await once(out, 'drain');
    text = '';
  }
  out.end(text);
  await once(out, 'finish');
}

/** Names of the numeric columns from one number to before another. */
export const names = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, at) => `x${from + at}`);

/** The key in no order that a sort would know: its multiples modulo a prime. */
const idOf = (key: number): string => `user-${String((key * 7_919) % KEYS).padStart(8, '0')}`;

/** The number in a column of the row with this key, 0 to 1,000, with three decimals. */
export function cell(key: number, column: number): number {
  return Math.round((noise(key, 10_000) + noise(key, column)) * 500_000) / 1_000;
}

/** The same with mean 0 and deviation 1. */
export const scaledCell = (key: number, column: number): number => (cell(key, column) - 500) / (1_000 / Math.sqrt(24));

export const cityOf = (key: number): string => `city-${Math.floor(noise(key, 20_000) * 20)}`;

/** The chance of a label of 1: a logistic model over the columns 0 to `columns` - 1. */
export function chance(key: number, columns: number): number {
  let score = 0;
  for (let column = 0; column < columns; column += 1) score += Math.cos(3 * column) * scaledCell(key, column);
  return 1 / (1 + Math.exp(-score));
}

export const labelFor = (key: number, columns: number): 0 | 1 => (noise(key, 30_000) < chance(key, columns) ? 1 : 0);

/** As good as random, 0 to 1, of two whole numbers. */
function noise(a: number, b: number): number {
  let hash = Math.imul(a + 1, 0x9e3779b1) ^ Math.imul(b + 1, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32;
}
