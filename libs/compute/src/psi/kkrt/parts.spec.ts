import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { POINT_BYTES } from '../../mpc/curve.js';
import { PointIndex } from '../../mpc/point-index.js';
import { vectorFrom } from '../../mpc/rings.js';
import { toColumns, toRows } from './bit-matrix.js';
import { Bins, listAll, NONE, placeAll } from './bins.js';
import { ITEM_BYTES, PseudoRandomCode } from './code.js';
import { ReceiverMatrix, SenderMatrix, wordOf } from './extension.js';
import { parametersOf, TABLES } from './parameters.js';
import { TagHash } from './tags.js';

const bit = (words: Uint32Array, at: number): number => (words[at >> 5]! >>> (at & 31)) & 1;
const bytesOf = (words: Uint32Array): Buffer => Buffer.from(words.buffer, words.byteOffset, words.byteLength);
const random = (words: number): Uint32Array => vectorFrom(randomBytes(words * 4), words);
const ones = (words: Uint32Array): number =>
  Array.from({ length: words.length * 32 }, (_, at) => bit(words, at)).reduce((sum, each) => sum + each, 0);

test.each([
  [1, 1],
  [14, 3],
  [2, 40],
])('a matrix of bits of %i by %i words turns as bit by bit, and back', (width, height) => {
  const rows = random(width * height * 32);
  const columns = toColumns(rows, width, height);
  for (let row = 0; row < height * 32; row += 1)
    for (let column = 0; column < width * 32; column += 1)
      expect(bit(columns, column * height * 32 + row)).toBe(bit(rows, row * width * 32 + column));
  expect(toRows(columns, width, height)).toEqual(rows);
});

describe('the pseudo-random code', () => {
  test('is AES-128, by the vectors of NIST SP 800-38A F.1.1', () => {
    const key = Buffer.from('2b7e151628aed2a6abf7158809cf4f3c', 'hex');
    const items = Buffer.from('6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51', 'hex');
    const words = bytesOf(new PseudoRandomCode([key, key], 192).of(items)).toString('hex');
    const [first, second] = ['3ad77bb40d7a3660a89ecaf32466ef97', 'f5d3d58503b9699de785895a96fdbaaf'];
    expect(words).toBe(`${first}${first.slice(0, 16)}${second}${second.slice(0, 16)}`);
  });

  test('has other keys for each block and for each run', () => {
    const items = randomBytes(ITEM_BYTES);
    const [first, second] = [randomBytes(64), randomBytes(64)].map((salt) =>
      PseudoRandomCode.ofSession(salt, 448).of(items),
    );
    const blocks = [first!, second!].flatMap((words) => [0, 4, 8, 12].map((at) => `${words[at]} ${words[at + 1]}`));
    expect(new Set(blocks).size).toBe(8);
  });

  test('puts the words of different items far apart', () => {
    const words = PseudoRandomCode.ofSession(randomBytes(64), 448).of(randomBytes(300 * ITEM_BYTES));
    for (let at = 1; at < 300; at += 1) {
      const apart = words.slice((at - 1) * 14, at * 14).map((word, i) => word ^ words[at * 14 + i]!);
      expect(ones(apart)).toBeGreaterThan(128);
    }
  });
});

describe('bins', () => {
  test('hold each key once, in a bin that no other has, and list each key in one bin of each table', () => {
    const rows = 20_000;
    const hashes = randomBytes(rows * POINT_BYTES);
    const bins = new Bins(hashes, parametersOf(rows, 1).binsPerTable);
    const rowIn = placeAll(bins, rows);
    const placed = [...rowIn].flatMap((row, bin) => (row === NONE ? [] : [[row, bin] as const]));
    expect(placed.map(([row]) => row).sort((a, b) => a - b)).toEqual(Array.from({ length: rows }, (_, row) => row));
    for (const [row, bin] of placed) expect(bins.of(row, bins.tableOf(bin))).toBe(bin);
    // Not all in their first: those were too few.
    expect(new Set(placed.map(([, bin]) => bins.tableOf(bin))).size).toBe(TABLES);
    const { starts, rows: listed } = listAll(bins, rows);
    const found = Array.from({ length: rows }, () => [] as number[]);
    for (let bin = 0; bin < bins.count; bin += 1)
      for (let at = starts[bin]!; at < starts[bin + 1]!; at += 1) found[listed[at]!]!.push(bin);
    found.forEach((each, row) => expect(each).toEqual([0, 1, 2].map((table) => bins.of(row, table))));
  });

  test('take all keys wherever there is a way to, and else end: no key is left out', () => {
    let failed = 0;
    for (let round = 0; round < 600; round += 1) {
      const [rows, perTable] = [6, 2];
      const bins = new Bins(randomBytes(rows * POINT_BYTES), perTable);
      const choicesOf = (row: number): number[] => [0, 1, 2].map((table) => bins.of(row, table));
      const fits = (row: number, taken: readonly number[]): boolean =>
        row === rows || choicesOf(row).some((bin) => !taken.includes(bin) && fits(row + 1, [...taken, bin]));
      if (fits(0, [])) {
        const placed = [...placeAll(bins, rows)].flatMap((row, bin) => (row === NONE ? [] : [{ row, bin }]));
        expect(placed).toHaveLength(rows);
        expect(new Set(placed.map(({ row }) => row)).size).toBe(rows);
        for (const { row, bin } of placed) expect(choicesOf(row)).toContain(bin);
        continue;
      }
      failed += 1;
      expect(() => placeAll(bins, rows)).toThrow(expect.objectContaining({ code: 'BINS_FULL', retryable: true }));
    }
    // Both come about.
    expect(failed).toBeGreaterThan(5);
    expect(failed).toBeLessThan(500);
  });
});

