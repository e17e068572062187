import { exchange } from './channel.js';
import { matrixVectorInto, transposedVectorInto } from './limbs.js';
import {
  FEATURE_BITS,
  ELEMENT_BYTES,
  addInto,
  encode,
  fromBytes,
  slice,
  subtract,
  subtractInto,
  toBytes,
  zeros,
  type RingVector,
} from './ring.js';
import type { DealtParty, PartySession } from './session.js';

/**
 * A matrix whose columns lie with two parties, and its products with shared vectors.
 *
 * Each party's block X is masked once, as E = X - A, with a mask A that the party and the dealer expand from a seed, and
 * E goes to the peer. For a product with a vector v = v0 + v1, the block's owner (here party 0) and its peer do:
 *
 *     peer   sends f = v1 - u           keeps E v1 + r
 *     dealer sends c = A u - r (owner)
 *     owner                             keeps X v0 + A f + c
 *
 * The two sum to X v0 + A v1 + E v1 = X v. Masks u and r are fresh for every product. So each party holds its own rows
 * in clear and the peer's only masked, and every message is uniform to the one who reads it.
 */
export class VerticalMatrix {
  /** `values` are the party's own columns, row-major, `rows * columns` finite numbers. `peerBlock` is the peer's E. */
  private constructor(
    private readonly session: PartySession,
    private readonly values: Float64Array,
    readonly columns: number,
    private readonly peerBlock: RingVector,
    readonly peerColumns: number,
  ) {}

  /** Masks the own block and swaps it with the peer, `CHUNK` elements a message. */
  static async mask(
    session: PartySession,
    values: Float64Array,
    rows: number,
    columns: number,
    peerColumns: number,
    onChunk: (fraction: number) => void = () => {},
  ): Promise<VerticalMatrix> {
    const peerBlock = zeros(rows * peerColumns);
    const chunks = Math.max(chunkCount(rows * columns), chunkCount(rows * peerColumns));
    for (let chunk = 0; chunk < chunks; chunk += 1) {
      const [from, to] = chunkOf(chunk, rows * columns);
      const masked = subtractInto(encode(values.subarray(from, to), FEATURE_BITS), session.matrixMask.at(from, to));
      const received = await exchange(session.peer, toBytes(masked));
      const [peerFrom, peerTo] = chunkOf(chunk, rows * peerColumns);
      slice(peerBlock, peerFrom, peerTo).set(fromBytes(received, peerTo - peerFrom));
      onChunk((chunk + 1) / chunks);
    }
    return new VerticalMatrix(session, values, columns, peerBlock, peerColumns);
  }

  /** Rows `from` to `to`, ready for products. */
  rows(from: number, to: number): VerticalRows {
    const { session, columns, peerColumns } = this;
    return new VerticalRows(
      session,
      to - from,
      encode(this.values.subarray(from * columns, to * columns), FEATURE_BITS),
      session.matrixMask.at(from * columns, to * columns),
      columns,
      slice(this.peerBlock, from * peerColumns, to * peerColumns),
      peerColumns,
    );
  }
}

/** A run of rows of a {@link VerticalMatrix}. Products add `FEATURE_BITS` fraction bits; the caller truncates. */
class VerticalRows {
  constructor(
    private readonly session: PartySession,
    readonly count: number,
    private readonly own: RingVector,
    private readonly mask: RingVector,
    private readonly columns: number,
    private readonly peer: RingVector,
    private readonly peerColumns: number,
  ) {}

  /** Own share of rows * weights: `count` elements, from own shares of the weights of the own and the peer's columns. */
  async times(ownWeights: RingVector, peerWeights: RingVector): Promise<RingVector> {
    const { session, columns, peerColumns, count } = this;
    const peerMask = session.masks.next(peerColumns);
    const product = session.masks.next(count);
    const [opened, correction] = await this.open(subtract(peerWeights, peerMask), columns, count);
    matrixVectorInto(product, this.own, columns, ownWeights);
    matrixVectorInto(product, this.mask, columns, opened);
    matrixVectorInto(product, this.peer, peerColumns, peerWeights);
    return addInto(product, correction);
  }

  /** Own shares of transposed rows * vector, for the own columns and for the peer's; `vector` has `count` elements. */
  async transposedTimes(vector: RingVector): Promise<{ own: RingVector; peer: RingVector }> {
    const { session, columns, peerColumns, count } = this;
    const vectorMask = session.masks.next(count);
    const peer = session.masks.next(peerColumns);
    const [opened, own] = await this.open(subtract(vector, vectorMask), count, columns);
    transposedVectorInto(own, this.own, columns, vector);
    transposedVectorInto(own, this.mask, columns, opened);
    transposedVectorInto(peer, this.peer, peerColumns, vector);
    return { own, peer };
  }

  /** Sends `masked` for the peer's block; takes what the peer and the dealer send for the own block. */
  private async open(masked: RingVector, openedLength: number, length: number): Promise<[RingVector, RingVector]> {
    const [opened, correction] = await Promise.all([
      exchange(this.session.peer, toBytes(masked)),
      this.session.dealer.receive(),
    ]);
    return [fromBytes(opened, openedLength), fromBytes(correction, length)];
  }
}

/** The dealer's side of a {@link VerticalMatrix}: the same calls, in the same order, with the public sizes. */
export class VerticalDealer {
  constructor(
    private readonly parties: readonly [DealtParty, DealtParty],
    private readonly columns: readonly [number, number],
  ) {}

  /** Deals for `times` of rows `from` to `to`, and for `transposedTimes` where `transposed`, in that order. */
  async deal(from: number, to: number, product: 'times' | 'transposedTimes'): Promise<void> {
    const count = to - from;
    for (const owner of [0, 1] as const) {
      const peer = owner === 0 ? 1 : 0;
      const columns = this.columns[owner];
      const mask = this.parties[owner].matrixMask.at(from * columns, to * columns);
      const vectorMask = this.parties[peer].masks.next(product === 'times' ? columns : count);
      const rest = this.parties[peer].masks.next(product === 'times' ? count : columns);
      const correction = zeros(product === 'times' ? count : columns);
      if (product === 'times') matrixVectorInto(correction, mask, columns, vectorMask);
      else transposedVectorInto(correction, mask, columns, vectorMask);
      await this.parties[owner].channel.send(toBytes(subtractInto(correction, rest)));
    }
  }
}

const CHUNK = (1024 * 1024) / ELEMENT_BYTES;

function chunkCount(elements: number): number {
  return Math.ceil(elements / CHUNK);
}

function chunkOf(chunk: number, elements: number): [number, number] {
  return [Math.min(chunk * CHUNK, elements), Math.min((chunk + 1) * CHUNK, elements)];
}
