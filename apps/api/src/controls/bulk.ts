import { commandChain, QuotaExceeded, type Caller, type OperatorCommand } from '#libs/chain-engine';
import { listChains, type TenantDatabases } from '#libs/repositories';
import type { ChainFilter, Quota } from '#libs/repositories';
import { readCursor, writeCursor } from '../chains/cursor.js';
import { filterOf, ListChainsQueryDto } from '../chains/list-chains-query.dto.js';
import { problemFromError } from '../http/problem-from-error.js';
import { Problem } from '../http/problem.js';
import { readQuery } from '../http/query.pipe.js';
import { DEFAULT_PER_SECOND, MAX_BULK, type BulkBodyDto } from './control-bodies.dto.js';
import { auditOf } from './controls.js';
import { refusalProblem } from './refusals.js';
import type { BulkDto, BulkResultDto } from './controls.dto.js';

/** What a bulk action does to each chain, and the chains in which it can do something. */
export interface BulkAction {
  /** The name of the operation. */
  readonly operation: string;
  readonly command: OperatorCommand;
  readonly statuses: readonly string[];
  /** Starts work: chains are taken at a bounded rate. */
  readonly paced: boolean;
}

export const BULK_ACTIONS: Readonly<Record<'cancel' | 'pause' | 'resume' | 'retry', BulkAction>> = {
  cancel: {
    operation: 'cancelChains',
    command: { kind: 'CancelChain' },
    statuses: ['PENDING', 'RUNNING', 'PAUSED'],
    paced: false,
  },
  pause: {
    operation: 'pauseChains',
    command: { kind: 'PauseChain' },
    statuses: ['RUNNING'],
    paced: false,
  },
  resume: {
    operation: 'resumeChains',
    command: { kind: 'ResumeChain' },
    statuses: ['PAUSED'],
    paced: true,
  },
  retry: {
    operation: 'retryChains',
    command: { kind: 'RetryChain', includeDownstream: true },
    statuses: ['FAILURE', 'CANCELLED'],
    paced: true,
  },
};

/** A call answers after this long at the latest, with a cursor for what it did not reach, ms. */
const MAX_TIME_MS = 20_000;
const AT_ONCE = 4;

/** A chain to handle, and the cursor that continues after it. */
interface Target {
  readonly chainId: string;
  readonly cursor: string;
}

/** One call of a bulk action. */
export interface BulkRun {
  readonly databases: TenantDatabases;
  readonly action: BulkAction;
  readonly body: BulkBodyDto;
  readonly caller: Caller;
  readonly quota: Quota | undefined;
}

/**
 * Does the action to each chain by itself, so that one which refuses does not hold up the others. A chain is done or
 * not by its own compare-and-set: doing the call again harms nothing.
 */
export async function runBulk(run: BulkRun): Promise<BulkDto> {
  const { action, body } = run;
  const { targets, more } = await targetsOf(run);
  const dryRun = body.dry_run === true;
  const perSecond = action.paced && !dryRun ? (body.max_per_second ?? DEFAULT_PER_SECOND) : Infinity;
  const results: BulkResultDto[] = [];
  const begun = performance.now();
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < targets.length && performance.now() - begun < MAX_TIME_MS) {
      const index = next++;
      const early = begun + (index * 1000) / perSecond - performance.now();
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
      results[index] = await actOn(run, targets[index]!.chainId);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const count = (outcome: string): number => results.filter((result) => result.outcome === outcome).length;
  return {
    dry_run: dryRun,
    done: count('done'),
    refused: count('refused'),
    not_found: count('not_found'),
    results,
    next_cursor:
      results.length > 0 && (more || results.length < targets.length) ? targets[results.length - 1]!.cursor : null,
  };
}

async function actOn({ databases, action, body, caller, quota }: BulkRun, chainId: string): Promise<BulkResultDto> {
  const { operation, command } = action;
  const options = {
    dryRun: body.dry_run === true,
    quota,
    ...auditOf(caller, { operation, chainId, command, body }, { bulk: true }),
  };
  const none = { chain_id: chainId, tasks_changed: 0, detail: null };
  const outcome = await commandChain(databases.engine, chainId, command, options).catch((error: unknown) => {
    if (error instanceof QuotaExceeded) return error;
    throw error;
  });
  if (outcome instanceof QuotaExceeded) {
    return { ...none, outcome: 'refused', status: null, detail: problemFromError(outcome).detail };
  }
  switch (outcome.kind) {
    case 'done':
      return { ...none, outcome: 'done', status: outcome.status, tasks_changed: outcome.changes.length };
    case 'refused': {
      const { detail } = refusalProblem(outcome.refusal, command);
      return { ...none, outcome: 'refused', status: outcome.refusal.status, detail };
    }
    default:
      return { ...none, outcome: 'not_found', status: null };
  }
}

async function targetsOf({ databases, action, body }: BulkRun): Promise<{ targets: Target[]; more: boolean }> {
  const { ids, filter, limit = MAX_BULK, cursor } = body;
  if ((ids === undefined) === (filter === undefined)) throw wrong('', 'Give ids or filter, and not both.');
  if (ids !== undefined) {
    const from = cursor === undefined ? 0 : Number(/^ids:(\d{1,4})$/.exec(cursor)?.[1] ?? NaN);
    if (!(from <= ids.length)) throw wrong('/cursor', 'Not a cursor of these ids.');
    const targets = ids.slice(from, from + limit).map((chainId, i) => ({ chainId, cursor: `ids:${from + i + 1}` }));
    return { targets, more: from + targets.length < ids.length };
  }
  const after = cursor === undefined ? undefined : readCursor(cursor);
  if (cursor !== undefined && after === undefined) throw wrong('/cursor', 'Not a cursor of this filter.');
  const read = filterOf(readQuery(ListChainsQueryDto, { ...filter }));
  const narrowed: ChainFilter = { ...read, statuses: read.statuses ?? action.statuses };
  // Oldest first: chains that are created meanwhile come last and disturb nothing.
  const page = { ascending: true, limit: limit + 1, offset: 0, after };
  const { items } = await listChains(databases.reads, narrowed, page, false);
  const targets = items.slice(0, limit).map((row) => ({ chainId: row.chain_id, cursor: writeCursor(row) }));
  return { targets, more: items.length > limit };
}

function wrong(pointer: string, message: string): Problem {
  return new Problem('BAD_REQUEST', message, { errors: [{ code: 'INVALID_VALUE', pointer, message }] });
}
