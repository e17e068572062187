import { describe, expect, it, jest } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { valueFaults } from './value-faults.js';

const NOT_CHECKED = [{ pointer: '', message: expect.stringContaining('is not checked') }];

describe('a value', () => {
  it('is checked by its schema, whole', () => {
    const schema = {
      ...{ type: 'object', required: ['path'], additionalProperties: false },
      properties: { path: { type: 'string', maxLength: 3 }, list: { items: { type: 'integer' } } },
    };
    expect(valueFaults(schema, { path: 'abc', list: [1] })).toEqual([]);
    expect(valueFaults(schema, { list: ['x'], more: 1 }).map(({ pointer }) => pointer)).toEqual([
      '/path',
      '',
      '/list/0',
    ]);
  });

  it('is checked by a schema that is read anew without compiling it again, as long as it came lately', () => {
    const compile = jest.spyOn(Ajv2020.prototype, 'compile');
    const check = (most: number, value = 'abcd') => valueFaults({ type: 'string', maxLength: most }, value).length;
    try {
      expect([check(3), check(3), check(4), check(3, 'abc')]).toEqual([1, 1, 0, 0]);
      expect(compile).toHaveBeenCalledTimes(2);
      for (let most = 10; most < 110; most++) check(most);
      compile.mockClear();
      expect(check(109)).toBe(0);
      expect(compile).toHaveBeenCalledTimes(0);
      expect(check(3)).toBe(1);
      expect(compile).toHaveBeenCalledTimes(1);
    } finally {
      compile.mockRestore();
    }
  });

  it('is refused, and the process lives, where the schema is one that no chain can bring', async () => {
    const hostile = [
      { $async: true, type: 'string' },
      { pattern: '^(a+)+$' },
      { type: 5 },
      { $ref: '#/x' },
      { type: 'array', uniqueItems: true },
      { items: { allOf: [{ type: 'string' }] } },
      { properties: { a: { additionalProperties: { format: 'date' } } } },
      { properties: 7 },
    ];
    for (const schema of hostile)
      expect([schema, valueFaults(schema, `${'a'.repeat(60)}!`)]).toEqual([schema, NOT_CHECKED]);
    // A promise that nobody awaits would end the process by now.
    await new Promise((resolve) => setImmediate(resolve));
  });
});
