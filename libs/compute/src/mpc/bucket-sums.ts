import { permutationOf } from './random.js';
import { WORDS, addInto, fromBytes, subtractInto, toBytes, zeros, type RingVector } from './ring.js';
import type { DealtParty, PartySession } from './session.js';

/**
 * Sums of one party's numbers over the buckets of another party's columns. The number holder learns the sums, but not
 * which row lies in which bucket; the bucket holder learns nothing.
 *
 * For each column, the rows are put into slots once. The bucket holder sorts them by bucket, and the dealer sends it a
 * random order of the sorted places: slot j holds the row at sorted place r(j). The number holder receives the row of
 * each slot, a uniform order that reveals nothing, since only the bucket holder and the dealer know r. The dealer
 * receives the number of rows in each bucket. It knows the bucket of a slot, but not its row.
 *
 * For each vector x of numbers and each column, with masks a (number holder and dealer) and c (bucket holder and
 * dealer):
 *
 *     number holder   sends m = x - a, slot by slot
 *     bucket holder   sends S = (sums of m by bucket) - c
 *     dealer          sends T = (sums of a by bucket) + c
 *     number holder   S + T: the sums of x by bucket
 *
 * Masks are fresh for every vector. Nothing is truncated: sums are exact. The cost is that of an addition per row, not
 * of a product with a bucket matrix.
 */
export class NumberHolder {
  private constructor(
    private readonly session: PartySession,
    private readonly counts: readonly number[],
    /** Row of each slot, by column. */
    private readonly slots: readonly Uint32Array[],
  ) {}

  /** Starts the session. `counts` is the number of buckets of each column of the other party. */
  static async start(session: PartySession, rows: number, counts: readonly number[]): Promise<NumberHolder> {
    const slots: Uint32Array[] = [];
    for (let column = 0; column < counts.length; column += 1) slots.push(orderOf(await session.peer.receive(), rows));
    return new NumberHolder(session, counts, slots);
  }

  /**
   * Sends a vector with one number per row for these columns. {@link collect} returns its sums, in the order of the
   * calls.
   */
  async ask(numbers: RingVector, columns: readonly number[]): Promise<void> {
    for (const column of columns) {
      const slots = this.slots[column]!;
      const masked = this.session.masks.next(slots.length);
      for (let slot = 0; slot < slots.length; slot += 1) {
        const from = slots[slot]! * WORDS;
        const at = slot * WORDS;
        let borrow = 0;
        for (let word = 0; word < WORDS; word += 1) {
          const difference = numbers[from + word]! - masked[at + word]! - borrow;
          masked[at + word] = difference;
          borrow = difference < 0 ? 1 : 0;
        }
      }
      await this.session.peer.send(toBytes(masked));
    }
  }

  /** The sums by bucket of the columns, one after the other. */
  async collect(columns: readonly number[]): Promise<RingVector> {
    const length = lengthOf(columns, this.counts);
    const sums = fromBytes(await this.session.peer.receive(), length);
    return addInto(sums, fromBytes(await this.session.dealer.receive(), length));
  }
}

/** The other party of {@link NumberHolder}. */
export class BucketHolder {
  private constructor(
    private readonly session: PartySession,
    private readonly counts: readonly number[],
    /** Bucket of each slot, by column. */
    private readonly slots: readonly Uint16Array[],
  ) {}

  /** Starts the session. `buckets` is the bucket of each row by column, at least 0 and below `counts[column]`. */
  static async start(
    session: PartySession,
    buckets: readonly Uint16Array[],
    counts: readonly number[],
  ): Promise<BucketHolder> {
    const slots: Uint16Array[] = [];
    for (const [column, bucketOf] of buckets.entries()) {
      const sorted = sortedByBucket(bucketOf, counts[column]!);
      const order = permutationOf(bucketOf.length, session.masks);
      const rows = order.map((place) => sorted[place]!);
      slots.push(Uint16Array.from(rows, (row) => bucketOf[row]!));
      await session.peer.send(new Uint8Array(rows.buffer));
    }
    return new BucketHolder(session, counts, slots);
  }

