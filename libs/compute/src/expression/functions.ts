import { toNumber } from '../table/csv-reader.js';
import type { Type, Value } from './value.js';

/** A function of an expression: its arguments have values, and a result that is no finite number is missing. */
export interface ExpressionFunction {
  /** The types of its arguments; the last one repeats up to `most` arguments. */
  readonly args: readonly Type[];
  readonly least: number;
  readonly most: number;
  readonly result: Type;
  /** Called with `least` to `most` values of these types. Takes time linear in the length of its texts. */
  readonly work: (...values: never[]) => Value;
}

/** Most arguments of a function that states no limit. */
export const MAX_ARGUMENTS = 50;

const numeric = (work: (x: number) => number): ExpressionFunction => fixed(['number'], 'number', work);
const fixed = (
  args: readonly Type[],
  result: Type,
  work: ExpressionFunction['work'],
  least = args.length,
): ExpressionFunction => ({ args, least, most: args.length, result, work });
const many = (type: Type, work: ExpressionFunction['work']): ExpressionFunction => ({
  ...fixed([type], type, work),
  most: MAX_ARGUMENTS,
});

/** Operators by the names that CEL's parser gives them. */
const OPERATORS: Readonly<Record<string, ExpressionFunction>> = {
  '_+_': fixed(['number', 'number'], 'number', (x: number, y: number) => x + y),
  '_-_': fixed(['number', 'number'], 'number', (x: number, y: number) => x - y),
  '_*_': fixed(['number', 'number'], 'number', (x: number, y: number) => x * y),
  '_/_': fixed(['number', 'number'], 'number', (x: number, y: number) => x / y),
  '_%_': fixed(['number', 'number'], 'number', (x: number, y: number) => x % y),
  '-_': numeric((x) => -x),
  '!_': fixed(['bool'], 'bool', (x: boolean) => !x),
};

const NAMED: Readonly<Record<string, ExpressionFunction>> = {
  abs: numeric(Math.abs),
  ln: numeric(Math.log),
  exp: numeric(Math.exp),
  sqrt: numeric(Math.sqrt),
  pow: fixed(['number', 'number'], 'number', Math.pow),
  floor: numeric(Math.floor),
  ceil: numeric(Math.ceil),
  round: fixed(['number', 'number'], 'number', round, 1),
  min: many('number', Math.min),
  max: many('number', Math.max),
  length: fixed(['text'], 'number', (text: string) => charactersOf(text).length),
  lower: fixed(['text'], 'text', (text: string) => text.toLowerCase()),
  upper: fixed(['text'], 'text', (text: string) => text.toUpperCase()),
  trim: fixed(['text'], 'text', (text: string) => text.trim()),
  substr: fixed(['text', 'number', 'number'], 'text', substr, 2),
  concat: many('text', (...texts: string[]) => texts.join('')),
  contains: fixed(['text', 'text'], 'bool', (text: string, part: string) => text.includes(part)),
  startsWith: fixed(['text', 'text'], 'bool', (text: string, part: string) => text.startsWith(part)),
  endsWith: fixed(['text', 'text'], 'bool', (text: string, part: string) => text.endsWith(part)),
  days: fixed(['text'], 'number', (text: string) => dateOf(text)?.days ?? null),
  year: fixed(['text'], 'number', (text: string) => dateOf(text)?.year ?? null),
  month: fixed(['text'], 'number', (text: string) => dateOf(text)?.month ?? null),
  day: fixed(['text'], 'number', (text: string) => dateOf(text)?.day ?? null),
};

/** The names that a text may call, but for `coalesce`, `number` and `text`, which take any type. */
export const functionNames: readonly string[] = Object.keys(NAMED);

/** The function of this name, or the operator. */
export function functionOf(name: string): ExpressionFunction | undefined {
  if (Object.hasOwn(OPERATORS, name)) return OPERATORS[name];
  return Object.hasOwn(NAMED, name) ? NAMED[name] : undefined;
}

/** A text as a number; missing where it is not a number. */
export const numberOf = (text: string): number | null => toNumber(text) ?? null;

/** To so many decimals, halves away from 0. */
function round(x: number, decimals = 0): number {
  const unit = 10 ** Math.min(15, Math.max(-15, Math.trunc(decimals)));
  const rounded = Math.round(Math.abs(x) * unit) / unit;
  // A number of more digits than a double has is whole already.
  return Number.isFinite(rounded) ? Math.sign(x) * rounded : x;
}

/** Unicode characters: most texts have one code unit for each. */
function charactersOf(text: string): string | string[] {
  return /[\uD800-\uDFFF]/.test(text) ? Array.from(text) : text;
}

/** From the `start`-th character on (the first is 1), `count` of them or all that follow. */
function substr(text: string, start: number, count = Infinity): string {
  const characters = charactersOf(text);
  const from = Math.trunc(start) - 1;
  const part = characters.slice(Math.max(0, from), Math.max(0, from + Math.trunc(count)));
  return typeof part === 'string' ? part : part.join('');
}

interface CalendarDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** Since 1970-01-01. */
  readonly days: number;
}

/** The date that a text begins with, as YYYY-MM-DD. */
function dateOf(text: string): CalendarDate | undefined {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})(?!\d)/.exec(text) ?? [];
  if (year === undefined) return undefined;
  const time = Date.parse(`${year}-${month}-${day}T00:00:00Z`);
  // The 30th of February is no date, though some readers take it for one in March.
  if (Number.isNaN(time) || new Date(time).getUTCDate() !== Number(day)) return undefined;
  return { year: Number(year), month: Number(month), day: Number(day), days: time / 86_400_000 };
}
