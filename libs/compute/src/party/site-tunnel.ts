import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { WINDOW_BYTES } from './party-link.js';
import type { Body } from './transport.js';

const LOOPBACK = '127.0.0.1';
/** Connections that an engine may hold to one peer at once: SPU takes one for each message that is under way, hundreds with CHEETAH. */
const MOST_CONNECTIONS = 1_024;

/** What crosses for an engine beside the parties' own programs: its connections, each with a number of the site that made it. */
export type OfTunnel =
  | { readonly kind: 'dial'; readonly id: number }
  /** `back`: from the site that was dialled. */
  | { readonly kind: 'piece'; readonly id: number; readonly back: boolean; readonly body: Body }
  | { readonly kind: 'hung'; readonly id: number; readonly back: boolean }
  /** The engine there is done, and needs this one no more once it has heard the same. */
  | { readonly kind: 'over' };

const KINDS: readonly unknown[] = ['dial', 'piece', 'hung', 'over'] satisfies OfTunnel['kind'][];

/** How a tunnel uses the session between two sites. */
interface Way {
  post(message: OfTunnel): void;
  unsentBytes(): number;
  flushed(): Promise<void>;
  /** Reads nothing from the other site until `resume`. */
  pause(): void;
  resume(): void;
  /** The other site has sent what makes no sense. */
  refuse(): void;
}

/**
 * Carries the connections of an engine's processes at two sites as messages of the session between these: each process listens and dials at loopback alone. A port
 * here stands for the peer; what is dialled from there goes to the port of the process here.
 */
export class SiteTunnel {
  /** Resolves once the engine at the other site is done. */
  readonly peerIsOver: Promise<void>;
  private peerOver: () => void = () => undefined;
  private readonly dialled = new Map<number, Socket>();
  private readonly taken = new Map<number, Socket>();
  private server: Server | undefined;
  private target: number | undefined;
  private next = 0;
  private isOpen = false;
  private full = 0;
  /** What the other site's engine has sent while this one's starts; undefined: none is about to start. */
  private early: OfTunnel[] | undefined;
  private earlyBytes = 0;

  constructor(private readonly way: Way) {
    this.peerIsOver = new Promise((resolve) => (this.peerOver = resolve));
  }

  static isOf(message: { readonly kind: unknown }): message is OfTunnel {
    return KINDS.includes(message.kind);
  }

  /** An engine will run here. The other site's may start first, as it hears of a third party before this site does. */
  expect(): void {
    this.early = [];
  }

  /** Begins: `target` is where the own process will listen. Resolves to the port that stands for the peer. */
  async open(target: number): Promise<number> {
    this.target = target;
    const server = (this.server = createServer((socket) => this.dial(socket)));
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, LOOPBACK, resolve));
    const early = this.early ?? [];
    this.early = undefined;
    this.isOpen = true;
    for (const message of early) this.take(message);
    return (server.address() as AddressInfo).port;
  }

  /** Tells the other site that the own process is done. */
  tellOver(): void {
    this.way.post({ kind: 'over' });
  }

  /** Takes a message of the other site, and refuses one that makes no sense. */
  take(message: OfTunnel): void {
    if (!this.isKnown(message)) this.way.refuse();
  }

  private isKnown(message: OfTunnel): boolean {
    if (this.early) return this.keep(this.early, message);
    if (!this.isOpen) return this.server !== undefined; // What was under way as it closed.
    if (message.kind === 'over') {
      this.peerOver();
      return true;
    }
    const { id } = message;
    if (!Number.isSafeInteger(id)) return false;
    if (message.kind === 'dial') {
      if (this.taken.has(id) || this.taken.size >= MOST_CONNECTIONS) return false;
      this.hold(this.taken, id, connect(this.target!, LOOPBACK), true);
      return true;
    }
    if (typeof message.back !== 'boolean') return false;
    // A piece from the site that dialled is for a connection that this one took.
    const socket = (message.back ? this.dialled : this.taken).get(id);
    if (message.kind === 'hung') {
      socket?.end();
      return true;
    }
    if (!(message.body instanceof Uint8Array)) return false;
    if (socket?.writable) this.write(socket, message.body);
    return true; // One that has just closed here may still be written to.
  }

  private keep(early: OfTunnel[], message: OfTunnel): boolean {
    early.push(message);
    if ('body' in message && message.body instanceof Uint8Array) this.earlyBytes += message.body.byteLength;
    return early.length <= MOST_CONNECTIONS && this.earlyBytes <= WINDOW_BYTES;
  }

  close(): void {
    this.isOpen = false;
    this.early = undefined;
    this.server?.close();
    for (const socket of [...this.dialled.values(), ...this.taken.values()]) socket.destroy();
  }

  private dial(socket: Socket): void {
    if (this.dialled.size >= MOST_CONNECTIONS) return void socket.destroy();
    const id = (this.next += 1);
    this.way.post({ kind: 'dial', id });
    this.hold(this.dialled, id, socket, false);
  }

  private hold(sockets: Map<number, Socket>, id: number, socket: Socket, back: boolean): void {
    sockets.set(id, socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined); // `close` follows.
    socket.on('data', (body: Buffer) => {
      this.way.post({ kind: 'piece', id, back, body });
      if (this.way.unsentBytes() < WINDOW_BYTES) return;
      socket.pause();
      void this.way.flushed().then(() => socket.resume());
    });
    socket.on('close', () => {
      sockets.delete(id);
      if (this.isOpen) this.way.post({ kind: 'hung', id, back });
    });
  }

  private write(socket: Socket, body: Uint8Array): void {
    socket.write(body);
    if (socket.writableLength < WINDOW_BYTES) return;
    this.full += 1;
    if (this.full === 1) this.way.pause();
    const go = (): void => {
      socket.off('drain', go).off('close', go);
      this.full -= 1;
      if (this.full === 0) this.way.resume();
    };
    socket.once('drain', go).once('close', go);
  }
}
