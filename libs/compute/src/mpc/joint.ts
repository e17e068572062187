import { dealNumbers, numbersOf } from './bit-numbers.js';
import { dealShares, dealtVector } from './dealt.js';
import { bitOf, joined, nextBytes, sized, xor } from './bit-strings.js';
import { exchange } from './channel.js';
import { transposedMatrixInto } from './limbs.js';
import { PieceReceiver, PieceSender } from './pieces.js';
import { Z128, Z32, bytesOf, countOf, nextOf, powers, vectorFrom, type Ring, type Vector } from './rings.js';
import type { DealtParty, PartySession } from './session.js';
import { dealNegative, negative, planeBytes } from './shared-bits.js';
import { dealSpline, spline, type Change } from './spline.js';
import { dealTruncation, truncate } from './truncation.js';

/** Shared rows to multiply by bits that one party knows: those of `owner`, null for the others. */
export interface BitJob {
  readonly owner: 0 | 1;
  readonly bits: Uint8Array | null;
  readonly values: Vector;
}

/**
 * A computation on shares that two parties and the dealer run alike, in the same order: a step takes own shares and
 * returns own shares. The dealer's are zeros of the same length; it deals what the step needs. Shares are by sum, of bits
 * by exclusive or.
 */
export interface Joint {
  /** Null for the dealer. */
  readonly index: 0 | 1 | null;
  /** Products, element by element (D. Beaver, "Efficient multiparty protocols using circuit randomization", CRYPTO 1991). One round. */
  product(ring: Ring, left: Vector, right: Vector): Promise<Vector>;
  /**
   * left' * right of row-major matrices of `rows` rows each, in Z_2^128: as many elements as columns of the one times columns of the other,
   * row-major (triples of matrices: P. Mohassel, Y. Zhang, "SecureML", IEEE S&P 2017, section IV). One round.
   */
  transposedProduct(left: Vector, right: Vector, rows: number): Promise<Vector>;
  /** A line of pieces at each of the values in Z_2^128: see `spline.ts`. Nine rounds. */
  spline(values: Vector, bits: number, changes: readonly Change[]): Promise<Vector>;
  /**
   * Elements divided by 2^bits and rounded down, exactly, in another ring if need be: see `truncation.ts`. Values lie within
   * half the ring, -2^30 to 2^30 or -2^126 to 2^126. At most three rounds.
   */
  shift(from: Ring, to: Ring, values: Vector, bits: number): Promise<Vector>;
  /** Bits of the negative elements. Six or eight rounds. */
  negative(ring: Ring, values: Vector): Promise<Uint8Array>;
  /** The first `count` shared bits as numbers 0 and 1 (daBits of the dealer). One round. */
  numbers(ring: Ring, bits: Uint8Array, count: number): Promise<Vector>;
  /** Values where the owner's bit is 1, else 0, in Z_2^32. One round. */
  timesBits(jobs: readonly BitJob[]): Promise<Vector[]>;
  /** The bits, also for the dealer: their sharing is over. One round. */
  openBits(bits: Uint8Array): Promise<Uint8Array>;
}

/** Shared numbers divided by 2^bits and rounded to the nearest, exactly; a half is rounded up. */
export async function rounded(joint: Joint, ring: Ring, values: Vector, bits: number): Promise<Vector> {
  if (bits === 0) return values;
  const half = powers(ring, countOf(ring, values), bits - 1);
  return joint.shift(ring, ring, joint.index === 0 ? ring.add(values, half) : values, bits);
}

/** A party's side. `report` sends the dealer a message. */
export class JointParty implements Joint {
  readonly index: 0 | 1;
  private readonly dealt: PieceReceiver;

  constructor(
    readonly session: PartySession,
    private readonly report: (opened: Uint8Array) => Promise<void>,
  ) {
    this.index = session.index;
    this.dealt = new PieceReceiver(session.dealer);
  }

