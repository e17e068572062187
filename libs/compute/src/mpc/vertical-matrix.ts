import { exchange } from './channel.js';
import { dot, matrixVectorInto, transposedVectorInto } from './limbs.js';
import { PieceReceiver, PieceSender } from './pieces.js';
import type { MaskStream } from './random.js';
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
 * A matrix whose columns are split between two parties, and its products with shared vectors.
 *
 * Each party's block X is masked once, as E = X - A, with a mask A that the party and the dealer expand from a seed,
 * and E goes to the peer. For a product with a vector v = v0 + v1, the block's owner (here party 0) and its peer do:
 *
 *     peer   sends f = v1 - u           keeps E v1 + r
 *     dealer sends c = A u - r (owner)
 *     owner                             keeps X v0 + A f + c
 *
 * The two sum to X v0 + A v1 + E v1 = X v. Masks u and r are fresh for every product. Each party holds its own rows in
 * clear and the peer's only masked, and every message is uniform to its receiver.
 *
 * The sum of squares of a shared vector z = z0 + z1 is z0 z0 + z1 z1 + 2 z0 z1, the last with masks a, b and s:
 *
 *     party 0  sends e = z0 - a         keeps z0 f + s
 *     party 1  sends f = z1 - b         keeps e b + c, where the dealer sends c = a b - s
 *
 * A run of rows takes one piece from the dealer to each party, and two rounds between the parties.
 */
export class VerticalMatrix {
  /** The dealer's pieces, also for other steps between runs of rows. */
  readonly dealt: PieceReceiver;

  /** `values` are the party's own columns, row-major, `rows * columns` finite numbers. `peerBlock` is the peer's E. */
  private constructor(
    private readonly session: PartySession,
    private readonly values: Float64Array,
    readonly columns: number,
    private readonly peerBlock: RingVector,
    readonly peerColumns: number,
  ) {
    this.dealt = new PieceReceiver(session.dealer);
  }

  /** Masks the own block and exchanges it with the peer, `CHUNK` elements a message. */
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

  /** Rows `from` to `to`, ready for one product each way. The dealer has dealt their masks. */
  async rows(from: number, to: number): Promise<VerticalRows> {
    const { session, columns, peerColumns } = this;
    return new VerticalRows(
      session,
      to - from,
      encode(this.values.subarray(from * columns, to * columns), FEATURE_BITS),
      session.matrixMask.at(from * columns, to * columns),
      columns,
      slice(this.peerBlock, from * peerColumns, to * peerColumns),
      peerColumns,
      drawMasks(session.masks, to - from, peerColumns),
      await this.corrections(to - from),
    );
  }

  private async corrections(count: number): Promise<RowsCorrections> {
    const { columns } = this;
    const { index } = this.session;
    const length = count + columns + index;
    const take = cut(fromBytes(await this.dealt.take(length * ELEMENT_BYTES), length));
    return { scores: take(count), sums: take(columns), squares: take(index) };
  }
}

/** One-time masks of a run of rows, as a party and the dealer draw them. */
interface RowsMasks {
  readonly weights: RingVector;
  readonly scores: RingVector;
  readonly vector: RingVector;
  readonly sums: RingVector;
  readonly squared: RingVector;
  /** With party 0 only. */
  readonly squares: RingVector;
}

function drawMasks(masks: MaskStream, count: number, peerColumns: number): RowsMasks {
  const take = cut(masks.next(2 * peerColumns + 3 * count + 1));
  return {
    weights: take(peerColumns),
    scores: take(count),
    vector: take(count),
    sums: take(peerColumns),
    squared: take(count),
    squares: take(1),
  };
}

/** What the dealer sends for a run of rows. */
interface RowsCorrections {
  readonly scores: RingVector;
  readonly sums: RingVector;
  /** With party 1 only. */
  readonly squares: RingVector;
}

/** Cuts consecutive runs of elements off `vector`. */
function cut(vector: RingVector): (length: number) => RingVector {
  let at = 0;
  return (length) => slice(vector, at, (at += length));
}

/**
 * A run of rows of a {@link VerticalMatrix}. Products add `FEATURE_BITS` fraction bits; the caller truncates. Each
 * product may be made once.
 */
