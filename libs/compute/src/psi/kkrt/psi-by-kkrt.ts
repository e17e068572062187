/**
 * The intersection of two parties by batched oblivious pseudo-random functions (V. Kolesnikov, R. Kumaresan, M. Rosulek, N. Trieu, "Efficient Batched
 * Oblivious PRF with Applications to Private Set Intersection", CCS 2016), for semi-honest parties. The receiver puts its keys into bins, one a bin, and
 * gets F_b of the one key of bin b, where F is new for each bin. The sender knows all F: it sends F_b of each of its keys for each bin
 * that the key might be in, in an order drawn anew. Those are equal where keys are, and random else. The receiver alone learns the intersection;
 * where both may, it then sends which places of the sender's order are in it.
 */
import { randomBytes } from 'node:crypto';
import { violation } from '../../contract/peer-message.js';
import { POINT_BYTES, randomOrder } from '../../mpc/curve.js';
import { packed, unpacked } from '../../mpc/bit-strings.js';
import { PointIndex } from '../../mpc/point-index.js';
import { breathe, type ExchangeRequest, type Lines, type Matches } from '../../mpc/psi-exchange.js';
import { BaseReceiver, BaseSender } from './base-transfers.js';
import { Bins, listAll, NONE, placeAll } from './bins.js';
import { WORD_BITS } from './bit-matrix.js';
import { ITEM_BYTES, PseudoRandomCode } from './code.js';
import { ReceiverMatrix, SenderMatrix, wordOf } from './extension.js';
import { parametersOf, TABLES, type Parameters } from './parameters.js';
import { TagHash } from './tags.js';

/** Bins of a message of the matrix, and keys of a message of tags: each under 500 kB. */
const BINS_AT_ONCE = 8192;
const KEYS_AT_ONCE = 16_384;

export interface KkrtRequest extends Pick<ExchangeRequest, 'peer' | 'peerRows' | 'learns' | 'peerLearns' | 'worked'> {
  /** Own hashed keys, of `POINT_BYTES` each, in the order of the own table. */
  readonly hashes: Buffer;
  /** The salt of this run, which both parties made. */
  readonly session: Uint8Array;
}

/** What a party knows: as of `exchange`, but of the places of the sender it is only true which are `NONE`. */
type Found = Pick<Matches, 'order' | 'places'>;

/** A party's side. Where both learn the intersection, the first by name is the receiver. Throws PROTOCOL_VIOLATION and BINS_FULL. */
export async function exchangeByKkrt(context: Lines, request: KkrtRequest): Promise<Found> {
  const { peer, hashes, peerRows, learns, peerLearns } = request;
  const rows = hashes.length / POINT_BYTES;
  const order = randomOrder(rows);
  // Both know by now that they have no key in common.
  if (rows === 0 || peerRows === 0) return { order, places: learns ? new Int32Array(rows).fill(NONE) : null };
  const receives = learns && (!peerLearns || context.party < peer);
  return receives
    ? { order, places: await receive(context, request, parametersOf(rows, peerRows)) }
    : { order, places: await send(context, request, parametersOf(peerRows, rows), order) };
}

async function receive(context: Lines, request: KkrtRequest, parameters: Parameters): Promise<Int32Array> {
  const { peer, hashes, peerRows, session, peerLearns, worked } = request;
  const { codeBits, binsPerTable, tagBytes } = parameters;
  const rows = hashes.length / POINT_BYTES;
  const bins = new Bins(hashes, binsPerTable);
  const rowIn = placeAll(bins, rows);
  const base = new BaseSender(session);
  await context.send(peer, base.offer);
  const matrix = new ReceiverMatrix(base.keys(peer, await context.receiveBytes(peer), codeBits));
  const code = PseudoRandomCode.ofSession(session, codeBits);
  const hash = new TagHash(session, code.width, tagBytes);
  const tags = Buffer.alloc(rows * tagBytes);
  for (const { from, count, height } of stretches(bins.count)) {
    // A bin without a key gets a random item, which is nobody's.
    const items = randomBytes(height * WORD_BITS * ITEM_BYTES);
    for (let at = 0; at < count; at += 1) {
      const row = rowIn[from + at]!;
      if (row !== NONE) hashes.copy(items, at * ITEM_BYTES, row * POINT_BYTES, row * POINT_BYTES + ITEM_BYTES);
    }
    const { rows: own, message } = matrix.next(code.of(items));
    for (let at = 0; at < count; at += 1) {
      const row = rowIn[from + at]!;
      if (row !== NONE) hash.write(from + at, own, at * code.width, tags, row * tagBytes);
    }
    await context.send(peer, message);
    worked(rows * ((from + count) / bins.count));
    await breathe();
  }
  const tableOf = new Uint8Array(rows);
  rowIn.forEach((row, bin) => {
    if (row !== NONE) tableOf[row] = bins.tableOf(bin);
  });
  const index = new PointIndex(tags, rows, tagBytes);
  for (let row = 0; row < rows; row += 1) index.add(row);
  const places = new Int32Array(rows).fill(NONE);
  for (let place = 0; place < peerRows;) {
    const message = Buffer.from(await context.receiveBytes(peer));
    const count = Math.min(KEYS_AT_ONCE, peerRows - place);
    if (message.length !== count * TABLES * tagBytes) throw violation(peer, 'values of another number');
    for (let at = 0; at < count * TABLES; at += 1) {
      const row = index.lookup(message, at);
      if (row !== NONE && tableOf[row] === at % TABLES) places[row] = place + Math.floor(at / TABLES);
    }
    place += count;
    worked(rows + place);
    await breathe();
  }
  if (peerLearns) await context.send(peer, bitsOf(places, peerRows));
  return places;
}

