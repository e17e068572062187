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
import { squaresOf } from './squares.js';

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
 * Each product takes one round between the parties, and one piece of the dealer to each of them.
 */
export class VerticalMatrix {
  /**
   * `values` are the party's own columns, row-major, `count * columns` finite numbers. `peerBlock` is the peer's E. `above` rows were
   * masked before these.
   */
  private constructor(
    private readonly session: PartySession,
    private readonly values: Float64Array,
    private readonly above: number,
    private readonly count: number,
    readonly columns: number,
    private readonly peerBlock: RingVector,
    readonly peerColumns: number,
    /** The dealer's pieces, also for other steps between runs of rows. */
    readonly dealt: PieceReceiver,
  ) {}

  /** Masks the own block and exchanges it with the peer, `CHUNK` elements a message. */
  static mask(
    session: PartySession,
    values: Float64Array,
    rows: number,
    columns: number,
    peerColumns: number,
    onChunk: (fraction: number) => void = () => {},
  ): Promise<VerticalMatrix> {
    const start = { above: 0, dealt: new PieceReceiver(session.dealer) };
    return VerticalMatrix.maskFrom(start, session, values, rows, columns, peerColumns, onChunk);
  }

  /** The rows below these, so that a party holds one run of a long table: under the elements of the mask that follow. */
  below(values: Float64Array, rows: number): Promise<VerticalMatrix> {
    const { session, columns, peerColumns, dealt } = this;
    return VerticalMatrix.maskFrom(
      { above: this.above + this.count, dealt },
      session,
      values,
      rows,
      columns,
      peerColumns,
    );
  }

  private static async maskFrom(
    { above, dealt }: { readonly above: number; readonly dealt: PieceReceiver },
    session: PartySession,
    values: Float64Array,
    rows: number,
    columns: number,
    peerColumns: number,
    onChunk: (fraction: number) => void = () => {},
  ): Promise<VerticalMatrix> {
    const first = above * columns;
    const peerBlock = zeros(rows * peerColumns);
    const chunks = Math.max(chunkCount(rows * columns), chunkCount(rows * peerColumns));
    for (let chunk = 0; chunk < chunks; chunk += 1) {
      const [from, to] = chunkOf(chunk, rows * columns);
      const mask = session.matrixMask.at(first + from, first + to);
      const masked = subtractInto(encode(values.subarray(from, to), FEATURE_BITS), mask);
      const received = await exchange(session.peer, toBytes(masked));
      const [peerFrom, peerTo] = chunkOf(chunk, rows * peerColumns);
      slice(peerBlock, peerFrom, peerTo).set(fromBytes(received, peerTo - peerFrom));
      onChunk((chunk + 1) / chunks);
    }
    return new VerticalMatrix(session, values, above, rows, columns, peerBlock, peerColumns, dealt);
  }

  /** Rows `from` to `to` of these. */
  rows(from: number, to: number): VerticalRows {
    const { session, above, columns, peerColumns } = this;
    return new VerticalRows(
      session,
      this.dealt,
      to - from,
      encode(this.values.subarray(from * columns, to * columns), FEATURE_BITS),
      session.matrixMask.at((above + from) * columns, (above + to) * columns),
      columns,
      slice(this.peerBlock, from * peerColumns, to * peerColumns),
      peerColumns,
    );
  }
}

/** One-time masks of a product, as a party and the dealer draw them: of what the peer receives, and of the own share. */
interface ProductMasks {
  readonly sent: RingVector;
  readonly kept: RingVector;
}

function drawMasks(masks: MaskStream, sent: number, kept: number): ProductMasks {
  const drawn = masks.next(sent + kept);
  return { sent: slice(drawn, 0, sent), kept: slice(drawn, sent, sent + kept) };
}

/** A run of rows of a {@link VerticalMatrix}. Products add `FEATURE_BITS` fraction bits; the caller truncates. */
class VerticalRows {
  constructor(
    private readonly session: PartySession,
    private readonly dealt: PieceReceiver,
    readonly count: number,
    private readonly own: RingVector,
    private readonly mask: RingVector,
    private readonly columns: number,
    private readonly peer: RingVector,
    private readonly peerColumns: number,
  ) {}

