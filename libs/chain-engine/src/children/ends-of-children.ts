import { failure, type ChainEvent, type JsonValue, type TaskError } from '#libs/chain-domain';
import { engineQueries } from '#libs/repositories';
import type { EndedChild, LoadedChain, Queryable } from '#libs/repositories';
import type { Incoming } from '../apply/decide-chain.js';
import { taskWork, type ChainWork } from '../apply/decide-work.js';
import type { ChildPlan } from '../commands/new-chain.js';
import { MAX_LIST_BYTES, startChild } from '../dispatch/open-control.js';
import { handedDown, type Handed } from './handed.js';
import { untilHolds } from './turns.js';

/** As of the result of any task. */
const MAX_RESULT_BYTES = 64 * 1024;

/** What the ends of children are to the tasks that wait for them. `parents`: only of these chains. */
export async function endsOfChildren(db: Queryable, parents?: readonly string[]): Promise<ChainWork[]> {
  const ended = await engineQueries.endedChildren(db, parents);
  if (ended.length === 0) return [];
  const starting = ended.map(({ task_request_id: taskRequestId, child, args, outputs }) => {
    const values = [args, outputs] as readonly JsonValue[];
    return { taskRequestId, child: child === null ? undefined : (child as ChildPlan), values };
  });
  return workOfEnds(ended, await handedDown(db, starting));
}

/** As above, of ends that are known. `handed`: what the tasks may hand down. */
export function workOfEnds(ended: readonly EndedChild[], handed: ReadonlyMap<string, Handed>): ChainWork[] {
  const rows = ended.map((row) => {
    const { chain_id: chainId, task_request_id: taskRequestId } = row;
    return { ...row, chainId, taskRequestId, down: handed.get(taskRequestId) };
  });
  return taskWork(rows, endOf);
}

function endOf(
  ended: EndedChild & { readonly down: Handed | undefined },
  position: number,
  { nowMs }: LoadedChain,
): Incoming {
  const { attempt, child_id: childId, status, error, left_ms } = ended;
  const of = { position, attempt, runId: null, ...(left_ms !== null && { leftMs: left_ms }) };
  const data = { child: childId };
  const failed = (why: TaskError): Incoming => ({
    event: { kind: 'TaskFailed', ...of, error: why, retryable: false, random: 0 } satisfies ChainEvent,
    data,
  });
  if (status === 'CANCELLED') return failed(failure('CHILD_CANCELLED', `its chain ${childId} was cancelled`));
  if (status === 'FAILURE') {
    const message = `its chain ${childId} failed: ${error?.message ?? 'without an error'}`;
    const details = { chain_id: childId, ...(error && { code: error.code }) };
    // How a list came out is said as of one that was written out.
    const code = ended.lists && error?.code === 'TOO_FEW_SUCCEEDED' ? error.code : 'CHILD_FAILED';
    return failed({ ...failure(code, message), details });
  }
  const outputs = ended.outputs ?? {};
  const result = ended.lists ? ((outputs as { results?: unknown }).results ?? null) : outputs;
  const child = ended.child as ChildPlan | null;
  const repeat = child?.repeat;
  if (child !== null && repeat !== undefined) {
    const { chain_name: name, chain_type: type, metadata, turn } = ended;
    const outcome = untilHolds(repeat, ended.task_id, result, { name, type, metadata });
    if (outcome.kind === 'fault') {
      const message = `its until ${JSON.stringify(outcome.condition)} cannot be decided: ${outcome.message}`;
      return failed(failure('INVALID_PARAMS', message));
    }
    if (outcome.kind === 'false' && turn >= repeat.max) {
      return failed(
        failure('TURNS_EXHAUSTED', `its until does not hold after ${turn} turns, and max is ${repeat.max}`),
      );
    }
    if (outcome.kind === 'false') {
      const until = repeat.delayMs === 0 ? null : nowMs + repeat.delayMs;
      const last = { status, turn, args: ended.args, outputs: result };
      const { task_id: taskId, down } = ended;
      const opening = { position, params: { task_config: { args: ended.args } }, taskId, child, last, down };
      const opens = (next: number): Incoming => startChild({ ...opening, attempt: next });
      return { event: { ...of, kind: 'TaskTurned', until }, data: { ...data, turn }, opens };
    }
  }
  const most = ended.lists ? MAX_LIST_BYTES : MAX_RESULT_BYTES;
  const bytes = Buffer.byteLength(JSON.stringify(result));
  if (bytes <= most) return { event: { kind: 'TaskSucceeded', ...of }, report: { result }, data };
  const message = `the outputs of ${childId} are ${bytes} bytes, more than ${most}: name smaller parts of results`;
  return failed(failure('RESULT_TOO_LARGE', message));
}
