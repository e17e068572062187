import type { PartyResult } from '#libs/chain-domain';

/** A JSON value, as it crosses the queue. */
export type Json = null | boolean | number | string | readonly Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** A complete file under a temporary name. */
export interface HeldFile {
  readonly temporary: string;
  readonly final: string;
  /** Set for a file of the artifact store. */
  readonly artifact?: Artifact;
}

/** A file that a run left in the artifact store. */
export interface Artifact {
  /** `<party>/<file>` for what belongs to one party, `<file>` for what all may read. */
  readonly name: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface TaskRunResult {
  /** Small JSON, 64 KiB at most. */
  readonly result: JsonObject;
  readonly artifacts: readonly Artifact[];
  /** By party: what it alone may read. */
  readonly partyResults?: Readonly<Record<string, PartyResult>>;
}
