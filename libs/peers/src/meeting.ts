import type { TLSSocket } from 'node:tls';
import type { Identity } from './identity.js';
import type { ResumeBounds } from './resumable-connection.js';

/** Where a member is found. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Another member of a task. */
export interface Peer {
  readonly fingerprint: string;
  /** Where this side connects to it; undefined where it connects to this side. */
  readonly address?: Address | undefined;
  /** Neither connects to the other: they meet over the relay. */
  readonly relay?: boolean | undefined;
}

export interface Meeting {
  /** Own name in the task. */
  readonly member: string;
  readonly identity: Identity;
  /** `sha256:<hex>` of the canonical task. */
  readonly task: string;
  /** The run, where the control plane has offered the task: two runs of one task do not meet. */
  readonly run?: string | undefined;
  /** The sessions that made what it reads of earlier tasks, by task: those of two sites have to be the same. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** The commitment to what it reads; undefined at a dealer. */
  readonly data?: string | undefined;
  /** Until when the accept counts, in ISO 8601. Without it: as long as the others may take to come. */
  readonly expires?: string | undefined;
  /** The other members, by name. */
  readonly peers: ReadonlyMap<string, Peer>;
  /** What this side keeps for others, by member: each is given its own back. */
  readonly held?: ReadonlyMap<string, string>;
  /** Takes what a member keeps for this side, as it says. Where it throws, the members do not meet. */
  returned?(member: string, held: unknown): void;
  /** Where this side listens; undefined where no peer connects to it. */
  readonly listen?: Address | undefined;
  /** Reaches the site of this key over a relay, once that has come as well; what arrives on it may be of anybody. Rejects with why it does not. */
  readonly overRelay?: ((fingerprint: string, signal: AbortSignal) => Promise<TLSSocket>) | undefined;
  /** How long the relay may serve nobody, or be out of reach, ms. */
  readonly relayLostMs?: number;
  /** How long the others may take to come, ms. */
  readonly waitMs: number;
  /** Of connections that are cut once all have met. */
  readonly resume?: Partial<ResumeBounds> | undefined;
  readonly signal: AbortSignal;
  log(message: string): void;
}
