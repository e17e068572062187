import type { Authority, Subject } from './authority.js';
import type { OfferSource } from './offer-desk.js';
import type { RelayBounds, RelayLeg } from './relay.js';
import type { Beat, UplinkCode, VersionRange } from './uplink.js';

/** A site that has proven its key over TLS, by a certificate of the authority. */
export interface UplinkCaller extends Subject {
  readonly fingerprint: string;
  /** Of this connection, new. */
  readonly connection: string;
  readonly address: string;
  readonly version: number;
  readonly software: string;
}

/** Who counts as a site. What the authority once signed does not say that. */
export interface UplinkAdmission {
  /** Stores that it is connected, in place of its earlier connection; else says why it may not be. */
  admit(caller: UplinkCaller): Promise<UplinkCode | undefined>;
  /** Stores that these are connected still, and how long a ping takes there and back, ms, and says which of them may be no longer. */
  hold(
    connections: readonly string[],
    roundTrips: readonly (number | undefined)[],
  ): Promise<ReadonlyMap<string, UplinkCode>>;
  /** Stores that it is connected no longer. */
  release(connection: string): Promise<void>;
  /** Which of these sites may meet the other one that it names: both count, and take part in that run, which is under way. */
  mayMeet(legs: readonly RelayLeg[]): Promise<readonly boolean[]>;
}

/** Times, ms. */
export interface UplinkTimes {
  /** Until the end of the TLS handshake, and from there to the request. */
  readonly greetMs: number;
  readonly beat: Beat;
  readonly holdMs: number;
  /** How often it looks what is offered. */
  readonly offersMs: number;
  /** Without an answer to `hold` for this long, nobody is connected: a revocation would not be heard of. */
  readonly unheldMs: number;
}

export interface UplinkOptions {
  readonly authority: Authority;
  readonly host: string;
  readonly port: number;
  readonly admission: UplinkAdmission;
  readonly offers: OfferSource;
  /** A connection was refused or ended. `reason` is one of a few. */
  onRefused(reason: string, details: object): void;
  onFault(error: unknown): void;
  readonly times?: UplinkTimes;
  readonly versions?: VersionRange;
  readonly relay?: Partial<RelayBounds>;
}
