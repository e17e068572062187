import { TaskFailure } from '../contract/task-type.js';
import { WINDOW_BYTES, bodyBytes, type ToPeer } from './party-link.js';
import type { Body, Transport } from './transport.js';

/** What a message takes in this process beside its body. */
const MESSAGE_BYTES = 256;
const heldBytes = (body: Body): number => bodyBytes(body) + MESSAGE_BYTES;

/** A line to a peer, and what has come over it. */
interface Line {
  readonly transport: Transport<ToPeer>;
  readonly inbox: Body[];
  heldBytes: number;
  /** No further message can come. */
  isClosed: boolean;
  /** What the peer's end was, as the coordinator says, or what was wrong with what it sent. */
  end?: TaskFailure;
  waiting?: { resolve(body: Body): void; reject(error: Error): void };
}

/** A party's end of its channels: a line to each of the others, an ordered inbox for each, and bounds on what waits in this process. */
export class PartyChannels {
  private readonly lines: ReadonlyMap<string, Line>;
  private isFinished = false;
  /** Bytes that were sent to all. */
  sentBytes = 0;

  constructor(
    private readonly party: string,
    transports: ReadonlyMap<string, Transport<ToPeer>>,
  ) {
    this.lines = new Map([...transports].map(([peer, transport]) => [peer, this.lineOf(peer, transport)]));
  }

  private lineOf(peer: string, transport: Transport<ToPeer>): Line {
    const line: Line = { transport, inbox: [], heldBytes: 0, isClosed: false };
    transport.onMessage((message) => this.accept(peer, line, message));
    transport.onClose((fault) => {
      line.isClosed = true;
      if (fault !== undefined) line.end = this.unreadable(peer, fault);
      this.settle(line);
    });
    return line;
  }

  async send(to: string, message: unknown): Promise<void> {
    const { transport } = this.lineTo(to);
    const body: Body = message instanceof Uint8Array ? new Uint8Array(message) : JSON.stringify(message);
    while (transport.unsentBytes() >= WINDOW_BYTES) await transport.flushed();
    this.sentBytes += bodyBytes(body);
    transport.post({ body });
  }

  async receive(from: string, kind: 'bytes' | 'json'): Promise<Body> {
    const line = this.lineTo(from);
    const body = line.inbox.length > 0 ? this.take(line) : await this.next(from, line);
    if ((typeof body === 'string') !== (kind === 'json')) {
      throw new TaskFailure(
        'PROTOCOL_VIOLATION',
        `Party ${this.party} expected ${kind} from ${from} and got the other kind.`,
      );
    }
    return body;
  }

  /** A message of JSON. Throws PROTOCOL_VIOLATION, and what {@link receive} throws. */
  async receiveJson(from: string): Promise<unknown> {
    const text = (await this.receive(from, 'json')) as string;
    try {
      return JSON.parse(text);
    } catch {
      throw this.unreadable(from, 'text that is no JSON');
    }
  }

  /** Resolves when the others can read all that was sent. Nothing more can be sent then, and what comes is dropped. */
  async finish(): Promise<void> {
    this.isFinished = true;
    await Promise.all(
      [...this.lines.values()].map(async ({ transport }) => {
        transport.resume();
        await transport.flushed();
        transport.close();
      }),
    );
  }

  /** Takes the word of the coordinator that a peer has ended, or was lost. What it has sent before can still be received. */
  ended(peer: string, lost: boolean): void {
    const line = this.lines.get(peer);
    if (!line) return;
    line.end ??= this.endedEarly(peer, lost);
    this.settle(line);
  }

  private accept(peer: string, line: Line, message: unknown): void {
    if (this.isFinished || line.isClosed) return;
    const { body } = message as Partial<ToPeer>; // The transport makes text or bytes of each body.
    if (body === undefined) {
      line.isClosed = true;
      line.end = this.unreadable(peer, 'a message without a body');
      return this.settle(line);
    }
    const { waiting } = line;
    delete line.waiting;
    if (waiting) return waiting.resolve(body);
    line.inbox.push(body);
    line.heldBytes += heldBytes(body);
    if (line.heldBytes >= WINDOW_BYTES) line.transport.pause();
  }

  private take(line: Line): Body {
    const body = line.inbox.shift()!;
    const bytes = heldBytes(body);
    if (line.heldBytes >= WINDOW_BYTES && line.heldBytes - bytes < WINDOW_BYTES) line.transport.resume();
    line.heldBytes -= bytes;
    return body;
  }

  private next(from: string, line: Line): Promise<Body> {
    if (line.waiting) throw new Error(`Two receives at once from ${from}`);
    return new Promise((resolve, reject) => {
      line.waiting = { resolve, reject };
      this.settle(line);
    });
  }

  /** Fails a receive for which nothing can come: the line is closed, and why is known. */
  private settle(line: Line): void {
    const { waiting, end, isClosed } = line;
    if (!waiting || !end || !isClosed) return;
    delete line.waiting;
    waiting.reject(end);
  }

  private endedEarly(from: string, lost: boolean): TaskFailure {
    if (lost) {
      const message = `Party ${this.party} waits for a message from ${from}, which was lost.`;
      return new TaskFailure('PARTY_LOST', message, true, { party: from });
    }
    return new TaskFailure(
      'PROTOCOL_VIOLATION',
      `Party ${this.party} waits for a message from ${from}, which has ended.`,
    );
  }

  private unreadable(from: string, fault: string): TaskFailure {
    const message = `The process of party ${from} sent ${this.party} what cannot be read: ${fault}.`;
    return new TaskFailure('PROTOCOL_VIOLATION', message, false, { party: from });
  }

  private lineTo(peer: string): Line {
    const line = this.lines.get(peer);
    if (!line) throw new Error(`${this.party} has no channel to ${peer}`);
    return line;
  }
}
