import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  constants,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import { OfferDesk } from './offer-desk.js';
import { Relay } from './relay.js';
import { RoundTrips } from './round-trips.js';
import { RELAY_PROTOCOL } from './relay-words.js';
import { boundFrames, destroyLater } from './session-ends.js';
import { Strangers } from './strangers.js';
import {
  BEAT,
  commonVersion,
  keepBeating,
  OFFERS_FROM,
  rangeText,
  readRange,
  SOFTWARE,
  UPLINK_PATH,
  UPLINK_VERSIONS,
  UPLINK_WORDS,
  VERSION_HEADER,
  type UplinkCode,
  type VersionRange,
} from './uplink.js';
import { callerOf, http2Server, tlsServer } from './uplink-tls.js';
import type { UplinkCaller, UplinkOptions, UplinkTimes } from './uplink-options.js';

const TIMES: UplinkTimes = { greetMs: 10_000, beat: BEAT, holdMs: 5_000, offersMs: 1_000, unheldMs: 30_000 };
const MOST_CONNECTIONS = 1_000;

interface Held {
  readonly caller: UplinkCaller;
  /** The end of the certificate that it showed, ms. */
  readonly ends: number;
  readonly session: ServerHttp2Session;
  readonly stream: ServerHttp2Stream;
  /** Lets it send more than pings. */
  readonly mayAnswer: () => void;
  readonly roundTrips: RoundTrips;
}

/**
 * Where sites keep their one connection to the control plane: HTTP/2 over TLS 1.3 with certificates of both sides. A site asks once, and
 * the answer does not end; pings go both ways. From version 3 on, tasks are offered in that answer, and the request's body has the site's answers.
 * Connections for the relay come to the same port.
 */
export class UplinkServer {
  /** Those that were admitted, by fingerprint and tenant: a later one takes the place of an earlier one. */
  private readonly held = new Map<string, Held>();
  private readonly greeting = new Map<string, ServerHttp2Session>();
  /** Those that are being stored, of each key the newest. */
  private readonly admitting = new Map<string, Promise<UplinkCode | undefined>>();
  private readonly strangers = new Strangers();
  private readonly desk: OfferDesk;
  private readonly times: UplinkTimes;
  private readonly versions: VersionRange;
  private readonly server: Server;
  private readonly http2: Http2SecureServer;
  private readonly relay: Relay;
  private holding: NodeJS.Timeout | undefined;
  private asked = false;
  private answered = performance.now();

  private constructor(
    private readonly options: UplinkOptions,
    identity: { readonly key: string; readonly cert: string },
  ) {
    this.times = options.times ?? TIMES;
    this.versions = options.versions ?? UPLINK_VERSIONS;
    this.desk = new OfferDesk(options.offers, this.times.offersMs, options.onFault);
    const { onRefused, onFault } = options;
    this.relay = new Relay({
      mayMeet: (legs) => options.admission.mayMeet(legs),
      onRefused,
      onFault,
      bounds: options.relay,
    });
    this.http2 = http2Server();
    this.server = tlsServer(identity, options.authority.cert, this.times.greetMs);
    this.server.maxConnections = MOST_CONNECTIONS;
  }

