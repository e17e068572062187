import {
  CHILD_CHAIN,
  failure,
  findPartyReferences,
  findReferences,
  findSecrets,
  FOR_EACH,
  isControlType,
  isObject,
  resolveReferences,
} from '#libs/chain-domain';
import type { JsonValue, PartyResult, TaskError } from '#libs/chain-domain';
import type { TaskJob } from '#libs/queues';
import { engineQueries } from '#libs/repositories';
import type { ChainFacts, ChainSave, JobRow, Queryable, SentStatementRow } from '#libs/repositories';
import { sibling, spanIdOfRun } from '#libs/tracing';
import { evaluateConditions, type ConditionOutcome, type ConditionScope } from '../conditions/conditions.js';
import type { ChildPlan } from '../commands/new-chain.js';
import type { ControlJob } from './open-control.js';
import { consentFor, statementsOf, withdrawnInput } from './job-consent.js';

/** All results that one job carries, at most this many bytes of JSON. */
const MAX_INPUT_BYTES = 16 * 1024 * 1024;
/** Below this many results of 64 KiB at most, the sum need not be counted. */
const UNCOUNTED_INPUTS = 256;
/** Limits of a batch of jobs: the number of results of up to 64 KiB, and the bytes of stored parameters. */
const INPUTS_AT_ONCE = 1_024;
const PARAMS_AT_ONCE = 4 * 1024 * 1024;

/** A dispatched task that cannot be sent: it fails with this error. */
export interface Unsendable {
  readonly chainId: string;
  readonly taskRequestId: string;
  readonly attempt: number;
  readonly error: TaskError;
}

/** A dispatched task that is not to run: this condition of its is false. */
export interface Skipped {
  readonly chainId: string;
  readonly taskRequestId: string;
  readonly attempt: number;
  readonly condition: string;
}

export interface PreparedJobs {
  readonly jobs: TaskJob[];
  /** Control tasks, which the engine opens instead of sending them. */
  readonly controls: ControlJob[];
  readonly unsendable: Unsendable[];
  readonly skipped: Skipped[];
  /** Row ids and attempts of the tasks whose jobs were left for the next call, so that memory holds what it can. */
  readonly rest: ReadonlyMap<number, number>;
}

interface KnownResult {
  readonly taskId: string;
  readonly status: string;
  readonly runId: string | null;
  readonly result: unknown;
  readonly partyResults: Readonly<Record<string, PartyResult>> | null;
}
type ResultAt = (position: number) => KnownResult | undefined;

/**
 * Makes the jobs of dispatched tasks: conditions evaluated, then parameters with their references resolved, and the
 * parents' results. Statuses and results that this very batch brought are taken from it, the others are read. Makes as
 * many as may be held in memory, at least one, and returns the rest. `saving`: the end of the save that dispatches them.
 */
export async function prepareJobs(
  db: Queryable,
  attempts: ReadonlyMap<number, number>,
  saves: readonly ChainSave[] = [],
  saving?: Promise<unknown>,
): Promise<PreparedJobs> {
  const known = attempts.size === 0 ? [] : await jobRows(db, attempts, saves);
  const rows = atOnce(known);
  const made = new Set(rows.map((row) => row.id));
  // A task without a row is gone with its chain.
  const rest = new Map(rows.length === 0 ? [] : [...attempts].filter(([id]) => !made.has(id)));
  const prepared: PreparedJobs = { jobs: [], controls: [], unsendable: [], skipped: [], rest };
  if (rows.length === 0) return prepared;
  const tooLarge = await tooLargeInputs(db, rows);
  const fitting = rows.filter((row) => !tooLarge.has(row.id));
  const [results, chains, statements, plans] = await Promise.all([
    gatherResults(db, fitting, saves),
    chainsOfConditions(db, fitting),
    statementsOf(db, fitting, saving),
    plansOf(db, fitting),
  ]);
  for (const row of rows) {
    const attempt = attempts.get(row.id)!;
    const ref = { chainId: row.chain_id, taskRequestId: row.task_request_id, attempt };
    const bytes = tooLarge.get(row.id);
    if (bytes !== undefined) {
      prepared.unsendable.push({ ...ref, error: inputsError(row, bytes) });
      continue;
    }
    const resultAt: ResultAt = (position) => results.get(`${row.chain_id}/${position}`);
    const outcome = conditionsOf(row, chains.get(row.chain_id), resultAt);
    if (outcome.kind === 'false') {
      prepared.skipped.push({ ...ref, condition: outcome.condition });
      continue;
    }
    const job =
      outcome.kind === 'fault' ? { error: conditionError(outcome) } : makeJob(row, attempt, resultAt, statements);
    if ('error' in job) prepared.unsendable.push({ ...ref, error: job.error });
    else if (isControlType(job.taskType)) {
      const parents = row.predecessors.map((at) => resultAt(at)?.status ?? 'PENDING');
      prepared.controls.push({ ...job, parents, ...plans.get(row.id) });
    } else prepared.jobs.push(job);
  }
  return prepared;
}

