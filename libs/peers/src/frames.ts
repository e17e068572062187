/** Longest body of a frame, bytes. */
export const BODY_BYTES = 64 * 1024;
/** The kind (1 byte), the number (6 bytes, big-endian), and the length of the body (4 bytes). */
const HEAD_BYTES = 11;
const NUMBER_BYTES = 6;
const LENGTH_AT = 1 + NUMBER_BYTES;

export const DATA = 0;
/** The sender has no more data. It is numbered and acknowledged as data is. */
export const END = 1;
/** The frames below this number were taken in. */
export const ACK = 2;
/** The sender has given the connection up, and does not go on. */
export const GONE = 3;

/** What crosses a connection between two sites. Its session is the one that the connection was greeted for. */
export interface Frame {
  readonly kind: number;
  readonly number: number;
  readonly body: Buffer;
}

/** A frame as it crosses. The body of so many bytes is put in by the caller, from `bodyOf`. */
export function frameOf(kind: number, number: number, bodyBytes = 0): Buffer {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + bodyBytes);
  frame[0] = kind;
  frame.writeUIntBE(number, 1, NUMBER_BYTES);
  frame.writeUInt32BE(bodyBytes, LENGTH_AT);
  return frame;
}
export const bodyOf = (frame: Buffer): Buffer => frame.subarray(HEAD_BYTES);

/** Cuts what arrives into frames. It holds one body at most, and no memory of what it is given. */
export class FrameReader {
  private readonly head = Buffer.alloc(HEAD_BYTES);
  private headBytes = 0;
  private body = Buffer.alloc(0);
  private bodyBytes = 0;

  constructor(private readonly receive: (frame: Frame) => void) {}

  /** Throws an Error that says what is wrong with the bytes. */
  take(chunk: Buffer): void {
    for (let at = 0; at < chunk.byteLength;) {
      if (this.headBytes < HEAD_BYTES) {
        const copied = chunk.copy(this.head, this.headBytes, at);
        this.headBytes += copied;
        at += copied;
        if (this.headBytes < HEAD_BYTES) return;
        this.begin();
      }
      const copied = chunk.copy(this.body, this.bodyBytes, at);
      this.bodyBytes += copied;
      at += copied;
      if (this.bodyBytes < this.body.byteLength) return;
      this.headBytes = 0;
      this.receive({ kind: this.head[0]!, number: this.head.readUIntBE(1, NUMBER_BYTES), body: this.body });
    }
  }

  private begin(): void {
    const [kind, length] = [this.head[0]!, this.head.readUInt32BE(LENGTH_AT)];
    if (kind > GONE) throw new Error('sent a frame of no known kind');
    if (kind === DATA ? length === 0 || length > BODY_BYTES : length > 0)
      throw new Error('sent a frame of a wrong length');
    // Not of the pool: a short one that waits would keep 8 KiB of it.
    this.body = Buffer.allocUnsafeSlow(length);
    this.bodyBytes = 0;
  }
}
