import { describe, expect, test } from '@jest/globals';
import { plain } from './terminal.js';

describe('a text of elsewhere', () => {
  test.each([
    ['a control character', '\u0007'],
    ['another order', '\u202e'],
    ['another line', '\u2028'],
    ['a soft hyphen', '\u00ad'],
    ['a joiner', '\u034f'],
    ['a filler of Hangul', '\u3164'],
    ['another filler of Hangul', '\u115f'],
    ['a variation selector', '\ufe0f'],
    ['a variation selector of ideographs', '\u{e0100}'],
    ['a tag', '\u{e0041}'],
    ['a blank of Braille', '\u2800'],
    ['a character of private use', '\ue000'],
    ['another of private use', '\u{f0000}'],
    ['half a character', '\ud800'],
  ])('has what is not to be seen written out, as JSON has it: %s', (_, unseen) => {
    const text = `a${unseen}b`;
    expect(plain(text)).toMatch(/^a(\\u[0-9a-f]{4}){1,2}b$/);
    expect(JSON.parse(`"${plain(text)}"`)).toBe(text);
  });

  test('stays as it is in any script', () => {
    const text = '隐私集合求交\u3000（psi）“x” — ñ e\u0301 עברית العربية 한국어 हिन्दी ไทย 👍 €';
    expect(plain(text)).toBe(text);
  });
});
