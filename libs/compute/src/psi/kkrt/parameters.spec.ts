import { describe, expect, test } from '@jest/globals';
import { MAX_ROWS } from '../../contract/peer-message.js';
import { parametersOf, SECURITY_BITS, TABLES } from './parameters.js';

const STATISTICAL_BITS = 40;
const log2 = (value: number): number => Math.log(value) / Math.LN2;

/** Logarithms of the factorials, to base 2. */
const FACTORIALS = new Float64Array(2 ** 21);
for (let n = 1; n < FACTORIALS.length; n += 1) FACTORIALS[n] = FACTORIALS[n - 1]! + log2(n);
const choose = (n: number, k: number): number => FACTORIALS[n]! - FACTORIALS[k]! - FACTORIALS[n - k]!;

function sum(logs: readonly number[]): number {
  const most = Math.max(...logs, -Infinity);
  return most === -Infinity ? most : most + log2(logs.reduce((total, each) => total + 2 ** (each - most), 0));
}

/** Sets of keys up to this size are counted one by one. */
const COUNTED = 40;
/** The logarithm of the number of ways to put k keys into a bins so that each bin has two or more. */
const WAYS: number[][] = [[0, ...Array<number>(COUNTED).fill(-Infinity)]];
for (let bins = 1; bins <= COUNTED; bins += 1)
  WAYS.push(
    Array.from({ length: COUNTED + 1 }, (_, keys) =>
      sum(
        Array.from(
          { length: Math.max(keys - 1, 0) },
          (_, at) => choose(keys, at + 2) + WAYS[bins - 1]![keys - at - 2]!,
        ),
      ),
    ),
  );

/**
 * The logarithm of a bound of the probability that there is no place for all keys. Then there are k keys with k - 1 bins together (Hall), and in the smallest such set each
 * of these bins has two of them or more. For larger k the ways are bounded by their generating function at a point.
 */
function failure(rows: number, perTable: number): number {
  const terms: number[] = [];
  for (let k = 4; k <= Math.min(rows, COUNTED); k += 1) {
    const ways: number[] = [];
    const of = (bins: number): number => choose(perTable, bins) + WAYS[bins]![k]!;
    for (let a = 1; a < k - 2; a += 1)
      for (let b = 1; a + b < k - 1; b += 1) ways.push(of(a) + of(b) + of(k - 1 - a - b));
    terms.push(choose(rows, k) + sum(ways) - TABLES * k * log2(perTable));
  }
  const z = 2.15;
  const each = log2(Math.exp(z) - 1 - z);
  for (let k = COUNTED + 1; k <= rows; k += 1)
    terms.push(
      choose(rows, k) +
        choose(perTable * TABLES, k - 1) +
        TABLES * (FACTORIALS[k]! - k * log2(z) - k * log2(perTable)) +
        (k - 1) * each,
    );
  return terms.reduce((total, term) => Math.max(total, term) + log2(1 + 2 ** -Math.abs(total - term)), -Infinity);
}

describe('the parameters', () => {
  test('leave no key without a place, but with a probability under 2^-44', () => {
    // Around the size from which on the bins grow with the rows, and far beyond: the bound falls then.
    const sizes = [1, 4, 100, 700, ...Array.from({ length: 40 }, (_, at) => 1_100 + at * 10), 4_096, 65_536, 2 ** 20];
    const bounds = sizes.map((rows) => failure(rows, parametersOf(rows, rows).binsPerTable));
    expect(Math.max(...bounds)).toBeLessThan(-44);
    expect(bounds.slice(-4)).toEqual([...bounds.slice(-4)].sort((a, b) => b - a));
    // The bound is no empty one: of fewer bins it says nothing.
    expect(failure(65_536, Math.ceil((65_536 * 1.2) / TABLES))).toBeGreaterThan(-STATISTICAL_BITS);
  });

  test('put the code words of all keys that are compared 128 bits apart, but with a probability of 2^-40', () => {
    for (const rows of [1, 1_000, 1_000_000, 2 ** 24, 2 ** 24 + 1, MAX_ROWS]) {
      const { codeBits } = parametersOf(1, rows);
      expect(codeBits % 32).toBe(0);
      let near = 0n;
      let ways = 1n;
      for (let bits = 0n; bits < BigInt(SECURITY_BITS); bits += 1n) {
        near += ways;
        ways = (ways * (BigInt(codeBits) - bits)) / (bits + 1n);
      }
      // Each key of the sender is compared with the one key in each of its bins.
      const compared = BigInt(rows * TABLES);
      expect(near * compared * 2n ** BigInt(STATISTICAL_BITS) <= 2n ** BigInt(codeBits)).toBe(true);
    }
  });

  test('let two values of different keys be equal with a probability of 2^-40', () => {
    for (const [receiver, sender] of [
      [1, 1],
      [7, 900],
      [1_000_000, 1_000_000],
      [MAX_ROWS, MAX_ROWS],
    ] as const) {
      const { tagBytes } = parametersOf(receiver, sender);
      expect(receiver * sender * 2 ** (STATISTICAL_BITS - 8 * tagBytes)).toBeLessThanOrEqual(1);
      expect(receiver * sender * 2 ** (STATISTICAL_BITS - 8 * tagBytes + 16)).toBeGreaterThan(1);
    }
  });
});
