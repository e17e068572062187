/**
 * The intersection of three and more parties (Kolesnikov, Matania, Pinkas, Rosulek, Trieu, "Practical Multi-party Private Set Intersection from
 * Symmetric-Key Techniques", CCS 2017, the protocol for the augmented semi-honest model). Each two parties have a key in common, by which each party has a share of
 * zero for every key of a table. Each party but the leader programs an OPRF so that it gives its share for its own keys, and random values
 * for all others; the leader takes the values of its keys from all of them. Only where all have the key is their XOR with its own share zero: where one
 * lacks it, the XOR is random, and so is each value by itself. The OPRF is that of oprf.ts, programmed by the table of key-value-store.ts.
 */
import { PeerMessage, violation } from '../contract/peer-message.js';
import type { PartyContext } from '../party/party-program.js';
import { BlindingScalar, POINT_BYTES, randomOrder } from './curve.js';
import { addValues, storeOf, VALUE_WORDS, wordsOf } from './key-value-store.js';
import { blindingPair, OUTPUT_BYTES, outputsOf } from './oprf.js';
import { PointIndex } from './point-index.js';
import { batchesOf, breathe, countingMultiply, type Lines } from './psi-exchange.js';
import { sharesOfZero } from './zero-shares.js';

const TABLE_BATCH_BYTES = 128 * 1024;

type ManyLines = Lines & Pick<PartyContext, 'receiveJson'>;

interface Side {
  /** Own hashed points, in the order of the own table. */
  readonly points: Buffer;
  /** The keys that the party has in common with each of the others. */
  readonly pairKeys: readonly Uint8Array[];
  /** Receives the number of points multiplied so far. */
  readonly worked: (points: number) => void;
}

export interface LeaderRequest extends Side {
  /** The rows of each of the others. */
  readonly rowsOf: ReadonlyMap<string, number>;
  /** Whether the others learn the intersection, too. */
  readonly tells: boolean;
}

export interface FollowerRequest extends Side {
  readonly leader: string;
  readonly leaderRows: number;
  readonly learns: boolean;
}

/** The leader's side. Returns for each own row 0 where all parties have its key, else -1. Throws PROTOCOL_VIOLATION. */
export async function leadIntersection(context: ManyLines, request: LeaderRequest): Promise<Int32Array> {
  const { points, pairKeys, rowsOf, tells } = request;
  const rows = points.length / POINT_BYTES;
  const order = randomOrder(rows);
  const own = Buffer.concat([...batchesOf(points, order)]);
  const [blind, unblind] = blindingPair();
  const multiplyBatch = countingMultiply(request.worked);
  const multiply = async (scalar: BlindingScalar, all: Buffer): Promise<Buffer> => {
    const products: Buffer[] = [];
    for (const batch of batchesOf(all, inOrder(all))) {
      products.push(multiplyBatch(scalar, batch));
      await breathe();
    }
    return Buffer.concat(products);
  };
  try {
    const blinded = await multiply(blind, own);
    const sums = sharesOfZero(pairKeys, own);
    const productsOf = new Map<string, Buffer>();
    const ask = async (peer: string, peerRows: number): Promise<void> => {
      const products = await multiply(unblind, await receiveAll(context, peer, rows * POINT_BYTES));
      const table = wordsFrom(await receiveAll(context, peer, wordsOf(peerRows) * 4));
      const outputs = outputsOf(own, products);
      addValues(table, peerRows, outputs, sums);
      addPads(outputs, sums);
      productsOf.set(peer, products);
    };
    const tell = async (peer: string): Promise<void> => {
      for (const batch of batchesOf(blinded, inOrder(blinded))) await context.send(peer, batch);
    };
    await Promise.all([...rowsOf].flatMap(([peer, peerRows]) => [tell(peer), ask(peer, peerRows)]));
    const common = inOrder(own).filter((at) => isZero(sums, at));
    for (const peer of tells ? rowsOf.keys() : []) await sendAll(context, peer, productsOf.get(peer)!, common);
    const places = new Int32Array(rows).fill(-1);
    for (const at of common) places[order[at]!] = 0;
    return places;
  } finally {
    blind.wipe();
    unblind.wipe();
  }
}

