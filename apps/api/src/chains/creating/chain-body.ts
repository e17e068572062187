import type { DependencyType, JsonValue, WireSettings } from '#libs/chain-domain';
import type { PRIORITY_WORDS } from './create-chain.schema.js';

/** The body of `POST /chains` once it satisfies `createChainSchema`. */
export interface ChainBody {
  readonly chain_name: string;
  readonly description?: string;
  readonly tasks: readonly TaskBody[];
  readonly options?: OptionsBody;
  readonly metadata?: { [key: string]: JsonValue };
  readonly labels?: { readonly [key: string]: string };
  readonly execute?: boolean;
}

export interface TaskBody extends Partial<WireSettings> {
  readonly task_id: string;
  readonly task_name?: string;
  readonly task_type: string;
  readonly execution_mode?: 'sequential' | 'parallel';
  readonly depends_on?: readonly DependencyBody[];
  readonly callback_for?: readonly string[];
  readonly is_callback?: boolean;
  readonly task_params: { [key: string]: JsonValue };
  readonly retry_policy?: RetryPolicyBody;
  readonly timeout?: number;
  readonly priority?: PriorityBody;
  readonly trigger_rule?: string | { readonly at_least: number };
  readonly when?: string;
  readonly compensate_with?: CompensationBody;
  readonly queue_timeout?: number;
  readonly concurrency_key?: string;
  readonly concurrency_limit?: number;
  /** Of an instance: the key is one of its chain alone. */
  readonly concurrency_in_chain?: boolean;
}

export interface CompensationBody {
  readonly task_type: string;
  readonly task_name?: string;
  readonly task_params: { [key: string]: JsonValue };
  readonly retry_policy?: RetryPolicyBody;
  readonly timeout?: number;
}

export type DependencyBody =
  string | { readonly task_id: string; readonly dependency_type?: DependencyType; readonly when?: string };

export type PriorityBody = keyof typeof PRIORITY_WORDS | number;

export interface OptionsBody {
  readonly retry_policy?: RetryPolicyBody;
  readonly timeout?: number;
  readonly queue_timeout?: number;
  readonly approval_timeout?: number;
  readonly priority?: PriorityBody;
  readonly stop_on_error?: boolean;
  readonly max_parallel?: number;
  readonly concurrency_key?: string;
  readonly concurrency_limit?: number;
}

export interface RetryPolicyBody {
  readonly max_retries?: number;
  readonly retry_on_failure?: boolean;
  readonly backoff?: 'fixed' | 'exponential';
  readonly delay_ms?: number;
  readonly max_delay_ms?: number;
  readonly jitter?: boolean;
  readonly retry_on?: readonly string[];
  readonly never_retry_on?: readonly string[];
  readonly budget_seconds?: number;
  readonly on_exhausted?: 'fail' | 'pause';
}
