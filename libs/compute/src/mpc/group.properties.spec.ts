import { describe, expect, test } from '@jest/globals';
import { bitOf } from './bit-strings.js';
import { dealMasking, masking, openTogether, plain } from './masked.js';
import { dealMaskingCut, maskingCut } from './masked-cut.js';
import { PieceReceiver, PieceSender } from './pieces.js';
import { randomVector } from './random.js';
import { FEATURE_BITS, STATE_BITS, add, decode, encode, lengthOf, subtract, type RingVector } from './ring.js';
import { dealSelect, select } from './select.js';
import { anySet, dealAnySet, dealNegative, negative, planeBytes } from './shared-bits.js';
import { SplitDealer, SplitMatrix } from './split-matrix.js';
import { dealSumOfSquares, sumOfSquares } from './squares.js';
import { groupTogether } from './together-for-tests.js';
import { dealTruncation, truncate } from './truncation.js';
import { openBits, openSum } from './opening.js';
import { Z128 } from './rings.js';

/** Shares of a vector for a group of parties. */
function sharesOf(secret: RingVector, count: number): RingVector[] {
  const drawn = Array.from({ length: count - 1 }, () => randomVector(lengthOf(secret)));
  return [...drawn, drawn.reduce(subtract, secret)];
}

const numbers = Array.from({ length: 40 }, (_, at) => Math.sin(at * 7 + 1) * 10 ** ((at % 7) - 2));

describe.each([2, 3, 5])('a group of %d parties', (count) => {
  test('truncates, compares, selects and squares on shares', async () => {
    const shares = sharesOf(encode(numbers, STATE_BITS), count);
    const cut = [{ count: numbers.length, bits: 20 }];
    const opened = await groupTogether(
      count,
      async (session) => {
        const dealt = new PieceReceiver(session.dealer);
        const own = shares[session.index]!;
        const floor = await openSum(session, Z128, await truncate(session, dealt, own, cut));
        const [near] = await openTogether(session, [await maskingCut(session, dealt, own, 20)]);
        const below = await negative(session, dealt, own);
        const kept = await openSum(session, Z128, await select(session, dealt, below, own));
        const any = await anySet(session, dealt, below);
        const squares = await openSum(session, Z128, await sumOfSquares(session, dealt, plain(session, near!)));
        return {
          floor,
          near: await openSum(session, Z128, plain(session, near!)),
          below: await openBits(session, below),
          kept,
          any,
          squares,
        };
      },
      async (parties) => {
        const line = new PieceSender(parties.at(-1)!.channel);
        await dealTruncation(parties, line, cut);
        await dealMaskingCut(parties, line, numbers.length, 20);
        await dealNegative(parties, line, numbers.length);
        await dealSelect(parties, line, numbers.length);
        await dealAnySet(parties, line, planeBytes(numbers.length));
        await dealSumOfSquares(parties, line, numbers.length);
        await line.flush();
      },
    );
    for (const each of opened) {
      expect(each).toEqual(opened[0]);
      expect([...decode(each.floor, 28)]).toEqual(numbers.map((x) => Math.floor(x * 2 ** 28) / 2 ** 28));
      decode(each.near, 28).forEach((x, at) => expect(Math.abs(x - numbers[at]!)).toBeLessThan(2 ** -27));
      expect(numbers.map((_, at) => bitOf(each.below, at))).toEqual(numbers.map((x) => Number(x < 0)));
      decode(each.kept, STATE_BITS).forEach((x, at) => expect(x).toBeCloseTo(Math.min(numbers[at]!, 0), 9));
      expect(each.any).toBe(true);
      const exact = numbers.reduce((sum, x) => sum + x * x, 0);
      expect(Math.abs(decode(each.squares, 56)[0]! / exact - 1)).toBeLessThan(1e-6);
    }
  });

  test('multiplies a matrix whose columns are split with what was cut, and with what was masked', async () => {
    const columns = Array.from({ length: count }, (_, party) => party % 3);
    const rows = 9;
    const width = columns.reduce((sum, each) => sum + each);
    const values = columns.map((each, party) =>
      Float64Array.from({ length: rows * each }, (_, at) => Math.sin(at + party * 9)),
    );
    const [weights, vector] = [numbers.slice(0, width), numbers.slice(0, rows)];
    const ofWeights = sharesOf(encode(weights, STATE_BITS), count);
    const ofVector = sharesOf(encode(vector, STATE_BITS), count);
    const shares = await groupTogether(
      count,
      async (session) => {
        const matrix = await SplitMatrix.mask(session, values[session.index]!, rows, columns);
        const cut = async (own: RingVector) =>
          (await openTogether(session, [await maskingCut(session, matrix.dealt, own, 12)]))[0]!;
        const [fresh] = await openTogether(session, [masking(session, ofWeights[session.index]!)]);
        const part = matrix.rows(0, rows);
        const scores = await part.times(fresh!);
        const again = await part.times(await cut(ofWeights[session.index]!));
        const sums = await part.transposedTimes(await cut(ofVector[session.index]!));
        return { scores, again, sums };
      },
      async (parties) => {
        const line = new PieceSender(parties.at(-1)!.channel);
        const part = new SplitDealer(parties, line, columns).rows(0, rows);
        await part.times(dealMasking(parties, width));
        await part.times(await dealMaskingCut(parties, line, width, 12));
        await part.transposedTimes(await dealMaskingCut(parties, line, rows, 12));
        await line.flush();
      },
    );
    const cell = (row: number, column: number): number => {
      const party = columns.findIndex((_, at) => column < columns.slice(0, at + 1).reduce((sum, each) => sum + each));
      const before = columns.slice(0, party).reduce((sum, each) => sum + each, 0);
      return values[party]![row * columns[party]! + column - before]!;
    };
    const exact = vector.map((_, row) => weights.reduce((sum, w, column) => sum + w * cell(row, column), 0));
    const of = (field: 'scores' | 'again' | 'sums', bits: number): Float64Array =>
      decode(shares.map((share) => share[field]).reduce(add), FEATURE_BITS + bits);
    of('scores', STATE_BITS).forEach((x, row) => expect(Math.abs(x - exact[row]!)).toBeLessThan(1e-3));
    of('again', STATE_BITS - 12).forEach((x, row) => expect(Math.abs(x - exact[row]!)).toBeLessThan(1e-3));
    of('sums', STATE_BITS - 12).forEach((x, column) => {
      const sum = vector.reduce((total, v, row) => total + v * cell(row, column), 0);
      expect(Math.abs(x - sum)).toBeLessThan(1e-3);
    });
  });
});
