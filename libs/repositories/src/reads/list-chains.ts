import { type Database, MINE } from '../database.js';
import { containing } from './list-tasks.js';
import { chainJson } from './shown-columns.js';

// SQL: as `read-chains.ts`; the text depends on the filter.

/** A list's row: the chain, and its place in the list. */
export interface ListedChain {
  readonly chain_id: string;
  readonly id: number;
  /** What the list is sorted by, as it is stored: a Date holds milliseconds only. */
  readonly place: string;
  /** A `ChainSummaryDto` as JSON, or the fields of it that were asked for. */
  readonly json: string;
}

/** Filters of a list; undefined: any. */
export interface ChainFilter {
  readonly statuses?: readonly string[];
  readonly chainTypes?: readonly string[];
  readonly createdBy?: string;
  readonly taskType?: string;
  /** The chain that they are children of. */
  readonly parentId?: string;
  /** Part of the chain's name. */
  readonly q?: string;
  readonly createdFrom?: string;
  readonly createdTo?: string;
  /** It has all of them. */
  readonly labels?: readonly (readonly [key: string, value: string])[];
}

/** What a list is sorted by, and its type. Chains that have not ended count as ended before all others. */
const SORTS = {
  created_at: { by: 'c.created_at', type: 'timestamptz' },
  completed_at: { by: `coalesce(c.completed_at, '-infinity')`, type: 'timestamptz' },
  chain_name: { by: 'c.chain_name', type: 'varchar' },
} as const;
export type ChainSort = keyof typeof SORTS;
export const CHAIN_SORTS = Object.keys(SORTS) as readonly ChainSort[];

export interface ChainPage {
  /** Default: by creation. */
  readonly sort?: ChainSort;
  readonly ascending: boolean;
  readonly limit: number;
  readonly offset: number;
  /** Goes on after this row instead of counting from the start. */
  readonly after?: { readonly place: string; readonly id: number };
  /** The fields to read; undefined: all. */
  readonly fields?: readonly string[];
}

/** What the console's page of chains shows, and asks for each 3 s. */
const CONSOLE_FIELDS = [
  ...['chain_name', 'chain_type', 'status', 'progress', 'completed_tasks', 'total_tasks', 'created_at', 'started_at'],
  ...['completed_at', 'created_by', 'labels', 'template_id', 'parent_turn'],
];
/**
 * Pages of the API's default size and those of the console, each with one row more. Only such pages without filters are prepared once per
 * connection, as planning one takes longer than reading it: a connection keeps each statement that it has prepared, and the other texts have no end.
 */
const PREPARED: ReadonlyMap<string, string> = new Map([
  [`21 ${chainJson()}`, ''],
  [`51 ${chainJson(CONSOLE_FIELDS)}`, '-console'],
]);

/** The chains of a page, the last ones first unless `ascending`. `total` is counted only on request. */
export async function listChains(
  db: Database,
  filter: ChainFilter,
  page: ChainPage,
  withTotal: boolean,
): Promise<{ items: ListedChain[]; total: number | null }> {
  const { where, values } = conditions(filter);
  const rows = [...where];
  const rowValues = [...values];
  const { by, type } = SORTS[page.sort ?? 'created_at'];
  if (page.after !== undefined) {
    rowValues.push(page.after.place, page.after.id);
    rows.push(`(${by}, c.id) ${page.ascending ? '>' : '<'} ($${rowValues.length - 1}::${type}, $${rowValues.length})`);
  }
  const order = page.ascending ? 'ASC' : 'DESC';
  const json = chainJson(page.fields);
  const isFirst = values.length === 0 && page.offset === 0;
  const prepared = isFirst ? PREPARED.get(`${page.limit} ${json}`) : undefined;
  const place = page.after === undefined ? 'first' : 'after';
  const name = prepared === undefined ? '' : `list-chains-${page.sort ?? 'created_at'}-${order}-${place}${prepared}`;
  const text = `SELECT c.chain_id, c.id, (${by})::text AS place, ${json} AS json FROM task_chains c WHERE ${rows.join(' AND ')}
    ORDER BY ${by} ${order}, c.id ${order} LIMIT ${Math.trunc(page.limit)} OFFSET ${Math.trunc(page.offset)}`;
  const [items, total] = await Promise.all([
    db.query<ListedChain>({ name, text }, rowValues),
    withTotal ? countChains(db, where, values) : null,
  ]);
  return { items, total };
}

/** A count of 100,000 chains costs as much as many pages. */
async function countChains(db: Database, where: readonly string[], values: readonly unknown[]): Promise<number> {
  const text = `SELECT count(*) AS total FROM task_chains c WHERE ${where.join(' AND ')}`;
  const name = values.length === 0 ? 'count-chains' : '';
  const [row] = await db.queryShared<{ total: number }>({ name, text }, values);
  return row!.total;
}

function conditions(filter: ChainFilter): { where: string[]; values: unknown[] } {
  const where = [`c.tenant_id = ${MINE}`];
  const values: unknown[] = [];
  const add = (condition: (place: string) => string, value: unknown): void => {
    values.push(value);
    where.push(condition(`$${values.length}`));
  };
  if (filter.statuses !== undefined) add((p) => `c.status = ANY (${p}::text[])`, filter.statuses);
  if (filter.chainTypes !== undefined) add((p) => `c.chain_type = ANY (${p}::text[])`, filter.chainTypes);
  if (filter.createdBy !== undefined) add((p) => `c.created_by = ${p}`, filter.createdBy);
  if (filter.parentId !== undefined) add((p) => `c.parent_chain_id = ${p}`, filter.parentId);
  if (filter.q !== undefined) add((p) => `c.chain_name ILIKE ${p}`, containing(filter.q));
  if (filter.createdFrom !== undefined) add((p) => `c.created_at >= ${p}::timestamptz`, filter.createdFrom);
  if (filter.createdTo !== undefined) add((p) => `c.created_at < ${p}::timestamptz`, filter.createdTo);
  if (filter.taskType !== undefined) {
    add(
      (p) => `EXISTS (SELECT FROM chain_tasks t WHERE t.chain_id = c.chain_id AND t.task_type = ${p})`,
      filter.taskType,
    );
  }
  for (const label of filter.labels ?? []) {
    values.push(...label);
    where.push(`EXISTS (SELECT FROM chain_labels l WHERE l.tenant_id = ${MINE} AND l.chain_id = c.chain_id
                       AND l.key = $${values.length - 1} AND l.value = $${values.length})`);
  }
  return { where, values };
}
