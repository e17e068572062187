import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { dealMasking, masking, openTogether, plain, type Masked } from './masked.js';
import { dealMaskingCut, maskingCut } from './masked-cut.js';
import { PieceSender } from './pieces.js';
import { FEATURE_BITS, STATE_BITS, add, decode, encode, fromBytes, shiftLeftInto, toBytes, zeros } from './ring.js';
import { share } from './sharing.js';
import { SplitDealer, SplitMatrix } from './split-matrix.js';
import { dealSumOfSquares, sumOfSquares } from './squares.js';
import { together } from './together-for-tests.js';

/** Fraction bits of a vector whose squares fit. */
const VECTOR_BITS = 36;
/** Bits that are cut off before a product. */
const CUTS = [1, 20, 64];

const filled = (length: number, seed: number): Float64Array =>
  Float64Array.from({ length }, (_, index) => Math.sin(seed * (index + 1)) * 3);

describe('products of a matrix whose columns are split', () => {
  const shape = fc.record({
    rows: fc.integer({ min: 1, max: 70 }),
    columns: fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 1, max: 4 })),
    seed: fc.integer({ min: 1, max: 1000 }),
    cut: fc.constantFrom(...CUTS, null),
  });

  test('equal plain ones, of a run of rows, with what was masked and with what was cut off', async () => {
    await fc.assert(
      fc.asyncProperty(shape, async ({ rows, columns, seed, cut }) => {
        const from = Math.floor(rows / 3);
        const values = columns.map((count, party) => filled(rows * count, seed + party));
        const width = columns[0] + columns[1];
        const [weights, vector] = [filled(width, seed + 2), filled(rows - from, seed + 4)];
        const sharesOf = (numbers: Float64Array, bits: number) => share(shiftLeftInto(encode(numbers, bits), cut ?? 0));
        const [ofWeights, ofVector] = [sharesOf(weights, STATE_BITS), sharesOf(vector, VECTOR_BITS)];

        const parties = await together(
          async (session) => {
            const matrix = await SplitMatrix.mask(session, values[session.index]!, rows, columns);
            const part = matrix.rows(from, rows);
            const [index, { dealt }] = [session.index, matrix];
            const maskedOf = async (own: Uint32Array): Promise<Masked> => {
              const sent = cut === null ? masking(session, own) : await maskingCut(session, dealt, own, cut);
              const [masked] = await openTogether(session, [sent]);
              return masked!;
            };
            const scores = await part.times(await maskedOf(ofWeights[index]));
            const masked = await maskedOf(ofVector[index]);
            const sums = await part.transposedTimes(masked);
            const whole = plain(session, masked);
            return { scores, sums, whole, squares: await sumOfSquares(session, dealt, whole) };
          },
          async (dealt) => {
            const line = new PieceSender(dealt[1].channel);
            const part = new SplitDealer(dealt, line, columns).rows(from, rows);
            const masked = (count: number) =>
              cut === null ? dealMasking(dealt, count) : dealMaskingCut(dealt, line, count, cut);
            await part.times(await masked(width));
            await part.transposedTimes(await masked(rows - from));
            await dealSumOfSquares(dealt, line, rows - from);
            await line.flush();
          },
        );
        const of = (field: 'scores' | 'sums' | 'whole' | 'squares', bits: number): Float64Array =>
          decode(add(parties[0][field], parties[1][field]), bits);
        const cell = (row: number, column: number): number => {
          const party = column < columns[0] ? 0 : 1;
          return values[party]![row * columns[party] + column - (party === 0 ? 0 : columns[0])]!;
        };

        of('scores', FEATURE_BITS + STATE_BITS).forEach((score, at) => {
          const exact = weights.reduce((sum, w, column) => sum + w * cell(from + at, column), 0);
          expect(Math.abs(score - exact)).toBeLessThan(2 ** -20);
        });
        of('sums', FEATURE_BITS + VECTOR_BITS).forEach((sum, column) => {
          const exact = vector.reduce((total, v, at) => total + v * cell(from + at, column), 0);
          expect(Math.abs(sum - exact)).toBeLessThan(2 ** -18);
        });
        of('whole', VECTOR_BITS).forEach((v, at) => expect(Math.abs(v - vector[at]!)).toBeLessThan(2 ** -25));
        const squares = vector.reduce((sum, v) => sum + v * v, 0);
        expect(Math.abs(of('squares', 2 * VECTOR_BITS)[0]! - squares)).toBeLessThan(2 ** -16);
      }),
      { numRuns: 80 },
    );
  });

  test('show the peer only what is uniform', async () => {
    const rows = 20_000;
    const crossed: [Uint8Array[], Uint8Array[]] = [[], []];
    const dealt: Uint8Array[] = [];
    await together(
      async (session) => {
        const matrix = await SplitMatrix.mask(session, new Float64Array(rows).fill(1), rows, [1, 1]);
        const ones = session.index === 0 ? encode(Array(rows).fill(1), STATE_BITS) : zeros(rows);
        const [cut] = await openTogether(session, [await maskingCut(session, matrix.dealt, ones, 20)]);
        const [fresh] = await openTogether(session, [masking(session, ones)]);
        await matrix.rows(0, rows).transposedTimes(cut!);
        dealt.push(toBytes(cut!.own), toBytes(fresh!.open));
      },
      async (parties) => {
        const line = new PieceSender({
          send: async (bytes) => {
            dealt.push(bytes);
            await parties[1].channel.send(bytes);
          },
        });
        const masked = await dealMaskingCut(parties, line, rows, 20);
        dealMasking(parties, rows);
        await new SplitDealer(parties, line, [1, 1]).rows(0, rows).transposedTimes(masked);
        await line.flush();
      },
      (from, bytes) => crossed[from].push(bytes),
    );
    // The features, the numbers that are cut, and those that are masked.
    expect(crossed[0].map(({ length }) => length)).toEqual(Array(3).fill(16 * rows));
    const opened = crossed[0]
      .slice(1)
      .map((bytes, at) => toBytes(add(fromBytes(bytes, rows), fromBytes(crossed[1][at + 1]!, rows))));
    for (const bytes of [...crossed[0], ...crossed[1], ...opened, ...dealt.filter(({ length }) => length > 10_000)]) {
      const counts = new Float64Array(256);
      for (const byte of bytes) counts[byte]! += 1;
      const even = bytes.length / 256;
      expect(counts.reduce((sum, count) => sum + (count - even) ** 2 / even, 0)).toBeLessThan(400);
    }
  });
});
