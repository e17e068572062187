import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { BaseReceiver, BaseSender, ELEMENT_BYTES, KEY_BYTES } from './base-transfers.js';
import { add, BASE, decode, encode, negative, numberOf, ORDER, times } from './edwards-for-tests.js';

const SESSION = randomBytes(64);
const CHOICES = Array.from({ length: 64 }, (_, at) => at % 3 === 0);
const refused = { code: 'PROTOCOL_VIOLATION', details: { party: 'bob' } };
const failureOf = (call: () => unknown): unknown => {
  try {
    return call();
  } catch (error) {
    return error;
  }
};

/** Both sides. */
function transfer(choices: readonly boolean[], session = SESSION) {
  const sender = new BaseSender(session);
  const receiver = new BaseReceiver(session, 'alice', sender.offer, choices);
  return { receiver, sender, pairs: sender.keys('bob', receiver.answer, choices.length) };
}
const split = (bytes: Uint8Array): string[] =>
  Array.from({ length: bytes.length / ELEMENT_BYTES }, (_, at) =>
    Buffer.from(bytes.subarray(at * ELEMENT_BYTES, (at + 1) * ELEMENT_BYTES)).toString('hex'),
  );

/** A key as the protocol says, hashed in one piece. */
function slowKey(offer: Uint8Array, at: number, point: Uint8Array, choice: number, secret: Uint8Array): string {
  const place = Buffer.from([at & 255, at >> 8, 0, 0, choice]);
  const all = Buffer.concat([Buffer.from('taskchain/psi/kkrt/base/v1\0'), SESSION, offer, place, point, secret]);
  return createHash('sha256')
    .update(all)
    .digest('hex')
    .slice(0, KEY_BYTES * 2);
}

