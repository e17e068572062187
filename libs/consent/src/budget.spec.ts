import { describe, expect, it } from '@jest/globals';
import { bitsOf, countsOf, FEW_VALUES, overdraftOf, type Account, type Asked, type Opening } from './budget.js';

const DATASET = 'd';
const column = (name: string, bits: number, more: object = {}) => ({
  ...{ column: name, figures: 1, bits, rows: 100, distinct: 2 },
  ...more,
});
const asked = (bits: number, more: object = {}): Asked => ({ columns: [column('a', bits, more)] });
const opened = (bits: Opening['bits'], more: Partial<Opening> = {}): Opening => ({
  ...{ datasets: [DATASET], bits, over: 100 },
  ...more,
});
const account = (more: Partial<Account> = {}): Account => ({
  ...{ dataset: DATASET, columns: undefined, limit: undefined },
  ...more,
});

describe('the bits of a run', () => {
  const columns = [column('a', 3, { figures: 2 }), column('b', 5), column('a', 4), column('c', 7), column('e', 1)];

  it('are added up by column', () => {
    expect(bitsOf(undefined, { columns })).toEqual({ a: 10, b: 5, c: 7, e: 1 });
  });

  it('count under one name for columns that nobody registered, and once where they are joint', () => {
    const known = new Set(['a']);
    expect(bitsOf(known, { columns })).toEqual({ a: 10, '*': 13 });
    expect(bitsOf(known, { columns, joint: true })).toEqual({ a: 10, '*': 7 });
  });

  it('are kept with those of codes, and the rows of the largest table', () => {
    const kept = [
      column('a', 3, { distinct: FEW_VALUES, rows: 30 }),
      column('b', 4, { distinct: FEW_VALUES + 1, rows: 200 }),
      column('c', 5, { distinct: 1, rows: 10 }),
    ];
    expect(countsOf(new Set(['a', 'b']), { columns: kept })).toEqual({
      bits: { a: 3, b: 4, '*': 5 },
      codes: { a: 3, '*': 5 },
      over: 200,
    });
    expect(countsOf(undefined, { columns: [] })).toEqual({ bits: {}, codes: {}, over: 0 });
  });
});

describe('a code', () => {
  const left = (before: Opening[], more: object = {}, at = account()): number => {
    let bits = 0;
    while (bits < 1_000 && overdraftOf(at, asked(bits + 1, more), before) === undefined) bits++;
    return bits;
  };

  it('opens half a bit a row at most', () => {
    expect(overdraftOf(account(), asked(50), [])).toBeUndefined();
    expect(overdraftOf(account(), asked(51), [])).toEqual({
      ...{ dataset: DATASET, column: 'a', opened: 0, asked: 51, limit: 50 },
    });
    expect([left([], { rows: 101 }), left([], { rows: 102 })]).toEqual([50, 51]);
  });

  it('is a column of few values, of which others choose the figures', () => {
    expect(left([], { distinct: FEW_VALUES })).toBe(50);
    expect(left([], { distinct: FEW_VALUES + 1 })).toBe(1_000);
    expect(overdraftOf(account(), { ...asked(51), own: 'a digest' }, [])).toBeUndefined();
  });

  it('has open what was opened of the dataset, and not of others', () => {
    expect(left([opened({ a: 20, b: 7 }), opened({ a: 4 }, { datasets: ['x', DATASET] })])).toBe(26);
    expect(left([opened({ a: 20 }, { datasets: ['x'] })])).toBe(50);
    expect(left([opened({ a: 20 }, { own: 'a digest' })])).toBe(50);
  });

  it('has open what was a code then, and all of a note that does not say', () => {
    expect(left([opened({ a: 40 }, { codes: { a: 10 } })])).toBe(40);
    expect(left([opened({ a: 40 }, { codes: {} })])).toBe(50);
    expect(left([opened({ a: 40 })])).toBe(10);
  });

  it('has open what was opened of columns that were made of it', () => {
    expect(left([opened({ '*': 20 })])).toBe(30);
    const known = account({ columns: new Set(['a']) });
    const made = (bits: number) => overdraftOf(known, { columns: [column('x', bits)] }, [opened({ '*': 20, a: 9 })]);
    expect(made(30)).toBeUndefined();
    expect(made(31)).toMatchObject({ column: 'x', opened: 20, asked: 31, limit: 50 });
  });

  it('of a part of the rows takes from the whole, and not the other way round', () => {
    const small = { rows: 20 };
    expect(left([opened({ a: 45 })], small)).toBe(5);
    expect(left([opened({ a: 12 })], small)).toBe(10);
    expect(left([opened({ a: 8 }, { over: 20 })], small)).toBe(2);
    expect(left([opened({ a: 8 }, { over: 20 })])).toBe(42);
    // A note that does not say of how many rows counts towards tables of any size.
    expect(left([{ datasets: [DATASET], bits: { a: 8 } }], small)).toBe(2);
    // What is open of a table in between is open of both.
    expect(left([opened({ a: 18 }, { over: 40 }), opened({ a: 31 })], small)).toBe(1);
  });

  it('leaves a part of the rest to others', () => {
    const half = (bits: number) => overdraftOf(account(), { ...asked(bits), share: 0.5 }, [opened({ a: 10 })]);
    expect([half(20), half(21)]).toMatchObject([undefined, { opened: 10, limit: 50 }]);
  });

  it('of which nothing is asked fits whatever is open', () => {
    expect(overdraftOf(account({ limit: 1 }), asked(0), [opened({ a: 60 })])).toBeUndefined();
    expect(overdraftOf(account(), asked(1), [opened({ a: 60 })])).toMatchObject({ opened: 60 });
  });
});

describe('what the owner allows', () => {
  it('holds for any column, and counts what follows from the own table', () => {
    const at = account({ limit: 10 });
    const before = [opened({ a: 4 }), opened({ a: 3 }, { own: 'a digest', codes: {} })];
    for (const own of [undefined, 'another digest']) {
      const ask = (bits: number): Asked => ({ ...asked(bits, { distinct: 99 }), ...(own !== undefined && { own }) });
      expect(overdraftOf(at, ask(3), before)).toBeUndefined();
      expect(overdraftOf(at, ask(4), before)).toEqual({
        ...{ dataset: DATASET, column: 'a', opened: 7, asked: 4, limit: 10 },
      });
    }
  });

  it('is looked at for each column, and the first that goes too far is named', () => {
    const columns = [column('a', 5), column('b', 11), column('c', 12)];
    expect(overdraftOf(account({ limit: 10 }), { columns }, [])).toMatchObject({ column: 'b', asked: 11 });
  });
});
