import { v7 as orderedId } from 'uuid';
import { decide, dispatch, evolve, settingsOf, wireSettings } from '#libs/chain-domain';
import type { Chain, ChainState, ForEach, RetryPolicy, Task, TaskSettings, TriggerRule } from '#libs/chain-domain';
import type { CompensationPlan, NewChainRow, NewEdge, NewTaskRow } from '#libs/repositories';
import type { Handed } from '../children/handed.js';
import { consentOf } from './consent.js';

/** A chain that has been read and planned without a fault. Positions are places in `tasks`. */
export interface NewChain {
  readonly chainName: string;
  readonly chainType: string;
  readonly description: string | null;
  /** The body as the user sent it, with the values of parameters in their places. */
  readonly config: unknown;
  /** What the chain gives back; null: nothing that has a name. */
  readonly outputs?: ChainOutputs | null;
  /** How its tasks are undone if it fails or is cancelled; absent or null: not at all. */
  readonly compensation?: CompensationPlan['tasks'] | null;
  /** The chain whose work it undoes. */
  readonly compensates?: string;
  /** The task of another chain that runs it. */
  readonly parent?: ParentTask;
  /** The schedule of the outermost chain around it, else that chain: what an owner may decide on as a whole. */
  readonly origin?: string;
  readonly metadata: unknown;
  /** What it is made of; absent: its author wrote it out. */
  readonly template?: TemplateUse | undefined;
  /** Absent: no schedule made it. */
  readonly schedule?: DueTime | undefined;
  /** What lists can be filtered by. */
  readonly labels: Readonly<Record<string, string>>;
  readonly createdBy: string | null;
  /** The party of the key that creates it; null for a key of no party. */
  readonly proposer: string | null;
  /** Whether an admin creates it: its tasks may use every secret, and read the folders of parties that nobody has claimed. */
  readonly byAdmin: boolean;
  readonly stopOnError: boolean;
  readonly timeoutSeconds: number;
  /** A task waits this long for an approval. */
  readonly approvalTimeoutSeconds: number;
  readonly execute: boolean;
  /** Maximum number of its tasks that are sent or running at once; null: no limit. */
  readonly maxParallel: number | null;
  /** Maximum number of the tenant's chains with this key that run at once. */
  readonly concurrency: Concurrency | null;
  /** Tasks that its children have at once at most, which count in a quota with its own; absent: none, or it is a child. */
  readonly childTasks?: number;
  readonly tasks: readonly NewTask[];
}

/**
 * What a task of type `chain` runs, read and planned together with its own chain. Values that come out of results are put in when it
 * starts: they stand as `${params.<name>}` until then.
 */
export interface ChildPlan {
  readonly chain: Omit<
    NewChain,
    'createdBy' | 'byAdmin' | 'origin' | 'execute' | 'schedule' | 'compensates' | 'parent' | 'childTasks'
  >;
  /** JSON Schemas of the parameters whose values come when it starts, by name. */
  readonly open: Readonly<Record<string, object>>;
  /** Absent: it runs once. */
  readonly repeat?: Repeat | undefined;
  /**
   * It is the chain of a `for_each` over a result, written with one instance: each item gets one like it. Absent: it runs as it is
   * written.
   */
  readonly forEach?: (ForEach & { readonly maxItems: number }) | undefined;
}

/** A chain that runs in turns, each of them another child. */
export interface Repeat {
  /** A condition on the outputs of the last turn, as the result of the task: no other turn follows where it holds. */
  readonly until: string;
  readonly max: number;
  readonly delayMs: number;
  /** By parameter: the output of a turn that the next one gets. */
  readonly carry: Readonly<Record<string, string>>;
}

/** A version of a template. */
export interface TemplateUse {
  readonly id: string;
  readonly version: number;
}

/** A task that runs a chain as its child. */
export interface ParentTask {
  readonly chainId: string;
  readonly taskId: string;
  readonly position: number;
  readonly attempt: number;
  /** 1 at first. */
  readonly turn: number;
  readonly priority: number;
  /** The values that it gives. */
  readonly args: object;
  /** What is left of its chain's time. */
  readonly leftMs: number;
}

