import { engineQueries } from '#libs/repositories';
import type { LoadedChain, Queryable } from '#libs/repositories';
import { evaluateConditions } from '../conditions/conditions.js';
import { conditionError, conditionScope, gatherResults } from '../dispatch/prepare-jobs.js';
import type { Incoming } from './decide-chain.js';

/** A loaded chain and what comes in for it. */
interface Taken {
  readonly chain: LoadedChain;
  readonly incoming: readonly Incoming[];
}

/** Parameters of all tasks that are looked at, in bytes: no limit, as they have reported already. */
const ALL = Number.MAX_SAFE_INTEGER;

/**
 * Looks for each success of a task with `end_chain` whether its condition holds. One that cannot be decided fails the
 * task, as any other condition does; an operator's own result stands. Costs nothing where no such task ends.
 */
export async function withEndings<T extends Taken>(db: Queryable, all: readonly T[]): Promise<readonly T[]> {
  const asked = all.flatMap(({ chain, incoming }) => incoming.flatMap(({ event }) => endingRow(chain, event) ?? []));
  if (asked.length === 0) return all;
  const rows = await engineQueries.loadJobs(db, asked, ALL);
  const results = await gatherResults(db, rows, []);
  const facts = await engineQueries.chainFacts(db, [...new Set(rows.map((row) => row.chain_id))]);
  return all.map((taken) => {
    const { chain } = taken;
    const incoming = taken.incoming.map((item): Incoming => {
      const id = endingRow(chain, item.event);
      const row = rows.find((each) => each.id === id);
      if (row === undefined) return item;
      const { taskId, endChain } = chain.state.tasks.get(row.execution_order)!;
      const own = { taskId, status: 'SUCCESS', runId: null, result: item.report?.result, partyResults: null };
      const scope = conditionScope(
        { ...row, referenced: [...row.referenced, row.execution_order] },
        facts.find((each) => each.chain_id === row.chain_id)!,
        (position) => (position === row.execution_order ? own : results.get(`${row.chain_id}/${position}`)),
      );
      return ended(item, evaluateConditions([endChain!.when], scope));
    });
    return { ...taken, incoming };
  });
}

/** The row id of the task that may end its chain by this event. */
function endingRow({ state, rows }: LoadedChain, event: Incoming['event']): number | undefined {
  if (event.kind !== 'TaskSucceeded' && event.kind !== 'ResolveTask') return undefined;
  const endChain = state.tasks.get(event.position)?.endChain ?? null;
  return endChain === null ? undefined : rows.get(event.position)!.id;
}

function ended(item: Incoming, outcome: ReturnType<typeof evaluateConditions>): Incoming {
  const { event, report } = item;
  if (event.kind !== 'TaskSucceeded' && event.kind !== 'ResolveTask') return item;
  if (outcome.kind !== 'fault') return { ...item, event: { ...event, endsChain: outcome.kind === 'true' } };
  if (event.kind === 'ResolveTask') return item;
  const { position, attempt, runId } = event;
  const { workerId, elapsedMs } = report ?? {};
  return {
    event: {
      kind: 'TaskFailed',
      ...{ position, attempt, runId },
      error: conditionError(outcome),
      retryable: false,
      random: 0,
    },
    report: { ...(workerId !== undefined && { workerId }), ...(elapsedMs !== undefined && { elapsedMs }) },
  };
}
