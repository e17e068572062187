import type { RetryPolicy, WireSettings } from '#libs/chain-domain';
import type { AuditedChange } from './audit.js';
import type { Database, Queryable } from './database.js';
import { createChain } from './statements/create-chain.js';

/** A chain as it is first stored. `tasks` in the order of their positions. */
export interface NewChainRow {
  readonly chain_id: string;
  readonly chain_name: string;
  readonly chain_type: string;
  readonly description: string | null;
  readonly chain_config: unknown;
  /** Where each output of the chain is read. */
  readonly outputs?: unknown;
  /** How its tasks are undone. */
  readonly compensation?: CompensationPlan | null | undefined;
  /** The chain whose work it undoes. */
  readonly compensates?: string | null | undefined;
  /** The task of another chain that runs it. */
  readonly parent_chain_id?: string | undefined;
  readonly parent_task_id?: string | undefined;
  readonly parent_position?: number | undefined;
  readonly parent_attempt?: number | undefined;
  readonly parent_turn?: number | undefined;
  readonly parent_priority?: number | undefined;
  readonly parent_args?: unknown;
  readonly parent_left_ms?: number | undefined;
  /** Tasks of its children at once, at most; absent: none. */
  readonly reserved_tasks?: number | undefined;
  readonly template_id?: string | undefined;
  readonly template_version?: number | undefined;
  readonly schedule_id?: string | undefined;
  readonly scheduled_at?: string | undefined;
  readonly status: string;
  readonly total_tasks: number;
  readonly created_by: string | null;
  readonly by_admin: boolean;
  readonly metadata: unknown;
  /** By key. */
  readonly labels: Readonly<Record<string, string>>;
  readonly stop_on_error: boolean;
  readonly timeout_seconds: number;
  readonly approval_timeout_seconds: number;
  readonly execution_id: string | null;
  readonly max_parallel: number | null;
  readonly admitted_tasks: number;
  readonly concurrency_key: string | null;
  readonly concurrency_limit: number | null;
}

/** How the tasks of a chain are undone if it fails or is cancelled. */
export interface CompensationPlan {
  /** The party whose key created the chain. */
  readonly proposer: string | null;
  readonly tasks: readonly {
    /** Of the task that it undoes. */
    readonly position: number;
    readonly taskId: string;
    readonly taskName: string;
    readonly taskType: string;
    readonly params: unknown;
    readonly retryPolicy: RetryPolicy;
    readonly timeoutSeconds: number | null;
    readonly priority: number;
    /** Places of the tasks that its parameters refer to. */
    readonly referenced: readonly number[];
  }[];
}

export interface NewTaskRow extends WireSettings {
  readonly task_id: string;
  readonly task_request_id: string;
  readonly task_name: string;
  readonly task_type: string;
  readonly execution_mode: string;
  readonly depends_on: unknown;
  readonly is_callback: boolean;
  readonly status: string;
  readonly execution_order: number;
  readonly priority: number;
  readonly level: number;
  readonly pending: number;
  readonly trigger_rule: unknown;
  readonly conditions: readonly string[];
  readonly queue_timeout_seconds: number | null;
  readonly hold: string | null;
  readonly retry_policy: unknown;
  readonly timeout_seconds: number | null;
  readonly predecessors: readonly number[];
  readonly successors: readonly number[];
  readonly referenced: readonly number[];
  readonly params: unknown;
  /** The chain that it runs, as the engine reads it. */
  readonly child?: unknown;
  readonly concurrency_key: string | null;
  readonly concurrency_limit: number | null;
  /** The tenant of the key. */
  readonly concurrency_of: 'TASK' | 'CHAIN' | null;
  /** What owners of data decide on; null if no task of the chain has parties. */
  readonly consent: StoredConsent | null;
  /** References to artifacts of other chains that the task may read. */
  readonly handed?: readonly string[] | undefined;
}

/** The part of a task's statement (libs/consent) that its rows do not hold. */
export interface StoredConsent {
  /** `sha256:<hex>` of the canonical task. */
  readonly hash: string;
  /** The party whose key created the chain, if any. */
  readonly proposer?: string | null;
  /** What the chain is for, if its author states it. */
  readonly purpose?: string | undefined;
  /** The whole that the chain is part of: `schedule:<id>` or `chain:<id>`; absent where it is part of none. */
  readonly origin?: string | undefined;
  /** Whether an admin created the chain. */
  readonly by_admin: boolean;
  /** Hashes of the tasks that its inputs come from, by task id; of another chain by `<chain_id>/<task_id>`. */
  readonly from: Readonly<Record<string, string>>;
}

export interface NewEdge {
  readonly from: string;
  readonly to: string;
  readonly type: string;
  readonly when: string | null;
}

/** The key of a request to create a chain, and what it is to be answered again. */
export interface RequestKey {
  readonly scope: string;
  readonly key: string;
  readonly hash: Buffer;
  readonly answer: object;
}

interface StoredChain {
  readonly created_at: string;
  /** null: without `leaseMs`. */
  readonly made: MadeChain | null;
}

/** What the engine that made a chain needs to go on with it: ids of tasks by position, and the clocks as of a loaded chain. */
export interface MadeChain {
  readonly chainId: string;
  readonly ids: readonly number[];
  readonly requestIds: readonly string[];
  readonly nowMs: number;
  readonly lagMs: number;
}

/** What is stored beside a chain, and the lease of those of its tasks that are QUEUED, ms. */
interface Beside {
  readonly request?: RequestKey | undefined;
  readonly audit?: AuditedChange | undefined;
  readonly traceparent?: string | undefined;
  readonly leaseMs?: number;
}

/** Stores a chain with its tasks, requests and edges -> when it was stored, and with `leaseMs` what was made; null where the key is taken. */
export async function insertWholeChain(
  db: Queryable | Pick<Database, 'write'>,
  chain: NewChainRow,
  tasks: readonly NewTaskRow[],
  edges: readonly NewEdge[],
  { request, audit, traceparent, leaseMs }: Beside = {},
): Promise<StoredChain | null> {
  const values = [
    JSON.stringify(chain),
    JSON.stringify(tasks),
    edges.map((edge) => edge.from),
    edges.map((edge) => edge.to),
    edges.map((edge) => edge.type),
    edges.map((edge) => edge.when),
    request?.scope,
    request?.key,
    request?.hash,
    request === undefined ? undefined : JSON.stringify(request.answer),
    audit === undefined ? undefined : JSON.stringify(audit),
    traceparent,
    leaseMs,
  ];
  const [row] = await ('write' in db
    ? db.write<StoredChain>(createChain, values)
    : db.query<StoredChain>(createChain, values));
  return row ?? null;
}
