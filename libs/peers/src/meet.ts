import { createPrivateKey, randomBytes, type KeyObject } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Duplex } from 'node:stream';
import { createServer, TLSSocket, type Server, type TlsOptions } from 'node:tls';
import { canonicalJson } from '#libs/consent';
import { sha256, sign, type Accept } from './accept.js';
import { GoingOn } from './going-on.js';
import {
  compare,
  greet,
  NotOver,
  NotYet,
  type Accepted,
  type Accepts,
  type Greeted,
  type Proven,
} from './handshake.js';
import { fingerprintOf, ownFingerprint } from './identity.js';
import { PeerFault } from './peer-fault.js';
import { GREETING_MS, keepAlive, keyOf, reach, tlsOf, type Unreached } from './reach.js';
import type { Meeting, Peer } from './meeting.js';
import type { ResumableConnection } from './resumable-connection.js';

/** The members of a run, who have all accepted it. */
export interface Met {
  /** Names the run: `sha256:<hex>` over the accepts of all, so it is new as long as one of them has a new nonce. */
  readonly session: string;
  /** Signed, by member; its own too. */
  readonly accepts: Accepts;
  /** They outlive the network connections that they began with. This side listens until the last one has closed. */
  readonly connections: ReadonlyMap<string, ResumableConnection>;
}

const RETRY_MS = 500;
const RELAY_RETRY_MS = 2_000;
/** Another attempt may come to another relay. */
const RELAY_LOST_MS = 120_000;
/** How long another run may have the address where this side listens. */
const LISTEN_MS = 120_000;
const MOST_CONNECTIONS = 64;
/** How many unknown keys the log names. */
const TOLD_STRANGERS = 10;

/**
 * Connects to all other members of a task over TLS 1.3 with certificates of both sides, and makes sure that all have accepted the same task
 * with the same members. A connection belongs to the member whose key it proves, and no certificate authority is asked. Throws
 * PeerFault, or the signal's reason; no connection is open then.
 */
export async function meet(meeting: Meeting): Promise<Met> {
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(new Late()), meeting.waitMs);
  const abort = (): void => stop.abort(meeting.signal.reason);
  meeting.signal.addEventListener('abort', abort, { once: true });
  if (meeting.signal.aborted) abort();
  const room = new Room(meeting, stop.signal);
  try {
    return await room.fill();
  } catch (error) {
    room.clear();
    room.close();
    throw error;
  } finally {
    clearTimeout(late);
    meeting.signal.removeEventListener('abort', abort);
    stop.abort();
  }
}

class Late extends Error {}

/** What a relay that does its work comes to while the other site is not there. */
const WAITS: readonly Unreached['relay'][] = ['RUN', 'TIME', 'MET'];

/** Where the members of one run meet. */
class Room {
  private readonly open = new Set<TLSSocket>();
  /** What has connected to this side, under TLS. */
  private readonly raw = new Set<Duplex>();
  private readonly came = new Map<string, (proven: Proven) => void>();
  private server: Server | undefined;
  /** Once all have met. */
  private goingOn: GoingOn | undefined;
  private strangers = 0;

  constructor(
    private readonly meeting: Meeting,
    private readonly signal: AbortSignal,
  ) {}

  async fill(): Promise<Met> {
    const { meeting } = this;
    const own = await this.accept();
    const names = [...meeting.peers.keys()].sort();
    const awaited = names.filter((name) => isAwaited(meeting.peers.get(name)!));
    const arrivals = new Map(awaited.map((name) => [name, this.arrivalOf(name)]));
    if (awaited.length > 0) await this.untilLate(awaited[0]!, this.listen());
    const greeted = await all(names.map((name) => this.greeted(name, arrivals.get(name), own)));
    for (const { member, held } of greeted) meeting.returned?.(member, held);
    const signed = [
      ...greeted.map((each) => [each.member, each.signed] as const),
      [meeting.member, own.signed] as const,
    ];
    const accepts = new Map(signed.sort(([a], [b]) => (a < b ? -1 : 1)));
    const keys = new Map<string, KeyObject>(greeted.map(({ member, publicKey }) => [member, publicKey]));
    await all(greeted.map((each) => this.untilLate(each.member, compare(accepts, keys, each))));
    const session = sha256(canonicalJson(Object.fromEntries(accepts)));
    const goingOn = (this.goingOn = new GoingOn(meeting, session, () => this.close()));
    if (greeted.length === 0) this.close();
    return { session, accepts, connections: new Map(greeted.map((each) => [each.member, goingOn.hold(each)])) };
  }

