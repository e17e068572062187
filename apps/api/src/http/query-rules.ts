/**
 * Rules for the fields of queries. One declaration reads a field, checks it and documents it. A value that cannot be read stays
 * as it came, for its rule to refuse.
 */
import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional, type ApiPropertyOptions } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ValidateBy, type ValidationArguments } from 'class-validator';
import { quoted } from '#libs/chain-domain';
import { Absentable } from './dto-rules.js';

const MAX_TEXT = 255;

/** Takes a text of at most `max` characters, once. An empty one counts as absent. */
export const QueryText = (max = MAX_TEXT, document: ApiPropertyOptions = {}): PropertyDecorator =>
  field(
    (value) => (value === '' ? undefined : value),
    (value) => textFault(value, max),
    {
      maxLength: max,
      ...document,
    },
  );

/** Takes one of these texts. An empty one counts as absent. */
export const QueryChoice = (values: readonly string[], document: ApiPropertyOptions = {}): PropertyDecorator =>
  field(
    (value) => (value === '' ? undefined : value),
    (value) => textFault(value) ?? noneOf([value as string], values),
    { enum: [...values], ...document },
  );

/** Takes any of these texts, separated by commas or repeated, as `string[]`. An empty one counts as absent. */
export const QueryList = (values: readonly string[], document: ApiPropertyOptions = {}): PropertyDecorator =>
  field(
    (value) => (value === '' ? undefined : [value].flat().flatMap((item) => String(item).split(','))),
    (value) => noneOf(value as string[], values),
    { type: 'string', ...document },
  );

/** Takes a text that matches. */
export const QueryPattern = (pattern: RegExp, says: string, document: ApiPropertyOptions = {}): PropertyDecorator =>
  field(
    (value) => value,
    (value) => (typeof value === 'string' && pattern.test(value) ? null : says),
    { pattern: pattern.source, ...document },
  );

/** Takes a whole number from `min` to `max`, as `number`. */
export const QueryNumber = (min: number, max: number, document: ApiPropertyOptions = {}): PropertyDecorator =>
  field(
    (value) => (typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : NaN),
    (value) => ((value as number) >= min && (value as number) <= max ? null : `A whole number from ${min} to ${max}.`),
    { type: 'integer', minimum: min, ...(max < Number.MAX_SAFE_INTEGER && { maximum: max }), ...document },
  );

/** Takes `true` or `false`, as `boolean`. A parameter without a value counts as true. */
export const QueryFlag = (document: ApiPropertyOptions = {}): PropertyDecorator =>
  field(
    (value) => (value === 'true' || value === '' ? true : value === 'false' ? false : value),
    (value) => (typeof value === 'boolean' ? null : 'true or false.'),
    { type: 'boolean', default: false, ...document },
  );

/** Takes a time, in the form that PostgreSQL takes. An empty one counts as absent. */
export const QueryTime = (document: ApiPropertyOptions = {}): PropertyDecorator =>
  field(
    (value) => (value === '' ? undefined : isInstant(value) ? new Date(value).toISOString() : value),
    (value) => textFault(value) ?? (isInstant(value) ? null : 'A time such as 2026-01-31T12:00:00Z.'),
    { type: 'string', format: 'date-time', ...document },
  );

/** A rule with a name, as a field may have several. `says` gives the fault, or null where the value is right. */
export function queryRule<T extends object>(
  name: string,
  says: (value: unknown, query: T) => string | null,
): PropertyDecorator {
  const faultOf = (args?: ValidationArguments): string | null => says(args!.value, args!.object as T);
  return ValidateBy({
    name,
    validator: {
      validate: (_value: unknown, args?: ValidationArguments) => faultOf(args) === null,
      defaultMessage: (args?: ValidationArguments) => faultOf(args) ?? '',
    },
  });
}

function field(
  read: (value: unknown) => unknown,
  says: (value: unknown) => string | null,
  document: ApiPropertyOptions,
): PropertyDecorator {
  return applyDecorators(
    Absentable(),
    Transform(({ value }: { value: unknown }) => read(value)),
    queryRule('value', says),
    ApiPropertyOptional(document),
  );
}

function noneOf(given: readonly string[], values: readonly string[]): string | null {
  const wrong = given.find((item) => !values.includes(item));
  return wrong === undefined ? null : `${quoted(wrong)} is not one of ${values.join(', ')}.`;
}

function textFault(value: unknown, max = MAX_TEXT): string | null {
  if (typeof value !== 'string') return 'Give it once.';
  return value.length > max || value.includes('\0') ? `At most ${max} characters.` : null;
}

const TIME =
  /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)([ T]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-](0\d|1[0-4])(:?[0-5]\d)?)?)?$/;

const isInstant = (value: unknown): value is string =>
  typeof value === 'string' && isTime(value) && !Number.isNaN(Date.parse(value));

/** Whether PostgreSQL takes it for a time, on a day that exists: Date.parse takes 30 February, and the year 0. */
export function isTime(text: string): boolean {
  const parts = TIME.exec(text)?.groups;
  if (parts === undefined) return false;
  const [year, month, day] = [Number(parts['year']), Number(parts['month']), Number(parts['day'])];
  const date = new Date(Date.UTC(2000, 0, 1));
  date.setUTCFullYear(year, month - 1, day);
  return year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
