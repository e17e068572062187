import type {
  HeldFile,
  JsonObject,
  OpenedEntry,
  OwnValue,
  PartyResult,
  SentStatement,
  TaskConsent,
} from '../contract/task-type.js';
import type { TableOutput } from './table-outputs.js';
import type { Body } from './transport.js';

/** Name under which the process of no party is addressed: an MPC dealer, or work that needs no party's table. */
export const NEUTRAL = '#neutral';

/** The descriptors of a party's process: of its line to the coordinator, and the first of those to its peers. */
export const COORDINATOR_LINE = 3;
export const FIRST_LINE = 4;

/** Bytes that a process holds of a peer's messages, or for a peer, before it reads or writes no more. */
export const WINDOW_BYTES = 8 * 1024 * 1024;

/** Largest frame that a process takes from a peer: two of them fit into its memory. */
export const PEER_FRAME_BYTES = 512 * 1024 * 1024;

/** Bytes of a message on the wire (JSON in UTF-8). */
export function bodyBytes(body: Body): number {
  return typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
}

/** A complete file under its temporary name; the coordinator renames it once every party has succeeded. */
export interface WrittenFile extends HeldFile {
  /** Set for a file below the party's folder. */
  readonly table?: TableOutput;
}

export interface CarriedFailure {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly details: JsonObject;
}

/** What a process sends to another one. */
export interface ToPeer {
  readonly body: Body;
}

/** What a party's process sends to the coordinator. */
export type FromParty =
  | { readonly kind: 'progress'; readonly fraction: number; readonly stage: string }
  | { readonly kind: 'log'; readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly message: string }
  | { readonly kind: 'opened'; readonly entry: OpenedEntry }
  | { readonly kind: 'temporary'; readonly path: string }
  | { readonly kind: 'written'; readonly file: WrittenFile }
  | { readonly kind: 'outside' }
  /** It asks for what its owner has signed by now. */
  | { readonly kind: 'statements' }
  | { readonly kind: 'done'; readonly value: unknown; readonly own: PartyResult | null; readonly sentBytes: number }
  | { readonly kind: 'failed'; readonly failure: CarriedFailure };

/** What the coordinator sends to a party's process: its first message is `start`. */
export type ToParty =
  | { readonly kind: 'start'; readonly start: PartyStart }
  | { readonly kind: 'ended'; readonly peer: string; readonly lost: boolean }
  | { readonly kind: 'outside-done' }
  | { readonly kind: 'statements'; readonly statements: readonly SentStatement[] };

/** What a party's process starts with. */
export interface PartyStart {
  readonly party: string;
  readonly peers: readonly string[];
  /** The other processes, in the order of its lines. */
  readonly lines: readonly string[];
  /** `file:` URL of the module that exports `run`. */
  readonly program: string;
  readonly args: unknown;
  /** By the marker that stands in `args` in its place. */
  readonly own: Readonly<Record<string, OwnValue>>;
  readonly chainId: string;
  readonly taskId: string;
  /** As of `FileRoots`. */
  readonly handed?: readonly string[] | undefined;
  readonly attempt: number;
  /** Own folder of tables; null for the neutral process. */
  readonly root: string | null;
  readonly artifactRoot: string;
  /** Null in the neutral process, and in jobs of earlier releases. */
  readonly consent: TaskConsent | null;
  /** Whether the others run at their own sites. */
  readonly atSites: boolean;
  /** Part of every temporary name of this run: `<attempt>-<random>`. */
  readonly token: string;
}
