import type { Tx } from './database.js';
import { insertChain, insertChainEvent, insertEdges, insertRequests, insertTasks } from './statements/create-chain.js';

/** A chain as it is first stored. `tasks` in the order of their positions. */
export interface NewChainRow {
  readonly chain_id: string;
  readonly chain_name: string;
  readonly chain_type: string;
  readonly description: string | null;
  readonly chain_config: unknown;
  readonly status: string;
  readonly total_tasks: number;
  readonly created_by: string | null;
  readonly metadata: unknown;
  readonly stop_on_error: boolean;
  readonly timeout_seconds: number;
  readonly execution_id: string | null;
  readonly max_parallel: number | null;
  readonly admitted_tasks: number;
}

export interface NewTaskRow {
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
  readonly tolerable: boolean;
  readonly queue_timeout_seconds: number | null;
  readonly hold: string | null;
  readonly retry_policy: unknown;
  readonly timeout_seconds: number | null;
  readonly predecessors: readonly number[];
  readonly successors: readonly number[];
  readonly referenced: readonly number[];
  readonly params: unknown;
}

export interface NewEdge {
  readonly from: string;
  readonly to: string;
  readonly type: string;
  readonly when: string | null;
}

/** Stores a chain with its tasks, requests and edges: five bulk statements. */
export async function insertWholeChain(
  tx: Tx,
  chain: NewChainRow,
  tasks: readonly NewTaskRow[],
  edges: readonly NewEdge[],
): Promise<{ createdAt: Date; startedAt: Date | null }> {
  const [row] = await tx.query<{ created_at: Date; started_at: Date | null }>(insertChain, [JSON.stringify(chain)]);
  await tx.query(insertRequests, [
    JSON.stringify(
      tasks.map((task) => ({
        task_request_id: task.task_request_id,
        task_type: task.task_type,
        task_name: task.task_name,
        params: task.params,
        metadata: { chain_id: chain.chain_id, task_id: task.task_id },
      })),
    ),
  ]);
  await tx.query(insertTasks, [chain.chain_id, JSON.stringify(tasks.map(({ params: _, ...task }) => task))]);
  if (edges.length > 0) {
    await tx.query(insertEdges, [
      chain.chain_id,
      edges.map((edge) => edge.from),
      edges.map((edge) => edge.to),
      edges.map((edge) => edge.type),
      edges.map((edge) => edge.when),
    ]);
  }
  await tx.query(insertChainEvent, [
    chain.chain_id,
    chain.status === 'RUNNING' ? 'ChainCreatedAndStarted' : 'ChainCreated',
    JSON.stringify({ total_tasks: chain.total_tasks, chain_type: chain.chain_type }),
  ]);
  return { createdAt: row!.created_at, startedAt: row!.started_at };
}
