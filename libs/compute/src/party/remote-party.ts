import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Marks, Transcript } from '../contract/site.js';
import { TaskFailure } from '../contract/task-type.js';
import { violation } from './from-party.js';
import { WINDOW_BYTES, type CarriedFailure, type FromParty } from './party-link.js';
import { SiteTunnel, type OfTunnel } from './site-tunnel.js';
import type { PartyProcess } from './start-process.js';
import type { ProcessEnd } from './start-guarded.js';
import { streamTransport, type Body } from './transport.js';

/** Largest frame between sites: a piece of a line, or what a member ends with. */
const FRAME_BYTES = 1024 * 1024;
/** The most that a member may come to, in bytes of JSON: it is told in one frame. */
const MOST_VALUE_BYTES = FRAME_BYTES - 4_096;
/** The characters of a failure of another site that are shown here. */
const MESSAGE_LENGTH = 2_000;
const BEAT_MS = 5_000;
/** A site that sends nothing for this long is lost. A connection that was cut has to be noticed, and to come again, in less. */
const SILENT_MS = 60_000;
/** The marks that a site may send in a run: as many at first, and one more in this time. And the length of each. */
const MOST_MARKS = 5_000;
const MARK_EVERY_MS = 1_000;
const MARK_LENGTH = 1_024;
/** Left to a site to close its end. */
const CLOSE_MS = 5_000;
/** The same after the own value was sent, which must reach it: a cut shows within 15 s, and the connection comes again within 30 s. */
const CLOSE_DONE_MS = 55_000;

/** What one site sends to another: pieces of the line between their two programs, and how its own member fares. */
type BetweenSites =
  | { readonly kind: 'line'; readonly body: Body }
  /** The program there has sent all. */
  | { readonly kind: 'finished' }
  | { readonly kind: 'beat' }
  /** How far its records go, for this site to keep. */
  | { readonly kind: 'mark'; readonly mark: string }
  | OfTunnel
  | Extract<FromParty, { kind: 'progress' | 'failed' | 'done' | 'outside' }>;

/** Kinds that a site may say of its member. What else a process says is between it and its own site. */
const OF_MEMBERS: readonly unknown[] = ['progress', 'failed', 'done', 'outside'];

/**
 * A member of a run at another site. To the other processes here it is one more process, except that nothing it says has an effect
 * on files. The pieces of its line are not looked into: the own program, in its process, reads them.
 */
export class RemoteParty {
  readonly process: PartyProcess;
  /** Resolves once all that the own program has sent is on its way, or nothing can be any more. */
  readonly passedOn: Promise<void>;
  private allPassedOn: () => void = () => undefined;
  /** Carries what an engine at this site has to say to the one there. */
  readonly tunnel: SiteTunnel;
  private readonly transport;
  private readonly beats: NodeJS.Timeout;
  private readonly sent = createHash('sha256');
  private readonly received = createHash('sha256');
  private sentBytes = 0;
  private receivedBytes = 0;
  private readonly begunAt = performance.now();
  private heardAt = this.begunAt;
  private holds = 0;
  private lineIsFull = false;
  /** The last message about the own member was its value. */
  private hasToldValue = false;
  private marked: string | undefined;
  private marksKept = 0;
  /** The program there has sent all. */
  private isFinished = false;
  /** It has said what it came to. */
  private isDone = false;
  private line: Duplex | undefined;
  private receive: (message: unknown) => void = () => undefined;
  private closed: (fault?: string) => void = () => undefined;
  private lostBy = 'the connection was cut';

  constructor(
    readonly name: string,
    private readonly stream: Duplex,
    private readonly crossed: (transcript: Transcript) => void,
    private readonly marks?: Marks,
  ) {
    this.transport = streamTransport<BetweenSites>(stream, FRAME_BYTES);
    stream.on('error', ({ code, message }: NodeJS.ErrnoException) => {
      if (code === 'PARTY_LOST') this.lostBy = message;
    });
    this.tunnel = new SiteTunnel({
      post: (message) => {
        if ('body' in message) this.count(message.body as Uint8Array);
        this.post(message);
      },
      unsentBytes: () => this.transport.unsentBytes(),
      flushed: () => this.transport.flushed(),
      pause: () => this.hold(),
      resume: () => this.goOn(),
      refuse: () => this.receive(undefined),
    });
    this.passedOn = new Promise((resolve) => (this.allPassedOn = resolve));
    this.beats = setInterval(() => this.beat(), BEAT_MS);
    const ended = new Promise<ProcessEnd>((resolve) => {
      this.transport.onClose((fault) => {
        this.end(fault);
        resolve({ kind: 'lost', how: this.lostBy });
      });
    });
    this.process = {
      transport: {
        ...this.transport,
        // What the coordinator tells its processes stays here.
        post: () => undefined,
        onMessage: (receive) => (this.receive = receive),
        onClose: (closed) => (this.closed = closed),
      },
      lines: [],
      ended,
      stop: () => this.stop(),
    };
  }

  /** Connects the line of the own program to this member's, and begins to read what that sends. */
  join(line: Duplex): void {
    this.line = line;
    line.on('error', () => undefined); // The process at its other end is watched.
    line.on('data', (body: Buffer) => {
      this.count(body);
      this.post({ kind: 'line', body });
      if (this.transport.unsentBytes() < WINDOW_BYTES) return;
      line.pause();
      void this.transport.flushed().then(() => line.resume());
    });
    line.on('end', () => {
      this.post({ kind: 'finished' });
      this.allPassedOn();
    });
    line.on('close', () => this.allPassedOn());
    this.transport.onMessage((message) => this.take(message as BetweenSites));
  }

