import type { TLSSocket } from 'node:tls';
import type { Subject } from './authority.js';
import { Batches } from './batches.js';
import { FINGERPRINT } from './identity.js';
import { receiveJson, sendJson } from './json-lines.js';
import { isRun } from './offer-frames.js';
import { RELAY_BYTES, type RelayCode } from './relay-words.js';

/** A site that wants to meet another one for a run. Its key is proven, the rest it says. */
export interface RelayLeg {
  readonly tenant: string;
  readonly fingerprint: string;
  readonly run: string;
  /** The fingerprint of the other site. */
  readonly to: string;
}

/** Times, ms, and bounds of a relay. */
export interface RelayBounds {
  /** For the message that says whom the site wants to meet. */
  readonly greetMs: number;
  /** For the other site to come. */
  readonly waitMs: number;
  /** How often it looks whether runs go on. */
  readonly holdMs: number;
  /** Without an answer for so long, nobody meets: a revocation would not be heard of. */
  readonly unheldMs: number;
  /** Left to one site to read what the other one sent before it went. */
  readonly flushMs: number;
  readonly mostLegs: number;
  readonly mostLegsOfTenant: number;
  readonly mostLegsOfSite: number;
}

export interface RelayOptions {
  /** Which of these sites may meet the other one now. */
  mayMeet(legs: readonly RelayLeg[]): Promise<readonly boolean[]>;
  /** A connection was refused or ended. `reason` is one of a few. */
  onRefused(reason: string, details: object): void;
  onFault(error: unknown): void;
  readonly bounds?: Partial<RelayBounds> | undefined;
}

const BOUNDS: RelayBounds = {
  greetMs: 10_000,
  waitMs: 60_000,
  holdMs: 5_000,
  unheldMs: 30_000,
  flushMs: 10_000,
  // Half of the connections that the listener takes: the others are left to uplinks.
  mostLegs: 500,
  mostLegsOfTenant: 250,
  mostLegsOfSite: 64,
};

const KEEP_ALIVE_MS = 5_000;

interface Site {
  readonly tenant: string;
  readonly party: string;
  readonly fingerprint: string;
}

interface Held extends RelayLeg {
  readonly socket: TLSSocket;
  /** Ends the wait for the other site; undefined: it does not wait. */
  waits?: (() => void) | undefined;
}

/**
 * Where two sites meet of which neither can be reached: each connects to the relay, which passes on what they send. They make a TLS connection of
 * their own over it, with the keys that their people compared, so the relay sees ciphertext, sizes and times. What a site has not read stays
 * with the one that sends: the relay reads on as the other one does.
 */
export class Relay {
  private readonly bounds: RelayBounds;
  /** All connections, by their sites: also those that have not said yet whom they want to meet. */
  private readonly sites = new Map<TLSSocket, Site>();
  /** Those that there is no room for, until they have heard so. */
  private readonly surplus = new Set<TLSSocket>();
  /** Those that may meet another one. */
  private readonly legs = new Set<Held>();
  private readonly waiting = new Map<string, Held>();
  /** Those that have met, by tenant, run and both sites. */
  private readonly pairs = new Map<string, readonly Held[]>();
  private readonly runs: Batches<RelayLeg, boolean>;
  private timer: NodeJS.Timeout | undefined;
  private asked = false;
  private answered = performance.now();

  constructor(private readonly options: RelayOptions) {
    this.bounds = { ...BOUNDS, ...options.bounds };
    this.runs = new Batches(
      (legs) => options.mayMeet(legs),
      (error) => options.onFault(error),
    );
  }

  start(): void {
    this.timer = setInterval(() => void this.hold(), this.bounds.holdMs);
  }

  /** How many connections it has. */
  get connections(): number {
    return this.sites.size;
  }

  /** Ends all connections. None may be given to it afterwards. */
  close(): void {
    clearInterval(this.timer);
    for (const socket of [...this.sites.keys(), ...this.surplus]) socket.destroy();
  }

  /** Takes the connection of a site whose certificate is of the authority. Calls `onAdmitted` once it may meet another one. */
  take(socket: TLSSocket, { tenant, name: party }: Subject, fingerprint: string, onAdmitted: () => void): void {
    const site = { tenant, party, fingerprint };
    if (!this.hasRoom(site)) {
      this.surplus.add(socket);
      socket.once('close', () => this.surplus.delete(socket));
      this.options.onRefused('relay FULL', site);
      return this.say(socket, 'FULL');
    }
    this.sites.set(socket, site);
    socket.once('close', () => this.sites.delete(socket));
    this.admit(socket, site, onAdmitted).catch(() => void socket.destroy());
  }

  private hasRoom({ tenant, fingerprint }: Site): boolean {
    const { mostLegs, mostLegsOfTenant, mostLegsOfSite } = this.bounds;
    const ofTenant = [...this.sites.values()].filter((each) => each.tenant === tenant);
    const ofSite = ofTenant.filter((each) => each.fingerprint === fingerprint);
    return this.sites.size < mostLegs && ofTenant.length < mostLegsOfTenant && ofSite.length < mostLegsOfSite;
  }

