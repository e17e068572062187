import { describe, expect, test } from '@jest/globals';
import { MAX_RESULT_BYTES, resultFault } from './result-fault.js';

const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);

describe('the fault of a result', () => {
  test('is what PostgreSQL cannot store, wherever it stands', () => {
    for (const bad of ['\0', { a: ['x\0y'] }, { '\0': 1 }, '\\\0', '\ud800', { a: 'x\udfff' }, '\\\ud800']) {
      expect(resultFault(bad)).toMatchObject({ code: 'INVALID_RESULT' });
    }
  });

  test('is what JSON cannot hold', () => {
    for (const bad of [undefined, { a: undefined }, [() => 1], { a: [1n] }, NaN, [Infinity]]) {
      expect(resultFault(bad)).toMatchObject({ code: 'INVALID_RESULT' });
    }
  });

  test('is not text that only looks like an escape', () => {
    for (const good of ['\\u0000', 'C:\\udata', '\\\\u0000', '\\ud800', '😀', { '\\u0000': ['\\\\\\ud800'] }]) {
      expect(resultFault(good)).toBeNull();
    }
  });

  test('is a depth of more than 32 levels', () => {
    expect(resultFault(nested(32))).toBeNull();
    expect(resultFault(nested(33))).toMatchObject({ code: 'INVALID_RESULT' });
  });

  test('is a size over the limit, in bytes of UTF-8', () => {
    for (const letter of ['x', 'é', '语']) {
      const most = Math.floor((MAX_RESULT_BYTES - 2) / Buffer.byteLength(letter));
      expect(resultFault(letter.repeat(most))).toBeNull();
      const bytes = Buffer.byteLength(letter) * (most + 1) + 2;
      expect(resultFault(letter.repeat(most + 1))).toMatchObject({ code: 'RESULT_TOO_LARGE', details: { bytes } });
    }
  });
});
