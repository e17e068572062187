import type { Disposition, Effect } from './events.js';
import type { Chain, Task } from './state.js';
import type { ChainStatus, TaskStatus } from './states.js';

/** What to store and what to do then. `changed` holds the new state of each task that changed. */
export interface Decision {
  readonly disposition: Disposition;
  readonly chain: Chain;
  readonly changed: ReadonlyMap<number, Task>;
  readonly effects: readonly Effect[];
}

/** A command that the present state does not allow. Nothing changes. */
export type Refusal =
  | { readonly refused: 'CHAIN_STATE_CONFLICT'; readonly status: ChainStatus }
  | {
      readonly refused: 'TASK_STATE_CONFLICT';
      readonly status: ChainStatus;
      readonly taskId: string;
      readonly taskStatus: TaskStatus;
    }
  /** An operator gave the result of a task that only those whom it names may answer. */
  | { readonly refused: 'SIGN_OFF_REQUIRED'; readonly status: ChainStatus; readonly taskId: string }
  /** A retry of a chain whose work another chain undoes. */
  | { readonly refused: 'CHAIN_COMPENSATED'; readonly status: ChainStatus }
  /** A retry of a child that has ended, by another than its parent. */
  | { readonly refused: 'CHILD_ENDED'; readonly status: ChainStatus }
  /** A retry that finds nothing to run again. */
  | { readonly refused: 'NOTHING_TO_RETRY'; readonly status: ChainStatus };
