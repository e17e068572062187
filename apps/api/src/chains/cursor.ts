import type { ChainSort } from '#libs/repositories';
import { isTime } from '../http/query-rules.js';

/** Opaque to clients: the last row of a page. */
export function writeCursor(row: { place: string; id: number }, sort: ChainSort = 'created_at'): string {
  const named = sort === 'created_at' ? [row.place, row.id] : [row.place, row.id, sort];
  return Buffer.from(JSON.stringify(named)).toString('base64url');
}

/** The row that `writeCursor` wrote for a list in this order; undefined for anything else. */
export function readCursor(cursor: unknown, sort: ChainSort = 'created_at'): { place: string; id: number } | undefined {
  if (typeof cursor !== 'string') return undefined;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (!Array.isArray(parsed)) return undefined;
    const [place, id, by = 'created_at', ...more] = parsed as unknown[];
    if (more.length > 0 || by !== sort || typeof place !== 'string' || !IS_PLACE[sort](place)) return undefined;
    return Number.isSafeInteger(id) ? { place, id: id as number } : undefined;
  } catch {
    return undefined;
  }
}

const IS_PLACE: Readonly<Record<ChainSort, (place: string) => boolean>> = {
  created_at: isTime,
  completed_at: (place) => place === '-infinity' || isTime(place),
  chain_name: (place) => place.length <= 1_000 && !place.includes('\0'),
};
