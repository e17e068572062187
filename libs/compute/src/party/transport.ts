import type { Duplex } from 'node:stream';

/** A message of a transport: JSON, and perhaps one large body beside it. */
export type Message = object & { readonly body?: Body };

/** A body as it crosses: JSON text or raw bytes. */
export type Body = string | Uint8Array;

/** One end of a line that carries messages both ways, in order, and loses none until it closes. */
export interface Transport<Out extends Message = Message> {
  /** Sends a message. The sender does not change its body afterwards. */
  post(message: Out): void;
  /** Resolves when the other process can read everything that was posted, even if this process dies. */
  flushed(): Promise<void>;
  /** Sets the only receiver. Nothing has checked what it gets. */
  onMessage(receive: (message: unknown) => void): void;
  /** Calls `closed` once, when no further message can come. `fault` says what was wrong with the other end's frames. */
  onClose(closed: (fault?: string) => void): void;
  /** Ends the line after what was posted. */
  close(): void;
}

/** Largest frame. A peer that announces a larger one ends the line. */
const MAX_FRAME_BYTES = 1024 * 1024 * 1024;
/** Bodies up to this size are copied beside their head: one small write costs less than two. */
const JOINED_BYTES = 16 * 1024;
const PREFIX_BYTES = 8;

/**
 * A transport over a byte stream: a socket pair between processes, or TLS. A frame is the length of the rest (4 bytes, big-endian),
 * the length of its head (4 bytes), the head as JSON, and the body. The head's `body` says `text` or `bytes`.
 */
export function streamTransport<Out extends Message>(stream: Duplex, maxFrameBytes = MAX_FRAME_BYTES): Transport<Out> {
  let receive: (message: unknown) => void = () => undefined;
  let closed: ((fault?: string) => void) | undefined;
  let fault: string | undefined;
  const frames = new FrameReader(maxFrameBytes, (message) => receive(message));
  const fail = (why: string): void => {
    fault ??= why;
    stream.destroy();
  };
  stream.on('error', () => undefined); // `close` follows.
  stream.on('close', () => {
    closed?.(fault);
    closed = undefined;
  });
  return {
    post({ body, ...head }) {
      if (!stream.writable) return;
      const bytes = typeof body === 'string' ? Buffer.from(body) : body;
      const json = JSON.stringify(bytes ? { ...head, body: typeof body === 'string' ? 'text' : 'bytes' } : head);
      const joined = bytes && bytes.byteLength <= JOINED_BYTES ? bytes : undefined;
      const headBytes = Buffer.byteLength(json);
      const frame = Buffer.allocUnsafe(PREFIX_BYTES + headBytes + (joined?.byteLength ?? 0));
      frame.writeUInt32BE(4 + headBytes + (bytes?.byteLength ?? 0));
      frame.writeUInt32BE(headBytes, 4);
      frame.write(json, PREFIX_BYTES);
      if (joined) frame.set(joined, PREFIX_BYTES + headBytes);
      if (!bytes || joined) return void stream.write(frame);
      stream.cork();
      stream.write(frame);
      stream.write(bytes);
      stream.uncork();
    },
    flushed: () =>
      stream.writableLength === 0 ? Promise.resolve() : new Promise((resolve) => stream.write('', () => resolve())),
    onMessage(to) {
      receive = to;
      stream.on('data', (chunk: Buffer) => {
        if (fault !== undefined) return;
        try {
          frames.take(chunk);
        } catch (error) {
          fail((error as Error).message);
        }
      });
    },
    onClose(to) {
      closed = to;
    },
    close: () => void stream.end(),
  };
}

/** Cuts a stream of bytes into messages. It holds what has come, never what a length announces. */
class FrameReader {
  private held: Buffer[] = [];
  private heldBytes = 0;
  /** Length of the frame that is coming in; undefined while its prefix is. */
  private frameBytes: number | undefined;

  constructor(
    private readonly maxBytes: number,
    private readonly receive: (message: unknown) => void,
  ) {}

  /** Throws where the bytes are no frame. */
  take(chunk: Buffer): void {
    this.held.push(chunk);
    this.heldBytes += chunk.byteLength;
    for (;;) {
      if (this.frameBytes === undefined) {
        if (this.heldBytes < 4) return;
        this.frameBytes = this.cut(4).readUInt32BE();
        if (this.frameBytes < 4 || this.frameBytes > this.maxBytes) throw new Error('a frame has a wrong length');
      }
      if (this.heldBytes < this.frameBytes) return;
      const frame = this.cut(this.frameBytes);
      this.frameBytes = undefined;
      this.receive(messageOf(frame));
    }
  }

  private cut(bytes: number): Buffer {
    const all = this.held.length === 1 ? this.held[0]! : Buffer.concat(this.held, this.heldBytes);
    const rest = all.subarray(bytes);
    this.held = rest.byteLength > 0 ? [rest] : [];
    this.heldBytes = rest.byteLength;
    return all.subarray(0, bytes);
  }
}

function messageOf(frame: Buffer): unknown {
  const bodyAt = 4 + frame.readUInt32BE();
  if (bodyAt > frame.byteLength) throw new Error('the head of a frame is longer than the frame');
  let head: unknown;
  try {
    head = JSON.parse(frame.toString('utf8', 4, bodyAt));
  } catch {
    throw new Error('the head of a frame is not JSON');
  }
  if (typeof head !== 'object' || head === null) throw new Error('the head of a frame is no object');
  if (!('body' in head)) return head;
  const body = frame.subarray(bodyAt);
  return { ...head, body: head.body === 'text' ? body.toString() : body };
}
