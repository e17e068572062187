import { describe, expect, it } from '@jest/globals';
import { cpuMsOf } from '#libs/testing';
import { MAX_BODY_BYTES, MAX_DEPTH, parseStrictJson } from './strict-json.js';

const parse = (text: string | Uint8Array) => parseStrictJson(typeof text === 'string' ? Buffer.from(text) : text);
const faultsOf = (text: string | Uint8Array) => {
  const result = parse(text);
  return result.ok
    ? []
    : result.faults.map(({ code, pointer }) => (pointer === undefined ? code : `${code} ${pointer}`));
};
const messageOf = (text: string) => {
  const result = parse(text);
  return result.ok ? undefined : result.faults[0]?.message;
};
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

describe('parseStrictJson takes', () => {
  it('any JSON, with or without a byte order mark', () => {
    expect(parse('\ufeff {"a": [1, -2.5e3, true, null, "\\u00e9 \\ud83d\\ude00 [{"]}\n')).toEqual({
      ok: true,
      value: { a: [1, -2500, true, null, 'é 😀 [{'] },
    });
  });
  it('64 levels, and brackets in strings', () => {
    expect(faultsOf(nested(MAX_DEPTH))).toEqual([]);
    expect(faultsOf(JSON.stringify(`${'['.repeat(100)}\\"${'{'.repeat(100)}`))).toEqual([]);
  });
  it('a key in several objects, and strings that are no keys', () => {
    expect(faultsOf('[{"a": "a", "b": ["b", "b", {"a": "b"}], "c": {"a": "a"}}, {"a": 1}, "a"]')).toEqual([]);
  });
  it('integers up to 2^53 - 1 and fractions of any length', () => {
    expect(faultsOf('[9007199254740991, -9007199254740991, 0.12345678901234567890, 1e300]')).toEqual([]);
  });
});

