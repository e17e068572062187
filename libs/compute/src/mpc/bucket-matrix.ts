import { sized } from './bit-strings.js';
import { exchange, type Channel } from './channel.js';
import type { JointDealer, JointParty } from './joint.js';
import { Z32, bytesOf, concat, nextOf, vectorFrom, type Vector } from './rings.js';

/** The buckets of a party's columns: the bucket of each row, by column. */
export interface Buckets {
  readonly of: readonly Uint16Array[];
  readonly counts: readonly number[];
}

/** Sums of shared vectors of rows over the buckets of both parties' columns: shares of them, by owner, then by vector. */
export interface BucketSums {
  sums(vectors: readonly Vector[]): Promise<readonly [Vector[], Vector[]]>;
}

/** Elements of one message of a masked matrix. */
const CHUNK = 1 << 18;

const widthOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/**
 * One party's side. X is the matrix of its columns in zeros and ones, a one at the bucket of each row: its own to see. It
 * is masked once, as E = X - A; a vector v of the peer's shares is masked each time, as w = v - b (Beaver's products of
 * matrices, as in P. Mohassel, Y. Zhang, "SecureML", IEEE S&P 2017, section 4.1):
 *
 *     X'v = X'w + E'b + A'b      owner: X'w, by additions; peer: E'b; the dealer shares A'b between them
 */
export class BucketMatrix implements BucketSums {
  private constructor(
    private readonly joint: JointParty,
    private readonly own: Buckets,
    private readonly widths: readonly [number, number],
    /** E of the peer. */
    private readonly masked: Vector,
  ) {}

  static async mask(
    joint: JointParty,
    rows: number,
    own: Buckets,
    peerWidth: number,
    progress: (fraction: number) => void = () => {},
  ): Promise<BucketMatrix> {
    const { masks, peer } = joint.session;
    const width = widthOf(own.counts);
    const masked = new Uint32Array(rows * peerWidth);
    const [mine, theirs] = [chunks(rows, width), chunks(rows, peerWidth)];
    for (let at = 0; at < Math.max(mine.length, theirs.length); at += 1) {
      const [from, to] = mine[at] ?? [0, 0];
      const outgoing = to > from && maskedRows(own, nextOf(masks, Z32, (to - from) * width), from, to);
      const incoming = theirs[at];
      const [received] = await Promise.all([
        incoming ? peer.receive() : new Uint8Array(),
        outgoing ? peer.send(bytesOf(outgoing)) : undefined,
      ]);
      if (incoming) {
        const length = (incoming[1] - incoming[0]) * peerWidth;
        masked.set(vectorFrom(sized(received, 4 * length), length), incoming[0] * peerWidth);
      }
      progress((at + 1) / Math.max(mine.length, theirs.length));
    }
    const widths = joint.index === 0 ? ([width, peerWidth] as const) : ([peerWidth, width] as const);
    return new BucketMatrix(joint, own, widths, masked);
  }

  async sums(vectors: readonly Vector[]): Promise<readonly [Vector[], Vector[]]> {
    const { session, index } = this.joint;
    const masks = vectors.map((vector) => nextOf(session.masks, Z32, vector.length));
    const corrections: Vector[] = [];
    for (const width of this.widths) corrections.push(await this.joint.correlated(Z32, width * vectors.length));
    const sent = concat(vectors.map((vector, at) => Z32.subtract(vector, masks[at]!)));
    const theirs = await exchanged(session.peer, sent);
    const peerWidth = this.widths[1 - index]!;
    const ofPeer = transposedTimes(this.masked, peerWidth, masks);
    let from = 0;
    const ofOwn = vectors.map((vector) =>
      this.ownSums(Z32.add(vector, theirs.subarray(from, (from += vector.length)))),
    );
    const corrected = ([0, 1] as const).map((owner) => {
      const width = this.widths[owner];
      return (owner === index ? ofOwn : ofPeer).map((sums, at) =>
        Z32.add(sums, corrections[owner]!.subarray(at * width, (at + 1) * width)),
      );
    });
    return [corrected[0]!, corrected[1]!];
  }

  private ownSums(vector: Vector): Vector {
    const sums = new Uint32Array(widthOf(this.own.counts));
    let from = 0;
    for (const [column, buckets] of this.own.of.entries()) {
      for (let row = 0; row < vector.length; row += 1) sums[from + buckets[row]!]! += vector[row]!;
      from += this.own.counts[column]!;
    }
    return sums;
  }
}

/** The dealer's side: it learns the numbers of rows and buckets, and receives nothing. */
export class BucketMatrixDealer implements BucketSums {
  private readonly masks: readonly [Vector, Vector];

  constructor(
    private readonly joint: JointDealer,
    rows: number,
    private readonly widths: readonly [number, number],
  ) {
    this.masks = [0, 1].map((owner) => {
      const mask = new Uint32Array(rows * widths[owner]!);
      for (const [from, to] of chunks(rows, widths[owner]!)) {
        mask.set(nextOf(joint.parties[owner]!.masks, Z32, (to - from) * widths[owner]!), from * widths[owner]!);
      }
      return mask;
    }) as [Vector, Vector];
  }

  async sums(vectors: readonly Vector[]): Promise<readonly [Vector[], Vector[]]> {
    const masks = this.joint.parties.map((party) => vectors.map(({ length }) => nextOf(party.masks, Z32, length)));
    for (const owner of [0, 1] as const) {
      const sums = transposedTimes(this.masks[owner], this.widths[owner], masks[1 - owner]!);
      await this.joint.share(Z32, concat(sums));
    }
    return [vectors.map(() => new Uint32Array(this.widths[0])), vectors.map(() => new Uint32Array(this.widths[1]))];
  }
}

/** Runs of rows of a matrix that fit a message; none of a matrix without columns. */
function chunks(rows: number, width: number): [number, number][] {
  if (width === 0) return [];
  const size = Math.max(1, Math.floor(CHUNK / width));
  return Array.from({ length: Math.ceil(rows / size) }, (_, at) => [at * size, Math.min(rows, (at + 1) * size)]);
}

/** X - A of the rows `from` to `to`, on the memory of A. */
function maskedRows({ of, counts }: Buckets, mask: Vector, from: number, to: number): Vector {
  const width = widthOf(counts);
  for (let at = 0; at < mask.length; at += 1) mask[at] = -mask[at]!;
  for (let row = from; row < to; row += 1) {
    let at = (row - from) * width;
    for (const [column, buckets] of of.entries()) {
      mask[at + buckets[row]!]! += 1;
      at += counts[column]!;
    }
  }
  return mask;
}

/** The transpose of a row-major matrix times each vector. */
function transposedTimes(matrix: Vector, width: number, vectors: readonly Vector[]): Vector[] {
  const words = new Int32Array(matrix.buffer, matrix.byteOffset, matrix.length);
  return vectors.map((vector) => {
    const sums = new Int32Array(width);
    for (let row = 0, at = 0; row < vector.length; row += 1) {
      const factor = vector[row]!;
      for (let column = 0; column < width; column += 1, at += 1) {
        sums[column] = (sums[column]! + Math.imul(words[at]!, factor)) | 0;
      }
    }
    return new Uint32Array(sums.buffer);
  });
}

async function exchanged(peer: Channel, vector: Vector): Promise<Vector> {
  return vectorFrom(await exchange(peer, bytesOf(vector)), vector.length);
}
