import type { System } from '../../test/faults/system.js';
import type { HttpClient } from '../http-client.js';
import { bodyOf, runChains } from '../ours.js';
import { median, quantile } from '../statistics.js';
import { graphWorkload, sequence } from '../workloads.js';
import { chainOf100, load, requestsOf, walk } from './api-load.js';
import { warmUp, withSystem, type Figure, type OwnMeasurement, type Place } from './own.js';

const TASKS_OF_A_CHAIN = 10;
/** Chains of one statement: its transaction's memory and log stay bounded. */
const BATCH = 20_000;

/** W1, W4 and W7 with millions of tasks in the tables that have ended, against the same system before they were there. */
export const full: OwnMeasurement = {
  id: 'full',
  title: 'with finished tasks in the tables, against none',
  // The full tables first: filling takes long, and a machine's speed changes meanwhile.
  measure: async (place) => {
    const tasks = place.long ? 10_000_000 : place.quick ? 100_000 : 1_000_000;
    const after = await figuresWith(place, tasks);
    const before = await figuresWith(place, 0);
    return Object.entries(after).map(([name, values]): Figure => {
      const empty = median(before[name]!);
      const ratios = values.map((value) => value / empty);
      const title = `${name}, ${tasks.toLocaleString('en')} tasks`;
      return { id: `full.${tasks}.${name}`, title, unit: 'times', values: ratios };
    });
  },
};

/** The figures of a new system with so many tasks that have ended. */
function figuresWith(place: Place, tasks: number): Promise<Record<string, number[]>> {
  return withSystem(place, 'redis', async (system, client) => {
    const path = await chainOf100(system, client);
    const body = bodyOf(sequence(TASKS_OF_A_CHAIN), true);
    const { chain_id: id } = await client.send<{ chain_id: string }>('POST', '/chains', body);
    // Warms what the figures run on. The chain that is copied ends meanwhile.
    await figures(place, system, client, path);
    if (tasks > 0) await fill(place, system, id, tasks / TASKS_OF_A_CHAIN);
    await figures(place, system, client, path);
    return figures(place, system, client, path);
  });
}

/** Of each round: times of W1 and W4, and the p50 of requests, ms. */
async function figures(
  place: Place,
  system: System,
  client: HttpClient,
  path: string,
): Promise<Record<string, number[]>> {
  const { create, read, list } = requestsOf(client, path, await walk(client));
  const found: Record<string, number[]> = {};
  for (let round = 0; round < (place.quick ? 1 : 4); round++) {
    for (const workload of ['W1', 'W4']) {
      const { chains } = graphWorkload(workload);
      if (round === 0) await warmUp(place, () => runChains(system, client, chains));
      (found[workload] ??= []).push((await runChains(system, client, chains)).ms);
    }
    for (const [name, request] of Object.entries({ create, read, list })) {
      if (round === 0) await load(client.connections, 1, request);
      const { latencies } = await load(client.connections, place.quick ? 1 : 3, request);
      (found[name] ??= []).push(quantile(latencies, 0.5));
    }
  }
  return found;
}

const OF_ITS_TASKS = 'task_request_id IN (SELECT task_request_id FROM chain_tasks WHERE chain_id = $1)';
/** Each table of a chain, and how its rows are found. */
const TABLES = {
  task_chains: 'chain_id = $1',
  task_requests: OF_ITS_TASKS,
  chain_tasks: 'chain_id = $1',
  chain_dependencies: 'chain_id = $1',
  chain_events: 'chain_id = $1',
  task_attempts: OF_ITS_TASKS,
};
/** Columns that differ from copy to copy; `n` is the copy's number. */
const CHANGED: Readonly<Record<string, string>> = {
  chain_id: `chain_id || '-' || n`,
  task_request_id: `task_request_id || '-' || n`,
  created_at: `created_at - n * interval '1 s'`,
  completed_at: `completed_at - n * interval '1 s'`,
};

/** Filling, not measuring: copies of all rows of a finished chain by SQL, past the API. */
async function fill({ say }: Place, system: System, chainId: string, chains: number): Promise<void> {
  const statements: string[] = [];
  for (const [table, where] of Object.entries(TABLES)) {
    const columns = await system.rows<{ name: string }>(
      `SELECT column_name AS name FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name = $1 AND is_identity = 'NO' AND is_generated = 'NEVER'`,
      [table],
    );
    const names = columns.map(({ name }) => name);
    const values = names.map((name) => CHANGED[name] ?? name);
    statements.push(
      `INSERT INTO ${table} (${names.join(', ')}) SELECT ${values.join(', ')}
         FROM ${table}, generate_series($2::int, $3::int) AS n WHERE ${where}`,
    );
  }
  for (let from = 1; from <= chains; from += BATCH) {
    const to = Math.min(from + BATCH - 1, chains);
    for (const statement of statements) await system.rows(statement, [chainId, from, to]);
    if ((to / BATCH) % 10 === 0) say(`filled ${to.toLocaleString('en')} of ${chains.toLocaleString('en')} chains`);
  }
  await system.rows('VACUUM ANALYZE');
  await system.rows('CHECKPOINT');
}
