import type { FileHandle } from 'node:fs/promises';
import type { Json } from '../contract/task-type.js';
import type { InputFile } from './input-files.js';
import type { OutputFile, OutputRequest } from './output-files.js';

export { NEUTRAL } from './party-link.js';

/**
 * All that a party's code is given, in a thread of its own. It holds this party's files and its channels, and no way
 * to another party's.
 */
export interface PartyContext {
  /** Own name, or `NEUTRAL`. */
  readonly party: string;
  /** The other parties, sorted by name, without the neutral thread. */
  readonly peers: readonly string[];
  readonly chainId: string;
  readonly taskId: string;
  readonly attempt: number;
  /**
   * Sends bytes, or a JSON value, to a peer or to `NEUTRAL`. The bytes are copied. Resolves at once while the peer has
   * under `WINDOW_BYTES` unread, else when it has read: two parties that both send much must read meanwhile.
   */
  send(to: string, message: Uint8Array | Json): Promise<void>;
  /**
   * Next message from `from`, in the order sent. Throws PROTOCOL_VIOLATION if it is JSON, or if the peer has ended, and
   * PARTY_LOST if it was lost in a run that tolerates losses.
   */
  receiveBytes(from: string): Promise<Uint8Array>;
  /** As `receiveBytes`, for a JSON value. */
  receiveJson(from: string): Promise<Json>;
  /** `fraction` 0..1 of this party's work; the task's progress is the mean of its threads'. */
  progress(fraction: number, stage: string): void;
  /** Reaches the task's log: never put a value of a table in it. */
  log(level: 'debug' | 'info' | 'warn' | 'error', message: string): void;
  /** Opens a file below the party's folder, or an `artifact:` that the party may read. The caller closes it. */
  openInput(path: string): Promise<InputFile>;
  /** Throws TaskFailure RECIPIENT_NOT_ALLOWED or POLICY_INVALID unless the party lists every recipient (`party-policy.ts`). */
  requireRecipients(recipients: readonly string[]): Promise<void>;
  /** Starts a file that appears under its final name when the whole task has succeeded. */
  createOutput(request: OutputRequest): Promise<OutputFile>;
  /** A file of this run alone, to write and read again; it is gone when the run ends. The caller closes it. */
  createScratch(): Promise<FileHandle>;
}

/** Code of one party. What it returns goes to the coordinator, so it holds only what may leave the party. */
export type PartyProgram = (context: PartyContext, args: Json) => Promise<Json>;

/** A module that `runParties` can start in a thread. */
export interface PartyModule {
  readonly run: PartyProgram;
}
