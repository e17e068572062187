import { type Database, MINE } from '../database.js';
import { containing } from './list-tasks.js';
import { chainJson } from './shown-columns.js';

// SQL: as `read-chains.ts`; the text depends on the filter.

/** A list's row: the chain, and its place in the list. */
export interface ListedChain {
  readonly chain_id: string;
  readonly id: number;
  /** A Date holds milliseconds only: the cursor needs the time as it is stored. */
  readonly created_at_exact: string;
  /** A `ChainSummaryDto` as JSON, or the fields of it that were asked for. */
  readonly json: string;
}

/** Filters of a list; undefined: any. */
export interface ChainFilter {
  readonly statuses?: readonly string[];
  readonly chainTypes?: readonly string[];
  readonly createdBy?: string;
  readonly taskType?: string;
  /** Part of the chain's name. */
  readonly q?: string;
  readonly createdFrom?: string;
  readonly createdTo?: string;
}

export interface ChainPage {
  readonly ascending: boolean;
  readonly limit: number;
  readonly offset: number;
  /** Goes on after this row instead of counting from the start. */
  readonly after?: { readonly createdAt: string; readonly id: number };
  /** The fields to read; undefined: all. */
  readonly fields?: readonly string[];
}

/** The chains of a page, newest first unless `ascending`. `total` is counted only on request. */
export async function listChains(
  db: Database,
  filter: ChainFilter,
  page: ChainPage,
  withTotal: boolean,
): Promise<{ items: ListedChain[]; total: number | null }> {
  const { where, values } = conditions(filter);
  const rows = [...where];
  const rowValues = [...values];
  if (page.after !== undefined) {
    rowValues.push(page.after.createdAt, page.after.id);
    rows.push(
      `(c.created_at, c.id) ${page.ascending ? '>' : '<'} ($${rowValues.length - 1}::timestamptz, $${rowValues.length})`,
    );
  }
  const order = page.ascending ? 'ASC' : 'DESC';
  const text = `SELECT c.chain_id, c.id, c.created_at::text AS created_at_exact, ${chainJson(page.fields)} AS json FROM task_chains c WHERE ${rows.join(' AND ')}
    ORDER BY c.created_at ${order}, c.id ${order} LIMIT ${Math.trunc(page.limit)} OFFSET ${Math.trunc(page.offset)}`;
  const [items, total] = await Promise.all([
    db.query<ListedChain>({ name: '', text }, rowValues),
    withTotal ? countChains(db, where, values) : null,
  ]);
  return { items, total };
}

/** A count of 100,000 chains costs as much as many pages. */
async function countChains(db: Database, where: readonly string[], values: readonly unknown[]): Promise<number> {
  const text = `SELECT count(*) AS total FROM task_chains c WHERE ${where.join(' AND ')}`;
  const [row] = await db.queryShared<{ total: number }>({ name: '', text }, values);
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
  if (filter.q !== undefined) add((p) => `c.chain_name ILIKE ${p}`, containing(filter.q));
  if (filter.createdFrom !== undefined) add((p) => `c.created_at >= ${p}::timestamptz`, filter.createdFrom);
  if (filter.createdTo !== undefined) add((p) => `c.created_at < ${p}::timestamptz`, filter.createdTo);
  if (filter.taskType !== undefined) {
    add(
      (p) => `EXISTS (SELECT FROM chain_tasks t WHERE t.chain_id = c.chain_id AND t.task_type = ${p})`,
      filter.taskType,
    );
  }
  return { where, values };
}
