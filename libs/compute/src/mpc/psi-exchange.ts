import { TaskFailure } from '../contract/task-type.js';
import type { PartyContext } from '../party/party-program.js';
import { BlindingScalar, POINT_BYTES, randomOrder } from './curve.js';
import { PointIndex } from './point-index.js';

/** Points in a message. A batch takes about 0.1 s of a core, so progress and messages flow between batches. */
const BATCH_POINTS = 4096;
/** First byte of a message: the sender's points under its own secret, or the reader's points under both. */
const BLINDED = 1;
const DOUBLED = 2;

/** What an exchange needs of a party's context. */
export type Lines = Pick<PartyContext, 'party' | 'send' | 'receiveBytes'>;

export interface ExchangeRequest {
  readonly peer: string;
  /** Own hashed points, in the order of the own table. */
  readonly points: Buffer;
  readonly peerRows: number;
  readonly learns: boolean;
  readonly peerLearns: boolean;
  /**
   * Sends the peer its doubled points in an order drawn anew, and not before the last has come: it learns how many match, and not
   * which (Agrawal, Evfimievski, Srikant 2003; De Cristofaro, Gasti, Tsudik 2012).
   */
  readonly hidesWhich?: boolean;
  /** Told the number of points multiplied so far. */
  readonly worked: (points: number) => void;
}

/** What a party knows when the exchange is over. */
export interface Matches {
  /** The own rows in the order in which their points were sent: the peer knows that order, and of none which row it is. */
  readonly order: Uint32Array;
  /**
   * By own row: where the point of the same key stands in what the peer sent, else -1. Null for a party that may not learn it. Only their
   * number is true where the peer `hidesWhich`.
   */
  readonly places: Int32Array | null;
}

/** Multiplies points by a scalar, and reports how many have been multiplied so far. */
export function countingMultiply(report: (points: number) => void): (scalar: BlindingScalar, points: Buffer) => Buffer {
  let worked = 0;
  return (scalar, points) => {
    const products = scalar.multiply(points);
    worked += points.length / POINT_BYTES;
    report(worked);
    return products;
  };
}

/**
 * The blind exchange of ECDH-PSI (Meadows 1986; Huberman, Franklin, Hogg 1999). Each party sends its points, shuffled
 * and multiplied by a secret that is made for this run; the other multiplies them by its own secret too. Equal keys
 * meet in equal points, and everything else is as good as random to whoever lacks the secret. Only a party that
 * `learns` gets its doubled points back.
 */
export async function exchange(context: Lines, request: ExchangeRequest): Promise<Matches> {
  const { peer, points, peerRows, learns, peerLearns, hidesWhich = false } = request;
  const rows = points.length / POINT_BYTES;
  const order = randomOrder(rows);
  const secret = new BlindingScalar();
  const ownDoubled = Buffer.alloc(learns ? points.length : 0);
  const peerDoubled = Buffer.alloc(learns || hidesWhich ? peerRows * POINT_BYTES : 0);
  const multiply = countingMultiply(request.worked);
  // One chain of sends for both kinds. Reading never waits for it: two parties that wait for room to answer would
  // wait for each other.
  let sending: Promise<void> = Promise.resolve();
  const enqueue = (tag: number, batch: Buffer): Promise<void> => {
    const message = Buffer.concat([Buffer.of(tag), batch]);
    sending = sending.then(() => context.send(peer, message));
    // A failed send shows at the end, when `sending` is awaited.
    sending.catch(() => undefined);
    return sending;
  };

  const blindOwn = async (): Promise<void> => {
    for (const batch of batchesOf(points, order)) {
      await enqueue(BLINDED, multiply(secret, batch));
      await breathe();
    }
  };

  const answerPeer = async (): Promise<void> => {
    let blinded = 0;
    let doubled = 0;
    const ownAwaited = learns ? rows : 0;
    while (blinded < peerRows || doubled < ownAwaited) {
      const message = Buffer.from(await context.receiveBytes(peer));
      const batch = message.subarray(1);
      const count = batch.length / POINT_BYTES;
      const fits =
        message[0] === BLINDED ? blinded + count <= peerRows : message[0] === DOUBLED && doubled + count <= ownAwaited;
      if (!Number.isInteger(count) || count === 0 || !fits) {
        throw new TaskFailure(
          'PROTOCOL_VIOLATION',
          `Party ${context.party} got a message of points from ${peer} that does not fit.`,
        );
      }
      if (message[0] === DOUBLED) {
        batch.copy(ownDoubled, doubled * POINT_BYTES);
        doubled += count;
      } else {
        const product = multiply(secret, batch);
        if (learns || hidesWhich) product.copy(peerDoubled, blinded * POINT_BYTES);
        blinded += count;
        if (peerLearns && !hidesWhich) void enqueue(DOUBLED, product);
      }
      await breathe();
    }
    if (!hidesWhich) return;
    for (const batch of batchesOf(peerDoubled, randomOrder(peerRows))) await enqueue(DOUBLED, batch);
  };

  try {
    await Promise.all([blindOwn(), answerPeer()]);
    await sending;
  } finally {
    secret.wipe();
  }
  if (!learns) return { order, places: null };

  const index = new PointIndex(peerDoubled, peerRows);
  for (let i = 0; i < peerRows; i += 1) index.add(i);
  const places = new Int32Array(rows);
  for (let i = 0; i < rows; i += 1) places[order[i]!] = index.lookup(ownDoubled, i);
  return { order, places };
}

/** The points in this order, so many as a message holds at a time. */
export function* batchesOf(points: Buffer, order: Uint32Array): Generator<Buffer> {
  for (let from = 0; from < order.length; from += BATCH_POINTS) {
    const places = order.subarray(from, from + BATCH_POINTS);
    const batch = Buffer.alloc(places.length * POINT_BYTES);
    places.forEach((place, i) => points.copy(batch, i * POINT_BYTES, place * POINT_BYTES, (place + 1) * POINT_BYTES));
    yield batch;
  }
}

/** Lets messages and acknowledgements in between two stretches of computing. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
