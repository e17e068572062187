import type { Artifact, PartyResult } from '../contract/task-type.js';
import type { SiteTunnel } from './site-tunnel.js';

/** What a process left when it ended. */
export interface PartyOutcome<Value = unknown> {
  readonly value: Value;
  readonly artifacts: readonly Artifact[];
  /** Bytes that this process sent to the others, as it says. */
  readonly sentBytes: number;
  /** What its party alone may read; null where there is nothing. */
  readonly own: PartyResult | null;
}

/**
 * What a run does outside of its parties' processes, once. It ends soon after the signal is aborted, with nothing left that runs. `progress` takes how far
 * the whole run is. At a site it runs what is this site's part of it, and `sites` leads to what the others run.
 */
export type Outside = (
  signal: AbortSignal,
  progress: (fraction: number, stage: string) => void,
  sites?: ReadonlyMap<string, SiteTunnel>,
) => Promise<void>;
