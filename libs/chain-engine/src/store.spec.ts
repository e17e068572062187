import { describe, it } from 'node:test';
import { expect } from 'expect';
import type { Database } from '#libs/repositories';
import { Refused } from './decide-chain.js';
import { Room } from './room.js';
import { decideWork, type ChainWork } from './store.js';

/** A database whose answers to `load-chains` and `load-all-tasks` are given in turn. */
function answering(chains: readonly object[], tasks: readonly object[]): Database {
  const answers: Record<string, object[]> = { 'load-chains': [...chains], 'load-all-tasks': [...tasks] };
  const query = ({ name }: { name: string }) => Promise.resolve([answers[name]!.shift()]);
  return { query } as unknown as Database;
}

const chain = (version: number, status: string) => ({
  ...{ chain_id: 'c', version, status, epoch: 1, total_tasks: 1, completed_tasks: 0, failed_tasks: 0 },
  ...{ skipped_tasks: 0, cancelled_tasks: 0, tolerated_tasks: 0, admitted_tasks: 0, max_parallel: null },
  ...{ time_left_ms: null, stop_on_error: true, timeout_seconds: 60, error: null, deadline_ms: null, now_ms: '1000' },
});
const task = (status: string) => ({
  ...{ id: 1, chain_id: 'c', task_id: 't', task_request_id: 'r', task_type: 'echo', status, execution_order: 0 },
  ...{ attempt: 0, run_id: null, failures: 0, losses: 0, pending_dependencies: 0, succeeded_dependencies: 0 },
  ...{ failed_dependencies: 0, skipped_dependencies: 0, trigger_rule: 'all_success', retry_policy: null, priority: 5 },
  ...{ successors: [], skip_reason: null, error: null, next_attempt_ms: null, tolerable: false, hold: null },
  ...{ first_queued_ms: null },
});
const execute: ChainWork = {
  chainId: 'c',
  requestIds: undefined,
  incoming: () => [{ event: { kind: 'ExecuteChain' } }],
};

describe('decideWork', () => {
  it('reads a chain again that a save changed between its row and its tasks', async () => {
    const chains = [chain(1, 'PENDING'), chain(2, 'CANCELLED')];
    const torn = answering(chains, [task('SKIPPED'), task('SKIPPED')]);
    await expect(decideWork(torn, [execute], new Room())).rejects.toThrow(Refused);
  });

  it('throws what the rules say of a chain that nobody has changed', async () => {
    const chains = [chain(1, 'PENDING'), chain(1, 'PENDING')];
    const broken = answering(chains, [task('SKIPPED'), task('SKIPPED')]);
    await expect(decideWork(broken, [execute], new Room())).rejects.toThrow('illegal move');
  });
});