  /** Says how the own member fares. */
  tell(message: Extract<BetweenSites, { kind: 'progress' | 'failed' | 'done' | 'outside' }>): void {
    if (message.kind === 'done' || message.kind === 'failed') this.hasToldValue = message.kind === 'done';
    if (message.kind === 'done') this.count(bytesOf(message.value));
    this.post(message);
  }

  /** What the own process has noted before it said this, the other site can hold against an older backup of this one. */
  private post(message: BetweenSites): void {
    let mark: string | undefined;
    try {
      mark = this.marks?.own(this.name);
    } catch (error) {
      // Nothing leaves without its mark.
      this.lostBy = `the records here cannot be read (${(error as Error).message})`;
      return void this.stream.destroy();
    }
    if (mark !== undefined && mark !== this.marked) this.transport.post({ kind: 'mark', mark });
    this.marked = mark;
    this.transport.post(message);
  }

  private take(message: BetweenSites): void {
    this.heardAt = performance.now();
    const { kind } = message;
    if (kind === 'beat') return;
    if (kind === 'line') return this.passOn(message.body);
    if (kind === 'mark') return this.keepMark(message.mark);
    if (SiteTunnel.isOf(message)) return this.passToEngine(message);
    if (kind === 'finished') {
      if (this.isFinished) return this.receive(undefined);
      this.isFinished = true;
      return void this.line?.end();
    }
    if (kind === 'done') {
      // What comes after a value would be lost, and the own program would wait for the end of the line.
      if (!this.isFinished || this.isDone) return this.receive(undefined);
      this.isDone = true;
      this.hear(bytesOf(message.value));
    }
    this.receive(OF_MEMBERS.includes(kind) && !('body' in message) ? message : undefined);
  }

  private keepMark(mark: unknown): void {
    this.marksKept += 1;
    // Of all that the site notes, in other runs as well: one that serves scores may last for a week.
    const most = MOST_MARKS + (performance.now() - this.begunAt) / MARK_EVERY_MS;
    if (typeof mark !== 'string' || mark.length > MARK_LENGTH || this.marksKept > most) return this.receive(undefined);
    this.marks?.keep(this.name, mark);
  }

  private passOn(body: Body | undefined): void {
    const { line } = this;
    if (!(body instanceof Uint8Array) || !line || this.isFinished) return this.receive(undefined);
    this.hear(body);
    if (!line.writable) return; // The own program is gone, which ends the run.
    line.write(body);
    if (line.writableLength < WINDOW_BYTES || this.lineIsFull) return;
    this.lineIsFull = true;
    this.hold();
    line.write('', () => {
      this.lineIsFull = false;
      this.goOn();
    });
  }

  private passToEngine(message: OfTunnel): void {
    if (message.kind === 'piece' && message.body instanceof Uint8Array) this.hear(message.body);
    this.tunnel.take(message);
  }

  private count(body: Uint8Array): void {
    this.sent.update(body);
    this.sentBytes += body.byteLength;
  }

  private hear(body: Uint8Array): void {
    this.received.update(body);
    this.receivedBytes += body.byteLength;
  }

  /** Reads no more of the other site until as many have let it go on. */
  private hold(): void {
    this.holds += 1;
    if (this.holds === 1) this.transport.pause();
  }

  private goOn(): void {
    this.holds -= 1;
    this.heardAt = performance.now();
    if (this.holds === 0) this.transport.resume();
  }

  private beat(): void {
    this.post({ kind: 'beat' });
    if (this.holds > 0 || performance.now() - this.heardAt < SILENT_MS) return;
    this.lostBy = `its site was silent for ${SILENT_MS / 1000} s`;
    this.stream.destroy();
  }

  private stop(): void {
    if (this.stream.destroyed) return;
    this.transport.close();
    this.stream.resume(); // Its end is read only once what came before is.
    setTimeout(() => this.stream.destroy(), this.hasToldValue ? CLOSE_DONE_MS : CLOSE_MS).unref();
  }

  private end(fault: string | undefined): void {
    clearInterval(this.beats);
    this.tunnel.close();
    this.crossed({
      sentBytes: this.sentBytes,
      sentSha256: this.sent.digest('hex'),
      receivedBytes: this.receivedBytes,
      receivedSha256: this.received.digest('hex'),
    });
    this.closed(fault);
    this.line?.destroy();
  }
}

/** What a member came to, as the transcript has it. */
const bytesOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value) ?? '');

/** Why other sites cannot be told what a member came to; undefined: they can. */
export function valueFault(party: string, value: unknown): TaskFailure | undefined {
  if (Buffer.byteLength(JSON.stringify(value)) <= MOST_VALUE_BYTES) return undefined;
  const words = `What ${party} came to is over ${MOST_VALUE_BYTES} bytes, the most that a site tells others: name fewer columns.`;
  return new TaskFailure('RESULT_TOO_LARGE', words);
}

/** What other sites hear if a run ends without success. */
export function carriedToSites(party: string, error: unknown): CarriedFailure {
  if (error instanceof TaskFailure) {
    const { code, message, retryable } = error;
    return { code, message: message.slice(0, MESSAGE_LENGTH), retryable, details: {} };
  }
  return { code: 'PARTY_LOST', message: `Party ${party} ended the run.`, retryable: true, details: {} };
}

/** A failure as another site tells it: its words are shown as they are, but for what a terminal would act on. */
export function failureOfSite(party: string, { code, message, retryable }: CarriedFailure): TaskFailure {
  if (message.length > MESSAGE_LENGTH) return violation(party, 'sent a failure with too long a message');
  const shown = message.replaceAll(/\p{Cc}/gu, ' ');
  return new TaskFailure(code, `The site of ${party} says: ${shown}`, retryable, { party });
}
