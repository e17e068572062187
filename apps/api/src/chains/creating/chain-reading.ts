import type { InputFault, JsonValue, RetryPolicy } from '#libs/chain-domain';
import type { ChainOutputs, ChildPlan, Concurrency, NewTask, Repeat, TemplateUse } from '#libs/chain-engine';
import type { Plan } from '#libs/dag-planner';
import type { SecretUse } from './params-faults.js';
import type { CompensateWith } from './read-compensations.js';

/** The chain that a task runs, read without a fault. */
export interface ReadChild {
  readonly input: ChainInput;
  readonly template: TemplateUse | undefined;
  readonly open: ChildPlan['open'];
  readonly repeat: Repeat | undefined;
  readonly forEach: ChildPlan['forEach'];
  /** Where it stands in the body. */
  readonly place: string;
}

/** A chain that can be stored: nothing is left to be defaulted or checked. */
export interface ChainInput {
  readonly chainName: string;
  readonly description: string | null;
  readonly tasks: readonly TaskInput[];
  readonly options: ChainOptions;
  readonly metadata: { readonly [key: string]: JsonValue };
  readonly labels: { readonly [key: string]: string };
  /** Whether to start it at once. */
  readonly execute: boolean;
  readonly plan: Plan;
  /** Null: none. */
  readonly outputs: ChainOutputs | null;
  /** The body as it would have been sent without parameters and branches; `for_each` as it was. */
  readonly config: unknown;
  /** What tasks run as their children, by position. */
  readonly children: ReadonlyMap<number, ReadChild>;
  /** Its tasks and those of its children, of all turns and instances that there may be. */
  readonly treeSize: number;
  /** Tasks that its children have at once at most: turns come one after another. */
  readonly childTasks: number;
}

export interface ChainOptions {
  readonly retryPolicy: RetryPolicy;
  readonly timeoutSeconds: number;
  readonly approvalTimeoutSeconds: number;
  /** 1 (lowest) to 10 (highest). */
  readonly priority: number;
  readonly stopOnError: boolean;
  /** Tasks that go at once at most; null: no limit. */
  readonly maxParallel: number | null;
  /** Chains of the same key, and how many of them run at once; null: no limit. */
  readonly concurrency: Concurrency | null;
}

/** A task as the engine takes it, but for what the plan and the references of its parameters say of it. */
export interface TaskInput extends Omit<NewTask, 'level' | 'predecessors' | 'successors' | 'referenced' | 'params'> {
  /** Place in the list, which is also its position in the plan. */
  readonly position: number;
  readonly params: { readonly [key: string]: JsonValue };
  /** The tasks that the conditions name. */
  readonly conditionTasks: readonly string[];
  /** How it is undone. */
  readonly compensateWith?: CompensateWith;
}

/** `secrets`: those that it names where one may stand. Whether the caller may use them is in the database. */
export type ChainReading = { readonly secrets: readonly SecretUse[] } & (
  { readonly ok: true; readonly chain: ChainInput } | { readonly ok: false; readonly faults: readonly InputFault[] }
);
