import type { Channel } from './channel.js';

/** Bytes from which a message is sent. */
const MESSAGE_BYTES = 64 * 1024;

/** Sends pieces of bytes in order and batches small ones into one message. A piece is never split. */
export class PieceSender {
  private held: Uint8Array[] = [];
  private bytes = 0;
  private other: PieceSender | undefined;

  constructor(private readonly channel: Pick<Channel, 'send'>) {}

  /**
   * The lines of a dealer to both parties. Before one line may wait for room, the other sends what it holds: a party that waits for that
   * would never let the first one's receiver go on.
   */
  static pair(channels: readonly [Channel, Channel]): readonly [PieceSender, PieceSender] {
    const lines = [new PieceSender(channels[0]), new PieceSender(channels[1])] as const;
    [lines[0].other, lines[1].other] = [lines[1], lines[0]];
    return lines;
  }

  /** The piece must not change until it is sent. */
  async put(piece: Uint8Array): Promise<void> {
    if (piece.length === 0) return;
    this.held.push(piece);
    this.bytes += piece.length;
    if (this.bytes >= MESSAGE_BYTES) await this.flush();
  }

  /** Sends the buffered pieces. Call it last, or the other end waits forever. */
  async flush(): Promise<void> {
    await Promise.all([this.other?.send(), this.send()]);
  }

  private async send(): Promise<void> {
    if (this.held.length === 0) return;
    const message = new Uint8Array(this.bytes);
    let at = 0;
    for (const piece of this.held) {
      message.set(piece, at);
      at += piece.length;
    }
    this.held = [];
    this.bytes = 0;
    await this.channel.send(message);
  }
}

/** The other end of a {@link PieceSender}. The caller knows the length of each piece. */
export class PieceReceiver {
  private message = new Uint8Array();

  constructor(private readonly channel: Pick<Channel, 'receive'>) {}

  /** The next piece; shorter if the message ends early. */
  async take(length: number): Promise<Uint8Array> {
    if (length === 0) return new Uint8Array();
    while (this.message.length === 0) this.message = new Uint8Array(await this.channel.receive());
    const piece = this.message.subarray(0, length);
    this.message = this.message.subarray(piece.length);
    return piece;
  }
}
