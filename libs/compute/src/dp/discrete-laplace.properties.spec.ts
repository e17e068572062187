import { describe, expect, test } from '@jest/globals';
import { chiSquare } from './draws-for-tests.js';
import { bernoulliExp, discreteLaplace, uniformBelow } from './discrete-laplace.js';

const DRAWS = 20_000;
const many = <T>(draw: () => T): T[] => Array.from({ length: DRAWS }, draw);

describe('draws in whole numbers', () => {
  test.each([1n, 2n, 3n, 7n, 100n, 257n])('are uniform below %s', (bound) => {
    const cells = Number(bound);
    const drawn = many(() => Number(uniformBelow(bound)));
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...drawn)).toBeLessThan(cells);
    const expected = new Map(Array.from({ length: cells }, (_, cell) => [cell, 1 / cells]));
    expect(chiSquare(drawn, expected)).toBeLessThan(6);
  });

  test('are uniform below a bound of many bytes', () => {
    const bound = 3n * 2n ** 70n;
    const drawn = many(() => Number(uniformBelow(bound) >> 70n));
    expect(chiSquare(drawn, new Map([0, 1, 2].map((third) => [third, 1 / 3])))).toBeLessThan(6);
  });

  test.each([
    [0n, 1n],
    [1n, 3n],
    [1n, 1n],
    [7n, 3n],
    [4n, 1n],
  ])('are true with probability exp(-%s/%s)', (numerator, denominator) => {
    const p = Math.exp(-Number(numerator) / Number(denominator));
    const drawn = many(() => Number(bernoulliExp({ numerator, denominator })));
    const expected = new Map([
      [0, 1 - p],
      [1, p],
    ]);
    expect(chiSquare(drawn, expected)).toBeLessThan(6);
  });
});

describe('discrete Laplace noise', () => {
  test.each([
    [1n, 1n],
    [1n, 2n],
    [10n, 3n],
    [2n ** 20n, 2n ** 18n],
  ])('has the distribution of scale %s/%s', (numerator, denominator) => {
    const decay = Math.exp(-Number(denominator) / Number(numerator));
    const expected = new Map<number, number>();
    for (let z = -40; z <= 40; z += 1) expected.set(z, ((1 - decay) / (1 + decay)) * decay ** Math.abs(z));
    const drawn = many(() => Number(discreteLaplace({ numerator, denominator })));
    expect(chiSquare(drawn, expected)).toBeLessThan(6);
    // The same draws do not fit half the scale.
    const half = new Map(
      [...expected.keys()].map((z) => [z, ((1 - decay ** 2) / (1 + decay ** 2)) * decay ** (2 * Math.abs(z))]),
    );
    expect(chiSquare(drawn, half)).toBeGreaterThan(20);
  });

  test('of a large scale is as large as it should be', () => {
    const scale = 2 ** 40;
    const drawn = many(() => Number(discreteLaplace({ numerator: 2n ** 40n, denominator: 1n })) / scale);
    const mean = drawn.reduce((sum, each) => sum + each, 0) / DRAWS;
    const size = drawn.reduce((sum, each) => sum + Math.abs(each), 0) / DRAWS;
    // Six standard errors: of a Laplace variable of scale 1 the deviation is √2, that of its size 1.
    expect(Math.abs(mean)).toBeLessThan(6 * Math.sqrt(2 / DRAWS));
    expect(Math.abs(size - 1)).toBeLessThan(6 / Math.sqrt(DRAWS));
  });
});
