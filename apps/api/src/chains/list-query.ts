import { CHAIN_STATUSES } from '#libs/chain-domain';
import type { ChainFilter, ChainPage } from '#libs/repositories';
import type { InputFault } from '#libs/chain-domain';
import { Problem } from '../input/problem.js';

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
  const faults: InputFault[] = [];
  const fault = (name: string, message: string): undefined => {
    faults.push({ code: 'INVALID_VALUE', pointer: `/${name}`, message });
    return undefined;
  };
  for (const name of Object.keys(query)) {
    if (!KNOWN.includes(name))
      fault(name, `There is no parameter ${JSON.stringify(name.slice(0, 80))}; there are ${KNOWN.join(', ')}.`);
  }
  const text = (name: string, max = 255): string | undefined => {
    const value = query[name];
    if (value === undefined || value === '') return undefined;
    if (typeof value !== 'string') return fault(name, 'Give it once.');
    return value.length > max || value.includes('\0') ? fault(name, `At most ${max} characters.`) : value;
  };
  const list = (name: string, allowed: readonly string[]): string[] | undefined => {
    const value = query[name];
    if (value === undefined || value === '') return undefined;
    const items = [value].flat().flatMap((item) => String(item).split(','));
    return items.every((item) => allowed.includes(item)) ? items : fault(name, `Any of ${allowed.join(', ')}.`);
  };
  const number = (name: string, fallback: number, min: number, max: number): number => {
    const value = query[name];
    if (value === undefined) return fallback;
    const parsed = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : NaN;
    if (parsed >= min && parsed <= max) return parsed;
    fault(name, `A whole number from ${min} to ${max}.`);
    return fallback;
  };
  const time = (name: string): string | undefined => {
    const value = text(name);
    if (value === undefined) return undefined;
    return isTime(value) && !Number.isNaN(Date.parse(value))
      ? new Date(value).toISOString()
      : fault(name, 'A time such as 2026-01-31T12:00:00Z.');
  };
  const sort = text('sort') ?? '-created_at';
  if (!SORTS.includes(sort)) fault('sort', `One of ${SORTS.join(', ')}.`);
  const cursor = text('cursor');
  const after =
    cursor === undefined ? undefined : (readCursor(cursor) ?? fault('cursor', 'Not a cursor of this list.'));
  if (cursor !== undefined && query['page'] !== undefined) fault('page', 'Give page or cursor, not both.');
  const limit = number('page_size', 20, 1, MAX_PAGE_SIZE);
  const page = number('page', 1, 1, MAX_OFFSET);
  if ((page - 1) * limit > MAX_OFFSET) fault('page', `Pages beyond the first ${MAX_OFFSET} chains are read by cursor.`);
  const filter: ChainFilter = {
    statuses: list('status', CHAIN_STATUSES),
    chainTypes: list('chain_type', TYPES),
    createdBy: text('created_by', 64),
    taskType: text('task_type', 50),
    q: text('q'),
    createdFrom: time('created_from'),
    createdTo: time('created_to'),
  };
  if (faults.length > 0)
    throw new Problem('INVALID_QUERY', `${faults.length} of the query's parameters are wrong: see errors`, {
      errors: faults,
    });
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

const TIME =
  /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)([ T]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-](0\d|1[0-4])(:?[0-5]\d)?)?)?$/;

/** A day that there is, and what PostgreSQL takes for a time: Date.parse takes 30 February, and the year 0. */
function isTime(text: string): boolean {
  const parts = TIME.exec(text)?.groups;
  if (parts === undefined) return false;
  const [year, month, day] = [Number(parts['year']), Number(parts['month']), Number(parts['day'])];
  const date = new Date(Date.UTC(2000, 0, 1));
  date.setUTCFullYear(year, month - 1, day);
  return year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
