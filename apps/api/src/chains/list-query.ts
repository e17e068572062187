import { CHAIN_STATUSES } from '#libs/chain-domain';
import type { ChainFilter, ChainPage } from '#libs/repositories';
import { isTime, QueryReader } from '../http/query.js';

const TYPES = ['sequential', 'parallel', 'chord', 'complex'];
const SORTS = ['created_at', '-created_at'];
const KNOWN = [
  'status',
  'chain_type',
  'created_by',
  'task_type',
  'q',
  'created_from',
  'created_to',
  'sort',
  'page',
  'page_size',
  'cursor',
];
const MAX_PAGE_SIZE = 200;
/** Deeper pages are read by cursor: an offset costs as much as all rows before it. */
const MAX_OFFSET = 10_000;

export interface ListQuery {
  readonly filter: ChainFilter;
  readonly page: ChainPage;
  /** null when the list is read by cursor. */
  readonly pageNumber: number | null;
}

/** Reads the query of `GET /chains`; all that is wrong with it at once, as INVALID_QUERY. */
export function readListQuery(query: Readonly<Record<string, unknown>>): ListQuery {
  const read = new QueryReader(query, KNOWN);
  const sort = read.text('sort') ?? '-created_at';
  if (!SORTS.includes(sort)) read.fault('sort', `One of ${SORTS.join(', ')}.`);
  const cursor = read.text('cursor');
  const after =
    cursor === undefined ? undefined : (readCursor(cursor) ?? read.fault('cursor', 'Not a cursor of this list.'));
  if (cursor !== undefined && query['page'] !== undefined) read.fault('page', 'Give page or cursor, not both.');
  const limit = read.number('page_size', 20, 1, MAX_PAGE_SIZE);
  const page = read.number('page', 1, 1, MAX_OFFSET);
  if ((page - 1) * limit > MAX_OFFSET)
    read.fault('page', `Pages beyond the first ${MAX_OFFSET} chains are read by cursor.`);
  const filter: ChainFilter = {
    statuses: read.list('status', CHAIN_STATUSES),
    chainTypes: read.list('chain_type', TYPES),
    createdBy: read.text('created_by', 64),
    taskType: read.text('task_type', 50),
    q: read.text('q'),
    createdFrom: read.time('created_from'),
    createdTo: read.time('created_to'),
  };
  read.end();
  return {
    filter,
    page: { ascending: sort === 'created_at', limit, offset: after === undefined ? (page - 1) * limit : 0, after },
    pageNumber: cursor === undefined ? page : null,
  };
}

/** Opaque to clients: the last row of a page. */
export function writeCursor(row: { created_at_exact: string; id: number }): string {
  return Buffer.from(JSON.stringify([row.created_at_exact, row.id])).toString('base64url');
}

/** The row that `writeCursor` wrote; undefined for anything else. */
export function readCursor(cursor: string): { createdAt: string; id: number } | undefined {
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
