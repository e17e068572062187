import { describe, expect, it } from '@jest/globals';
import { isPartyResult } from './party-result.js';

describe('the result of one party', () => {
  it.each<[string, unknown]>([
    ['sealed', { sealed: 'YWdl+/9=' }],
    ['of the largest size', { sealed: 'A'.repeat(256 * 1024) }],
    ['in clear', { value: { rows: 1 } }],
    ['withheld', { withheld: 'w'.repeat(1_000) }],
  ])('is taken %s', (_, value) => expect(isPartyResult(value)).toBe(true));

  it.each<[string, unknown]>([
    ['no object', 'sealed'],
    ['nothing', {}],
    ['two forms', { sealed: 'YWdl', withheld: 'w' }],
    ['something beside it', { sealed: 'YWdl', other: 1 }],
    ['another form', { opened: 'YWdl' }],
    ['no base64', { sealed: 'a-b_' }],
    ['no base64 at its start', { sealed: '-YWdl' }],
    ['no base64 at its end', { sealed: 'YWdl-' }],
    ['no base64 at all', { sealed: '-' }],
    ['too much padding', { sealed: 'YWdl===' }],
    ['an empty seal', { sealed: '' }],
    ['a seal that is too long', { sealed: 'A'.repeat(256 * 1024 + 1) }],
    ['a list in clear', { value: [1] }],
    ['what PostgreSQL cannot store, in clear', { value: { a: '\0' } }],
    ['what PostgreSQL cannot store, as a reason', { withheld: '\0' }],
    ['a reason that is none', { withheld: 1 }],
    ['a reason that is too long', { withheld: 'w'.repeat(1_001) }],
  ])('is refused with %s', (_, value) => expect(isPartyResult(value)).toBe(false));
});
