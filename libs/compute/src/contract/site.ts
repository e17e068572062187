import type { Duplex } from 'node:stream';
import type { HeldFile, TaskRunResult } from './outcome.js';

/** What crossed between two members of a run, for both to keep: the lines of their programs and engines, and what each says that it came to. */
export interface Transcript {
  readonly sentBytes: number;
  /** SHA-256, in hex, of what this side sent. It is what the other side received. */
  readonly sentSha256: string;
  readonly receivedBytes: number;
  readonly receivedSha256: string;
}

/** An artifact that is complete, and has its name only soon. */
interface Leaving {
  /** As `Artifact` has it. */
  readonly name: string;
  readonly temporary: string;
}

/**
 * What sites keep for each other: a mark says how far the records of a site go, in a form that it alone reads. A site that is restored from an
 * older backup learns so by what others give back.
 */
export interface Marks {
  /** The newest of this site, for a member to keep; undefined where that keeps none. */
  own(member: string): string | undefined;
  /** Keeps that of a member, in place of an earlier one. */
  keep(member: string, mark: string): void;
}

/** A run with one member at this site, and each of the others at another site. */
export interface Site {
  /** The party whose program runs here, or `NEUTRAL` for the dealer. */
  readonly party: string;
  /**
   * Resolves to a stream to each of these members, once all of them have accepted this very run. The stream is authentic, encrypted, and gives
   * nothing that was sent before. Throws TaskFailure, or the signal's reason.
   */
  meet(others: readonly string[]): Promise<ReadonlyMap<string, Duplex>>;
  /** Each member has the newest own one before anything that the party's process says after it has noted more. Without it none are sent. */
  readonly marks?: Marks;
  /** Takes what crossed, once nothing more can. */
  crossed(member: string, transcript: Transcript): void;
  /** Where a task that serves is asked, at 127.0.0.1; `tokens` has the SHA-256 of what askers send. */
  readonly endpoint?: { readonly port: number; readonly tokens: readonly [string] };
  /** What the owner of the party has signed by now. Without it, what came with the run. */
  statements?(): Promise<readonly string[]>;
  /** Notes the artifacts that the run leaves at a party's site. They get their names once it resolves; where it rejects, nothing is left. */
  leaves(artifacts: readonly Leaving[]): Promise<void>;
  /**
   * Takes the files over, which are complete and on the disk, where others decide whether they get their names: then by `nameFiles`, with all
   * that stands in them. Where it rejects, nothing is left. Without it they get them at once.
   */
  prepares?(outcome: TaskRunResult, files: readonly HeldFile[]): Promise<void>;
}

/** A run at the site of a dealer is over: only the parties get its result. */
export class DealerDone extends Error {
  override readonly name = 'DealerDone';
}
