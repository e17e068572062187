import type { Artifact, JsonObject, PartyResult } from '#libs/compute';

/** What a party has of a task. */
export interface Outcome {
  /** What all parties have. */
  readonly result: JsonObject;
  /** What this party alone has: sealed to its readers where its folder is claimed. */
  readonly party_result?: PartyResult;
}

/** What a run left at a party's site. */
export interface Left extends Outcome {
  /** The files of this party. */
  readonly artifacts: readonly Artifact[];
}
