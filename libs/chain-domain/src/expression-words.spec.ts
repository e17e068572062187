import { expect, it } from '@jest/globals';
import { placeIn, syntaxFault } from './expression-words.js';

const at = (offset: number) => Object.assign(new Error('unexpected'), { location: { start: { offset } } });

it('counts lines and columns from 1', () => {
  expect([0, 2, 3, 5].map((offset) => placeIn('ab\ncd', offset))).toEqual([
    'line 1, column 1',
    'line 1, column 3',
    'line 2, column 1',
    'line 2, column 3',
  ]);
});

it.each<[text: string, error: unknown, said: string]>([
  ['a', new RangeError('Maximum call stack size exceeded'), 'it is nested too deep'],
  ['a', new Error('what now'), 'syntax error: what now'],
  ['a +', at(3), 'syntax error at line 1, column 4: something is missing at the end'],
  ['a\n b', at(3), 'syntax error at line 2, column 2: it cannot be read from "b" on'],
  ['x'.repeat(31), at(1), `syntax error at line 1, column 2: it cannot be read from "${'x'.repeat(30)}" on`],
  ['x'.repeat(32), at(1), `syntax error at line 1, column 2: it cannot be read from "${'x'.repeat(30)}..." on`],
])('says what is wrong with %j', (text, error, said) => expect(syntaxFault(text, error)).toBe(said));