  /** Answers one {@link NumberHolder.ask}. */
  async answer(columns: readonly number[]): Promise<void> {
    const sums = zeros(lengthOf(columns, this.counts));
    let from = 0;
    for (const column of columns) {
      const slots = this.slots[column]!;
      const masked = fromBytes(await this.session.peer.receive(), slots.length);
      addByBucket(sums.subarray(from * WORDS), masked, slots, this.counts[column]!);
      from += this.counts[column]!;
    }
    subtractInto(sums, this.session.masks.next(lengthOf(columns, this.counts)));
    await this.session.peer.send(toBytes(sums));
  }
}

/** The dealer's part: it learns the number of rows in each bucket, and receives nothing else. */
export class BucketDealer {
  private readonly slots: readonly Uint16Array[];
  private readonly counts: readonly number[];

  /** `sizes` is the number of rows in each bucket, by column. */
  constructor(
    private readonly numbers: DealtParty,
    private readonly buckets: DealtParty,
    private readonly rows: number,
    sizes: readonly (readonly number[])[],
  ) {
    this.counts = sizes.map((each) => each.length);
    this.slots = sizes.map((each) => {
      const ofPlace = new Uint16Array(rows);
      let place = 0;
      each.forEach((size, bucket) => ofPlace.fill(bucket, place, (place += size)));
      return Uint16Array.from(permutationOf(rows, buckets.masks), (at) => ofPlace[at]!);
    });
  }

  /** Deals the masks of one {@link NumberHolder.ask}. */
  async deal(columns: readonly number[]): Promise<void> {
    const sums = zeros(lengthOf(columns, this.counts));
    let from = 0;
    for (const column of columns) {
      const masks = this.numbers.masks.next(this.rows);
      addByBucket(sums.subarray(from * WORDS), masks, this.slots[column]!, this.counts[column]!);
      from += this.counts[column]!;
    }
    addInto(sums, this.buckets.masks.next(lengthOf(columns, this.counts)));
    await this.numbers.channel.send(toBytes(sums));
  }
}

function lengthOf(columns: readonly number[], counts: readonly number[]): number {
  return columns.reduce((sum, column) => sum + counts[column]!, 0);
}

/** Reads the rows of the slots from a message. Throws RangeError if they are no permutation of the rows. */
function orderOf(bytes: Uint8Array, rows: number): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const order = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >>> 2);
  if (order.length !== rows || order.some((row) => row >= rows))
    throw new RangeError(`expected an order of ${rows} rows`);
  return order;
}

function sortedByBucket(bucketOf: Uint16Array, count: number): Uint32Array {
  const starts = new Uint32Array(count + 1);
  for (const bucket of bucketOf) starts[bucket + 1]! += 1;
  for (let bucket = 0; bucket < count; bucket += 1) starts[bucket + 1]! += starts[bucket]!;
  const sorted = new Uint32Array(bucketOf.length);
  bucketOf.forEach((bucket, row) => (sorted[starts[bucket]!++] = row));
  return sorted;
}

/** Rows whose words a double sums exactly: 2^20 * 2^32 is under 2^53. */
const CARRY_EVERY = 2 ** 20;
const WORD = 2 ** 32;

/** Adds the elements of `numbers` to those of `target` at their buckets. */
function addByBucket(target: RingVector, numbers: RingVector, bucketOf: Uint16Array, count: number): void {
  const words = new Float64Array(count * WORDS);
  for (let start = 0; start < bucketOf.length; start += CARRY_EVERY) {
    words.fill(0);
    const stop = Math.min(start + CARRY_EVERY, bucketOf.length);
    for (let slot = start; slot < stop; slot += 1) {
      const to = bucketOf[slot]! * WORDS;
      const from = slot * WORDS;
      words[to]! += numbers[from]!;
      words[to + 1]! += numbers[from + 1]!;
      words[to + 2]! += numbers[from + 2]!;
      words[to + 3]! += numbers[from + 3]!;
    }
    for (let at = 0; at < words.length; at += WORDS) {
      let carry = 0;
      for (let word = at; word < at + WORDS; word += 1) {
        const sum = words[word]! + target[word]! + carry;
        carry = Math.floor(sum / WORD);
        target[word] = sum - carry * WORD;
      }
    }
  }
}