describe('parseStrictJson refuses', () => {
  for (const [name, body, ...expected] of [
    ['an empty body', '', 'EMPTY_BODY'],
    ['white space', ' \n', 'EMPTY_BODY'],
    ['a lone byte order mark', '\ufeff', 'EMPTY_BODY'],
    ['broken JSON', '{"a": 1,}', 'INVALID_JSON'],
    ['a body cut off', '{"a": "b', 'INVALID_JSON'],
    ['two values', '{} {}', 'INVALID_JSON'],
    ['NaN', '[NaN]', 'INVALID_JSON'],
    ['bytes that are not UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 'INVALID_UTF8'],
    ['a raw lone surrogate', new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22]), 'INVALID_UTF8'],
    ['a raw NUL', '["\0"]', 'INVALID_JSON'],
    ['an escaped NUL', '{"a": ["x\\u0000y"]}', 'NUL_CHARACTER /a/0'],
    ['a NUL in a key', '{"a\\u0000": 1}', 'NUL_CHARACTER /a\0'],
    [
      'escaped lone surrogates',
      '["\\ud800", "\\udc00\\ud800", "\\ud83d\\ude00"]',
      'LONE_SURROGATE /0',
      'LONE_SURROGATE /1',
    ],
    ['a lone surrogate in a key', '{"\\udfff": 1}', 'LONE_SURROGATE /\udfff'],
    ['the key __proto__', '{"a/b": [{"__proto__": 1}]}', 'FORBIDDEN_KEY /a~1b/0/__proto__'],
    [
      'an escaped key __proto__',
      '{"\\u005f_proto__": {"constructor": 1}}',
      'FORBIDDEN_KEY /__proto__',
      'FORBIDDEN_KEY /__proto__/constructor',
    ],
    ['the key prototype', '[{"prototype": {}}]', 'FORBIDDEN_KEY /0/prototype'],
    ['a key twice', '{"a": {"b": 1, "c": [{"b": 2}], "b": 3}, "a": 4}', 'DUPLICATE_KEY', 'DUPLICATE_KEY'],
    ['a key twice, once escaped', '{"a": 1, "\\u0061": 2}', 'DUPLICATE_KEY'],
    ['an infinite number', '[1e400, -1e400]', 'NUMBER_TOO_LARGE', 'NUMBER_TOO_LARGE'],
    [
      'an infinite number in other notations',
      '[1E400, 1e+400, 1.5E+400]',
      ...Array<string>(3).fill('NUMBER_TOO_LARGE'),
    ],
    ['integers that would be rounded', '[9007199254740993, -9007199254740992]', 'UNSAFE_INTEGER', 'UNSAFE_INTEGER'],
    ['a number of a million digits', '9'.repeat(1_000_000), 'NUMBER_TOO_LARGE'],
    ['a million values', `[${'0,'.repeat(1_000_000)}0]`, 'TOO_MANY_VALUES'],
    ['too many values that never close', `[${'0,'.repeat(1_000_001)}`, 'TOO_MANY_VALUES'],
    ['a million objects', `[${'{},'.repeat(1_000_000)}{}]`, 'TOO_MANY_VALUES'],
    ['65 levels', nested(MAX_DEPTH + 1), 'TOO_DEEP'],
    ['a million levels', nested(1_000_000), 'TOO_DEEP'],
    ['a million levels that never close', '{"a":'.repeat(1_000_000), 'TOO_DEEP'],
  ] as [string, string | Uint8Array, ...string[]][]) {
    it(name, () => expect(faultsOf(body)).toEqual(expected));
  }

  it('with the place of the fault', () => {
    expect(messageOf('{\n  "a": 12345678901234567890\n}')).toContain('line 2, column 8');
    expect(messageOf('{"a": [],\n "a": 1}')).toBe(
      'The key "a" comes again at line 2, column 2: an object has each key once.',
    );
    expect(messageOf('{"abcdefghijklmnopqrstuvwxyz": 1,\n "b" 2}')).toBe(
      'The body is not valid JSON: look at line 2, column 6.',
    );
    expect(messageOf('[[')).toBe('The body is not valid JSON: it ends too early.');
  });

  it.each([
    ['{"a": {"__proto__": 1}}', 'The key "__proto__" is not allowed.'],
    ['', 'The body is empty; it must be JSON.'],
    ['["\\u0000"]', 'The string holds a NUL character (\\u0000).'],
    ['{"\\u0000": 1}', 'The key holds a NUL character (\\u0000).'],
    ['["\\ud800"]', 'The string holds half of a surrogate pair, which is no character.'],
    ['[1e999]', 'The number at line 1, column 2 is too large.'],
    [
      '[\n9007199254740993]',
      'The number at line 2, column 1 is an integer beyond 2^53 and would be rounded: send it as a string.',
    ],
    [`\n${nested(65)}`, 'The body nests more than 64 levels deep at line 2, column 65.'],
    ['[,]', 'The body is not valid JSON.'],
  ])('with a sentence that says what: %s', (text, message) => expect(messageOf(text)).toBe(message));

  it('with a pointer and a message that can be sent, however long a key is', () => {
    const long = parse(`{"${'k'.repeat(1_000_000)}": [${Array(150).fill('"\\u0000"').join()}]}`);
    expect(JSON.stringify(long).length).toBeLessThan(300_000);
  });

  it('with at most 100 faults and a count', () => {
    expect(faultsOf(`[${Array(150).fill('"\\u0000"').join()}]`)).toHaveLength(101);
    expect(faultsOf(`[${Array(150).fill('1e999').join()}]`).at(-1)).toBe('MORE_FAULTS');
  });
});

describe('10 MB', () => {
  const tasks = Array.from({ length: 40_000 }, (_, i) => ({
    task_id: `task-${i}`,
    depends_on: [`task-${i - 1}`, 'x'],
    task_params: { task_config: { numbers: [1, 2.5, 1234567], flag: true, text: 'lorem ipsum '.repeat(8) } },
  }));
  const plain = Buffer.from(JSON.stringify({ tasks }));
  const escaped = Buffer.from(JSON.stringify({ tasks, last: '?' }).replace('"?"', '"\\u00e9"'));
  const bad = Buffer.from(`[${'1e999,\n'.repeat(1_400_000)}1]`);
  for (const [name, body] of Object.entries({ plain, escaped, bad })) {
    it(`of ${name} text are read in well under a second`, () => {
      expect(body.length).toBeLessThanOrEqual(MAX_BODY_BYTES);
      expect(body.length).toBeGreaterThan(0.85 * MAX_BODY_BYTES);
      let ok: boolean | undefined;
      expect(cpuMsOf(() => ({ ok } = parseStrictJson(body)))).toBeLessThan(2000);
      expect(ok).toBe(name !== 'bad');
    });
  }
});
