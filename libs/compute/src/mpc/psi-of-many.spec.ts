import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { BlindingScalar, KeyHasher, POINT_BYTES } from './curve.js';
import { mapToCurve } from './elligator.js';
import { addValues, storeOf, VALUE_WORDS, wordsOf } from './key-value-store.js';
import { TestLines } from './lines-for-tests.js';
import { blindingPair, OUTPUT_BYTES, outputsOf } from './oprf.js';
import { followIntersection, leadIntersection } from './psi-of-many.js';
import { sharesOfZero } from './zero-shares.js';

function pointsOf(keys: readonly number[]): Buffer {
  const points = Buffer.alloc(keys.length * POINT_BYTES);
  const hasher = new KeyHasher(Buffer.from('salt'));
  keys.forEach((key, at) => hasher.hash([`k${key}`], points, at));
  mapToCurve(points, keys.length);
  return points;
}
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, at) => from + at);

test('what a scalar blinds its inverse takes off, beside another', () => {
  const points = pointsOf(range(0, 20));
  for (let time = 0; time < 10; time += 1) {
    const [blind, unblind] = blindingPair();
    const secret = new BlindingScalar();
    const blinded = blind.multiply(points);
    expect(unblind.multiply(secret.multiply(blinded))).toEqual(secret.multiply(points));
    expect(blinded.equals(secret.multiply(points))).toBe(false);
  }
});

describe('a store of keys and values', () => {
  test.each([0, 1, 3, 80, 500, 20_000])('of %i keys gives each key its value, and others none', (size) => {
    const keys = randomBytes(size * OUTPUT_BYTES);
    const given = Uint32Array.from({ length: size * VALUE_WORDS }, () => randomBytes(4).readUInt32LE());
    const table = storeOf(keys, given);
    expect(table).toHaveLength(wordsOf(size));
    const sums = given.slice();
    addValues(table, size, keys, sums);
    expect(sums.every((word) => word === 0)).toBe(true);
    const other = new Uint32Array(100 * VALUE_WORDS);
    addValues(table, size, randomBytes(100 * OUTPUT_BYTES), other);
    expect(new Set(other).size).toBe(other.length);
  });

  test('holds keys that share their sparse places, by its dense ones', () => {
    // 60 keys of one sparse place each: none can be peeled.
    const keys = Buffer.concat(range(0, 60).map(() => Buffer.concat([randomBytes(32), Buffer.alloc(32)])));
    const given = Uint32Array.from({ length: 60 * VALUE_WORDS }, () => randomBytes(4).readUInt32LE());
    const sums = given.slice();
    addValues(storeOf(keys, given), 60, keys, sums);
    expect(sums.every((word) => word === 0)).toBe(true);
  });
});

test('shares of zero are zero over all parties, and over fewer never', () => {
  const points = pointsOf(range(0, 50));
  const pairs = new Map(['ab', 'ac', 'bc'].map((pair) => [pair, randomBytes(32)]));
  const sharesOf = (party: string) =>
    sharesOfZero(
      [...pairs].flatMap(([pair, key]) => (pair.includes(party) ? [key] : [])),
      points,
    );
  const sum = (...parties: readonly string[]) =>
    parties.map(sharesOf).reduce((one, other) => one.map((word, at) => word ^ other[at]!));
  expect(sum('a', 'b', 'c').every((word) => word === 0)).toBe(true);
  expect(sum('a', 'b').filter((word) => word === 0)).toHaveLength(0);
});

/** The leader, c, has keys 0 to 99. Each two parties have a key in common. */
function setUp(a: readonly number[], b: readonly number[]) {
  const lines = new TestLines();
  const points = { a: pointsOf(a), b: pointsOf(b), c: pointsOf(range(0, 100)) };
  const rowsOf = new Map([
    ['a', a.length],
    ['b', b.length],
  ]);
  const pairs = new Map(['ab', 'ac', 'bc'].map((pair) => [pair, randomBytes(32)]));
  const keysOf = (party: string): Uint8Array[] =>
    [...pairs].flatMap(([pair, key]) => (pair.includes(party) ? [key] : []));
  const worked = (): void => undefined;
  const follow = (party: 'a' | 'b', learns: boolean, pairKeys = keysOf(party)) =>
    followIntersection(lines.party(party), {
      ...{ points: points[party], pairKeys, worked, leader: 'c', leaderRows: 100, learns },
    });
  return { lines, points, rowsOf, pairs, keysOf, worked, follow };
}

