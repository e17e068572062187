import { describe, expect, it } from '@jest/globals';
import { byHalves } from './by-halves.js';

const coded = (code: string): Error => Object.assign(new Error(code), { code });

describe('work by halves', () => {
  const run = async (faults: Readonly<Record<number, Error>>) => {
    const done: number[] = [];
    const held: number[] = [];
    const apply = async (part: readonly number[]): Promise<readonly number[]> => {
      for (const each of part) if (faults[each] !== undefined) throw faults[each];
      done.push(...part);
      return part;
    };
    const end = await byHalves([1, 2, 3, 4, 5, 6, 7], apply, async (one) => void held.push(one)).catch(
      (error: Error) => error.message,
    );
    return { done: done.sort(), held, end };
  };

  it('leaves out what makes no sense, and reports it', async () => {
    expect(await run({ 2: new Error('a'), 7: new Error('b') })).toEqual({
      ...{ done: [1, 3, 4, 5, 6], held: [2, 7], end: [1, 3, 4, 5, 6] },
    });
  });

  it('does all else where a row is locked or a statement takes too long, holds nothing, and throws that then', async () => {
    for (const code of ['55P03', '57014', '40P01']) {
      expect(await run({ 3: coded(code) })).toEqual({ done: [1, 2, 4, 5, 6, 7], held: [], end: code });
    }
  });

  it('gives up at once where the database is out of reach, or only reads', async () => {
    for (const code of ['08006', 'ECONNREFUSED', '25006', '28P01', '3D000', '57P01']) {
      expect(await run({ 1: coded(code) })).toEqual({ done: [], held: [], end: code });
    }
  });
});
