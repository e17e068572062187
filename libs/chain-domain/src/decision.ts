import type { Disposition, Effect } from './events.js';
import type { Chain, Task } from './state.js';
import type { ChainStatus } from './states.js';

/** What to store and what to do then. `changed` holds the new state of each task that changed. */
export interface Decision {
  readonly disposition: Disposition;
  readonly chain: Chain;
  readonly changed: ReadonlyMap<number, Task>;
  readonly effects: readonly Effect[];
}

/** A command that this status does not allow. Nothing changes. */
export interface Refusal {
  readonly refused: 'CHAIN_STATE_CONFLICT';
  readonly status: ChainStatus;
}
