import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { matrixVectorInto, multiply, transposedVectorInto } from './limbs.js';
import {
  add,
  decode,
  encode,
  fromBytes,
  lengthOf,
  negateInto,
  shiftRightInto,
  subtract,
  toBytes,
  zeros,
  type RingVector,
} from './ring.js';

const SIZE = 1n << 128n;
const mod = (value: bigint): bigint => ((value % SIZE) + SIZE) % SIZE;

/** The same element as a BigInt: the arithmetic that the words and limbs are held against. */
function toBig(vector: RingVector, index = 0): bigint {
  return [3, 2, 1, 0].reduce((value, word) => (value << 32n) | BigInt(vector[index * 4 + word]!), 0n);
}
function fromBig(values: readonly bigint[]): RingVector {
  return Uint32Array.from(
    values.flatMap((value) => [0n, 32n, 64n, 96n].map((shift) => Number((value >> shift) & 0xffffffffn))),
  );
}
const allBig = (vector: RingVector): bigint[] =>
  Array.from({ length: lengthOf(vector) }, (_, index) => toBig(vector, index));

const element = fc.oneof(fc.bigInt(0n, SIZE - 1n), fc.constantFrom(0n, 1n, SIZE - 1n, SIZE / 2n, 0xffffffffn));

describe('the ring', () => {
  test('adds, subtracts and negates as integers mod 2^128 do', () => {
    fc.assert(
      fc.property(element, element, (x, y) => {
        expect(toBig(add(fromBig([x]), fromBig([y])))).toBe(mod(x + y));
        expect(toBig(subtract(fromBig([x]), fromBig([y])))).toBe(mod(x - y));
        expect(toBig(negateInto(fromBig([x])))).toBe(mod(-x));
      }),
    );
  });

  test('shifts right as integers do', () => {
    fc.assert(
      fc.property(element, fc.integer({ min: 1, max: 96 }), (x, bits) => {
        expect(toBig(shiftRightInto(fromBig([x]), bits))).toBe(x >> BigInt(bits));
      }),
    );
  });

  test('multiplies as integers do, also in sums longer than a carry interval', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(element, element), { maxLength: 200 }), (pairs) => {
        const left = fromBig(pairs.map(([x]) => x));
        const right = fromBig(pairs.map(([, y]) => y));
        expect(allBig(multiply(left, right))).toEqual(pairs.map(([x, y]) => mod(x * y)));
        const dot = fromBig([5n]);
        matrixVectorInto(dot, left, pairs.length, right);
        expect(toBig(dot)).toBe(mod(pairs.reduce((sum, [x, y]) => sum + x * y, 5n)));
      }),
    );
  });

  test('does not lose a bit where every limb is full', () => {
    const full = fromBig(Array.from({ length: 10_000 }, () => SIZE - 1n));
    const dot = zeros(1);
    matrixVectorInto(dot, full, 10_000, full);
    expect(toBig(dot)).toBe(10_000n);
  });

  test('multiplies a matrix from both sides', () => {
    const matrix = fromBig([1n, 2n, 3n, 4n, 5n, 6n]);
    const byRow = zeros(2);
    matrixVectorInto(byRow, matrix, 3, fromBig([1n, 10n, 100n]));
    expect(allBig(byRow)).toEqual([321n, 654n]);
    const byColumn = zeros(3);
    transposedVectorInto(byColumn, matrix, 3, fromBig([1n, 10n]));
    expect(allBig(byColumn)).toEqual([41n, 52n, 63n]);
  });

  test('holds a number to half of its last fraction bit', () => {
    const number = fc.double({ min: -(2 ** 20), max: 2 ** 20, noNaN: true });
    fc.assert(
      fc.property(fc.array(number), fc.constantFrom(26, 48), (numbers, bits) => {
        const back = decode(encode(numbers, bits), bits);
        numbers.forEach((value, index) => expect(Math.abs(back[index]! - value)).toBeLessThanOrEqual(2 ** -(bits + 1)));
      }),
    );
  });

  test('crosses a channel in 16 bytes an element', () => {
    const vector = fromBig([1n, SIZE - 2n]);
    const bytes = new Uint8Array(33);
    bytes.set(toBytes(vector), 1);
    expect(bytes[1]).toBe(1);
    expect(allBig(fromBytes(bytes.subarray(1), 2))).toEqual([1n, SIZE - 2n]);
    expect(() => fromBytes(bytes, 2)).toThrow('33 bytes');
  });
});