/** The side of each other party. Returns what the leader's returns, or null where it may not learn it. Throws PROTOCOL_VIOLATION. */
export async function followIntersection(context: ManyLines, request: FollowerRequest): Promise<Int32Array | null> {
  const { points, pairKeys, leader, leaderRows, learns } = request;
  const rows = points.length / POINT_BYTES;
  const secret = new BlindingScalar();
  const multiply = countingMultiply(request.worked);
  try {
    for (let answered = 0; answered < leaderRows;) {
      const batch = await receivePoints(context, leader, leaderRows - answered);
      await context.send(leader, multiply(secret, batch));
      answered += batch.length / POINT_BYTES;
      await breathe();
    }
    const products: Buffer[] = [];
    for (const batch of batchesOf(points, inOrder(points))) {
      products.push(multiply(secret, batch));
      await breathe();
    }
    const own = Buffer.concat(products);
    const outputs = outputsOf(points, own);
    const values = sharesOfZero(pairKeys, points);
    addPads(outputs, values);
    const table = Buffer.from(storeOf(outputs, values).buffer);
    for (let from = 0; from < table.length; from += TABLE_BATCH_BYTES)
      await context.send(leader, table.subarray(from, from + TABLE_BATCH_BYTES));
    return learns ? await commonRows(context, leader, own, rows) : null;
  } finally {
    secret.wipe();
  }
}

/** Tells a party which rows are common: by their points under its secret, which it has of its own rows, in a random order. */
async function sendAll(context: ManyLines, peer: string, products: Buffer, common: Uint32Array): Promise<void> {
  await context.send(peer, { common: common.length });
  // `common` follows the order of the leader's points, which is random.
  for (const batch of batchesOf(products, common)) await context.send(peer, batch);
}

async function commonRows(context: ManyLines, leader: string, own: Buffer, rows: number): Promise<Int32Array> {
  const count = commonFrom(leader, await context.receiveJson<unknown>(leader), rows);
  const index = new PointIndex(own, rows);
  for (let row = 0; row < rows; row += 1) index.add(row);
  const places = new Int32Array(rows).fill(-1);
  for (let received = 0; received < count;) {
    const batch = await receivePoints(context, leader, count - received);
    for (let i = 0; i * POINT_BYTES < batch.length; i += 1) {
      const row = index.lookup(batch, i);
      if (row < 0) throw violation(leader, 'a common key that is not in the table');
      places[row] = 0;
    }
    received += batch.length / POINT_BYTES;
  }
  return places;
}

/** Reads how many keys are common. Throws PROTOCOL_VIOLATION: there are no more than own rows. */
export const commonFrom = (peer: string, value: unknown, rows: number): number =>
  new PeerMessage(peer, value).count('common', rows);

/** A message of one point to `most`. Throws PROTOCOL_VIOLATION. */
async function receivePoints(context: ManyLines, peer: string, most: number): Promise<Buffer> {
  const batch = Buffer.from(await context.receiveBytes(peer));
  const count = batch.length / POINT_BYTES;
  if (Number.isInteger(count) && count > 0 && count <= most) return batch;
  throw violation(peer, 'points that do not fit');
}

/** Messages of so many bytes together. Throws PROTOCOL_VIOLATION. */
async function receiveAll(context: ManyLines, peer: string, bytes: number): Promise<Buffer> {
  const all = Buffer.alloc(bytes);
  for (let received = 0; received < bytes;) {
    const message = await context.receiveBytes(peer);
    if (message.byteLength === 0 || received + message.byteLength > bytes)
      throw violation(peer, 'bytes that do not fit');
    all.set(message, received);
    received += message.byteLength;
  }
  return all;
}

const inOrder = (points: Buffer): Uint32Array =>
  Uint32Array.from({ length: points.length / POINT_BYTES }, (_, place) => place);

const wordsFrom = (bytes: Buffer): Uint32Array =>
  new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));

/** XORs the first bytes of each output to the value at its index: a value that is stored under a key is random to who has not asked for it. */
function addPads(outputs: Buffer, values: Uint32Array): void {
  for (let at = 0; at * OUTPUT_BYTES < outputs.length; at += 1) {
    for (let word = 0; word < VALUE_WORDS; word += 1)
      values[at * VALUE_WORDS + word]! ^= outputs.readUInt32LE(at * OUTPUT_BYTES + 4 * word);
  }
}

function isZero(values: Uint32Array, at: number): boolean {
  return values.subarray(at * VALUE_WORDS, (at + 1) * VALUE_WORDS).every((word) => word === 0);
}
