import { Socket, type ConnectOpts, type SocketConstructorOpts } from 'node:net';
import type { Duplex } from 'node:stream';

/** A message of a transport: JSON, and perhaps one large body beside it. */
export type Message = object & { readonly body?: Body };

/** A body as it crosses: JSON text or raw bytes. */
export type Body = string | Uint8Array;

/** One end of a line that carries messages both ways, in order, and loses none until it closes. */
export interface Transport<Out extends Message = Message> {
  /** Sends a message. The sender does not change its body afterwards. */
  post(message: Out): void;
  /** Resolves when the other process can read everything that was posted, even if this process dies, or never will. */
  flushed(): Promise<void>;
  /** Bytes that were posted and wait in this process. */
  unsentBytes(): number;
  /** Sets the only receiver. Nothing has checked what it gets. */
  onMessage(receive: (message: unknown) => void): void;
  /** Calls `closed` once, when no further message can come. `fault` says what was wrong with the other end's frames. */
  onClose(closed: (fault?: string) => void): void;
  /** Receives nothing until `resume`, but for the rest of what was read already. */
  pause(): void;
  resume(): void;
  /** Ends the line after what was posted. */
  close(): void;
}

/** Largest frame. A peer that announces a larger one ends the line. */
const MAX_FRAME_BYTES = 1024 * 1024 * 1024;
/** Bodies up to this size are copied beside their head: one small write costs less than two. */
const JOINED_BYTES = 16 * 1024;
const LENGTH_BYTES = 4;
const PREFIX_BYTES = 2 * LENGTH_BYTES;
const READ_BYTES = 64 * 1024;

/**
 * A transport over a byte stream: a socket pair between processes, or TLS. A frame is the length of the rest (4 bytes, big-endian),
 * the length of its head (4 bytes), the head as JSON, and the body. The head's `body` says `text` or `bytes`.
 */
export function streamTransport<Out extends Message>(stream: Duplex, maxFrameBytes = MAX_FRAME_BYTES): Transport<Out> {
  return transportOver(stream, { maxFrameBytes, ownBodies: false }, (take) => stream.on('data', take));
}

/**
 * A transport over an inherited descriptor. All reads go into one buffer, since a new one for each read takes longer than the rest of
 * the read. A body of bytes has a buffer for itself, so a program may view it as wider numbers.
 */
export function descriptorTransport<Out extends Message>(fd: number, maxFrameBytes = MAX_FRAME_BYTES): Transport<Out> {
  let take: (chunk: Buffer) => void = () => undefined;
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  const callback = (bytes: number): boolean => {
    take(buffer.subarray(0, bytes));
    return true;
  };
  const options: SocketConstructorOpts & ConnectOpts = { fd, onread: { buffer, callback } };
  const socket = new Socket(options);
  return transportOver(socket, { maxFrameBytes, ownBodies: true }, (to) => {
    take = to;
    socket.resume();
  });
}

interface FrameOptions {
  readonly maxFrameBytes: number;
  /** Whether chunks and frames are copied, since the memory that they come in is used again. */
  readonly ownBodies: boolean;
}

function transportOver<Out extends Message>(
  stream: Duplex,
  options: FrameOptions,
  read: (take: (chunk: Buffer) => void) => void,
): Transport<Out> {
  let receive: (message: unknown) => void = () => undefined;
  let closed: ((fault?: string) => void) | undefined;
  let fault: string | undefined;
  const frames = new FrameReader(options, (message) => receive(message));
  const fail = (why: string): void => {
    fault ??= why;
    stream.destroy();
  };
  // `close` follows. Other errors are no fault of the other end.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'PROTOCOL_VIOLATION') fault ??= error.message;
  });
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
      stream.destroyed || stream.writableLength === 0
        ? Promise.resolve()
        : new Promise((resolve) => stream.write('', () => resolve())),
    onMessage(to) {
      receive = to;
      read((chunk) => {
        if (fault !== undefined) return;
        try {
          frames.take(chunk);
        } catch (error) {
          fail((error as Error).message);
        }
      });
    },
    onClose(to) {
      if (stream.closed) return to(fault);
      closed = to;
    },
    // What was posted to an end that is gone is in flight for a while.
    unsentBytes: () => (stream.writable ? stream.writableLength : 0),
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    close: () => void stream.end(),
  };
}

/** Cuts a stream of bytes into messages. It holds what has come, never what a length announces. */
class FrameReader {
  private held: Buffer[] = [];
  private heldBytes = 0;
  /** Bytes without which what is held has no next frame. */
  private neededBytes = LENGTH_BYTES;

  constructor(
    private readonly options: FrameOptions,
    private readonly receive: (message: unknown) => void,
  ) {}

  /** Throws where the bytes are no frame. */
  take(chunk: Buffer): void {
    if (this.heldBytes + chunk.byteLength < this.neededBytes) return this.hold(chunk);
    const bytes = this.heldBytes === 0 ? chunk : Buffer.concat([...this.held, chunk]);
    this.held = [];
    this.heldBytes = 0;
    let at = 0;
    for (;;) {
      this.neededBytes = LENGTH_BYTES;
      if (bytes.byteLength - at < LENGTH_BYTES) break;
      const frameBytes = bytes.readUInt32BE(at);
      if (frameBytes < LENGTH_BYTES || frameBytes > this.options.maxFrameBytes)
        throw new Error('a frame has a wrong length');
      this.neededBytes += frameBytes;
      if (bytes.byteLength - at < this.neededBytes) break;
      const end = at + this.neededBytes;
      this.receive(this.messageOf(bytes, at, end));
      at = end;
    }
    if (at < bytes.byteLength) this.hold(bytes.subarray(at));
  }

  private hold(chunk: Buffer): void {
    this.held.push(this.options.ownBodies ? Buffer.from(chunk) : chunk);
    this.heldBytes += chunk.byteLength;
  }

  private messageOf(bytes: Buffer, begin: number, end: number): unknown {
    const headAt = begin + PREFIX_BYTES;
    const bodyAt = headAt + bytes.readUInt32BE(begin + LENGTH_BYTES);
    if (bodyAt > end) throw new Error('the head of a frame is longer than the frame');
    let head: unknown;
    try {
      head = JSON.parse(bytes.toString('utf8', headAt, bodyAt));
    } catch {
      throw new Error('the head of a frame is not JSON');
    }
    if (typeof head !== 'object' || head === null) throw new Error('the head of a frame is no object');
    if (!('body' in head)) return head;
    if (head.body === 'text') return { ...head, body: bytes.toString('utf8', bodyAt, end) };
    const body = bytes.subarray(bodyAt, end);
    return { ...head, body: this.options.ownBodies ? new Uint8Array(body) : body };
  }
}