  /** Listens. */
  static async listen(options: UplinkOptions): Promise<UplinkServer> {
    const made = new UplinkServer(options, await options.authority.controlPlane());
    await made.start();
    return made;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** How many sites are connected here. */
  get connections(): number {
    return this.held.size;
  }

  /** How many connections of sites to others it relays. */
  get relayed(): number {
    return this.relay.connections;
  }

  /** Listens no longer, and tells all sites to connect to another replica. */
  async close(): Promise<void> {
    clearInterval(this.holding);
    this.desk.stop();
    this.relay.close();
    this.server.close();
    for (const session of this.greeting.values()) session.destroy();
    const all = [...this.held.values()];
    await Promise.all(all.map((each) => this.end(each, 'DRAINING')));
  }

  private async start(): Promise<void> {
    const { server, http2, options } = this;
    server.on('connection', (socket) => {
      if (this.strangers.take(socket)) return;
      options.onRefused('too many', { address: socket.remoteAddress });
      socket.destroy();
    });
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      options.onRefused('tls', { code: error.code, address: socket.remoteAddress });
      socket.destroy();
    });
    server.on('secureConnection', (socket) => this.take(socket));
    http2.on('sessionError', () => undefined); // `close` of the session follows.
    http2.on('session', (session) => this.greet(session));
    server.listen(options.port, options.host);
    await once(server, 'listening');
    server.on('error', options.onFault);
    this.holding = setInterval(() => void this.hold(), this.times.holdMs);
    this.desk.start();
    this.relay.start();
  }

  /** Takes the connection of one whose certificate is of the authority. */
  private take(socket: TLSSocket): void {
    socket.on('error', () => void socket.destroy()); // Node 20 leaves one open whose records make no sense.
    if (!this.server.listening) return void socket.destroy();
    if (socket.alpnProtocol === 'h2') return void this.http2.emit('secureConnection', socket);
    const caller = socket.alpnProtocol === RELAY_PROTOCOL ? callerOf(socket) : undefined;
    if (!caller) return void socket.destroy();
    const { remoteAddress: address = '', remotePort: port = 0 } = socket;
    this.relay.take(socket, caller.subject, caller.fingerprint, () => this.strangers.forget(address, port));
  }

  /** Awaits the request of one whose certificate is of the authority. */
  private greet(session: ServerHttp2Session): void {
    const found = callerOf(session.socket as TLSSocket);
    const { remoteAddress: address = '-', remotePort: port = 0 } = session.socket;
    if (!found) return session.destroy();
    const { subject, fingerprint, ends } = found;
    const key = `${subject.tenant} ${fingerprint}`;
    this.greeting.get(key)?.destroy();
    this.greeting.set(key, session);
    const late = setTimeout(() => {
      this.options.onRefused('silent', { ...subject, address });
      session.destroy();
    }, this.times.greetMs);
    const done = (): void => {
      clearTimeout(late);
      if (this.greeting.get(key) === session) this.greeting.delete(key);
    };
    session.once('close', done);
    session.on('error', () => undefined); // `close` follows.
    const mayAnswer = boundFrames(session, () => this.options.onRefused('flood', { ...subject, address }));
    session.once('stream', (stream, headers) => {
      stream.on('error', () => undefined);
      stream.once('close', () => this.leave(session));
      session.on('stream', (second) => {
        second.on('error', () => undefined);
        session.destroy();
      });
      const connection = randomUUID();
      const caller = { ...subject, fingerprint, connection, address, version: 0, software: 'unknown' };
      this.answer({ caller, ends, session, stream, mayAnswer, roundTrips: new RoundTrips() }, headers)
        .then((admitted) => {
          done();
          if (admitted) this.strangers.forget(address, port);
        })
        .catch((error: unknown) => {
          this.options.onFault(error);
          session.destroy();
        });
    });
  }

  /** Returns whether it is connected. */
  private async answer(asked: Held, headers: IncomingHttpHeaders): Promise<boolean> {
    const { session, stream } = asked;
    const range = readRange(headers[VERSION_HEADER]);
    const version = range && commonVersion(this.versions, range);
    if ((version ?? 0) < OFFERS_FROM) stream.once('data', () => this.nonsense(asked));
    if (headers[':method'] !== 'GET' || headers[':path'] !== UPLINK_PATH) {
      stream.respond({ ':status': 404 }, { endStream: true });
      return this.leave(session, 'path');
    }
    if (version === undefined) {
      const theirs = range ? rangeText(range) : 'none';
      const detail = `The control plane speaks versions ${rangeText(this.versions)} of the protocol with sites, this site ${theirs}.`;
      return this.refuse(asked, 'PROTOCOL_UNSUPPORTED', detail);
    }
    const software = SOFTWARE.exec(headers['user-agent'] ?? '')?.[1] ?? 'unknown';
    const held = { ...asked, caller: { ...asked.caller, version, software } };
    const refused = await this.admit(held);
    if (refused) return this.refuse(held, refused, UPLINK_WORDS[refused]);
    const release = (): void => {
      this.options.admission.release(held.caller.connection).catch(this.options.onFault);
    };
    if (session.destroyed || stream.destroyed || !this.server.listening) {
      session.destroy();
      release();
      return false;
    }
    session.once('close', () => {
      const key = keyOf(held);
      if (this.held.get(key)?.session === session) this.held.delete(key);
      release();
    });
    const before = this.held.get(keyOf(held));
    stream.respond({ ':status': 200, [VERSION_HEADER]: String(version) });
    const silent = (): void => {
      this.options.onRefused('silent', this.named(held));
      session.destroy();
    };
    keepBeating(session, this.times.beat, silent, (ms) => held.roundTrips.add(ms));
    if (before) this.drop(before, 'REPLACED', { replaced_by: held.caller.address });
    this.held.set(keyOf(held), held);
    if (version >= OFFERS_FROM) {
      held.mayAnswer();
      this.desk.serve(held.caller.connection, stream, () => this.nonsense(held));
    }
    return true;
  }

  /** Ends the connection of one that sends what nobody asked for. */
  private nonsense({ caller: { tenant, name, address }, session }: Held): void {
    this.options.onRefused('data', { tenant, name, address });
    session.destroy();
  }

  /** One after the other for each key, so that the newest is stored last. One that is gone when its turn comes is not stored. */
  private admit(asked: Held): Promise<UplinkCode | undefined> {
    const { admission, onFault } = this.options;
    const key = keyOf(asked);
    const work = (this.admitting.get(key) ?? Promise.resolve()).then(() =>
      asked.session.destroyed ? undefined : admission.admit(asked.caller),
    );
    const stored = work
      .catch((error: unknown): UplinkCode => {
        onFault(error);
        return 'UNAVAILABLE';
      })
      .finally(() => {
        if (this.admitting.get(key) === stored) this.admitting.delete(key);
      });
    this.admitting.set(key, stored);
    return stored;
  }

  private refuse(asked: Held, code: UplinkCode, detail: string): false {
    this.options.onRefused(code, this.named(asked));
    if (asked.stream.destroyed) return this.leave(asked.session);
    const status = code === 'UNAVAILABLE' ? 503 : code === 'PROTOCOL_UNSUPPORTED' ? 426 : 403;
    asked.stream.respond({ ':status': status, 'content-type': 'application/problem+json' });
    asked.stream.end(JSON.stringify({ status, code, detail }));
    return this.leave(asked.session);
  }

  private leave(session: ServerHttp2Session, reason?: string): false {
    if (reason !== undefined) this.options.onRefused(reason, { address: session.socket.remoteAddress });
    if (session.destroyed) return false;
    session.close();
    destroyLater(session);
    return false;
  }

  /** Ends the connections that count no longer. */
  private async hold(): Promise<void> {
    const now = Date.now();
    for (const each of this.held.values()) if (each.ends <= now) this.drop(each, 'EXPIRED');
    if (performance.now() - this.answered > this.times.unheldMs)
      for (const each of this.held.values()) this.drop(each, 'UNAVAILABLE');
    if (this.asked) return;
    this.asked = true;
    const all = [...this.held.values()];
    try {
      const roundTrips = all.map((each) => each.roundTrips.shortest);
      const ended = all.length === 0 ? new Map() : await this.options.admission.hold(all.map(connectionOf), roundTrips);
      this.answered = performance.now();
      for (const each of all) {
        const code = ended.get(connectionOf(each)) as UplinkCode | undefined;
        if (code) this.drop(each, code);
      }
    } catch (error) {
      this.options.onFault(error);
    } finally {
      this.asked = false;
    }
  }

  private drop(held: Held, code: UplinkCode, details: object = {}): void {
    if (this.held.get(keyOf(held)) !== held) return; // It was dropped already.
    this.held.delete(keyOf(held));
    this.options.onRefused(code, { ...this.named(held), ...details });
    void this.end(held, code);
  }

  /** Tells the site why, and ends its connection. */
  private async end({ session, stream }: Held, code: UplinkCode): Promise<void> {
    if (session.destroyed) return;
    // `once` of node:events would fail where the site resets the connection meanwhile.
    const closed = new Promise<void>((resolve) => session.once('close', resolve));
    session.goaway(constants.NGHTTP2_NO_ERROR, 0, Buffer.from(code));
    stream.end();
    session.close();
    destroyLater(session);
    await closed;
  }

  private named({ caller: { tenant, name, fingerprint, address } }: Held): object {
    return { tenant, party: name, fingerprint, address };
  }
}

const keyOf = ({ caller }: Held): string => `${caller.tenant} ${caller.fingerprint}`;
const connectionOf = ({ caller }: Held): string => caller.connection;
