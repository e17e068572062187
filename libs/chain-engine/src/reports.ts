import type { DoneReport, Note } from '#libs/queues';

/** A report whose result or shape cannot be stored, turned into the failure of its own task. */
export type ReadReport = DoneReport | { readonly kind: 'unreadable'; readonly why: string };

const MAX_RESULT_BYTES = 64 * 1024;
const MAX_DEPTH = 32;

/** Reads a message of lane `done`. What the worker sent is not trusted: a bad result fails its task, never the batch. */
export function readDone(text: string): ReadReport {
  const message = parse(text);
  if (message === null || !hasRun(message) || !Number.isFinite(message['elapsedMs'])) {
    return { kind: 'unreadable', why: 'no report of a run' };
  }
  const report = message as unknown as DoneReport;
  if (report.kind === 'succeeded') {
    const fault = resultFault(report.result) ?? artifactsFault(report.artifacts);
    return fault === null ? report : invalid(report, fault.code, fault.message);
  }
  if (report.kind === 'failed') {
    const { error } = report as { error: unknown };
    const known = isObject(error) && typeof error['code'] === 'string' && typeof error['message'] === 'string';
    return known && resultFault(error) === null
      ? { ...report, retryable: report.retryable === true, error: clean(report.error) }
      : invalid(report, 'INVALID_RESULT', 'the worker reported a failure without a readable error');
  }
  return report.kind === 'released' ? report : { kind: 'unreadable', why: 'unknown kind' };
}

/** Reads a message of lane `notes`; null when it is none. */
export function readNote(text: string): Note | null {
  const message = parse(text);
  if (message === null) return null;
  switch (message['kind']) {
    case 'started':
      return hasRun(message) && Number.isFinite(message['elapsedMs']) ? (message as unknown as Note) : null;
    case 'progress':
      return hasAttempt(message) && Number.isFinite(message['fraction']) && isText(message['stage'])
        ? (message as unknown as Note)
        : null;
    case 'log':
      return hasAttempt(message) && Array.isArray(message['lines']) && message['lines'].every(isLogLine)
        ? (message as unknown as Note)
        : null;
    case 'heartbeat':
      return isText(message['workerId']) &&
        Number.isFinite(message['seq']) &&
        isObject(message['slots']) &&
        Array.isArray(message['tasks']) &&
        message['tasks'].every((task) => isObject(task) && hasAttempt(task))
        ? (message as unknown as Note)
        : null;
    default:
      return null;
  }
}

/** The failure that takes the place of a report which cannot be stored. */
export function invalid(report: DoneReport, code: string, message: string): DoneReport {
  const { chainId, taskId, taskRequestId, attempt, runId, workerId, elapsedMs } = report;
  const run = { chainId, taskId, taskRequestId, attempt, runId, workerId, elapsedMs };
  return { ...run, kind: 'failed', error: { code, message }, retryable: false };
}

/** Why a result cannot be stored, or null. */
export function resultFault(result: unknown): { code: string; message: string } | null {
  if (deeperThan(result, MAX_DEPTH)) {
    return { code: 'INVALID_RESULT', message: `the result is nested deeper than ${MAX_DEPTH} levels` };
  }
  const text = JSON.stringify(result);
  if (text === undefined) return { code: 'INVALID_RESULT', message: 'the task reported no result' };
  if (Buffer.byteLength(text) > MAX_RESULT_BYTES) {
    const message = `the result is ${Buffer.byteLength(text)} bytes of JSON, more than ${MAX_RESULT_BYTES}: write large things as artifacts`;
    return { code: 'RESULT_TOO_LARGE', message };
  }
  if (text.includes('\\u0000')) return { code: 'INVALID_RESULT', message: 'the result holds a NUL character' };
  if (/\\ud[89a-f]/i.test(text))
    return { code: 'INVALID_RESULT', message: 'the result holds half a Unicode character' };
  return null;
}

function artifactsFault(artifacts: unknown): { code: string; message: string } | null {
  const ok =
    Array.isArray(artifacts) &&
    artifacts.every(
      (a) =>
        isObject(a) &&
        isText(a['name']) &&
        (a['name'] as string).length <= 255 &&
        isText(a['mediaType']) &&
        Number.isSafeInteger(a['sizeBytes']) &&
        /^[0-9a-f]{64}$/.test(String(a['sha256'])),
    );
  return ok ? null : { code: 'INVALID_RESULT', message: 'the worker reported artifacts that cannot be read' };
}

function clean<T extends { code: string; message: string }>(error: T): T {
  return { ...error, code: error.code.slice(0, 64), message: error.message.slice(0, 4_096) };
}

function deeperThan(value: unknown, limit: number): boolean {
  if (value === null || typeof value !== 'object') return false;
  if (limit === 0) return true;
  return Object.values(value).some((inner) => deeperThan(inner, limit - 1));
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
  return isText(m['taskRequestId']) && Number.isSafeInteger(m['attempt']) && Math.abs(m['attempt'] as number) < 2 ** 31;
}

function hasRun(m: Record<string, unknown>): boolean {
  return hasAttempt(m) && isText(m['chainId']) && isText(m['runId']) && isText(m['workerId']);
}

function isLogLine(line: unknown): boolean {
  return (
    isObject(line) && Number.isFinite(line['atMs']) && isText(line['level']) && typeof line['message'] === 'string'
  );
}

/** A non-empty text without NUL that fits its column. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 255 && !value.includes('\0');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