  /** Own share of what the dealer hands out. */
  correlated(ring: Ring, count: number): Promise<Vector> {
    return dealtVector(this.session, this.dealt, ring, count);
  }

  async product(ring: Ring, left: Vector, right: Vector): Promise<Vector> {
    const { a, b, d, e } = await this.opened(ring, left, right);
    const c = await this.correlated(ring, countOf(ring, left));
    const factor = this.index === 0 ? ring.add(e, b) : b;
    return ring.add(c, ring.add(ring.multiply(d, factor), ring.multiply(e, a)));
  }

  async transposedProduct(left: Vector, right: Vector, rows: number): Promise<Vector> {
    const { a, b, d, e } = await this.opened(Z128, left, right);
    const [columns, others] = [countOf(Z128, left) / rows, countOf(Z128, right) / rows];
    const product = await this.correlated(Z128, columns * others);
    transposedMatrixInto(product, d, columns, this.index === 0 ? Z128.add(e, b) : b, others);
    transposedMatrixInto(product, a, columns, e, others);
    return product;
  }

  /** Own masks of two factors, and both factors less the masks of both parties. */
  private async opened(ring: Ring, left: Vector, right: Vector): Promise<Record<'a' | 'b' | 'd' | 'e', Vector>> {
    const { masks, peer } = this.session;
    const a = nextOf(masks, ring, countOf(ring, left));
    const b = nextOf(masks, ring, countOf(ring, right));
    const sent = new Uint32Array(left.length + right.length);
    sent.set(ring.subtract(left, a));
    sent.set(ring.subtract(right, b), left.length);
    const opened = ring.add(sent, vectorFrom(await exchange(peer, bytesOf(sent)), sent.length));
    return { a, b, d: opened.subarray(0, left.length), e: opened.subarray(left.length) };
  }

  spline(values: Vector, bits: number, changes: readonly Change[]): Promise<Vector> {
    return spline(this.session, this.dealt, values, bits, changes);
  }

  shift(from: Ring, to: Ring, values: Vector, bits: number): Promise<Vector> {
    return truncate(this.session, this.dealt, values, [{ count: countOf(from, values), bits }], from, to);
  }

  negative(ring: Ring, values: Vector): Promise<Uint8Array> {
    return negative(this.session, this.dealt, values, ring.words);
  }

  numbers(ring: Ring, bits: Uint8Array, count: number): Promise<Vector> {
    return numbersOf(this.session, this.dealt, ring, bits, count);
  }

  async timesBits(jobs: readonly BitJob[]): Promise<Vector[]> {
    const { masks, peer } = this.session;
    const prepared: { sent: Uint8Array; flips: Uint8Array | null; mask: Vector | null; products: Vector }[] = [];
    for (const { owner, bits, values } of jobs) {
      const own = owner === this.index;
      const rows = values.length;
      const flips = own ? nextBytes(masks, planeBytes(rows)) : null;
      const mask = own ? null : nextOf(masks, Z32, rows);
      const products = await this.correlated(Z32, rows);
      const sent = own ? xor(packedBits(bits!), flips!) : bytesOf(Z32.subtract(values, mask!));
      prepared.push({ sent, flips, mask, products });
    }
    const received = await exchange(peer, joined(...prepared.map(({ sent }) => sent)));
    let from = 0;
    const results = jobs.map(({ owner, bits, values }, at) => {
      const { sent, mask, products } = prepared[at]!;
      const rows = values.length;
      if (owner === this.index) {
        const theirs = vectorFrom(received.subarray(from, (from += 4 * rows)), rows);
        return products.map((product, row) => {
          const whole = bits![row] ? values[row]! + theirs[row]! : 0;
          return bitOf(sent, row) ? whole - product : whole + product;
        });
      }
      const flipped = received.subarray(from, (from += planeBytes(rows)));
      return products.map((product, row) => (bitOf(flipped, row) ? mask![row]! - product : product));
    });
    if (from !== received.length) throw new RangeError(`expected ${from} bytes, received ${received.length}`);
    return results;
  }