describe('the extension of the transfers', () => {
  const BITS = 64;
  const choices = Array.from(randomBytes(BITS), (byte) => byte % 2 === 1);
  const keys = () => Array.from({ length: BITS }, () => randomBytes(16));
  /** Block by block, without counter mode. */
  const slowStream = (key: Buffer, bytes: number): Buffer => {
    const counters = Buffer.alloc(Math.ceil(bytes / 16) * 16);
    for (let block = 0; block * 16 < bytes; block += 1) counters.writeUInt32BE(block, block * 16 + 12);
    return createCipheriv('aes-128-ecb', key, null).setAutoPadding(false).update(counters).subarray(0, bytes);
  };

  test('gives the sender the row of the receiver, off by what the code word has where its secret word is one', () => {
    const pairs = { ofZero: keys(), ofOne: keys() };
    const receiver = new ReceiverMatrix(pairs);
    const sender = new SenderMatrix(
      'alice',
      choices,
      choices.map((choice, at) => (choice ? pairs.ofOne : pairs.ofZero)[at]!),
    );
    const secret = wordOf(choices);
    const columns: Buffer[][] = Array.from({ length: BITS }, () => []);
    for (const height of [3, 1, 4]) {
      const words = random((height * 32 * BITS) / 32);
      const { rows, message } = receiver.next(words);
      const seen = sender.next(message, height);
      expect(seen).toEqual(rows.map((row, at) => row ^ (words[at]! & secret[at % 2]!)));
      const turned = bytesOf(toColumns(words, BITS / 32, height));
      for (let at = 0; at < BITS; at += 1) {
        const part = message.map((byte, i) => byte ^ turned[i]!).subarray(at * height * 4, (at + 1) * height * 4);
        columns[at]!.push(Buffer.from(part));
      }
    }
    // What masks a column: both of its streams, from the first bin to the last.
    columns.forEach((parts, at) => {
      const mask = Buffer.concat(parts);
      const [zero, one] = [slowStream(pairs.ofZero[at]!, mask.length), slowStream(pairs.ofOne[at]!, mask.length)];
      expect(mask).toEqual(Buffer.from(zero.map((byte, i) => byte ^ one[i]!)));
    });
  });

  test('shows the sender nothing of the code words, whose stream it lacks for each column', () => {
    const pairs = { ofZero: keys(), ofOne: keys() };
    // The same word in all bins, so that a mask that is used twice would show.
    const words = new Uint32Array(512 * 2).fill(0xffff0000);
    const { message } = new ReceiverMatrix(pairs).next(words);
    const turned = bytesOf(toColumns(words, 2, 16));
    choices.forEach((choice, at) => {
      const known = slowStream((choice ? pairs.ofOne : pairs.ofZero)[at]!, 64);
      const left = known.map((byte, i) => byte ^ message[at * 64 + i]! ^ turned[at * 64 + i]!);
      // Of 512 bits: so far from a half once in 10^12 runs.
      expect(Math.abs(ones(vectorFrom(left, left.length / 4)) - 256)).toBeLessThan(85);
    });
  });

  test('refuses a matrix of another size', () => {
    const sender = new SenderMatrix('alice', choices, keys());
    for (const bytes of [0, 4, BITS * 4 - 1, BITS * 4 + 4, BITS * 8])
      expect(() => sender.next(Buffer.alloc(bytes), 1)).toThrow(
        expect.objectContaining({ code: 'PROTOCOL_VIOLATION', details: { party: 'alice' } }),
      );
  });
});

describe('tags', () => {
  const session = randomBytes(64);
  test('are the first bytes of SHA-512 of the run, the bin and the row', () => {
    const rows = random(4 * 14);
    const tags = Buffer.alloc(20);
    new TagHash(session, 14, 10).write(70_001, rows, 28, tags, 10);
    const run = createHash('sha256').update('taskchain/psi/kkrt/tag/v1\0').update(session).digest();
    const input = Buffer.concat([run, bytesOf(Uint32Array.of(70_001)), bytesOf(rows.slice(28, 42))]);
    const slow = createHash('sha512').update(input).digest().subarray(0, 10);
    expect(tags).toEqual(Buffer.concat([Buffer.alloc(10), slow]));
  });

  test('of the sender are those of the row less what the code word has where the secret word is one', () => {
    const [rows, codes, secret] = [random(2 * 14), random(3 * 14), random(14)];
    const [own, other] = [Buffer.alloc(10), Buffer.alloc(10)];
    const hash = new TagHash(session, 14, 10);
    hash.writeOff(5, rows, 14, { codes, code: 28, secret }, own, 0);
    const off = rows.slice(14).map((word, at) => word ^ (codes[28 + at]! & secret[at]!));
    hash.write(5, off, 0, other, 0);
    expect(own).toEqual(other);
  });

  test('are found by all of their bytes', () => {
    const tags = Buffer.concat(
      Array.from({ length: 1_000 }, () => Buffer.concat([Buffer.alloc(3, 7), randomBytes(4)])),
    );
    const index = new PointIndex(tags, 1_000, 7);
    for (let row = 0; row < 1_000; row += 1) expect(index.add(row)).toBe(NONE);
    for (let row = 0; row < 1_000; row += 1) expect(index.lookup(tags, row)).toBe(row);
    const near = Buffer.from(tags);
    for (let row = 0; row < 1_000; row += 1) near[row * 7 + 6]! ^= 1;
    expect(Array.from({ length: 1_000 }, (_, row) => index.lookup(near, row)).every((row) => row === NONE)).toBe(true);
  });
});