class VerticalRows {
  constructor(
    private readonly session: PartySession,
    readonly count: number,
    private readonly own: RingVector,
    private readonly mask: RingVector,
    private readonly columns: number,
    private readonly peer: RingVector,
    private readonly peerColumns: number,
    private readonly masks: RowsMasks,
    private readonly corrections: RowsCorrections,
  ) {}

  /** Own share of rows * weights: `count` elements, from own shares of the weights of both parties' columns. */
  async times(ownWeights: RingVector, peerWeights: RingVector): Promise<RingVector> {
    const { session, columns, peerColumns } = this;
    const { weights, scores: product } = this.masks;
    const opened = fromBytes(await exchange(session.peer, toBytes(subtract(peerWeights, weights))), columns);
    matrixVectorInto(product, this.own, columns, ownWeights);
    matrixVectorInto(product, this.mask, columns, opened);
    matrixVectorInto(product, this.peer, peerColumns, peerWeights);
    return addInto(product, this.corrections.scores);
  }

  /**
   * Own shares of transposed rows * `vector`, for the own and the peer's columns, and of the sum of squares of
   * `squared`. Both vectors have `count` elements.
   */
  async transposedTimes(
    vector: RingVector,
    squared: RingVector,
  ): Promise<{ own: RingVector; peer: RingVector; squares: RingVector }> {
    const { session, columns, peerColumns, count, masks } = this;
    const sent = zeros(2 * count);
    sent.set(subtract(vector, masks.vector));
    sent.set(subtract(squared, masks.squared), vector.length);
    const opened = fromBytes(await exchange(session.peer, toBytes(sent)), 2 * count);
    const { sums: own } = this.corrections;
    const { sums: peer } = masks;
    transposedVectorInto(own, this.own, columns, vector);
    transposedVectorInto(own, this.mask, columns, slice(opened, 0, count));
    transposedVectorInto(peer, this.peer, peerColumns, vector);

    const squaredByPeer = slice(opened, count, 2 * count);
    const cross =
      session.index === 0
        ? addInto(dot(squared, squaredByPeer), masks.squares)
        : addInto(dot(squaredByPeer, masks.squared), this.corrections.squares);
    return { own, peer, squares: addInto(addInto(dot(squared, squared), cross), cross) };
  }
}

/** The dealer's side of a {@link VerticalMatrix}: the same calls, in the same order, with the public sizes. */
export class VerticalDealer {
  /** The lines to both parties, also for other steps between runs of rows. */
  readonly lines: readonly [PieceSender, PieceSender];

  constructor(
    private readonly parties: readonly [DealtParty, DealtParty],
    private readonly columns: readonly [number, number],
  ) {
    this.lines = [new PieceSender(parties[0].channel), new PieceSender(parties[1].channel)];
  }

  /** Deals for the rows `from` to `to`. */
  async deal(from: number, to: number): Promise<void> {
    const count = to - from;
    const [first, second] = [0, 1].map((index) =>
      drawMasks(this.parties[index]!.masks, count, this.columns[1 - index]!),
    ) as [RowsMasks, RowsMasks];
    for (const owner of [0, 1] as const) {
      const columns = this.columns[owner];
      const mask = this.parties[owner].matrixMask.at(from * columns, to * columns);
      const ofPeer = owner === 0 ? second : first;
      const sent = zeros(count + columns + owner);
      const take = cut(sent);
      const [scores, sums, squares] = [take(count), take(columns), take(owner)];
      matrixVectorInto(scores, mask, columns, ofPeer.weights);
      subtractInto(scores, ofPeer.scores);
      transposedVectorInto(sums, mask, columns, ofPeer.vector);
      subtractInto(sums, ofPeer.sums);
      if (owner === 1) squares.set(subtract(dot(first.squared, second.squared), first.squares));
      await this.lines[owner].put(toBytes(sent));
    }
  }

  /** Flushes the dealt pieces to the parties. */
  async end(): Promise<void> {
    for (const line of this.lines) await line.flush();
  }
}

const CHUNK = (1024 * 1024) / ELEMENT_BYTES;

function chunkCount(elements: number): number {
  return Math.ceil(elements / CHUNK);
}

function chunkOf(chunk: number, elements: number): [number, number] {
  return [Math.min(chunk * CHUNK, elements), Math.min((chunk + 1) * CHUNK, elements)];
}
