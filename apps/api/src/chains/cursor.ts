import { isTime } from '../http/query-rules.js';

/** Opaque to clients: the last row of a page. */
export function writeCursor(row: { created_at_exact: string; id: number }): string {
  return Buffer.from(JSON.stringify([row.created_at_exact, row.id])).toString('base64url');
}

/** The row that `writeCursor` wrote; undefined for anything else. */
export function readCursor(cursor: unknown): { createdAt: string; id: number } | undefined {
  if (typeof cursor !== 'string') return undefined;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (!Array.isArray(parsed) || parsed.length !== 2) return undefined;
    const [createdAt, id] = parsed as unknown[];
    if (typeof createdAt !== 'string' || !isTime(createdAt)) return undefined;
    return Number.isSafeInteger(id) ? { createdAt, id: id as number } : undefined;
  } catch {
    return undefined;
  }
}
