import { exchange } from './channel.js';
import type { PieceReceiver, PieceSender } from './pieces.js';
import {
  ELEMENT_BYTES,
  WORDS,
  add,
  addInto,
  fromBytes,
  lengthOf,
  shiftRightInto,
  slice,
  subtractInto,
  toBytes,
  zeros,
  type RingVector,
} from './ring.js';
import type { DealtParty, PartySession } from './session.js';

/** How many consecutive elements of a vector lose how many bits, 1 to 96. */
export interface Cut {
  readonly count: number;
  readonly bits: number;
}

const TOP_OF_WORD = 0x8000_0000;

/**
 * Own share of each element divided by 2^bits, off by less than one unit. Every shared number must lie within +-2^126;
 * then it never fails. One round for all cuts.
 *
 * The truncation by a public value of A. Dalskov, D. Escudero, M. Keller, "Secure Evaluation of Quantized Neural
 * Networks", PoPETs 2020, section 3.2.2 (TruncPr of SecretFlow's SPU). The dealer hands out shares of a random r, of
 * p = (r mod 2^127) >> bits, and of q, which is 2^(127 - bits) if r's top bit is set, else 0:
 *
 *     both open c = x + 2^126 + r, and with c' = (c mod 2^127) >> bits
 *     x >> bits = c' - 2^(126 - bits) - p + q     if c's top bit is 0
 *               = c' + 2^(126 - bits) - p - q     if c's top bit is 1
 */
export async function truncate(
  session: PartySession,
  dealt: PieceReceiver,
  values: RingVector,
  cuts: readonly Cut[],
): Promise<RingVector> {
  const { index, peer, masks } = session;
  const count = lengthOf(values);
  const sent = addInto(masks.next(count), values);
  const pieces =
    index === 0 ? masks.next(2 * count) : fromBytes(await dealt.take(2 * count * ELEMENT_BYTES), 2 * count);
  if (index === 0) {
    for (let top = WORDS - 1; top < sent.length; top += WORDS) sent[top] = sent[top]! + TOP_OF_WORD / 2;
  }
  const opened = add(sent, fromBytes(await exchange(peer, toBytes(sent)), count));

  const kept = zeros(count);
  let from = 0;
  for (const cut of cuts) {
    const half = powerOfTwo(126 - cut.bits);
    const to = from + cut.count;
    for (let at = from; at < to; at += 1) {
      const own = slice(kept, at, at + 1);
      const isSet = opened[topWord(at)]! >= TOP_OF_WORD;
      (isSet ? subtractInto : addInto)(own, slice(pieces, count + at, count + at + 1));
      if (index === 0) (isSet ? addInto : subtractInto)(own, half);
      if (isSet) opened[topWord(at)]! -= TOP_OF_WORD;
    }
    if (index === 0) addInto(slice(kept, from, to), shiftRightInto(slice(opened, from, to), cut.bits));
    from = to;
  }
  return subtractInto(kept, slice(pieces, 0, count));
}

/** The dealer's part of {@link truncate}. `toSecond` is its line to the second party. */
export async function dealTruncation(
  [first, second]: readonly [DealtParty, DealtParty],
  toSecond: PieceSender,
  cuts: readonly Cut[],
): Promise<void> {
  const count = cuts.reduce((sum, cut) => sum + cut.count, 0);
  const mask = first.masks.next(count);
  const ofFirst = first.masks.next(2 * count);
  addInto(mask, second.masks.next(count));
  const pieces = zeros(2 * count);
  let from = 0;
  for (const cut of cuts) {
    const top = powerOfTwo(127 - cut.bits);
    const to = from + cut.count;
    for (let at = from; at < to; at += 1) {
      if (mask[topWord(at)]! < TOP_OF_WORD) continue;
      mask[topWord(at)]! -= TOP_OF_WORD;
      slice(pieces, count + at, count + at + 1).set(top);
    }
    slice(pieces, from, to).set(shiftRightInto(slice(mask, from, to), cut.bits));
    from = to;
  }
  await toSecond.put(toBytes(subtractInto(pieces, ofFirst)));
}

const topWord = (element: number): number => element * WORDS + WORDS - 1;

/** 2^exponent, as a vector of one element. */
function powerOfTwo(exponent: number): RingVector {
  const power = zeros(1);
  power[exponent >>> 5] = 2 ** (exponent & 31);
  return power;
}