  /** Listens no longer. */
  close(): void {
    this.server?.close();
    // Of strangers, who would hold up the end of the process.
    for (const socket of this.raw) socket.destroy();
  }

  /** Ends all connections. */
  clear(): void {
    for (const socket of this.open) socket.destroy();
  }

  private async accept(): Promise<Accepted> {
    const { member, identity, task, run, inputs = {}, data, peers, held = new Map<string, string>() } = this.meeting;
    const { expires = new Date(Date.now() + this.meeting.waitMs).toISOString() } = this.meeting;
    const members = Object.fromEntries([...peers].map(([name, { fingerprint }]) => [name, fingerprint]));
    members[member] = ownFingerprint(identity);
    const nonce = randomBytes(32).toString('hex');
    const more = {
      ...(run !== undefined && { run }),
      ...(Object.keys(inputs).length > 0 && { inputs }),
      ...(data !== undefined && { data }),
    };
    const accept: Accept = { kind: 'accept', member, task, ...more, expires, members, nonce };
    return { accept, signed: await sign(accept, createPrivateKey(identity.key)), key: identity.key, held };
  }

  /**
   * A member, once it has come for this run. The other site may be at another offered run still, or be there again already: that tells
   * nothing of this one, which waits on. Whoever runs a task by hand is told at once.
   */
  private async greeted(name: string, arrival: Promise<Proven> | undefined, own: Accepted): Promise<Greeted> {
    const { run, log } = this.meeting;
    let next = arrival;
    for (let tried = 0; ; tried += 1) {
      const proven = await (next ?? this.dial(name));
      try {
        return await this.greet(proven, name, own);
      } catch (error) {
        if (!(error instanceof NotYet)) throw error;
        // Where this side connects, an earlier run of the other one may listen still.
        const isWhole = error instanceof NotOver || (error.code === 'PARTY_LOST' && !arrival);
        if (run === undefined && !isWhole) throw error;
        proven.socket.destroy();
        if (tried === 0) log(`waits for ${name} to come for this run: ${error.message}`);
      }
      if (arrival) next = this.arrivalOf(name);
      else await this.pause(RETRY_MS);
    }
  }

  private async greet(proven: Proven, member: string, own: Accepted): Promise<Greeted> {
    const slow = setTimeout(() => proven.socket.destroy(), GREETING_MS);
    try {
      return await this.untilLate(member, greet(proven, member, own));
    } finally {
      clearTimeout(slow);
    }
  }

  private async dial(name: string): Promise<Proven> {
    const { peers, log, relayLostMs = RELAY_LOST_MS } = this.meeting;
    const peer = peers.get(name)!;
    const { address, fingerprint } = peer;
    const where = address ? `at ${address.host}:${address.port}` : 'over the relay';
    let heard = performance.now();
    for (let tried = 0; ; tried += 1) {
      if (this.signal.aborted) throw this.reason(name);
      const begun = performance.now();
      const found = await reach(this.meeting, peer, this.signal);
      if (found instanceof TLSSocket) {
        this.keep(found);
        const publicKey = keyOf(found);
        if (publicKey && fingerprintOf(publicKey) === fingerprint) return { socket: found, publicKey };
        const other = publicKey ? fingerprintOf(publicKey) : 'none';
        const message = `${where.replace(/^./, (first) => first.toUpperCase())} answers another key (${other}) than that of ${name} (${fingerprint}). Nothing was sent. Ask ${name} by telephone which is right.`;
        throw new PeerFault('PEER_UNKNOWN', name, message);
      }
      if (WAITS.includes(found.relay)) heard = performance.now();
      if (tried === 0) log(`waits for ${name} ${where} (${found.why})`);
      const isUnheard = !address && heard <= begun && !this.signal.aborted;
      if (isUnheard && performance.now() - heard >= relayLostMs) {
        const minutes = Math.ceil(relayLostMs / 60_000);
        const message = `The relay where ${name} would come has not served this site for ${minutes} min (${found.why}).`;
        throw new PeerFault('PARTY_LOST', name, message);
      }
      await this.pause(address ? RETRY_MS : RELAY_RETRY_MS);
    }
  }

