import { describe, expect, test } from '@jest/globals';
import { MaskStream, MatrixMask, permutation, randomSeed } from './random.js';

describe('masks', () => {
  test('are the same for the same seed and use, and differ otherwise', () => {
    const seed = randomSeed();
    expect(new MaskStream(seed, 'masks').next(3)).toEqual(new MaskStream(seed, 'masks').next(3));
    expect(new MaskStream(seed, 'masks').next(3)).not.toEqual(new MaskStream(seed, 'matrix').next(3));
    expect(new MaskStream(seed, 'masks').next(3)).not.toEqual(new MaskStream(randomSeed(), 'masks').next(3));
  });

  test('never repeat within a stream', () => {
    const stream = new MaskStream(randomSeed(), 'masks');
    expect(stream.next(2)).not.toEqual(stream.next(2));
  });

  test('of a matrix can be drawn from any element on', () => {
    const mask = new MatrixMask(randomSeed(), 'matrix');
    expect(mask.at(5, 9)).toEqual(mask.at(0, 12).slice(5 * 4, 9 * 4));
  });
});

describe('a permutation', () => {
  test('holds every index once and follows its seed', () => {
    const order = permutation(1000, 7);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, index) => index));
    expect(permutation(1000, 7)).toEqual(order);
    expect(permutation(1000, 8)).not.toEqual(order);
    expect([...permutation(5, 0)]).toEqual([...permutation(5, 0)]);
    expect(permutation(0, 1)).toHaveLength(0);
  });

  test('has no favourite place', () => {
    const counts = new Float64Array(4);
    for (let seed = 0; seed < 4000; seed += 1) counts[permutation(4, seed).indexOf(0)]! += 1;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});
