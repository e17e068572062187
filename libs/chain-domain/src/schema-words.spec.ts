import { expect, it } from '@jest/globals';
import { notKnownInWords, requirementInWords, typeInWords } from './schema-words.js';

it.each<[keyword: string, params: object, said: string, unit?: string]>([
  ['type', { type: 'integer' }, 'must be a whole number'],
  ['type', { type: ['number', 'boolean', 'date'] }, 'must be a number or true or false or date'],
  ['enum', { allowedValues: ['a', 1, null] }, 'must be one of a, 1, '],
  ['const', { allowedValue: 'a' }, 'must be "a"'],
  ['minLength', { limit: 1 }, 'must not be empty'],
  ['minLength', { limit: 2 }, 'must have at least 2 characters'],
  ['maxLength', { limit: 255 }, 'must have at most 255 characters'],
  ['minItems', { limit: 1 }, 'must not be empty'],
  ['minItems', { limit: 2 }, 'must have at least 2 items'],
  ['maxItems', { limit: 1 }, 'must have at most 1 item'],
  ['maxProperties', { limit: 2 }, 'must have at most 2 parties', 'party'],
  ['minProperties', { limit: 1 }, 'must have at least 1 field'],
  ['minProperties', { limit: 2 }, 'must have at least 2 fields'],
  ['minimum', { limit: 1 }, 'must be 1 or more'],
  ['maximum', { limit: 9 }, 'must be 9 or less'],
  ['exclusiveMinimum', { limit: 0 }, 'must be more than 0'],
  ['exclusiveMaximum', { limit: 1 }, 'must be less than 1'],
  ['multipleOf', { multipleOf: 5 }, 'must be a multiple of 5'],
  ['uniqueItems', { i: 3, j: 1 }, 'must not hold the same item twice: items 1 and 3 are the same'],
  ['dependentRequired', { property: 'limit', missingProperty: 'key' }, 'needs key beside limit'],
  ['pattern', { pattern: '^a$' }, 'must match ^a$'],
  ['oneOf', {}, 'has none of the forms that it may have'],
])('says what a value must be as a person would: %s %j', (keyword, params, said, unit = 'field') => {
  expect(requirementInWords({ keyword, params: params as Record<string, unknown> }, unit)).toBe(said);
});

it('calls types by plain words', () => {
  const all = ['string', 'integer', 'number', 'boolean', 'array', 'object', 'null'];
  expect(typeInWords(all)).toBe('a text or a whole number or a number or true or false or a list or an object or null');
});

it('names the fields that there are beside an unknown one', () => {
  expect(notKnownInWords(['a', 'b'])).toBe('is not a known field: there are a, b');
  expect(notKnownInWords([])).toBe('is not a known field');
});
