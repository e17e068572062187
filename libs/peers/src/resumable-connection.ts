import { Duplex } from 'node:stream';
import { ACK, BODY_BYTES, bodyOf, DATA, END, FrameReader, frameOf, GONE, type Frame } from './frames.js';
import { PeerFault } from './peer-fault.js';

/** Times, ms, and bounds of a connection that goes on. Both ends have the same `windowBytes`. */
export interface ResumeBounds {
  /** The most that one end keeps since the other one has not taken it in, and the most that the other one holds unread. */
  readonly windowBytes: number;
  /** How long a connection that was cut may take to come again. */
  readonly resumeMs: number;
  /** How often an end says that it is there. */
  readonly beatMs: number;
  /** A connection on which nothing comes for so long is cut. */
  readonly silentMs: number;
  /** Left to the last words of an end that closes. */
  readonly flushMs: number;
}

export const RESUME_BOUNDS: ResumeBounds = {
  windowBytes: 4 * 1024 * 1024,
  resumeMs: 30_000,
  beatMs: 5_000,
  silentMs: 15_000,
  flushMs: 2_000,
};

/** What a frame counts beside its body: many short ones take memory too. */
const FRAME_COST = 256;
const costOf = (bodyBytes: number): number => bodyBytes + FRAME_COST;
const BUFFERED_BYTES = 64 * 1024;

/**
 * One end of the connection of two sites in a run, over one network connection after another. What is written goes out in numbered frames,
 * which are kept until the other end has acknowledged them, and sent again over the next connection. An acknowledged frame was read, so
 * both ends hold a window at most, and what waits to be read never holds acknowledgements up.
 *
 * Who reads and writes sees one unbroken stream of bytes: nothing is computed or drawn anew after a cut, so a run uses no mask, salt or
 * seed twice. What is sent again are the same bytes, under a new TLS key.
 *
 * It ends with PeerFault: PARTY_LOST where it does not come again in time, or the other end has given it up; PROTOCOL_VIOLATION where that
 * sends what no frame may be.
 */
export class ResumableConnection extends Duplex {
  private carrier: Duplex | undefined;
  private readonly beats: NodeJS.Timeout;
  private lost: NodeJS.Timeout | undefined;
  private heardAt = 0;
  // Outwards.
  private toSend: Buffer[] = [];
  private written: ((error?: Error | null) => void) | undefined;
  private finished: ((error?: Error | null) => void) | undefined;
  /** Not acknowledged, in order. The first one has the number `keptFrom`. */
  private kept: Buffer[] = [];
  private keptFrom = 0;
  private cost = 0;
  private hasSentEnd = false;
  // Inwards.
  private arrived: Buffer[] = [];
  private next = 0;
  /** The number of the next frame that was not read. */
  private taken = 0;
  private wants = false;
  private hasEnd = false;
  private isGone = false;
  /** Of the frames that this end has not acknowledged, and of those among them that were read. */
  private heldCost = 0;
  private readCost = 0;

  constructor(
    readonly member: string,
    private readonly bounds: ResumeBounds,
    /** Called at each cut. `carry` gives it another connection. */
    private readonly onCut: () => void,
  ) {
    super({ allowHalfOpen: false, readableHighWaterMark: BUFFERED_BYTES, writableHighWaterMark: BUFFERED_BYTES });
    this.on('error', () => undefined); // `close` follows.
    this.beats = setInterval(() => this.beat(), bounds.beatMs).unref();
  }

  /** The number of the next frame that this end has not got. */
  get expects(): number {
    return this.next;
  }

  get isCut(): boolean {
    return this.carrier === undefined && !this.destroyed && !this.isGone;
  }

  /** What this end keeps for the other one, bytes with the cost of frames. */
  get keptBytes(): number {
    return this.cost;
  }

  /**
   * Goes on over a connection whose other end is proven, and closes the one before. `from` is what that end expects next, and `expected` what
   * this end has said that it expects: the first frame over `socket` has that number, and each after it the next one. False: `socket` is
   * closed, and nothing else changes. It wanted what was acknowledged since: somebody has held it up, and a newer one has come.
   */
  carry(socket: Duplex, from: number, expected: number): boolean {
    if (this.destroyed || from < this.keptFrom) {
      socket.destroy();
      return false;
    }
    if (from > this.keptFrom + this.kept.length) {
      socket.destroy();
      this.violate('wants to go on at a frame that was never sent');
      return true;
    }
    const before = this.carrier;
    this.carrier = socket;
    before?.destroy();
    clearTimeout(this.lost);
    this.heardAt = performance.now();
    let turn = expected;
    const frames = new FrameReader((frame) => {
      if (this.carrier !== socket) return;
      if (frame.kind !== DATA && frame.kind !== END) return this.hear(frame);
      if (frame.number !== turn) return this.violate('sent a frame out of turn');
      turn += 1;
      this.receive(frame);
    });
    socket.on('data', (chunk: Buffer) => {
      if (this.carrier !== socket) return;
      this.heardAt = performance.now();
      try {
        frames.take(chunk);
      } catch (error) {
        this.violate((error as Error).message);
      }
    });
    socket.on('error', () => undefined); // `close` follows.
    socket.once('end', () => this.cut(socket));
    socket.once('close', () => this.cut(socket));
    const again = this.kept.slice(from - this.keptFrom);
    this.acknowledge();
    for (const frame of again) socket.write(frame);
    socket.resume();
    if (socket.destroyed) this.cut(socket);
    return true;
  }

