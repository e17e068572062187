import { dealShares, dealtVector } from './dealt.js';
import { exchange } from './channel.js';
import { matrixVectorInto, transposedVectorInto } from './limbs.js';
import type { DealtMasked, DealtTurned, Masked } from './masked.js';
import { PieceReceiver, type PieceSender } from './pieces.js';
import {
  ELEMENT_BYTES,
  FEATURE_BITS,
  add,
  encode,
  fromBytes,
  lengthOf,
  slice,
  subtractInto,
  toBytes,
  zeros,
  type RingVector,
} from './ring.js';
import { Z128, Z64 } from './rings.js';
import type { DealtParty, GroupSession } from './session.js';
import { subtractTurned, turnedProducts, type Along } from './turned.js';

/** How many columns each party has, by index. */
export type ColumnCounts = readonly number[];

/** How many columns all parties have. */
export const featuresIn = (columns: ColumnCounts): number => columns.reduce((sum, count) => sum + count);

/** Where each party's columns begin and end among all. */
const blocksOf = (columns: ColumnCounts): (readonly [number, number])[] => {
  let from = 0;
  return columns.map((count) => [from, (from += count)] as const);
};

/** Where a matrix belongs: its columns, and the rows above it that are masked already. */
interface Place {
  readonly session: GroupSession;
  readonly columns: ColumnCounts;
  readonly above: number;
  readonly dealt: PieceReceiver;
}

/**
 * A matrix whose columns are split between parties, and its products with masked vectors (see `masked.ts`).
 *
 * Each party's block X is masked once, as E = X - A, with a mask A that the party and the dealer expand from a seed,
 * and E goes to all others. For the product of the block of party o with a vector v = open + s_0 + s_1 + ...
 *
 *     party o      keeps X (open + s_o)
 *     the others   keep E s_i
 *     the dealer   shares A s, with the sum s of all masks but s_o
 *
 * which sum to X v. The parties send each other nothing: the open part is all that they have to know. Where masks may be
 * turned, the dealer shares each product of a mask's bit with an element of A, and each party adds up those of the turned masks.
 *
 * Each party holds its own columns in clear and the others' only masked. Every message is uniform to its receivers, also to all
 * parties but one together.
 */
export class SplitMatrix {
  private constructor(
    private readonly place: Place,
    /** The party's own columns, row-major. */
    private readonly values: Float64Array,
    /** The E of each party, row-major; the own one is empty. */
    private readonly masked: readonly RingVector[],
    private readonly count: number,
  ) {}

  /** The dealer's pieces, also for other steps between products. */
  get dealt(): PieceReceiver {
    return this.place.dealt;
  }

  /** Masks the own block of finite numbers and exchanges it with the others, `CHUNK` elements a message. */
  static mask(
    session: GroupSession,
    values: Float64Array,
    rows: number,
    columns: ColumnCounts,
    onChunk: (fraction: number) => void = () => {},
  ): Promise<SplitMatrix> {
    const place = { session, columns, above: 0, dealt: new PieceReceiver(session.dealer) };
    return SplitMatrix.maskAt(place, values, rows, onChunk);
  }

  /** The rows below these, so that a party holds one run of a long table: under the elements of the mask that follow. */
  below(values: Float64Array, rows: number): Promise<SplitMatrix> {
    return SplitMatrix.maskAt({ ...this.place, above: this.place.above + this.count }, values, rows);
  }

  private static async maskAt(
    place: Place,
    values: Float64Array,
    rows: number,
    onChunk: (fraction: number) => void = () => {},
  ): Promise<SplitMatrix> {
    const { session, columns, above } = place;
    const { index, peers, matrixMask } = session;
    const first = above * columns[index]!;
    const masked = columns.map((count, party) => zeros(party === index ? 0 : rows * count));
    const others = masked.filter((_, party) => party !== index);
    const chunks = Math.max(...columns.map((count) => Math.ceil((rows * count) / CHUNK)));
    for (let chunk = 0; chunk < chunks; chunk += 1) {
      const [from, to] = chunkOf(chunk, rows * columns[index]!);
      const own = subtractInto(
        encode(values.subarray(from, to), FEATURE_BITS),
        matrixMask.at(first + from, first + to),
      );
      const received = await Promise.all(peers.map((peer) => exchange(peer, toBytes(own))));
      for (const [at, bytes] of received.entries()) {
        const [peerFrom, peerTo] = chunkOf(chunk, lengthOf(others[at]!));
        slice(others[at]!, peerFrom, peerTo).set(fromBytes(bytes, peerTo - peerFrom));
      }
      onChunk((chunk + 1) / chunks);
    }
    return new SplitMatrix(place, values, masked, rows);
  }

  /** Rows `from` to `to` of these. */
  rows(from: number, to: number): SplitRows {
    const { values, masked } = this;
    const { session, columns, dealt } = this.place;
    const own = columns[session.index]!;
    return new SplitRows(
      session,
      dealt,
      to - from,
      columns,
      masked.map((block, party) =>
        party === session.index
          ? encode(values.subarray(from * own, to * own), FEATURE_BITS)
          : slice(block, from * columns[party]!, to * columns[party]!),
      ),
    );
  }
}