  async openBits(bits: Uint8Array): Promise<Uint8Array> {
    const opened = xor(bits, sized(await exchange(this.session.peer, bits), bits.length));
    if (this.index === 0) await this.report(opened);
    return opened;
  }
}

/** The dealer's side. `opened` receives what the first party reports. */
export class JointDealer implements Joint {
  readonly index = null;
  private readonly line: PieceSender;

  constructor(
    readonly parties: readonly [DealtParty, DealtParty],
    private readonly opened: () => Promise<Uint8Array>,
  ) {
    this.line = new PieceSender(parties[1].channel);
  }

  /** Sends what waits to be sent. Before the dealer waits for a party, and at the end. */
  flush(): Promise<void> {
    return this.line.flush();
  }

  /** Shares a vector between the parties. */
  async share(ring: Ring, vector: Vector): Promise<void> {
    await dealShares(this.parties, this.line, ring, vector);
  }

  private drawn(ring: Ring, count: number): Vector {
    const [first, second] = this.parties.map(({ masks }) => nextOf(masks, ring, count)) as [Vector, Vector];
    return ring.add(first, second);
  }

  async product(ring: Ring, left: Vector): Promise<Vector> {
    const count = countOf(ring, left);
    const a = this.drawn(ring, count);
    const b = this.drawn(ring, count);
    await this.share(ring, ring.multiply(a, b));
    return new Uint32Array(left.length);
  }

  async transposedProduct(left: Vector, right: Vector, rows: number): Promise<Vector> {
    const [columns, others] = [countOf(Z128, left) / rows, countOf(Z128, right) / rows];
    const a = this.drawn(Z128, rows * columns);
    const b = this.drawn(Z128, rows * others);
    const product = new Uint32Array(columns * others * Z128.words);
    transposedMatrixInto(product, a, columns, b, others);
    await this.share(Z128, product);
    return new Uint32Array(product.length);
  }

  async spline(values: Vector, _bits: number, changes: readonly Change[]): Promise<Vector> {
    await dealSpline(this.parties, this.line, countOf(Z128, values), changes.length);
    return new Uint32Array(values.length);
  }

  async shift(from: Ring, to: Ring, values: Vector, bits: number): Promise<Vector> {
    const count = countOf(from, values);
    await dealTruncation(this.parties, this.line, [{ count, bits }], from, to);
    return new Uint32Array(count * to.words);
  }

  async negative(ring: Ring, values: Vector): Promise<Uint8Array> {
    const count = countOf(ring, values);
    await dealNegative(this.parties, this.line, count, ring.words);
    return new Uint8Array(planeBytes(count));
  }

  async numbers(ring: Ring, _bits: Uint8Array, count: number): Promise<Vector> {
    await dealNumbers(this.parties, this.line, ring, count);
    return new Uint32Array(count * ring.words);
  }

  async timesBits(jobs: readonly BitJob[]): Promise<Vector[]> {
    for (const { owner, values } of jobs) {
      const flips = nextBytes(this.parties[owner].masks, planeBytes(values.length));
      const mask = nextOf(this.parties[1 - owner]!.masks, Z32, values.length);
      await this.share(
        Z32,
        mask.map((word, row) => (bitOf(flips, row) ? word : 0)),
      );
    }
    return jobs.map(({ values }) => new Uint32Array(values.length));
  }

  async openBits(bits: Uint8Array): Promise<Uint8Array> {
    await this.flush();
    return sized(await this.opened(), bits.length);
  }
}

function packedBits(bits: Uint8Array): Uint8Array {
  const packed = new Uint8Array(planeBytes(bits.length));
  bits.forEach((bit, at) => (packed[at >>> 3]! |= bit << (at & 7)));
  return packed;
}