describe('base oblivious transfers', () => {
  test('give the receiver the key of its choice, and not the other', () => {
    const { receiver, pairs } = transfer(CHOICES);
    const all = [...pairs.ofZero, ...pairs.ofOne].map((key) => key.toString('hex'));
    expect(new Set(all).size).toBe(2 * CHOICES.length);
    CHOICES.forEach((choice, at) => {
      const [own, other] = choice ? [pairs.ofOne, pairs.ofZero] : [pairs.ofZero, pairs.ofOne];
      expect(receiver.keys[at]).toEqual(own[at]);
      expect(receiver.keys.some((key) => key.equals(other[at]!))).toBe(false);
    });
  });

  test('have the group of RFC 8032, by its first test vector', () => {
    const digest = createHash('sha512')
      .update(Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex'))
      .digest()
      .subarray(0, 32);
    digest[0]! &= 248;
    digest[31] = (digest[31]! & 127) | 64;
    expect(encode(times(numberOf(digest), BASE)).toString('hex')).toBe(
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    );
    expect(times(ORDER, BASE)).toEqual({ x: 0n, y: 1n });
  });

  test('are those of Naor and Pinkas: either side agrees with one in plain big numbers', () => {
    const choices = [false, true, true];
    // A slow receiver.
    const sender = new BaseSender(SESSION);
    const [sum, of] = [decode(sender.offer.subarray(0, 32)), decode(sender.offer.subarray(32))];
    const secrets = choices.map(() => numberOf(randomBytes(40)) % ORDER);
    const points = choices.map((choice, at) => {
      const own = times(secrets[at]!, BASE);
      return encode(choice ? add(sum, negative(own)) : own);
    });
    const pairs = sender.keys('bob', Buffer.concat(points), choices.length);
    choices.forEach((choice, at) => {
      const key = slowKey(sender.offer, at, points[at]!, choice ? 1 : 0, encode(times(secrets[at]!, of)));
      expect((choice ? pairs.ofOne : pairs.ofZero)[at]!.toString('hex')).toBe(key);
    });
    // A slow sender.
    const [r, c] = [numberOf(randomBytes(40)) % ORDER, numberOf(randomBytes(40)) % ORDER];
    const offer = Buffer.concat([encode(times(c, BASE)), encode(times(r, BASE))]);
    const receiver = new BaseReceiver(SESSION, 'bob', offer, choices);
    choices.forEach((choice, at) => {
      const zero = receiver.answer.subarray(at * 32, (at + 1) * 32);
      const point = choice ? add(times(c, BASE), negative(decode(zero))) : decode(zero);
      const key = slowKey(offer, at, zero, choice ? 1 : 0, encode(times(r, point)));
      expect(receiver.keys[at]!.toString('hex')).toBe(key);
    });
  });

  test('show no choice: all answers are other points, in each run', () => {
    const seen = new Set<string>();
    for (const choices of [CHOICES, CHOICES, CHOICES.map((choice) => !choice)]) {
      const { receiver, sender } = transfer(choices);
      const [sum, of] = split(sender.offer);
      for (const point of [sum!, of!, ...split(receiver.answer)]) seen.add(point);
    }
    expect(seen.size).toBe(3 * (CHOICES.length + 2));
    // About half of all points have an odd x, of either choice: a test of 2,000 answers that fails by chance once in 10^12 runs.
    for (const choice of [false, true]) {
      const { receiver } = transfer(Array<boolean>(2_000).fill(choice));
      const odd = split(receiver.answer).filter((point) => parseInt(point.slice(-2), 16) > 127).length;
      expect(Math.abs(odd - 1_000)).toBeLessThan(160);
    }
  });

  test('bind a key to its place, its choice, its points and the run', () => {
    const sender = new BaseSender(SESSION);
    const one = new BaseReceiver(SESSION, 'alice', sender.offer, [true]);
    const same = Buffer.concat([one.answer, one.answer]);
    const pairs = sender.keys('bob', same, 2);
    expect(pairs.ofOne[0]).toEqual(one.keys[0]);
    expect(pairs.ofOne[1]).not.toEqual(one.keys[0]);
    // The same words in another run: other keys.
    const receiver = new BaseReceiver(randomBytes(64), 'alice', sender.offer, [true]);
    expect(new BaseSender(SESSION).keys('bob', receiver.answer, 1).ofOne[0]).not.toEqual(receiver.keys[0]);
    const late = new BaseSender(SESSION);
    const other = new BaseReceiver(randomBytes(64), 'alice', late.offer, [true]);
    expect(late.keys('bob', other.answer, 1).ofOne[0]).not.toEqual(other.keys[0]);
  });

  // Of order 8, of order 1, of mixed order, not canonical, not on the curve.
  const strange = [
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    '0100000000000000000000000000000000000000000000000000000000000000',
    encode(
      add(BASE, decode(Buffer.from('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', 'hex'))),
    ).toString('hex'),
    'f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    '0200000000000000000000000000000000000000000000000000000000000000',
  ];
  test.each(strange)('refuse the point %s', (hex) => {
    const point = Buffer.from(hex, 'hex');
    const good = new BaseSender(SESSION).offer;
    for (const offer of [Buffer.concat([point, good.subarray(32)]), Buffer.concat([good.subarray(0, 32), point])])
      expect(failureOf(() => new BaseReceiver(SESSION, 'bob', offer, [true]))).toMatchObject(refused);
    expect(failureOf(() => new BaseSender(SESSION).keys('bob', point, 1))).toMatchObject(refused);
  });

  test('refuse another number of points, and an answer that leaves one choice alone', () => {
    const sender = new BaseSender(SESSION);
    const { answer } = new BaseReceiver(SESSION, 'alice', sender.offer, [true, false]);
    for (const bytes of [answer.subarray(32), answer.subarray(1), Buffer.concat([answer, answer]), Buffer.alloc(0)]) {
      expect(failureOf(() => sender.keys('bob', bytes, 2))).toMatchObject(refused);
      if (bytes.length !== 64)
        expect(failureOf(() => new BaseReceiver(SESSION, 'bob', bytes, []))).toMatchObject(refused);
    }
    expect(failureOf(() => sender.keys('bob', sender.offer.subarray(0, 32), 1))).toMatchObject(refused);
  });
});
