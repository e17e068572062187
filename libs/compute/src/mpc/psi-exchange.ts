import { TaskFailure } from '../contract/task-type.js';
import type { PartyContext } from '../party/party-program.js';
import { BlindingScalar, POINT_BYTES, randomOrder } from './curve.js';
import { PointIndex } from './point-index.js';

/** Points in a message. A batch takes about 0.1 s of a core, so progress and messages flow between batches. */
const BATCH_POINTS = 4096;
/** First byte of a message: the sender's points under its own secret, or the reader's points under both. */
const BLINDED = 1;
const DOUBLED = 2;

export interface ExchangeRequest {
  readonly peer: string;
  /** Own hashed points, in the order of the own table. */
  readonly points: Buffer;
  readonly peerRows: number;
  readonly learns: boolean;
  readonly peerLearns: boolean;
  /** Told the number of points multiplied so far. */
  readonly worked: (points: number) => void;
}

/**
 * The blind exchange of ECDH-PSI (Meadows 1986; Huberman, Franklin, Hogg 1999). Each party sends its points, shuffled
 * and multiplied by a secret that is made for this run; the other multiplies them by its own secret too. Equal keys
 * meet in equal points, and everything else is as good as random to whoever lacks the secret. Only a party that
 * `learns` gets its doubled points back.
 *
 * Returns a flag per own row: 1 where the peer has the key too. Null for a party that may not learn it.
 */
export async function exchange(context: PartyContext, request: ExchangeRequest): Promise<Uint8Array | null> {
  const { peer, points, peerRows, learns, peerLearns } = request;
  const rows = points.length / POINT_BYTES;
  const order = randomOrder(rows);
  const secret = new BlindingScalar();
  const ownDoubled = Buffer.alloc(learns ? points.length : 0);
  const peerDoubled = Buffer.alloc(learns ? peerRows * POINT_BYTES : 0);
  let worked = 0;
  const multiply = (batch: Buffer): Buffer => {
    const product = secret.multiply(batch);
    worked += batch.length / POINT_BYTES;
    request.worked(worked);
    return product;
  };
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
    for (let from = 0; from < rows; from += BATCH_POINTS) {
      const count = Math.min(BATCH_POINTS, rows - from);
      const batch = Buffer.alloc(count * POINT_BYTES);
      for (let i = 0; i < count; i += 1) {
        const at = order[from + i]! * POINT_BYTES;
        points.copy(batch, i * POINT_BYTES, at, at + POINT_BYTES);
      }
      await enqueue(BLINDED, multiply(batch));
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
        const product = multiply(batch);
        if (learns) product.copy(peerDoubled, blinded * POINT_BYTES);
        blinded += count;
        if (peerLearns) void enqueue(DOUBLED, product);
      }
      await breathe();
    }
  };

  try {
    await Promise.all([blindOwn(), answerPeer()]);
    await sending;
  } finally {
    secret.wipe();
  }
  if (!learns) return null;

  const index = new PointIndex(peerDoubled, peerRows);
  for (let i = 0; i < peerRows; i += 1) index.add(i);
  const common = new Uint8Array(rows);
  for (let i = 0; i < rows; i += 1) if (index.lookup(ownDoubled, i) >= 0) common[order[i]!] = 1;
  return common;
}

/** Lets messages and acknowledgements in between two stretches of computing. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