  /** Own share of rows * weights: `count` elements, from own shares of the weights of both parties' columns. */
  async times(ownWeights: RingVector, peerWeights: RingVector): Promise<RingVector> {
    const { session, columns, peerColumns, count } = this;
    const { sent, kept } = drawMasks(session.masks, peerColumns, count);
    const correction = await this.take(count);
    const opened = fromBytes(await exchange(session.peer, toBytes(subtract(peerWeights, sent))), columns);
    matrixVectorInto(kept, this.own, columns, ownWeights);
    matrixVectorInto(kept, this.mask, columns, opened);
    matrixVectorInto(kept, this.peer, peerColumns, peerWeights);
    return addInto(kept, correction);
  }

  /**
   * Own shares of transposed rows * `vector`, for the own and the peer's columns, and of the vector's sum of squares. It
   * has `count` elements. See `squares.ts` for the squares: they need no more than what is opened for the product.
   */
  async transposedTimes(vector: RingVector): Promise<{ own: RingVector; peer: RingVector; squares: RingVector }> {
    const { session, columns, peerColumns, count } = this;
    const { index } = session;
    const { sent, kept } = drawMasks(session.masks, count, peerColumns + 1 - index);
    const correction = await this.take(columns + index);
    const opened = fromBytes(await exchange(session.peer, toBytes(subtract(vector, sent))), count);
    const own = slice(correction, 0, columns);
    const peer = slice(kept, 0, peerColumns);
    transposedVectorInto(own, this.own, columns, vector);
    transposedVectorInto(own, this.mask, columns, opened);
    transposedVectorInto(peer, this.peer, peerColumns, vector);
    const ofSquares = index === 0 ? slice(kept, peerColumns, peerColumns + 1) : slice(correction, columns, columns + 1);
    return { own, peer, squares: squaresOf(session, vector, sent, opened, ofSquares) };
  }

  private async take(length: number): Promise<RingVector> {
    return fromBytes(await this.dealt.take(length * ELEMENT_BYTES), length);
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
    this.lines = PieceSender.pair([parties[0].channel, parties[1].channel]);
  }

  /** Rows `from` to `to`, to deal for. */
  rows(from: number, to: number): DealtRows {
    const blocks = [0, 1].map((owner) =>
      this.parties[owner]!.matrixMask.at(from * this.columns[owner]!, to * this.columns[owner]!),
    ) as [RingVector, RingVector];
    return new DealtRows(this.parties, this.lines, this.columns, to - from, blocks);
  }

  /** Flushes the dealt pieces to the parties. */
  async end(): Promise<void> {
    for (const line of this.lines) await line.flush();
  }
}

/** The dealer's side of a run of rows. */
class DealtRows {
  constructor(
    private readonly parties: readonly [DealtParty, DealtParty],
    private readonly lines: readonly [PieceSender, PieceSender],
    private readonly columns: readonly [number, number],
    private readonly count: number,
    private readonly blocks: readonly [RingVector, RingVector],
  ) {}

  /** Deals for one product with weights. */
  async times(): Promise<void> {
    const { count, blocks } = this;
    const masks = this.draw((peerColumns) => [peerColumns, count]);
    for (const owner of [0, 1] as const) {
      const { sent, kept } = masks[1 - owner]!;
      const product = zeros(count);
      matrixVectorInto(product, blocks[owner], this.columns[owner], sent);
      await this.lines[owner].put(toBytes(subtractInto(product, kept)));
    }
  }

  /** Deals for one product of the transposed rows. */
  async transposedTimes(): Promise<void> {
    const { count, blocks } = this;
    const masks = this.draw((peerColumns, index) => [count, peerColumns + 1 - index]);
    for (const owner of [0, 1] as const) {
      const columns = this.columns[owner];
      const { sent, kept } = masks[1 - owner]!;
      const pieces = zeros(columns + owner);
      transposedVectorInto(slice(pieces, 0, columns), blocks[owner], columns, sent);
      if (owner === 1) slice(pieces, columns, columns + 1).set(dot(masks[0].sent, masks[1].sent));
      await this.lines[owner].put(toBytes(subtractInto(pieces, kept)));
    }
  }

  private draw(lengths: (peerColumns: number, index: number) => [number, number]): [ProductMasks, ProductMasks] {
    const of = (index: 0 | 1): ProductMasks =>
      drawMasks(this.parties[index].masks, ...lengths(this.columns[1 - index]!, index));
    return [of(0), of(1)];
  }
}

const CHUNK = (1024 * 1024) / ELEMENT_BYTES;

function chunkCount(elements: number): number {
  return Math.ceil(elements / CHUNK);
}

function chunkOf(chunk: number, elements: number): [number, number] {
  return [Math.min(chunk * CHUNK, elements), Math.min((chunk + 1) * CHUNK, elements)];
}
