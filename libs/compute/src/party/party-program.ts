import type { FileHandle } from 'node:fs/promises';
import type { Json, JsonObject, JsonSafe } from '../contract/task-type.js';
import type { BoundsByColumn } from './column-bounds.js';
import type { InputFile } from './input-files.js';
import type { Opened } from './opened.js';
import type { OutputFile, OutputRequest } from './output-files.js';

export { NEUTRAL } from './party-link.js';

/** What a party's code works with, in its own thread: this party's files and channels, and no access to another party's files. */
export interface PartyContext {
  /** Own name, or `NEUTRAL`. */
  readonly party: string;
  /** The other parties, sorted by name, without the neutral thread. */
  readonly peers: readonly string[];
  readonly chainId: string;
  readonly taskId: string;
  readonly attempt: number;
  /**
   * The smallest group of this party's rows that a figure, a bucket or a split for others may cover: the larger of `MIN_GROUP_ROWS` and what
   * the policies of the datasets say that were read so far. Take it after the table was opened.
   */
  readonly minGroupRows: number;
  /**
   * `<name>@<version>` of the datasets that the files opened so far were made of; none where nobody has claimed the party's folder. It is for
   * the party's own files alone.
   */
  readonly datasets: readonly string[];
  /**
   * The parties that the owner lets read the effects (z, p, points) of the columns of all that was read so far; none where nobody has claimed the
   * party's folder.
   */
  readonly effectsTo: readonly string[];
  /** The same of the coefficients of models that were trained on it. */
  readonly coefficientsTo: readonly string[];
  /**
   * Sends bytes, or a JSON value, to a peer or to `NEUTRAL`. The bytes are copied. Resolves at once while the peer has
   * under `WINDOW_BYTES` unread, else when it has read: two parties that both send much must read meanwhile.
   */
  send<T extends JsonSafe<T>>(to: string, message: Uint8Array | T): Promise<void>;
  /**
   * Next message from `from`, in the order sent. Throws PROTOCOL_VIOLATION if it is JSON, or if the peer has ended, and
   * PARTY_LOST if it was lost in a run that tolerates losses.
   */
  receiveBytes(from: string): Promise<Uint8Array>;
  /** As `receiveBytes`, for a JSON value. `T` is what the protocol says that `from` sends; nothing checks it. */
  receiveJson<T = Json>(from: string): Promise<T>;
  /** `fraction` 0..1 of this party's work; the task's progress is the mean of its threads'. */
  progress(fraction: number, stage: string): void;
  /** Reaches the task's log: never put a value of a table in it. */
  log(level: 'debug' | 'info' | 'warn' | 'error', message: string): void;
  /** Opens a file below the party's folder, or an `artifact:` that the party may read. The caller closes it. */
  openInput(path: string): Promise<InputFile>;
  /**
   * Counts what this party's process is about to open to others, before it sends the first message that opens any of it. Throws
   * TaskFailure BUDGET_EXHAUSTED where that would be too much of a column.
   */
  reserve(opened: Opened): Promise<void>;
  /**
   * To be called before each thing that is opened long after the files were: it judges the run once more, by the time and by what the owner has
   * signed meanwhile. Throws what {@link openInput} throws where it is allowed no longer.
   */
  stillAllowed(): Promise<void>;
  /**
   * The bounds that the owner states for columns of the files that were opened. Throws TaskFailure BOUNDS_MISSING where no policy speaks of
   * these files.
   */
  boundsOfColumns(): Promise<BoundsByColumn>;
  /**
   * A key of 32 bytes for one use, the same for the same use again: the HMAC-SHA256 of its name under `.party/hash.key`, which stays with the
   * party. Where nobody has claimed the folder it is the SHA-256 of the name, which whoever knows the name can make.
   */
  keyOf(use: string): Uint8Array;
  /** Throws TaskFailure RECIPIENT_NOT_ALLOWED or POLICY_INVALID unless the party lists every recipient (`party-policy.ts`). */
  requireRecipients(recipients: readonly string[]): Promise<void>;
  /** Starts a file that appears under its final name when the whole task has succeeded. */
  createOutput(request: OutputRequest): Promise<OutputFile>;
  /** Keeps what this party's own readers get of the run: `party_results`. It leaves the process sealed to them. The last call counts. */
  keepResult(result: JsonObject): void;
  /**
   * Waits for what the run does outside of the parties' processes (`PartyRun.outside`), which begins once all of them wait. Before, a process leaves
   * what that reads among its party's artifacts of the task.
   */
  outside(): Promise<void>;
  /** A file of this run alone, to write and read again; it is gone when the run ends. The caller closes it. */
  createScratch(): Promise<FileHandle>;
}

/** Code of one party. What it returns goes to the coordinator, so it holds only what may leave the party. */
export type PartyProgram<Args extends JsonSafe<Args> = Json, Value extends JsonSafe<Value> = Json> = (
  context: PartyContext,
  args: Args,
) => Promise<Value>;

/** A module that `runParties` can start in a thread. */
export interface PartyModule<Args extends JsonSafe<Args> = Json, Value extends JsonSafe<Value> = Json> {
  readonly run: PartyProgram<Args, Value>;
}

/**
 * Where a party's module lies, with the type of the module, so that its arguments and its value are checked at the call although
 * they cross threads: `const party: PartyUrl<typeof PsiParty> = new URL('./psi-party.js', import.meta.url)`.
 */
export type PartyUrl<Module = PartyModule> = URL & { readonly [moduleType]?: Module };
declare const moduleType: unique symbol;
