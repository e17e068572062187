import { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** What a piece of a chunk is at most, so that a large chunk arrives bit by bit, as packets do. */
const PIECE_BYTES = 16 * 1024;

/** A network between two sites, in one process. */
export interface Network {
  /** From one end to the other, ms. */
  readonly delayMs: number;
  /** Of each direction, bytes a second. */
  readonly bytesPerSecond: number;
}

/**
 * A simulated connection over `network`: in order, without loss, each direction for itself. A writer waits while its bytes leave, as behind
 * a full socket. `sent` hears of all bytes of both directions.
 */
export function simulatedLink(network: Network, sent: (bytes: number) => void): [Duplex, Duplex] {
  const near: End = new End(network, sent, () => far);
  const far: End = new End(network, sent, () => near);
  return [near, far];
}

class End extends Duplex {
  /** When the last byte has left, in performance.now(). */
  private leftAt = 0;
  private arrivals: Promise<unknown> = Promise.resolve();
  /** Nothing arrives here any more. */
  private hasEnded = false;

  constructor(
    private readonly network: Network,
    private readonly sent: (bytes: number) => void,
    private readonly other: () => End,
  ) {
    super({ allowHalfOpen: true, readableHighWaterMark: 1024 * 1024 });
  }

  override _read(): void {
    // Pieces are pushed when they arrive; what the reader has not taken yet waits in this end.
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.sent(chunk.byteLength);
    for (let at = 0; at < chunk.byteLength; at += PIECE_BYTES) this.leaves(chunk.subarray(at, at + PIECE_BYTES));
    const wait = this.leftAt - performance.now();
    if (wait < 1) return done();
    setTimeout(done, wait);
  }

  override _final(done: () => void): void {
    this.arrives(null, performance.now() + this.network.delayMs);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.arrives(null, performance.now() + this.network.delayMs);
    done(error);
  }

  private leaves(piece: Buffer): void {
    this.leftAt = Math.max(this.leftAt, performance.now()) + (piece.byteLength / this.network.bytesPerSecond) * 1_000;
    this.arrives(piece, this.leftAt + this.network.delayMs);
  }

  private arrives(piece: Buffer | null, when: number): void {
    this.arrivals = this.arrivals.then(async () => {
      // A timer of Node may fire up to a millisecond early.
      for (let wait = when - performance.now(); wait > 0.5; wait = when - performance.now()) await delay(wait);
      this.other().arrived(piece);
    });
  }

  private arrived(piece: Buffer | null): void {
    if (this.hasEnded || this.destroyed) return;
    this.hasEnded = piece === null;
    this.push(piece);
  }
}
