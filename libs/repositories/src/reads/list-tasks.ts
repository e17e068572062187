import type { Queryable } from '../database.js';
import type { ShownTask } from './read-chains.js';
import { taskJson, TASKS_READER, WAITS } from './shown-columns.js';

// SQL: as `read-chains.ts`; the text depends on the filter.

/** Filters of a chain's tasks; undefined: any. */
export interface TaskFilter {
  readonly statuses?: readonly string[] | undefined;
  readonly taskType?: string | undefined;
  readonly taskId?: string | undefined;
  /** Part of the task's id or name. */
  readonly q?: string | undefined;
}

export interface TaskPage {
  readonly limit: number;
  readonly offset: number;
  /** The fields to read; undefined: all. */
  readonly fields?: readonly string[] | undefined;
}

/** A page of a chain's tasks, in the order of the request, and how many there are. */
export async function listTasks(
  db: Queryable,
  chainId: string,
  filter: TaskFilter,
  { limit, offset, fields }: TaskPage,
): Promise<{ items: ShownTask[]; total: number }> {
  const where = ['t.chain_id = $1'];
  const values: unknown[] = [chainId];
  const add = (condition: (place: string) => string, value: unknown): void => {
    values.push(value);
    where.push(condition(`$${values.length}`));
  };
  if (filter.statuses !== undefined) add((p) => `t.status = ANY (${p}::text[])`, filter.statuses);
  if (filter.taskType !== undefined) add((p) => `t.task_type = ${p}`, filter.taskType);
  if (filter.taskId !== undefined) add((p) => `t.task_id = ${p}`, filter.taskId);
  if (filter.q !== undefined) add((p) => `(t.task_id ILIKE ${p} OR t.task_name ILIKE ${p})`, containing(filter.q));
  const from = `FROM chain_tasks t WHERE ${where.join(' AND ')}`;
  // The JSON is made of the page's rows alone: only they are read whole.
  const items = `SELECT t.task_id, t.status, ${taskJson(TASKS_READER, '', fields)} AS json, ${WAITS}
    FROM (SELECT t.id ${from} ORDER BY t.execution_order LIMIT ${Math.trunc(limit)} OFFSET ${Math.trunc(offset)}) AS page
    JOIN chain_tasks t USING (id) ORDER BY t.execution_order`;
  const [rows, [count]] = await Promise.all([
    db.query<ShownTask>({ name: '', text: items }, values),
    db.query<{ total: number }>({ name: '', text: `SELECT count(*) AS total ${from}` }, values),
  ]);
  return { items: rows, total: count!.total };
}

/** What ILIKE takes for "holds this text". */
export const containing = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`;