  private async admit(socket: TLSSocket, site: Site, onAdmitted: () => void): Promise<void> {
    const { tenant, fingerprint } = site;
    let slow = 'silent';
    const late = setTimeout(() => this.drop(socket, slow), this.bounds.greetMs);
    try {
      const { run, to } = ((await receiveJson(socket, RELAY_BYTES)) ?? {}) as Partial<RelayLeg>;
      if (!isRun(run) || typeof to !== 'string' || !FINGERPRINT.test(to) || to === fingerprint)
        return this.drop(socket, 'data');
      slow = 'UNAVAILABLE';
      const leg: Held = { tenant, fingerprint, run, to, socket };
      const code = await this.runs.answer(leg).then(
        (may) => (may ? undefined : 'RUN'),
        () => 'UNAVAILABLE' as const,
      );
      if (socket.destroyed) return;
      if (code) return this.refuse(socket, code);
      onAdmitted();
      this.place(leg);
    } finally {
      clearTimeout(late);
    }
  }

  /** Joins it with the other site, or lets it wait for that one. Of two sites in a run there is one pair: the newest. */
  private place(leg: Held): void {
    const { socket, tenant, run, fingerprint, to } = leg;
    this.legs.add(leg);
    socket.once('close', () => this.legs.delete(leg));
    const place = [tenant, run, ...[fingerprint, to].sort()].join(' ');
    // The one before is dead, though nothing has said so: the other site hears of it, and comes again as well.
    for (const { socket: old } of this.pairs.get(place) ?? []) this.drop(old, 'REPLACED');
    this.pairs.delete(place);
    const before = this.waiting.get(place);
    if (before?.fingerprint === to) return this.join(before, leg, place);
    if (before) this.drop(before.socket, 'REPLACED'); // A newer connection of the same site takes its place.
    this.wait(leg, place);
  }

  private wait(leg: Held, place: string): void {
    const { socket } = leg;
    // It has nothing to say to nobody. Reading also notices that it goes.
    const early = (): void => {
      if (socket.read() !== null) this.drop(socket, 'data');
    };
    const late = setTimeout(() => this.end(leg, 'TIME'), this.bounds.waitMs);
    const over = (): void => {
      clearTimeout(late);
      socket.off('readable', early).off('close', over);
      leg.waits = undefined;
      if (this.waiting.get(place) === leg) this.waiting.delete(place);
    };
    leg.waits = over;
    socket.on('readable', early).once('close', over);
    this.waiting.set(place, leg);
  }

  /** From now on each hears the other one. */
  private join(one: Held, other: Held, place: string): void {
    one.waits?.();
    const pair = [one, other];
    this.pairs.set(place, pair);
    for (const [{ socket }, { socket: far }] of [
      [one, other],
      [other, one],
    ] as const) {
      sendJson(socket, { met: true });
      socket.setNoDelay(true);
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      socket.once('close', () => {
        if (this.pairs.get(place) === pair) this.pairs.delete(place);
        this.endSoon(far);
      });
      socket.pipe(far);
    }
  }

  /** Ends the connections of runs that go on no longer, or whose sites count no longer. */
  private async hold(): Promise<void> {
    if (performance.now() - this.answered > this.bounds.unheldMs)
      for (const leg of this.legs) this.end(leg, 'UNAVAILABLE');
    if (this.asked) return;
    this.asked = true;
    const all = [...this.legs];
    try {
      const may = await Promise.all(all.map((leg) => this.runs.answer(leg)));
      this.answered = performance.now();
      for (const [at, leg] of all.entries()) if (!may[at]) this.end(leg, 'RUN');
    } catch {
      // It asks again. `runs` has told of the fault.
    } finally {
      this.asked = false;
    }
  }

  private end(leg: Held, code: RelayCode): void {
    if (!leg.waits) return this.drop(leg.socket, code);
    leg.waits();
    this.legs.delete(leg);
    this.refuse(leg.socket, code);
  }

  /** Ends a connection that can be told why. */
  private refuse(socket: TLSSocket, code: RelayCode): void {
    if (socket.destroyed) return;
    this.options.onRefused(`relay ${code}`, this.sites.get(socket)!);
    this.say(socket, code);
  }

  /** Ends a connection at once. One that was about to end anyway is not counted. */
  private drop(socket: TLSSocket, reason: string): void {
    if (!socket.destroyed && !socket.writableEnded) this.options.onRefused(`relay ${reason}`, this.sites.get(socket)!);
    socket.destroy();
  }

  private say(socket: TLSSocket, code: RelayCode): void {
    sendJson(socket, { refused: code });
    this.endSoon(socket);
  }

  /** Ends a connection once the site has read what was written, and not much later. What it still says is read: unread, it would cut that off. */
  private endSoon(socket: TLSSocket): void {
    if (socket.destroyed) return;
    const late = setTimeout(() => socket.destroy(), this.bounds.flushMs);
    socket.once('close', () => clearTimeout(late));
    socket.unpipe();
    socket.resume();
    socket.end();
  }
}