async function send(
  context: Lines,
  request: KkrtRequest,
  parameters: Parameters,
  order: Uint32Array,
): Promise<Int32Array | null> {
  const { peer, hashes, peerRows, session, learns, worked } = request;
  const { codeBits, binsPerTable, tagBytes } = parameters;
  const rows = order.length;
  const choices = randomChoices(codeBits);
  const secret = wordOf(choices);
  const base = new BaseReceiver(session, peer, await context.receiveBytes(peer), choices);
  await context.send(peer, base.answer);
  const matrix = new SenderMatrix(peer, choices, base.keys);
  const code = PseudoRandomCode.ofSession(session, codeBits);
  const hash = new TagHash(session, code.width, tagBytes);
  const bins = new Bins(hashes, binsPerTable);
  const { starts, rows: listed } = listAll(bins, rows);
  const placeOf = new Uint32Array(rows);
  order.forEach((row, place) => (placeOf[row] = place));
  const tags = Buffer.alloc(rows * TABLES * tagBytes);
  for (const { from, count, height } of stretches(bins.count)) {
    const own = matrix.next(await context.receiveBytes(peer), height);
    const [first, end] = [starts[from]!, starts[from + count]!];
    const items = Buffer.alloc((end - first) * ITEM_BYTES);
    for (let at = first; at < end; at += 1)
      hashes.copy(items, (at - first) * ITEM_BYTES, listed[at]! * POINT_BYTES, listed[at]! * POINT_BYTES + ITEM_BYTES);
    const codes = code.of(items);
    for (let bin = from; bin < from + count; bin += 1) {
      const table = bins.tableOf(bin);
      for (let at = starts[bin]!; at < starts[bin + 1]!; at += 1) {
        const to = (placeOf[listed[at]!]! * TABLES + table) * tagBytes;
        const masked = { codes, code: (at - first) * code.width, secret };
        hash.writeOff(bin, own, (bin - from) * code.width, masked, tags, to);
      }
    }
    worked(peerRows * ((from + count) / bins.count));
    await breathe();
  }
  secret.fill(0);
  for (let place = 0; place < rows; place += KEYS_AT_ONCE) {
    const end = Math.min(place + KEYS_AT_ONCE, rows);
    await context.send(peer, tags.subarray(place * TABLES * tagBytes, end * TABLES * tagBytes));
    worked(peerRows + end);
    await breathe();
  }
  return learns ? placesFrom(peer, await context.receiveBytes(peer), order, peerRows) : null;
}

/** The bins of each message of the matrix, and the words of a column of it. */
function* stretches(bins: number): Generator<{ from: number; count: number; height: number }> {
  for (let from = 0; from < bins; from += BINS_AT_ONCE) {
    const count = Math.min(BINS_AT_ONCE, bins - from);
    yield { from, count, height: Math.ceil(count / WORD_BITS) };
  }
}

function randomChoices(count: number): boolean[] {
  const bytes = randomBytes(count / 8);
  return Array.from({ length: count }, (_, bit) => ((bytes[bit >> 3]! >> (bit & 7)) & 1) === 1);
}

/** A bit for each place of the sender's order: whether it is in the intersection. */
function bitsOf(places: Int32Array, peerRows: number): Uint8Array {
  const isCommon = new Uint8Array(peerRows);
  for (const place of places) if (place !== NONE) isCommon[place] = 1;
  return packed(isCommon);
}

/** By own row 0 where the receiver says that its place is in the intersection, else `NONE`. Throws PROTOCOL_VIOLATION. */
function placesFrom(peer: string, bits: Uint8Array, order: Uint32Array, peerRows: number): Int32Array {
  const isCommon = unpacked(bits, order.length);
  if (isCommon === undefined || isCommon.filter((each) => each === 1).length > peerRows)
    throw violation(peer, 'an intersection that does not fit');
  const places = new Int32Array(order.length).fill(NONE);
  order.forEach((row, place) => {
    if (isCommon[place] === 1) places[row] = 0;
  });
  return places;
}
