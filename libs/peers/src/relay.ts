import type { TLSSocket } from 'node:tls';
import type { Subject } from './authority.js';
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
  readonly mostLegsOfSite: number;
}

export interface RelayOptions {
  /** Which of these sites may meet the other one now. */
  mayMeet(legs: readonly RelayLeg[]): Promise<readonly boolean[]>;
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
  mostLegsOfSite: 64,
};

const KEEP_ALIVE_MS = 5_000;

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
  private readonly sites = new Map<TLSSocket, string>();
  /** Those that may meet another one. */
  private readonly legs = new Set<Held>();
  private readonly waiting = new Map<string, Held>();
  private timer: NodeJS.Timeout | undefined;
  private asked = false;
  private answered = performance.now();

  constructor(private readonly options: RelayOptions) {
    this.bounds = { ...BOUNDS, ...options.bounds };
  }

  start(): void {
    this.timer = setInterval(() => void this.hold(), this.bounds.holdMs);
  }

  /** How many connections it has. */
  get connections(): number {
    return this.sites.size;
  }

  close(): void {
    clearInterval(this.timer);
    for (const socket of this.sites.keys()) socket.destroy();
  }

  /** Takes the connection of a site whose certificate is of the authority. Calls `onAdmitted` once it may meet another one. */
  take(socket: TLSSocket, subject: Subject, fingerprint: string, onAdmitted: () => void): void {
    const { tenant, name } = subject;
    const site = `${tenant} ${fingerprint}`;
    const others = [...this.sites.values()];
    this.sites.set(socket, site);
    socket.once('close', () => this.sites.delete(socket));
    const refuse = (code: RelayCode): void => {
      this.options.onRefused(`relay ${code}`, { tenant, party: name, fingerprint });
      this.say(socket, code);
    };
    const { mostLegs, mostLegsOfSite, greetMs } = this.bounds;
    if (others.length >= mostLegs || others.filter((each) => each === site).length >= mostLegsOfSite)
      return refuse('FULL');
    const late = setTimeout(() => socket.destroy(), greetMs);
    this.admit(socket, { tenant, fingerprint }, refuse, onAdmitted)
      .catch(() => void socket.destroy())
      .finally(() => clearTimeout(late));
  }

  private async admit(
    socket: TLSSocket,
    { tenant, fingerprint }: Pick<RelayLeg, 'tenant' | 'fingerprint'>,
    refuse: (code: RelayCode) => void,
    onAdmitted: () => void,
  ): Promise<void> {
    const { run, to } = ((await receiveJson(socket, RELAY_BYTES)) ?? {}) as Partial<RelayLeg>;
    if (!isRun(run) || typeof to !== 'string' || !FINGERPRINT.test(to)) return void socket.destroy();
    const leg: Held = { tenant, fingerprint, run, to, socket };
    let may: boolean | undefined;
    try {
      [may] = await this.options.mayMeet([leg]);
    } catch (error) {
      this.options.onFault(error);
      return refuse('UNAVAILABLE');
    }
    if (socket.destroyed) return;
    if (!may) return refuse('RUN');
    onAdmitted();
    this.legs.add(leg);
    socket.once('close', () => this.legs.delete(leg));
    const place = [tenant, run, ...[fingerprint, to].sort()].join(' ');
    const before = this.waiting.get(place);
    if (before?.fingerprint === to) return this.join(before, leg);
    before?.socket.destroy(); // A newer connection of the same site takes its place.
    this.wait(leg, place);
  }

  private wait(leg: Held, place: string): void {
    const { socket } = leg;
    // It has nothing to say to nobody. Reading also notices that it goes.
    const early = (): void => void (socket.read() !== null && socket.destroy());
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
  private join(one: Held, other: Held): void {
    one.waits?.();
    for (const [{ socket }, { socket: far }] of [
      [one, other],
      [other, one],
    ] as const) {
      sendJson(socket, { met: true });
      socket.setNoDelay(true);
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      socket.once('close', () => this.endSoon(far));
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
      const may = all.length === 0 ? [] : await this.options.mayMeet(all);
      this.answered = performance.now();
      for (const [at, leg] of all.entries()) if (!may[at]) this.end(leg, 'RUN');
    } catch (error) {
      this.options.onFault(error);
    } finally {
      this.asked = false;
    }
  }

  private end(leg: Held, code: RelayCode): void {
    if (!leg.waits) return void leg.socket.destroy();
    leg.waits();
    this.say(leg.socket, code);
  }

  private say(socket: TLSSocket, code: RelayCode): void {
    sendJson(socket, { refused: code });
    this.endSoon(socket);
  }

  /** Ends a connection once it has sent what was written, and not much later. */
  private endSoon(socket: TLSSocket): void {
    if (socket.destroyed) return;
    const late = setTimeout(() => socket.destroy(), this.bounds.flushMs);
    socket.once('close', () => clearTimeout(late));
    socket.destroySoon();
  }
}
