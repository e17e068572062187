/**
 * The intersection of two parties of which one learns it, by an oblivious pseudo-random function (S. Jarecki, X. Liu, "Fast Secure Computation of
 * Set Intersection", SCN 2010; that of oprf.ts). Who learns gets F_k of its own keys, and F_k of all keys of the other in an order drawn
 * anew: those are equal where keys are, and random else. Of N points of the other and n of its own that takes N + 3n multiplications, where the
 * exchange of psi-exchange.ts takes 2 (N + n). The key k is made for this run: one that stays would let whoever has asked for a key once
 * look it up in all later tables.
 */
import { violation } from '../contract/peer-message.js';
import { BlindingScalar, POINT_BYTES, randomOrder } from './curve.js';
import { blindingPair, OUTPUT_BYTES, outputsOf } from './oprf.js';
import { PointIndex } from './point-index.js';
import {
  batchesOf,
  breathe,
  countingMultiply,
  type ExchangeRequest,
  type Lines,
  type Matches,
} from './psi-exchange.js';

/** Bytes of F_k(x) that are compared: those of a point, so that 2^60 keys meet by chance with a probability of 2^-136. */
const TAG_BYTES = POINT_BYTES;

type Request = Pick<ExchangeRequest, 'peer' | 'points' | 'peerRows' | 'learns' | 'worked'>;

/** A party's side: `learns` is true of exactly one of them. Throws PROTOCOL_VIOLATION. */
export const exchangeByOprf = (context: Lines, request: Request): Promise<Matches> =>
  request.learns ? learn(context, request) : answer(context, request);

async function learn(context: Lines, { peer, points, peerRows, worked }: Request): Promise<Matches> {
  const rows = points.length / POINT_BYTES;
  const order = randomOrder(rows);
  const own = Buffer.concat([...batchesOf(points, order)]);
  const [blind, unblind] = blindingPair();
  const products = Buffer.alloc(points.length);
  const peerTags = Buffer.alloc(peerRows * TAG_BYTES);
  let received = 0;
  const fill = async (target: Buffer, take: (batch: Buffer) => Buffer): Promise<void> => {
    for (let at = 0; at < target.length;) {
      const batch = Buffer.from(await context.receiveBytes(peer));
      const isWhole = batch.length > 0 && batch.length % POINT_BYTES === 0;
      if (!isWhole || at + batch.length > target.length) throw violation(peer, 'points that do not fit');
      take(batch).copy(target, at);
      at += batch.length;
      received += batch.length / POINT_BYTES;
      worked(received);
      await breathe();
    }
  };
  const ask = async (): Promise<void> => {
    for (const batch of batchesOf(points, order)) {
      await context.send(peer, blind.multiply(batch));
      await breathe();
    }
  };
  try {
    await Promise.all([ask(), fill(products, (batch) => unblind.multiply(batch))]);
  } finally {
    blind.wipe();
    unblind.wipe();
  }
  await fill(peerTags, (batch) => batch);
  const index = new PointIndex(peerTags, peerRows);
  for (let at = 0; at < peerRows; at += 1) index.add(at);
  const tags = tagsOf(own, products);
  const places = new Int32Array(rows);
  for (let at = 0; at < rows; at += 1) places[order[at]!] = index.lookup(tags, at);
  return { order, places };
}

async function answer(context: Lines, { peer, points, peerRows, worked }: Request): Promise<Matches> {
  const order = randomOrder(points.length / POINT_BYTES);
  const key = new BlindingScalar();
  const multiply = countingMultiply(worked);
  try {
    for (let answered = 0; answered < peerRows;) {
      const batch = Buffer.from(await context.receiveBytes(peer));
      const count = batch.length / POINT_BYTES;
      if (!Number.isInteger(count) || count === 0 || answered + count > peerRows)
        throw violation(peer, 'points that do not fit');
      await context.send(peer, multiply(key, batch));
      answered += count;
      await breathe();
    }
    for (const batch of batchesOf(points, order)) {
      await context.send(peer, tagsOf(batch, multiply(key, batch)));
      await breathe();
    }
  } finally {
    key.wipe();
  }
  return { order, places: null };
}

/** What is compared of F_k of each key. */
function tagsOf(points: Buffer, products: Buffer): Buffer {
  const outputs = outputsOf(points, products);
  const tags = Buffer.alloc(points.length);
  for (let at = 0; at * TAG_BYTES < tags.length; at += 1)
    outputs.copy(tags, at * TAG_BYTES, at * OUTPUT_BYTES, at * OUTPUT_BYTES + TAG_BYTES);
  return tags;
}
