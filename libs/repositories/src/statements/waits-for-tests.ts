import type { Database } from '../database.js';

/** Columns of a task that a test sets, as SQL: `{ status: "'READY'" }`. */
export type TaskColumns = Readonly<Record<string, string>>;

/** Stores a chain of a tenant with one task for each of `tasks`: `<chain>-<name>`, whose request has the same id. */
export async function storeChain(
  db: Database,
  chain: string,
  tasks: Readonly<Record<string, TaskColumns>>,
  { tenant = 'default', columns = {} }: { tenant?: string; columns?: TaskColumns } = {},
): Promise<void> {
  const own = db.forTenant(tenant);
  const insert = (table: string, values: TaskColumns): Promise<unknown> =>
    own.query({
      name: '',
      text: `INSERT INTO ${table} (${Object.keys(values).join(', ')}) VALUES (${Object.values(values).join(', ')})`,
    });
  const names = Object.keys(tasks);
  await insert('task_chains', {
    ...{
      chain_id: `'${chain}'`,
      chain_name: `'c'`,
      chain_type: `'parallel'`,
      chain_config: `'{}'`,
      status: `'RUNNING'`,
    },
    ...{ total_tasks: String(names.length), timeout_seconds: '60' },
    ...columns,
  });
  for (const [position, name] of names.entries()) {
    const id = `'${chain}-${name}'`;
    const inFlight = [`'QUEUED'`, `'RUNNING'`].includes(tasks[name]!.status ?? '');
    const type = tasks[name]!.task_type ?? `'psi'`;
    await insert('task_requests', { task_request_id: id, task_type: type, task_name: `'t'`, params: `'{}'` });
    await insert('chain_tasks', {
      ...{ chain_id: `'${chain}'`, task_id: `'${name}'`, task_request_id: id, task_name: `'t'`, task_type: type },
      ...{ execution_mode: `'parallel'`, depends_on: `'[]'`, execution_order: String(position), level: '0' },
      ...{ pending_dependencies: '0', predecessors: `'{}'`, successors: `'{}'`, referenced: `'{}'` },
      ...(inFlight ? { lease_until: `now() + interval '1 h'` } : {}),
      ...tasks[name],
    });
  }
}
