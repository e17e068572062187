import type { FailureCode } from './failure-codes.js';

/** The largest result, in bytes of JSON. Larger things are artifacts. */
export const MAX_RESULT_BYTES = 64 * 1024;
/** The deepest nesting of a result. */
const MAX_RESULT_DEPTH = 32;

/** Why a result cannot be stored. */
interface ResultFault {
  readonly code: FailureCode;
  readonly message: string;
  /** Set if it is too large. */
  readonly details?: { readonly bytes: number; readonly limit: number };
}

/** Why the result of a task cannot be stored, or null. The worker asks before it reports; the engine trusts no worker and asks again. */
export function resultFault(result: unknown): ResultFault | null {
  if (result === undefined) return { code: 'INVALID_RESULT', message: 'the task reported no result' };
  const why = faultIn(result, 1);
  if (why !== undefined) return { code: 'INVALID_RESULT', message: `the result ${why}` };
  const bytes = utf8Length(JSON.stringify(result));
  if (bytes <= MAX_RESULT_BYTES) return null;
  const message = `the result is ${bytes} bytes of JSON, more than ${MAX_RESULT_BYTES}: write large things as artifacts`;
  return { code: 'RESULT_TOO_LARGE', message, details: { bytes, limit: MAX_RESULT_BYTES } };
}

/** What keeps a value from being stored as JSON in PostgreSQL, or undefined. */
function faultIn(value: unknown, depth: number): string | undefined {
  if (value === null || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'holds a number that JSON cannot hold';
  if (typeof value === 'string') return textFault(value);
  if (typeof value !== 'object') return `holds a value of type ${typeof value}, which JSON cannot hold`;
  if (depth > MAX_RESULT_DEPTH) return `is nested deeper than ${MAX_RESULT_DEPTH} levels`;
  for (const [key, member] of Object.entries(value)) {
    const fault = textFault(key) ?? faultIn(member, depth + 1);
    if (fault) return fault;
  }
  return undefined;
}

function textFault(text: string): string | undefined {
  if (text.includes('\0')) return 'holds a NUL character';
  return /\p{Surrogate}/u.test(text) ? 'holds half a Unicode character' : undefined;
}

/** A short text is not encoded to be measured: a UTF-16 unit has at most 3 bytes. */
function utf8Length(text: string): number {
  return text.length * 3 <= MAX_RESULT_BYTES ? text.length : new TextEncoder().encode(text).length;
}