/** A due time of a schedule: at most one chain is made for it, by the process that holds the schedule. */
export interface DueTime {
  readonly id: string;
  readonly dueAt: string;
  readonly holder: string;
}

/** Results of a chain by name: the task, and the path into its result. */
export type ChainOutputs = Readonly<Record<string, { readonly task_id: string; readonly path: readonly string[] }>>;

/** A group, and how many of it go at once at most. */
export interface Concurrency {
  readonly key: string;
  readonly limit: number;
  /** The key of a task counts in its chain alone. */
  readonly inChain?: boolean;
}

export interface NewTask extends TaskSettings {
  readonly taskId: string;
  readonly taskName: string;
  readonly taskType: string;
  readonly executionMode: string;
  /** In the order in which the task names them. */
  readonly dependsOn: readonly {
    readonly taskId: string;
    readonly dependencyType: string;
    readonly when: string | null;
  }[];
  readonly isCallback: boolean;
  readonly params: unknown;
  /** Maximum number of the tenant's tasks with this key that are sent or running at once. Not together with a key of the chain. */
  readonly concurrency: Concurrency | null;
  /** 1 (lowest) to 10 (highest). */
  readonly priority: number;
  readonly triggerRule: TriggerRule;
  readonly retryPolicy: RetryPolicy;
  readonly timeoutSeconds: number | null;
  readonly queueTimeoutSeconds: number | null;
  /** CEL expressions that must all hold for it to run: its own `when` and those of its dependencies. */
  readonly conditions: readonly string[];
  readonly level: number;
  readonly predecessors: readonly number[];
  readonly successors: readonly number[];
  /** Ancestors that its parameters refer to. */
  readonly referenced: readonly number[];
  /** The chain that it runs. */
  readonly child?: ChildPlan | undefined;
  /** Artifacts of other chains that it may read. */
  readonly handed?: Handed | undefined;
}

/**
 * The rows of a new chain; where it is to be executed at once, `decide` has started it already. `take`: whether there is a place at the
 * workers for a first task of a type, which is then QUEUED.
 */
export function newChainRows(
  chain: NewChain,
  now: number,
  take: (taskType: string) => boolean = () => false,
): { row: NewChainRow; tasks: NewTaskRow[]; edges: NewEdge[]; state: ChainState } {
  const state = firstState(chain);
  if (chain.execute) {
    const decision = decide(state, { kind: 'ExecuteChain' }, now);
    if ('refused' in decision) throw new Error(`a new chain was refused: ${decision.refused}`);
    evolve(state, decision);
    for (const { position, status, hold, taskType } of state.tasks.values()) {
      const isGrouped = (chain.concurrency ?? chain.tasks[position]!.concurrency) !== null;
      if (status === 'READY' && hold === null && !isGrouped && take(taskType)) {
        evolve(state, dispatch(state, position, now));
      }
    }
  }
  const chainId = `chain-${orderedId()}`;
  const origin = chain.origin ?? (chain.schedule && `schedule:${chain.schedule.id}`);
  const consent = consentOf(chainId, { ...chain, origin });
  return {
    state,
    row: {
      chain_id: chainId,
      chain_name: chain.chainName,
      chain_type: chain.chainType,
      description: chain.description,
      chain_config: chain.config,
      outputs: chain.outputs,
      compensation: chain.compensation && { proposer: chain.proposer, tasks: chain.compensation },
      compensates: chain.compensates,
      parent_chain_id: chain.parent?.chainId,
      parent_task_id: chain.parent?.taskId,
      parent_position: chain.parent?.position,
      parent_attempt: chain.parent?.attempt,
      parent_turn: chain.parent?.turn,
      parent_priority: chain.parent?.priority,
      parent_args: chain.parent?.args,
      parent_left_ms: chain.parent?.leftMs,
      reserved_tasks: chain.childTasks,
      template_id: chain.template?.id,
      template_version: chain.template?.version,
      schedule_id: chain.schedule?.id,
      scheduled_at: chain.schedule?.dueAt,
      status: state.chain.status,
      total_tasks: chain.tasks.length,
      created_by: chain.createdBy,
      by_admin: chain.byAdmin,
      metadata: chain.metadata,
      labels: chain.labels,
      stop_on_error: chain.stopOnError,
      timeout_seconds: chain.timeoutSeconds,
      approval_timeout_seconds: chain.approvalTimeoutSeconds,
      execution_id: chainId.replace('chain-', 'execution-'),
      max_parallel: chain.maxParallel,
      admitted_tasks: state.chain.admittedTasks,
      concurrency_key: chain.concurrency?.key ?? null,
      concurrency_limit: chain.concurrency?.limit ?? null,
    },
    tasks: chain.tasks.map((task, position) => ({
      task_id: task.taskId,
      task_request_id: `task-${orderedId()}`,
      task_name: task.taskName,
      task_type: task.taskType,
      execution_mode: task.executionMode,
      depends_on: task.dependsOn.map((dependency) => dependency.taskId),
      is_callback: task.isCallback,
      status: state.tasks.get(position)!.status,
      execution_order: position,
      priority: task.priority,
      level: task.level,
      pending: task.predecessors.length,
      trigger_rule: task.triggerRule,
      conditions: task.conditions,
      ...wireSettings(task),
      queue_timeout_seconds: task.queueTimeoutSeconds,
      hold: state.tasks.get(position)!.hold,
      retry_policy: task.retryPolicy,
      timeout_seconds: task.timeoutSeconds,
      predecessors: task.predecessors,
      successors: task.successors,
      referenced: task.referenced,
      params: task.params,
      child: task.child,
      handed: task.handed && [...task.handed.keys()],
      ...groupOf(chainId, chain.concurrency, task.concurrency),
      consent: consent[position] ?? null,
    })),
    edges: chain.tasks.flatMap((task) =>
      task.dependsOn.map((dependency) => ({
        from: dependency.taskId,
        to: task.taskId,
        type: dependency.dependencyType,
        when: dependency.when,
      })),
    ),
  };
}

