import { expect, test } from '@jest/globals';
import { encode } from '../mpc/ring.js';
import { COEFFICIENT_BITS } from './family-on-shares.js';
import { glmSliceFile, glmSliceOf, type GlmSlice } from './glm-slice.js';

const slice: GlmSlice = {
  ...{
    training: 'a name',
    link: 'log',
    features: ['x', 'o'],
    hasLabel: true,
    hasOffset: true,
    rows: 80,
    scaleBits: -3,
  },
  places: [
    { center: 1.5, scale: 2 },
    { center: 0.25, scale: 1 },
  ],
  columns: [1, 2],
  share: encode([1, -2, 3, 4], COEFFICIENT_BITS),
};
const content = JSON.parse(JSON.stringify(glmSliceFile('alice', slice))) as Record<string, unknown>;

test('a slice of a generalised linear model is read as it was written', () => {
  expect(glmSliceOf(content)).toEqual(slice);
});

test.each([
  ['link', 'probit'],
  ['training', 7],
  ['has_label', 'yes'],
  ['has_offset', null],
  ['features', ['x', 7]],
  ['centers', [1.5]],
  ['centers', [1.5, null]],
  ['scales', [2, 0]],
  ['columns', [1, 2, 1]],
  ['columns', [-1, 4]],
  ['columns', [2, 3]],
  ['rows', 0],
  ['scale_bits', 1001],
  ['scale_bits', -1001],
  ['scale_bits', 0.5],
  ['share', 'AAAA'],
  ['share', 7],
])('is none with %s of %j', (field, value) => {
  expect(glmSliceOf({ ...content, [field]: value })).toBeUndefined();
});