/** A run of rows of a {@link SplitMatrix}. Products add `FEATURE_BITS` fraction bits; the caller truncates. */
export class SplitRows {
  constructor(
    private readonly session: GroupSession,
    private readonly dealt: PieceReceiver,
    readonly count: number,
    private readonly columns: ColumnCounts,
    /** The own columns, and the masked ones of the others. */
    private readonly blocks: readonly RingVector[],
  ) {}

  /** Own share of rows * weights, `count` elements, from the weights of all columns. */
  async times(weights: Masked): Promise<RingVector> {
    const { session, dealt, columns, count } = this;
    const product = await dealtVector(session, dealt, Z128, count);
    await subtractTurned(session, dealt, weights.turned, product, 'columns', count);
    for (const [party, [from, to]] of blocksOf(columns).entries()) {
      const factor = this.factorOf(party, weights, from, to);
      matrixVectorInto(product, this.blocks[party]!, columns[party]!, factor);
    }
    return product;
  }

  /** Own share of transposed rows * a vector of `count` elements: an element for each column, in the order of the parties. */
  async transposedTimes(vector: Masked): Promise<RingVector> {
    const { session, dealt, columns, count } = this;
    const blocks = blocksOf(columns);
    const product = await dealtVector(session, dealt, Z128, blocks.at(-1)![1]);
    await subtractTurned(session, dealt, vector.turned, product, 'rows', count);
    for (const [party, [from, to]] of blocks.entries()) {
      const factor = this.factorOf(party, vector, 0, count);
      transposedVectorInto(slice(product, from, to), this.blocks[party]!, columns[party]!, factor);
    }
    return product;
  }

  private factorOf(party: number, { open, own }: Masked, from: number, to: number): RingVector {
    const share = slice(own, from, to);
    return party === this.session.index ? add(share, slice(open, from, to)) : share;
  }
}

/** The dealer's side of a {@link SplitMatrix}: the same calls, in the same order, with the public sizes. */
export class SplitDealer {
  constructor(
    private readonly parties: readonly DealtParty[],
    private readonly toLast: PieceSender,
    private readonly columns: ColumnCounts,
  ) {}

  /** Rows `from` to `to`, to deal for. */
  rows(from: number, to: number): DealtRows {
    const blocks = this.columns.map((count, party) => this.parties[party]!.matrixMask.at(from * count, to * count));
    return new DealtRows(this.parties, this.toLast, this.columns, to - from, blocks);
  }
}

/** The dealer's side of a run of rows. */
export class DealtRows {
  constructor(
    private readonly parties: readonly DealtParty[],
    private readonly toLast: PieceSender,
    private readonly columns: ColumnCounts,
    readonly count: number,
    /** The masks of each party's columns. */
    private readonly blocks: readonly RingVector[],
  ) {}

  /** Deals for one product with weights. */
  async times(weights: DealtMasked): Promise<void> {
    const { parties, toLast, columns, count } = this;
    const product = zeros(count);
    for (const [party, [from, to]] of blocksOf(columns).entries()) {
      matrixVectorInto(product, this.blocks[party]!, columns[party]!, this.othersOf(weights, party, from, to));
    }
    await dealShares(parties, toLast, Z128, product);
    if (weights.turned) await this.dealTurned(weights.turned, 'columns');
  }

  /** Deals for one product of the transposed rows. */
  async transposedTimes(vector: DealtMasked): Promise<void> {
    const { parties, toLast, columns, count } = this;
    const blocks = blocksOf(columns);
    const product = zeros(blocks.at(-1)![1]);
    for (const [party, [from, to]] of blocks.entries()) {
      const factor = this.othersOf(vector, party, 0, count);
      transposedVectorInto(slice(product, from, to), this.blocks[party]!, columns[party]!, factor);
    }
    await dealShares(parties, toLast, Z128, product);
    if (vector.turned) await this.dealTurned(vector.turned, 'rows');
  }

  /** The masks that all parties but the owner of a block share. */
  private othersOf({ shares }: DealtMasked, owner: number, from: number, to: number): RingVector {
    return shares
      .filter((_, party) => party !== owner)
      .map((share) => slice(share, from, to))
      .reduce(add);
  }

  private async dealTurned(turned: DealtTurned, along: Along): Promise<void> {
    const { parties, toLast, columns, blocks, count } = this;
    await dealShares(parties, toLast, Z64, turnedProducts(turned, along, blocks, columns, count));
  }
}

const CHUNK = (1024 * 1024) / ELEMENT_BYTES;

const chunkOf = (chunk: number, elements: number): [number, number] => [
  Math.min(chunk * CHUNK, elements),
  Math.min((chunk + 1) * CHUNK, elements),
];
