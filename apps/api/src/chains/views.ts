import type { PartyResult } from '#libs/chain-domain';
import { readQueues } from '#libs/repositories';
import type { ChainView, Queryable, TaskView } from '#libs/repositories';
import type { ChainSummaryDto, FailureDto, TaskDto } from './chains.dto.js';
import { waitingOf, waitsForWorker, type Surroundings } from './waiting.js';

/** A chain's row as the API answers it. */
export function chainSummary(row: ChainView): ChainSummaryDto {
  const { id: _id, stop_on_error: _stop, timeout_seconds: _timeout, admitted_tasks: _admitted, ...rest } = row;
  const finished = row.completed_tasks + row.failed_tasks + row.skipped_tasks + row.cancelled_tasks;
  return {
    ...rest,
    progress: row.total_tasks === 0 ? 0 : Math.round((10_000 * finished) / row.total_tasks) / 100,
    error: row.error as unknown as FailureDto | null,
  };
}

/** Who reads results in clear of a party whose folder nobody has claimed: nobody but who is let by `mayRead`. */
const UNREADABLE: PartyResult = {
  withheld:
    'Nobody has claimed the folder of the party: only admins, and keys of the party, read this at the task itself.',
};

/** What a caller gets of the results of single parties. Sealed ones are for everybody: only their readers open them. */
export function partyResultsFor(
  results: TaskView['party_results'],
  mayRead: (party: string) => boolean,
): Record<string, PartyResult> | null {
  if (results === null) return null;
  const shown = Object.entries(results).map(([party, result]) => {
    return [party, 'value' in result && !mayRead(party) ? UNREADABLE : result] as const;
  });
  return Object.fromEntries(shown);
}

/** A task's row as the API answers it to anybody. */
export function taskDto(row: TaskView, around: Surroundings): TaskDto {
  const {
    next_attempt_at: _next,
    timeout_seconds: _timeout,
    changed_version: _version,
    succeeded_dependencies: _succeeded,
    ...rest
  } = row;
  const error = row.error as unknown as FailureDto | null;
  const party_results = partyResultsFor(row.party_results, () => false);
  return Object.assign(rest, { party_results, error, waiting: waitingOf(row, around) });
}

/** The tasks of a chain, each with why it waits. */
export async function taskDtos(db: Queryable, chain: ChainView, rows: readonly TaskView[]): Promise<TaskDto[]> {
  const statuses = new Map(rows.map((row) => [row.task_id, row.status]));
  const queues = await readQueues(db, chain.chain_id, typesOf(rows));
  return rows.map((row) => taskDto(row, { chain, statusOf: (id) => statuses.get(id), queues }));
}

/** The task types of which tasks wait for a worker. */
export function typesOf(rows: readonly TaskView[]): string[] {
  return [...new Set(rows.filter(waitsForWorker).map((row) => row.task_type))];
}