  /** Ends it: the other end does not come again. */
  lose(why: string): void {
    this.destroy(new PeerFault('PARTY_LOST', this.member, why));
  }

  override _read(): void {
    this.wants = true;
    this.pass();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this._writev([{ chunk }], done);
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.toSend = chunks.map(({ chunk }) => chunk);
    this.written = done;
    this.advance();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.finished = done;
    this.hasSentEnd = true;
    this.send(frameOf(END, this.keptFrom + this.kept.length), FRAME_COST);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearInterval(this.beats);
    clearTimeout(this.lost);
    const isWhole = this.readableEnded && this.hasSentEnd && this.kept.length === 0;
    const stopped = error ?? new Error('the connection was ended');
    for (const callback of [this.written, this.finished]) callback?.(stopped);
    this.written = this.finished = undefined;
    [this.toSend, this.kept, this.arrived] = [[], [], []];
    const { carrier } = this;
    this.carrier = undefined;
    if (!carrier || carrier.destroyed) return done(error);
    const late = setTimeout(() => carrier.destroy(), this.bounds.flushMs);
    carrier.once('close', () => {
      clearTimeout(late);
      done(error);
    });
    carrier.resume().end(isWhole ? frameOf(ACK, this.taken) : frameOf(GONE, 0));
  }

  private cut(socket: Duplex): void {
    if (this.carrier !== socket) return;
    this.carrier = undefined;
    socket.destroy();
    const { resumeMs } = this.bounds;
    if (this.isGone) {
      // Whoever reads has as long for what has come. Where nobody does, it ends all the same.
      this.lost = setTimeout(() => this.lose('its site ended the connection'), resumeMs);
      return;
    }
    const why = `its connection was cut, and did not come again within ${resumeMs / 1000} s`;
    this.lost = setTimeout(() => this.lose(why), resumeMs);
    this.onCut();
  }

  private beat(): void {
    if (performance.now() - this.heardAt >= this.bounds.silentMs) this.carrier?.destroy();
    else this.acknowledge();
  }

  /** Cuts what is to be written into frames, as far as the window goes. */
  private advance(): void {
    let bytes = this.toSend.reduce((sum, chunk) => sum + chunk.byteLength, 0);
    while (bytes > 0) {
      const length = Math.min(bytes, BODY_BYTES);
      if (this.cost + costOf(length) > this.bounds.windowBytes) return;
      const frame = frameOf(DATA, this.keptFrom + this.kept.length, length);
      this.fill(bodyOf(frame));
      bytes -= length;
      this.send(frame, costOf(length));
    }
    this.toSend = [];
    const { written } = this;
    this.written = undefined;
    written?.();
  }

  /** A copy: who has written may use its memory again. */
  private fill(body: Buffer): void {
    for (let at = 0; at < body.byteLength;) {
      const [chunk] = this.toSend as [Buffer];
      const copied = chunk.copy(body, at);
      at += copied;
      if (copied === chunk.byteLength) this.toSend.shift();
      else this.toSend[0] = chunk.subarray(copied);
    }
  }

  private send(frame: Buffer, cost: number): void {
    this.kept.push(frame);
    this.cost += cost;
    this.carrier?.write(frame);
  }

  private acknowledge(): void {
    this.heldCost -= this.readCost;
    this.readCost = 0;
    this.carrier?.write(frameOf(ACK, this.taken));
  }

  private hear({ kind, number }: Frame): void {
    if (kind === ACK) return this.release(number);
    this.isGone = true;
    this.pass();
  }

  private receive({ kind, number, body }: Frame): void {
    if (number < this.next) return; // It came over the connection before as well.
    if (this.hasEnd) return this.violate('sent a frame after its end');
    this.next += 1;
    if (kind === END) this.hasEnd = true;
    else {
      this.heldCost += costOf(body.byteLength);
      if (this.heldCost > this.bounds.windowBytes) return this.violate('sent more than it may at once');
      this.arrived.push(body);
    }
    this.pass();
  }

  /** Forgets what the other end has. */
  private release(until: number): void {
    if (until > this.keptFrom + this.kept.length) return this.violate('acknowledged a frame that was never sent');
    if (until <= this.keptFrom) return;
    for (const frame of this.kept.splice(0, until - this.keptFrom)) this.cost -= costOf(bodyOf(frame).byteLength);
    this.keptFrom = until;
    if (this.written) this.advance();
    if (!this.hasSentEnd || this.kept.length > 0) return;
    this.finished?.();
    this.finished = undefined;
  }

  /** Gives the reader what has come, as far as it wants that. */
  private pass(): void {
    while (this.wants && this.arrived.length > 0) {
      const body = this.arrived.shift()!;
      this.taken += 1;
      this.readCost += costOf(body.byteLength);
      this.wants = this.push(body);
    }
    if (this.arrived.length > 0) {
      // The reader is slow.
    } else if (this.hasEnd && this.taken < this.next) {
      this.taken = this.next;
      this.push(null);
      this.acknowledge();
    } else if (this.isGone) this.lose('its site ended the connection');
    if (this.readCost >= this.bounds.windowBytes / 16) this.acknowledge();
  }

  private violate(what: string): void {
    this.destroy(new PeerFault('PROTOCOL_VIOLATION', this.member, `The site of ${this.member} ${what}.`));
  }
}