  /** Between two attempts to connect. Ends early with the signal. */
  private async pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.signal }).catch(() => undefined);
  }

  private arrivalOf(name: string): Promise<Proven> {
    const arrival = new Promise<Proven>((resolve, reject) => {
      this.came.set(this.meeting.peers.get(name)!.fingerprint, resolve);
      this.signal.addEventListener('abort', () => reject(this.reason(name)), { once: true });
      if (this.signal.aborted) reject(this.reason(name));
    });
    arrival.catch(() => undefined); // Nobody awaits it where this side cannot listen.
    return arrival;
  }

  private listen(): Promise<void> {
    const { identity, listen, log } = this.meeting;
    const options: TlsOptions = { ...tlsOf(identity), requestCert: true, handshakeTimeout: GREETING_MS / 3 };
    const server = createServer(options, (socket) => this.take(socket));
    server.maxConnections = MOST_CONNECTIONS;
    server.on('tlsClientError', () => undefined); // It is no member, and is closed.
    server.on('connection', (raw) => {
      this.raw.add(raw);
      raw.once('close', () => this.raw.delete(raw));
    });
    this.server = server;
    const where = `${listen?.host}:${listen?.port}`;
    const begun = performance.now();
    return new Promise((resolve, reject) => {
      let tried = 0;
      const again = async (error: NodeJS.ErrnoException): Promise<void> => {
        const isTaken = error.code === 'EADDRINUSE' && performance.now() - begun < LISTEN_MS;
        if (!isTaken || this.signal.aborted) return reject(error);
        if ((tried += 1) === 1) log(`waits for ${where}, where another run or program listens`);
        await this.pause(RETRY_MS);
        if (this.signal.aborted) reject(error);
        else server.listen(listen?.port ?? 0, listen?.host);
      };
      server.on('error', (error) => void again(error));
      server.on('listening', () => {
        log(`listens at ${where}`);
        resolve();
      });
      server.listen(listen?.port ?? 0, listen?.host);
    });
  }

  /** The first connection that proves the key of a member that is awaited is the member's. */
  private take(socket: TLSSocket): void {
    keepAlive(socket);
    this.keep(socket);
    const publicKey = keyOf(socket);
    const fingerprint = publicKey && fingerprintOf(publicKey);
    const arrived = fingerprint === undefined ? undefined : this.came.get(fingerprint);
    if (arrived) {
      this.came.delete(fingerprint!);
      return arrived({ socket, publicKey: publicKey! });
    }
    if (fingerprint !== undefined && this.goingOn?.knows(fingerprint))
      return void this.goingOn.take({ socket, publicKey: publicKey! });
    socket.destroy();
    this.strangers += 1;
    if (this.strangers > TOLD_STRANGERS) return;
    this.meeting.log(`closed a connection of a key that is not awaited: ${fingerprint ?? 'none'}`);
  }

  private keep(socket: TLSSocket): void {
    this.open.add(socket);
    socket.once('close', () => this.open.delete(socket));
  }

  private untilLate<T>(member: string, work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.signal.addEventListener('abort', () => reject(this.reason(member)), { once: true });
      work.then(resolve, reject);
    });
  }

  private reason(member: string): Error {
    const { reason } = this.signal as { reason: Error };
    if (!(reason instanceof Late)) return reason;
    const minutes = Math.ceil(this.meeting.waitMs / 60_000);
    return new PeerFault(
      'PARTY_LOST',
      member,
      `${member} did not come within ${minutes} min. Exactly one of two sites has the address of the other, or both say that they meet over the relay.`,
    );
  }
}

/** Fails with the first failure, and leaves none unheard. */
const all = <T>(work: readonly Promise<T>[]): Promise<T[]> => {
  for (const each of work) each.catch(() => undefined);
  return Promise.all(work);
};

/** Whether it connects to this side. */
const isAwaited = ({ address, relay }: Peer): boolean => address === undefined && !relay;
