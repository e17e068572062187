/**
 * Rules for the fields of bodies, beside those of class-validator. One declaration checks a field and documents it. Each names
 * the code of its fault, and passes values of another type: the field's `@IsString()`, `@IsInt()` and so on report these.
 */
import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { getMetadataStorage, ValidateBy, ValidateIf } from 'class-validator';
import { isObject, requirementInWords } from '#libs/chain-domain';
import { PATTERN_RULES } from './patterns.js';

/** Name of the rule whose message is a JSON list of `ItemFault`s: class-validator itself reports no index. */
export const ITEMS = 'items';

/** A problem lists no more. */
const MAX_ITEM_FAULTS = 101;

/** What is wrong with one item of a list. */
export interface ItemFault {
  readonly index: number;
  readonly code: string;
  readonly says: string;
}

/** The fields that have a rule, of a class that has any. */
export function fieldsOf(type: unknown): ReadonlySet<string> | undefined {
  if (typeof type !== 'function') return undefined;
  const rules = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
  return rules.length === 0 ? undefined : new Set(rules.map(({ propertyName }) => propertyName));
}

/** Lets a field be left out. `@IsOptional()` would let null pass as well. */
export const Absentable = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);

/** Refuses a field that is absent, and takes any JSON, null too. */
export const Present = (): PropertyDecorator =>
  rule('REQUIRED', (value) => (value === undefined ? 'is missing' : null));

/** Takes a text of `min` to `max` characters (code points, as PostgreSQL counts them). */
export const Characters = (min: number, max: number): PropertyDecorator =>
  rule('OUT_OF_RANGE', (value) => (typeof value === 'string' ? lengthFault(value, min, max) : null), {
    minLength: min,
    maxLength: max,
  });

/** Takes a number from `min` to `max`. */
export const Between = (min: number, max: number): PropertyDecorator =>
  rule(
    'OUT_OF_RANGE',
    (value) => {
      if (typeof value !== 'number') return null;
      return value < min ? limited('minimum', min) : value > max ? limited('maximum', max) : null;
    },
    { minimum: min, maximum: max },
  );

/** Takes a whole number, or null. */
export const IsIntOrNull = (): PropertyDecorator =>
  rule(
    'INVALID_TYPE',
    (value) => (value === null || Number.isInteger(value) ? null : 'must be a whole number or null'),
    {
      type: 'integer',
      nullable: true,
    },
  );

/** Takes one of these values. */
export const OneOf = (values: readonly unknown[], document: ApiPropertyOptions = {}): PropertyDecorator =>
  rule('INVALID_VALUE', (value) => (values.includes(value) ? null : `must be one of ${values.join(', ')}`), document);

/** Takes a text that matches. */
export const Fits = (pattern: RegExp): PropertyDecorator =>
  rule('INVALID_FORMAT', (value) => (typeof value === 'string' && !pattern.test(value) ? saysOf(pattern) : null), {
    pattern: pattern.source,
  });

/** Takes an object that has a field at least. */
export const NotEmpty = (): PropertyDecorator =>
  rule(
    'OUT_OF_RANGE',
    (value) => (isObject(value) && Object.keys(value).length === 0 ? limited('minProperties', 1) : null),
    { minProperties: 1 },
  );

/** Takes a list of `least` to `most` texts, each of 1 to 64 characters that match `pattern`. */
export function Texts(most: number, pattern: RegExp | undefined, document: object, least = 1): PropertyDecorator {
  function* faultsOf(value: unknown): Generator<ItemFault> {
    for (const [index, item] of (Array.isArray(value) ? (value as unknown[]) : []).entries()) {
      const tooLong = typeof item === 'string' ? lengthFault(item, 1, 64) : null;
      if (typeof item !== 'string') yield { index, code: 'INVALID_TYPE', says: 'must be a text' };
      else if (tooLong !== null) yield { index, code: 'OUT_OF_RANGE', says: tooLong };
      if (typeof item === 'string' && pattern?.test(item) === false) {
        yield { index, code: 'INVALID_FORMAT', says: saysOf(pattern) };
      }
    }
  }
  const validator = {
    validate: (value: unknown) => faultsOf(value).next().done === true,
    defaultMessage: (args?: { value: unknown }) => JSON.stringify(first(faultsOf(args?.value), MAX_ITEM_FAULTS)),
  };
  const items = {
    type: 'string',
    minLength: 1,
    maxLength: 64,
    ...(pattern && { pattern: pattern.source }),
    ...document,
  };
  return applyDecorators(
    ValidateBy({ name: ITEMS, validator }),
    rule(
      'OUT_OF_RANGE',
      (value) => {
        if (!Array.isArray(value)) return null;
        if (value.length < least) return limited('minItems', least);
        return value.length > most ? limited('maxItems', most) : null;
      },
      { type: 'array', minItems: least, maxItems: most, items } as ApiPropertyOptions,
    ),
  );
}

/** A rule whose fault has this code. `says` gives what the value must be, or null where it is right. */
export function rule(
  code: string,
  says: (value: unknown) => string | null,
  document: ApiPropertyOptions = {},
): PropertyDecorator {
  const validate = (value: unknown): boolean => says(value) === null;
  const defaultMessage = (args?: { value: unknown }): string => says(args?.value) ?? '';
  return applyDecorators(ValidateBy({ name: code, validator: { validate, defaultMessage } }), ApiProperty(document));
}

function first<T>(items: Iterable<T>, most: number): T[] {
  const taken: T[] = [];
  for (const item of items) if (taken.push(item) >= most) break;
  return taken;
}

const limited = (keyword: string, limit: number): string => requirementInWords({ keyword, params: { limit } });

const saysOf = (pattern: RegExp): string => PATTERN_RULES[pattern.source] ?? 'may hold A-Z, a-z, 0-9 and . _ - only';

/** class-validator's own `@Length()` counts no variation selectors: the database would refuse what it lets pass. */
function lengthFault(text: string, min: number, max: number): string | null {
  let length = 0;
  for (let at = 0; at < text.length && length <= max; at += text.codePointAt(at)! > 0xffff ? 2 : 1) length += 1;
  if (length < min) return limited('minLength', min);
  return length > max ? limited('maxLength', max) : null;
}