/** What tasks run as their children, and ran last, by row id. */
async function plansOf(
  db: Queryable,
  rows: readonly JobRow[],
): Promise<ReadonlyMap<number, Pick<ControlJob, 'child' | 'last'>>> {
  const ids = rows.filter(runsChain).map((row) => row.id);
  const plans = ids.length === 0 ? [] : await engineQueries.childPlans(db, ids);
  return new Map(plans.map(({ id, child, last }) => [id, { child: child as ChildPlan, last: last ?? undefined }]));
}

/** Of a task with `for_each`: where its list comes out of a result, which is then a value that it gives. */
const runsChain = ({ task_type: type, params }: JobRow): boolean =>
  type === CHILD_CHAIN || (type === FOR_EACH && isObject(params) && params['task_config'] !== undefined);

/** The first rows, as many as their results allow. */
function atOnce(rows: readonly JobRow[]): readonly JobRow[] {
  let inputs = 0;
  const end = rows.findIndex(({ predecessors, referenced }, i) => {
    inputs += predecessors.length + referenced.length;
    return i > 0 && inputs > INPUTS_AT_ONCE;
  });
  return end === -1 ? rows : rows.slice(0, end);
}

/**
 * Tasks whose parents' results must not even be read: their bytes by row id. As the database writes JSON it has spaces,
 * so only twice the limit is certain to be beyond it; the others are measured when they are there.
 */
async function tooLargeInputs(db: Queryable, rows: readonly JobRow[]): Promise<ReadonlyMap<number, number>> {
  const many = rows.filter((row) => row.predecessors.length > UNCOUNTED_INPUTS);
  if (many.length === 0) return new Map();
  const sizes = await engineQueries.inputBytes(
    db,
    many.map((row) => row.id),
  );
  return new Map(
    sizes.map(({ id, bytes }) => [id, Number(bytes)] as const).filter(([, bytes]) => bytes > 2 * MAX_INPUT_BYTES),
  );
}

function inputsError({ predecessors }: JobRow, bytes: number): TaskError {
  const message = `the results of its ${predecessors.length} parents are ${bytes} bytes, more than ${MAX_INPUT_BYTES}: pass large things as artifacts`;
  return failure('RESULT_TOO_LARGE', message);
}

/** Rows of the jobs: those that were read ahead with their chain, and the others from the database. */
async function jobRows(
  db: Queryable,
  attempts: ReadonlyMap<number, number>,
  saves: readonly ChainSave[],
): Promise<readonly JobRow[]> {
  const rows: JobRow[] = [];
  for (const { loaded, dispatched } of saves) {
    for (const position of dispatched) {
      const { id, taskRequestId, job } = loaded.rows.get(position)!;
      if (job === undefined) continue;
      const { taskId, taskType, priority } = loaded.state.tasks.get(position)!;
      const ids = {
        id,
        chain_id: loaded.chainId,
        tenant_id: loaded.tenantId,
        execution_order: position,
        task_id: taskId,
      };
      rows.push({ ...ids, task_request_id: taskRequestId, task_type: taskType, priority, ...job });
    }
  }
  if (rows.length === attempts.size) return rows;
  const known = new Set(rows.map((row) => row.id));
  return [
    ...rows,
    ...(await engineQueries.loadJobs(
      db,
      [...attempts.keys()].filter((id) => !known.has(id)),
      PARAMS_AT_ONCE,
    )),
  ];
}

async function chainsOfConditions(db: Queryable, rows: readonly JobRow[]): Promise<Map<string, ChainFacts>> {
  const ids = new Set(rows.filter((row) => row.conditions.length > 0).map((row) => row.chain_id));
  if (ids.size === 0) return new Map();
  return new Map((await engineQueries.chainFacts(db, [...ids])).map((facts) => [facts.chain_id, facts]));
}

function conditionsOf(row: JobRow, chain: ChainFacts | undefined, resultAt: ResultAt): ConditionOutcome {
  if (row.conditions.length === 0 || chain === undefined) return { kind: 'true' };
  return evaluateConditions(row.conditions, conditionScope(row, chain, resultAt));
}

/** What conditions of a task may know. */
export function conditionScope(row: JobRow, chain: ChainFacts, resultAt: ResultAt): ConditionScope {
  const tasks: Record<string, { status: string; result: unknown }> = {};
  for (const position of new Set([...row.predecessors, ...row.referenced])) {
    const known = resultAt(position);
    if (known !== undefined) tasks[known.taskId] = { status: known.status, result: known.result ?? null };
  }
  const { chain_name: name, chain_type: type, metadata } = chain;
  return { tasks, chain: { name, type, metadata }, params: row.params };
}

/** The failure of a task whose condition comes to an error. */
export function conditionError({ condition, message }: Extract<ConditionOutcome, { kind: 'fault' }>): TaskError {
  return failure('INVALID_PARAMS', `its condition ${JSON.stringify(condition)} cannot be decided: ${message}`);
}