function groupOf(
  chainId: string,
  ofChain: Concurrency | null,
  ofTask: Concurrency | null,
): Pick<NewTaskRow, 'concurrency_key' | 'concurrency_limit' | 'concurrency_of'> {
  const group = ofChain ?? ofTask;
  if (group === null) return { concurrency_key: null, concurrency_limit: null, concurrency_of: null };
  const { key, limit, inChain = false } = group;
  return {
    concurrency_key: inChain ? `${chainId}/${key}` : key,
    concurrency_limit: limit,
    concurrency_of: ofChain === null ? 'TASK' : 'CHAIN',
  };
}

function firstState(chain: NewChain): ChainState {
  const fresh: Chain = {
    status: 'PENDING',
    epoch: 1,
    totalTasks: chain.tasks.length,
    completedTasks: 0,
    failedTasks: 0,
    skippedTasks: 0,
    cancelledTasks: 0,
    toleratedTasks: 0,
    admittedTasks: 0,
    maxParallel: chain.maxParallel,
    timeLeftMs: null,
    stopOnError: chain.stopOnError,
    timeoutMs: chain.timeoutSeconds * 1000,
    approvalMs: chain.approvalTimeoutSeconds * 1000,
    deadlineAt: null,
    error: null,
    endedBy: null,
    hasParent: chain.parent !== undefined,
  };
  const tasks = new Map<number, Task>();
  chain.tasks.forEach((task, position) =>
    tasks.set(position, {
      position,
      taskId: task.taskId,
      taskType: task.taskType,
      status: 'PENDING',
      attempt: 0,
      runId: null,
      failures: 0,
      losses: 0,
      parents: { pending: task.predecessors.length, succeeded: 0, failed: 0, skipped: 0 },
      triggerRule: task.triggerRule,
      retry: task.retryPolicy,
      priority: task.priority,
      successors: task.successors,
      ...settingsOf(wireSettings(task)),
      hold: null,
      firstQueuedAt: null,
      skipReason: null,
      nextAttemptAt: null,
      approvedAttempt: null,
      error: null,
    }),
  );
  return { chain: fresh, tasks };
}