test('the leader finds what all have, and tells the others', async () => {
  const { lines, points, rowsOf, keysOf, worked, follow } = setUp(range(40, 300), range(0, 60));
  const [places, ofA, ofB] = await Promise.all([
    leadIntersection(lines.party('c'), { points: points.c, pairKeys: keysOf('c'), worked, rowsOf, tells: true }),
    follow('a', true),
    follow('b', true),
  ]);
  const common = (each: Int32Array | null): number[] => [...each!.keys()].filter((row) => each![row] === 0);
  expect([places, ofA, ofB].map(common)).toEqual([range(40, 60), range(0, 20), range(40, 60)]);
});

/**
 * What a curious leader works out: for each of its keys the value that a and b programmed for it. a has keys 40 to 99 of them, b has keys 0 to 59.
 * `haveKey`: whether a and b have a key in common that c lacks.
 */
async function curious(haveKey: boolean) {
  const { lines, points, rowsOf, pairs, follow } = setUp(range(40, 300), range(0, 60));
  const c = lines.party('c');
  const [blind, unblind] = blindingPair();
  const valuesOf = async (peer: string): Promise<Uint32Array> => {
    await c.send(peer, blind.multiply(points.c));
    const outputs = outputsOf(points.c, unblind.multiply(Buffer.from(await c.receiveBytes(peer))));
    const words = wordsOf(rowsOf.get(peer)!);
    const table = Buffer.alloc(words * 4);
    for (let at = 0; at < table.length;) {
      const message = await c.receiveBytes(peer);
      table.set(message, at);
      at += message.length;
    }
    // The first bytes of an output are on the value.
    const values = Uint32Array.from({ length: 100 * VALUE_WORDS }, (_, at) =>
      outputs.readUInt32LE(Math.floor(at / VALUE_WORDS) * OUTPUT_BYTES + 4 * (at % VALUE_WORDS)),
    );
    addValues(new Uint32Array(table.buffer, table.byteOffset, words), rowsOf.get(peer)!, outputs, values);
    return values;
  };
  const withoutKey = (party: 'a' | 'b'): Uint8Array[] => [pairs.get(`${party}c`)!];
  const [a, b] = await Promise.all([
    valuesOf('a'),
    valuesOf('b'),
    follow('a', false, haveKey ? undefined : withoutKey('a')),
    follow('b', false, haveKey ? undefined : withoutKey('b')),
  ]);
  /** The keys of c for which these values are the share of a of which c knows all pair keys but those left out. */
  const matches = (values: Uint32Array, ...known: readonly string[]): number[] => {
    const shares = sharesOfZero(
      known.map((pair) => pairs.get(pair)!),
      points.c,
    );
    return range(0, 100).filter((key) =>
      range(0, VALUE_WORDS).every((word) => values[key * VALUE_WORDS + word] === shares[key * VALUE_WORDS + word]),
    );
  };
  const sum = a.map((word, at) => word ^ b[at]!);
  return { a, b, sum, matches };
}

describe('a curious leader', () => {
  test('learns what all three have, and not which of its keys one other has', async () => {
    const { a, b, sum, matches } = await curious(true);
    expect(matches(sum, 'ac', 'bc')).toEqual(range(40, 60));
    // By what it knows no value of a or b fits, whether they have the key or not; nor are two of them alike.
    for (const known of [[], ['ac'], ['bc'], ['ac', 'bc']]) {
      expect(matches(a, ...known)).toEqual([]);
      expect(matches(b, ...known)).toEqual([]);
    }
    const ones = (values: Uint32Array, keys: readonly number[]): number =>
      keys.reduce((count, key) => {
        const bits = Array.from(values.subarray(key * VALUE_WORDS, (key + 1) * VALUE_WORDS), (word) =>
          word.toString(2),
        );
        return count + bits.join('').replaceAll('0', '').length;
      }, 0) / keys.length;
    // 64 of 128 bits, with a deviation of 0.9 over 40 keys.
    for (const keys of [range(0, 40), range(60, 100)]) {
      expect(Math.abs(ones(a, keys) - 64)).toBeLessThan(6);
      expect(Math.abs(ones(b, keys) - 64)).toBeLessThan(6);
    }
  });

  test('would read them if those two had no key in common, or if one of them gave it theirs', async () => {
    const without = await curious(false);
    expect(without.matches(without.a, 'ac')).toEqual(range(40, 100));
    const { a, matches } = await curious(true);
    expect(matches(a, 'ac', 'ab')).toEqual(range(40, 100));
  });
});
