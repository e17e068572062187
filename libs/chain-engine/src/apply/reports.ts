import {
  cutText,
  failure,
  isObject,
  isOpenedEntry,
  isPartyResult,
  resultFault,
  type FailureCode,
  type TaskError,
} from '#libs/chain-domain';
import type { DoneReport, Note } from '#libs/queues';

/** A report whose result or shape cannot be stored, turned into the failure of its own task. */
export type ReadReport = DoneReport | { readonly kind: 'unreadable'; readonly why: string };

/** Limits of the columns. */
const MAX_ID = 64;
const MAX_WORKER_ID = 128;
const MAX_SLOTS = 1_000_000;
/** Ten years, and the year 3000: no honest clock says more. */
const LONGEST_RUN_MS = 10 * 365 * 86_400_000;
const LATEST_MS = 32_503_680_000_000;

/** Reads a message of lane `done`. What the worker sent is not trusted: a bad result fails its task, never the batch. */
export function readDone(text: string): ReadReport {
  const message = parse(text);
  if (message === null || !hasIds(message)) return { kind: 'unreadable', why: 'no report of a run' };
  const report = message as unknown as DoneReport;
  if (!isText(message['workerId'], MAX_WORKER_ID) || !isDuration(message['elapsedMs'])) {
    const workerId = isText(message['workerId'], MAX_WORKER_ID) ? report.workerId : 'unreadable';
    const elapsedMs = isDuration(message['elapsedMs']) ? report.elapsedMs : 0;
    return invalid({ ...report, workerId, elapsedMs }, 'INVALID_RESULT', 'the report names no worker or time of a run');
  }
  if (report.kind === 'succeeded') {
    const fault = resultFault(report.result);
    if (fault) return invalid(report, fault.code, fault.message);
    const unreadable = artifactsFault(report.artifacts) ?? partyResultsFault(report.partyResults);
    return unreadable === null ? report : invalid(report, 'INVALID_RESULT', unreadable);
  }
  if (report.kind === 'failed') {
    const { error } = report as { error: unknown };
    const known = isObject(error) && typeof error['code'] === 'string' && typeof error['message'] === 'string';
    return known && resultFault(error) === null
      ? { ...report, retryable: report.retryable === true, error: clean(report.error) }
      : invalid(report, 'INVALID_RESULT', 'the worker reported a failure without a readable error');
  }
  if (report.kind === 'released') return report;
  return invalid(report, 'INVALID_RESULT', 'the worker reported neither success nor failure');
}

/** Reads a message of lane `notes`; null if it is not valid. */
export function readNote(text: string): Note | null {
  const message = parse(text);
  return message !== null && isNote(message) ? (message as unknown as Note) : null;
}

function isNote(message: Readonly<Record<string, unknown>>): boolean {
  switch (message['kind']) {
    case 'started':
      return hasRun(message) && isDuration(message['elapsedMs']);
    case 'progress':
      return hasAttempt(message) && isWithin(message['fraction'], 0, 1) && isText(message['stage']);
    case 'log':
      return hasAttempt(message) && Array.isArray(message['lines']) && message['lines'].every(isLogLine);
    case 'opened':
      return hasAttempt(message) && isText(message['party'], MAX_ID) && isOpenedEntry(message['entry']);
    case 'heartbeat':
      return (
        isText(message['workerId'], MAX_WORKER_ID) &&
        Number.isSafeInteger(message['seq']) &&
        isObject(message['slots']) &&
        Object.entries(message['slots']).every(([type, slots]) => isText(type) && isWithin(slots, 0, MAX_SLOTS)) &&
        Object.values(message['slots']).every(Number.isInteger) &&
        Array.isArray(message['tasks']) &&
        message['tasks'].every(
          (task) =>
            isObject(task) && hasAttempt(task) && (task['runId'] === undefined || isText(task['runId'], MAX_ID)),
        )
      );
    default:
      return false;
  }
}

/** The failure that takes the place of a report which cannot be stored. */
export function invalid(report: DoneReport, code: FailureCode, message: string): DoneReport {
  const { chainId, taskId, taskRequestId, attempt, runId, workerId, elapsedMs, traceparent } = report;
  const run = { chainId, taskId, taskRequestId, attempt, runId, workerId, elapsedMs, traceparent };
  return { ...run, kind: 'failed', error: failure(code, message), retryable: false };
}

function artifactsFault(artifacts: unknown): string | null {
  const ok =
    Array.isArray(artifacts) &&
    artifacts.every(
      (a) =>
        isObject(a) &&
        isText(a['name']) &&
        isText(a['mediaType'], 128) &&
        Number.isSafeInteger(a['sizeBytes']) &&
        /^[0-9a-f]{64}$/.test(String(a['sha256'])),
    );
  return ok ? null : 'the worker reported artifacts that cannot be read';
}

function partyResultsFault(results: unknown): string | null {
  const ok =
    results === undefined ||
    (isObject(results) &&
      Object.entries(results).every(([party, result]) => isText(party, MAX_ID) && isPartyResult(result)));
  return ok ? null : 'the worker reported results of parties that cannot be read';
}

function clean(error: TaskError): TaskError {
  return { ...error, code: cutText(error.code, 64), message: cutText(error.message, 4_096) };
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function hasAttempt(m: Record<string, unknown>): boolean {
  return (
    isText(m['taskRequestId'], MAX_ID) &&
    Number.isSafeInteger(m['attempt']) &&
    Math.abs(m['attempt'] as number) < 2 ** 31
  );
}

/** The ids that identify a report's run. */
function hasIds(m: Record<string, unknown>): boolean {
  return hasAttempt(m) && isText(m['chainId'], MAX_ID) && isText(m['runId'], MAX_ID);
}

function hasRun(m: Record<string, unknown>): boolean {
  return hasIds(m) && isText(m['workerId'], MAX_WORKER_ID);
}

function isLogLine(line: unknown): boolean {
  return (
    isObject(line) &&
    isWithin(line['atMs'], 0, LATEST_MS) &&
    isText(line['level']) &&
    typeof line['message'] === 'string'
  );
}

/** A non-empty text that fits its column: without NUL or half a Unicode character, which PostgreSQL refuses. */
function isText(value: unknown, longest = 255): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= longest && !/[\0\p{Surrogate}]/u.test(value);
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && value >= least && value <= most;
}

/** Milliseconds of a run. What is beyond can't be taken from a time in PostgreSQL. */
function isDuration(value: unknown): boolean {
  return isWithin(value, 0, LONGEST_RUN_MS);
}