/** Statuses and results of what these tasks may know, by `<chain_id>/<position>`. */
export async function gatherResults(
  db: Queryable,
  rows: readonly JobRow[],
  saves: readonly ChainSave[],
): Promise<Map<string, KnownResult>> {
  const results = new Map<string, KnownResult>();
  for (const { loaded, changed, reports } of saves) {
    for (const [position, { taskId, status, runId }] of changed) {
      results.set(`${loaded.chainId}/${position}`, {
        taskId,
        status,
        runId,
        result: reports.get(position)?.result ?? null,
        partyResults: reports.get(position)?.partyResults ?? null,
      });
    }
  }
  const chains: string[] = [];
  const positions: number[] = [];
  const ofParties: boolean[] = [];
  const asked = new Set<string>();
  // Rows that name a party's own result come first, since each position is read once.
  const naming = new Set(rows.filter(({ params }) => mayNamePartyResults(params as JsonValue)));
  for (const row of [...naming, ...rows]) {
    for (const position of [...row.predecessors, ...row.referenced]) {
      const key = `${row.chain_id}/${position}`;
      if (results.has(key) || asked.has(key)) continue;
      asked.add(key);
      chains.push(row.chain_id);
      positions.push(position);
      ofParties.push(naming.has(row));
    }
  }
  if (chains.length > 0) {
    for (const row of await engineQueries.loadResults(db, chains, positions, ofParties)) {
      const { task_id: taskId, status, run_id: runId, result, party_results: partyResults } = row;
      results.set(`${row.chain_id}/${row.execution_order}`, { taskId, status, runId, result, partyResults });
    }
  }
  return results;
}

/** Ids of tasks may hold the word, so that only all ids tell what a reference is. */
const mayNamePartyResults = (params: JsonValue): boolean =>
  findReferences(params).references.some(({ raw }) => raw.includes('.party_results'));

function makeJob(
  row: JobRow,
  attempt: number,
  resultAt: ResultAt,
  statements: readonly SentStatementRow[],
): TaskJob | { error: TaskError } {
  const inputs: Record<string, unknown> = {};
  for (const position of row.predecessors) {
    const known = resultAt(position);
    if (known !== undefined) inputs[known.taskId] = known.result;
  }
  if (row.predecessors.length > UNCOUNTED_INPUTS) {
    const bytes = Buffer.byteLength(JSON.stringify(inputs));
    if (bytes > MAX_INPUT_BYTES) return { error: inputsError(row, bytes) };
  }
  const referable = new Map<string, JsonValue>();
  const ofParties = new Map<string, KnownResult['partyResults']>();
  for (const position of [...row.predecessors, ...row.referenced]) {
    const known = resultAt(position);
    if (known !== undefined) ofParties.set(known.taskId, known.partyResults);
    if (known !== undefined && known.result !== null && known.result !== undefined) {
      referable.set(known.taskId, known.result as JsonValue);
    }
  }
  // By the same ids as when the chain was created: by others, a reference to a result could lead to a party's own.
  const resolved = resolveReferences(row.params as JsonValue, referable, ofParties);
  if (!resolved.ok) {
    return missingError(resolved.missing.map(({ raw, pointer }) => `${raw} (at /task_params${pointer})`));
  }
  const partyResults = [];
  for (const { place, taskId, party, path } of findPartyReferences(row.params as JsonValue, ofParties)) {
    const result = ofParties.get(taskId)?.[party];
    if (result === undefined) return missingError([`the result of task ${taskId} for party ${party}`]);
    partyResults.push({ place, taskId, party, path, result });
  }
  const withdrawn = withdrawnInput(row, resolved.params, statements);
  if (withdrawn !== undefined) return { error: withdrawn };
  const secrets = findSecrets(row.params as JsonValue);
  return {
    chainId: row.chain_id,
    tenant: row.tenant_id,
    taskId: row.task_id,
    taskRequestId: row.task_request_id,
    taskType: row.task_type,
    attempt,
    params: resolved.params,
    ...(secrets.length > 0 && { secrets }),
    ...(partyResults.length > 0 && { partyResults }),
    ...(row.handed && { handed: row.handed }),
    ...(row.consent && { consent: consentFor(row, row.consent, statements) }),
    inputs,
    timeoutMs: row.timeout_seconds === null ? null : row.timeout_seconds * 1000,
    priority: row.priority,
    ...traceOf(row, resultAt),
  };
}

const missingError = (named: readonly string[]): { error: TaskError } => ({
  error: failure('INVALID_PARAMS', `no value for ${named.join(', ')}: look at the results of the tasks it names`),
});

/** The parent span of the job's run, and links to the runs that it follows: to all of a fan-in. */
function traceOf({ traceparent, predecessors }: JobRow, resultAt: ResultAt): Pick<TaskJob, 'traceparent' | 'follows'> {
  if (traceparent === null) return {};
  const runs = predecessors.flatMap((position) => resultAt(position)?.runId ?? []);
  return { traceparent, follows: runs.map((runId) => sibling(traceparent, spanIdOfRun(runId))) };
}
