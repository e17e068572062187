import { expect, it } from '@jest/globals';
import { requirementInWords, typeInWords } from './schema-words.js';

it('says what a value must be as a person would', () => {
  const said = (keyword: string, params: object, unit?: string) =>
    requirementInWords({ keyword, params: params as Record<string, unknown> }, unit);
  expect([
    said('minLength', { limit: 1 }),
    said('maxLength', { limit: 255 }),
    said('minItems', { limit: 1 }),
    said('minItems', { limit: 2 }),
    said('maxItems', { limit: 1 }),
    said('maxProperties', { limit: 2 }, 'party'),
    said('minProperties', { limit: 1 }),
    said('minimum', { limit: 1 }),
    said('maximum', { limit: 9 }),
    said('exclusiveMinimum', { limit: 0 }),
    said('uniqueItems', { i: 3, j: 1 }),
    said('dependentRequired', { property: 'limit', missingProperty: 'key' }),
    said('oneOf', {}),
  ]).toEqual([
    'must not be empty',
    'must have at most 255 characters',
    'must not be empty',
    'must have at least 2 items',
    'must have at most 1 item',
    'must have at most 2 parties',
    'must have at least 1 field',
    'must be 1 or more',
    'must be 9 or less',
    'must be more than 0',
    'must not hold the same item twice: items 1 and 3 are the same',
    'needs key beside limit',
    'has none of the forms that it may have',
  ]);
  expect(typeInWords(['string', 'null'])).toBe('a text or null');
});
