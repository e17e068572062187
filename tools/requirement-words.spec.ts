import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { notKnownInWords, requirementInWords } from '#libs/chain-domain';
import { ROOT } from './steps.js';

const source = readFileSync(join(ROOT, 'apps/console/src/words/requirements-zh.ts'), 'utf8');
const patterns = [...source.matchAll(/^ +\[?\/(.+)\/(s?),/gm)].map(([, of, flags]) => new RegExp(of!, flags));

const LIMITS = ['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'];
const BOUNDS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'];
const SAID = [
  ...[...LIMITS, ...BOUNDS]
    .flatMap((keyword) => [1, 2, 0.5, -3].map((limit) => requirementInWords({ keyword, params: { limit } })))
    .filter((said) => !/(0\.5|-3) [a-z]+s$/.test(said)),
  requirementInWords({ keyword: 'minProperties', params: { limit: 2 } }, 'party'),
  requirementInWords({ keyword: 'maxProperties', params: { limit: 1 } }, 'party'),
  ...['string', 'integer', 'number', 'boolean', 'array', 'object', 'null', ['string', 'null']].map((type) =>
    requirementInWords({ keyword: 'type', params: { type } }),
  ),
  requirementInWords({ keyword: 'enum', params: { allowedValues: ['a', 'b'] } }),
  requirementInWords({ keyword: 'const', params: { allowedValue: 'a' } }),
  requirementInWords({ keyword: 'multipleOf', params: { multipleOf: 2 } }),
  requirementInWords({ keyword: 'uniqueItems', params: { i: 1, j: 0 } }),
  requirementInWords({ keyword: 'dependentRequired', params: { missingProperty: 'a', property: 'b' } }),
  requirementInWords({ keyword: 'pattern', params: { pattern: '^a b$' } }),
  requirementInWords({ keyword: 'oneOf', params: {} }),
  notKnownInWords([]),
  notKnownInWords(['a', 'b']),
];

it.each(SAID)('the console has Chinese words for "%s"', (said) => {
  expect(patterns.filter((pattern) => pattern.test(said))).not.toEqual([]);
});
