import { describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { useTestDatabase } from '#libs/testing';
import { PINNED_PLANS, type DatabaseRole, type Statement } from '../pool.js';
import { readChains } from '../reads/read-chains.js';
import { allEvents } from '../reads/read-history.js';
import { claimReady } from './claim-ready.js';
import { inputBytes, loadJobs, loadResults } from './load-jobs.js';
import { loadHop } from './load-tasks.js';
import { renewLeases } from './leases.js';
import { nextDue, promoteDue } from './promote-due.js';
import { saveDecisions } from './save-decisions.js';

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Join Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly PlanNode[];
}

const CHAINS = 1_000;
const TASKS = 10;
const BATCH = 10;
/** A statement may look at a row once in each of its parts, and join the rows of a batch; never look at all rows. */
const MOST_LOOKS = 15 * BATCH + 3 * BATCH ** 2;

/** Rows of tables that a plan looked at, and pairs of rows that its joins compared without a match. */
function looks(node: PlanNode): number {
  const passedOver = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
  const ofTable = node['Relation Name'] === undefined ? 0 : node['Actual Rows'] + passedOver;
  const own = (ofTable + (node['Rows Removed by Join Filter'] ?? 0)) * node['Actual Loops'];
  return own + (node.Plans ?? []).reduce((sum, plan) => sum + looks(plan), 0);
}

/** Values of a prepared statement: none have no brackets. */
function listed(values: readonly string[]): string {
  return values.length === 0 ? '' : `(${values.join(', ')})`;
}

/**
 * The engine's connections keep a plan for as long as they live, and most were made when the tables were small. Plans made on empty
 * tables must therefore be good on full ones.
 */
for (const known of ['nothing', 'that they are empty', 'one row'] as const) describePlans(known);

/** `known`: what the autovacuum found in the tables. The planner takes those of which it knows nothing for ten pages. */
function describePlans(known: 'nothing' | 'that they are empty' | 'one row'): void {
  describe(`plans made on empty tables of which the planner knows ${known}`, () => {
    const database = useTestDatabase();

    async function plannedEarly<T>(
      statement: Statement,
      run: (explain: Explain, client: pg.Client) => Promise<T>,
      role: DatabaseRole = 'task_chain_engine',
    ): Promise<T> {
      const options = PINNED_PLANS.map((setting) => `-c ${setting}`).join(' ');
      const client = new pg.Client({ connectionString: database.url, options });
      await client.connect();
      try {
        await client.query('TRUNCATE task_chains, task_requests CASCADE');
        if (known === 'one row') await fill(client, { status: 'CANCELLED' }, 0);
        if (known !== 'nothing') await client.query('VACUUM ANALYZE');
        await client.query(`SET task_chain.tenant = 'default'`);
        await client.query(`SET ROLE ${role}`);
        await client.query(`PREPARE early AS ${statement.text}`);
        const parameters = Math.max(0, ...[...statement.text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)));
        await client.query(`EXECUTE early${listed(Array<string>(parameters).fill('NULL'))}`);
        await client.query('RESET ROLE');
        const explain: Explain = async (...values) => {
          const literals = listed(values.map((value) => pg.escapeLiteral(value)));
          await client.query(`SET ROLE ${role}`);
          const { rows } = await client.query(`EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE early${literals}`);
          await client.query('RESET ROLE');
          return looks((rows as [{ 'QUERY PLAN': [{ Plan: PlanNode }] }])[0]['QUERY PLAN'][0].Plan);
        };
        return await run(explain, client);
      } finally {
        await client.end();
      }
    }
    type Explain = (...values: readonly string[]) => Promise<number>;

    /** Chains of ten tasks, one after another, the first of each of a status; or `from` 0 a chain of one task. */
    async function fill(client: pg.Client, first: { status: string }, from: 0 | 1 = 1): Promise<void> {
      const chains = `generate_series(${from}, ${from * CHAINS}) AS n`;
      const tasks = `generate_series(0, ${from * (TASKS - 1)}) AS p`;
      await client.query(`
      INSERT INTO task_chains (chain_id, chain_name, chain_type, chain_config, status, total_tasks, timeout_seconds)
      SELECT 'chain-' || n, 'c', 'sequential', '{}', 'RUNNING', ${TASKS}, 60 FROM ${chains}`);
      await client.query(`
      INSERT INTO task_requests (task_request_id, task_type, task_name, params)
      SELECT 'task-' || n || '-' || p, 'diagnostic', 't', '{}'
        FROM ${chains}, ${tasks}`);
      await client.query(`
      INSERT INTO chain_tasks (chain_id, task_id, task_request_id, task_name, task_type, execution_mode, depends_on,
        execution_order, level, pending_dependencies, predecessors, successors, referenced, attempt, status, lease_until,
        next_attempt_at)
      SELECT 'chain-' || n, 't' || p, 'task-' || n || '-' || p, 't', 'diagnostic', 'sequential', '[]', p, p, least(p, 1),
             CASE WHEN p > 0 THEN ARRAY[p - 1] ELSE '{}' END,
             CASE WHEN p < ${TASKS - 1} THEN ARRAY[p + 1] ELSE '{}' END, '{}', 1,
             CASE WHEN p = 0 THEN '${first.status}' ELSE 'PENDING' END,
             CASE WHEN p = 0 AND '${first.status}' = 'QUEUED' THEN now() + interval '1 min' END,
             CASE WHEN p = 0 AND '${first.status}' = 'RETRYING' THEN now() - interval '1 min' END
        FROM ${chains}, ${tasks}`);
    }
    const batch = Array.from({ length: BATCH }, (_, i) => i * 100 + 1);
    const array = (of: (n: number) => string | number): string => `{${batch.map(of).join(',')}}`;

    test('load-hop looks up each task and its successor, or the tasks of its chain', async () => {
      await plannedEarly(loadHop, async (explain, client) => {
        await fill(client, { status: 'QUEUED' });
        const requests = array((n) => `task-${n}-0`);
        expect(
          await explain(
            requests,
            array(() => 0),
          ),
        ).toBeLessThan(MOST_LOOKS);
        expect(
          await explain(
            requests,
            array(() => TASKS),
          ),
        ).toBeLessThan(TASKS * MOST_LOOKS);
      });
    });

    /** A VACUUM that comes before the rows are committed finds a large table without rows, and has plans made anew. */
    async function fillVacuumed(client: pg.Client): Promise<void> {
      const other = new pg.Client({ connectionString: database.url });
      await other.connect();
      try {
        await client.query('BEGIN');
        await fill(client, { status: 'QUEUED' });
        await other.query('VACUUM chain_tasks');
        await client.query('COMMIT');
      } finally {
        await other.end();
      }
    }

    for (const [role, vacuumed] of [
      ['task_chain_engine', false],
      ['task_chain_engine', true],
      ['task_chain_api', false],
    ] as const) {
      const when = vacuumed ? ', planned again after a VACUUM,' : '';
      test(`save-decisions as ${role}${when} touches the rows of its batch, and compares none with all others`, async () => {
        await plannedEarly(
          saveDecisions,
          async (explain, client) => {
            await (vacuumed ? fillVacuumed(client) : fill(client, { status: 'QUEUED' }));
            const { rows } = await client.query<{ id: string; chain_id: string; execution_order: number }>(
              `SELECT id, chain_id, execution_order FROM chain_tasks WHERE execution_order < 2 AND chain_id = ANY ($1)`,
              [array((n) => `chain-${n}`)],
            );
            const common = { version: 1, attempt: 1, failures: 0, losses: 0, succeeded: 0, failed: 0, skipped: 0 };
            const chains = batch.map((n) => ({
              ...{
                chain_id: `chain-${n}`,
                version: 1,
                changed: true,
                status: 'RUNNING',
                epoch: 1,
                completed: 1,
                failed: 0,
              },
              ...{ skipped: 0, cancelled: 0, tolerated: 0, admitted: 1, open: true },
            }));
            const tasks = rows.map(({ id, chain_id, execution_order: p }) => ({
              ...{ id, chain_id, priority: 5, pending: 0, status: p === 0 ? 'SUCCESS' : 'QUEUED', dispatched: p === 1 },
              ...common,
            }));
            const events = batch.map((n) => ({
              chain_id: `chain-${n}`,
              tenant_id: 'default',
              version: 1,
              kind: 'TaskSucceeded',
              disposition: 'ACCEPTED',
            }));
            const attempts = tasks
              .filter(({ dispatched }) => !dispatched)
              .map(({ id, chain_id }) => ({ id, chain_id, attempt: 1, outcome: 'SUCCESS' }));
            const values = [chains, tasks, events, attempts, [], []].map((rowsOf) => JSON.stringify(rowsOf));
            expect(await explain(...values, '4000', '15000')).toBeLessThan(MOST_LOOKS);
            const stored = await client.query(`SELECT FROM chain_tasks WHERE status = 'SUCCESS'`);
            expect(stored.rowCount).toBe(BATCH);
            expect((await client.query(`SELECT FROM task_attempts`)).rowCount).toBe(BATCH);
          },
          role,
        );
      });
    }

    test('load-jobs, load-results and renew-leases look up what they are asked for', async () => {
      await plannedEarly(loadJobs, async (explain, client) => {
        await fill(client, { status: 'QUEUED' });
        const { rows } = await client.query<{ id: string }>(`SELECT id FROM chain_tasks LIMIT ${BATCH}`);
        expect(await explain(`{${rows.map((row) => row.id).join(',')}}`, '1000000')).toBeLessThan(MOST_LOOKS);
      });
      await plannedEarly(inputBytes, async (explain, client) => {
        await fill(client, { status: 'QUEUED' });
        const { rows } = await client.query<{ id: string }>(
          `SELECT id FROM chain_tasks WHERE execution_order > 0 LIMIT ${BATCH}`,
        );
        expect(await explain(`{${rows.map((row) => row.id).join(',')}}`)).toBeLessThan(MOST_LOOKS);
      });
      await plannedEarly(loadResults, async (explain, client) => {
        await fill(client, { status: 'QUEUED' });
        expect(
          await explain(
            array((n) => `chain-${n}`),
            array(() => 0),
            array(() => 'true'),
          ),
        ).toBeLessThan(MOST_LOOKS);
      });
      await plannedEarly(renewLeases, async (explain, client) => {
        await fill(client, { status: 'QUEUED' });
        expect(
          await explain(
            array((n) => `task-${n}-0`),
            array(() => 1),
            '15000',
            array((n) => `run-${n}`),
          ),
        ).toBeLessThan(MOST_LOOKS);
      });
    });

    test('events-of-all reads its page and no more', async () => {
      await plannedEarly(
        allEvents,
        async (explain, client) => {
          await fill(client, { status: 'QUEUED' });
          await client.query(`
        INSERT INTO chain_events (chain_id, tenant_id, kind, disposition) SELECT 'chain-1', 'default', 'TaskStarted', 'ACCEPTED' FROM generate_series(1, 30000)`);
          const { rows } = await client.query<{ id: string }>('SELECT min(id) + 20000 AS id FROM chain_events');
          expect(await explain(rows[0]!.id, String(BATCH))).toBeLessThan(MOST_LOOKS);
        },
        'task_chain_api',
      );
    });

    test('claim-ready and promote-due take what there is room for', async () => {
      await plannedEarly(claimReady, async (explain, client) => {
        await fill(client, { status: 'READY' });
        expect(await explain('{diagnostic}', `{${BATCH}}`, '4000')).toBeLessThan(MOST_LOOKS);
      });
      await plannedEarly(claimReady, async (explain, client) => {
        await fill(client, { status: 'READY' });
        await client.query(`UPDATE chain_tasks SET tenant_id = 'acme' WHERE execution_order = 0 AND id % 3 = 0`);
        expect(await explain('{diagnostic}', `{${BATCH}}`, '4000')).toBeLessThan(MOST_LOOKS);
        const sent = await client.query(`SELECT FROM chain_tasks WHERE status = 'QUEUED' AND tenant_id = 'acme'`);
        expect(sent.rowCount).toBe(BATCH / 2);
      });
      await plannedEarly(promoteDue, async (explain, client) => {
        await fill(client, { status: 'RETRYING' });
        expect(await explain(String(BATCH))).toBeLessThan(MOST_LOOKS);
      });
      await plannedEarly(nextDue, async (explain, client) => {
        await fill(client, { status: 'RETRYING' });
        expect(await explain()).toBeLessThan(BATCH);
      });
    });
  });
}

describe('plans of the API, which the autovacuum planned for while there was one chain', () => {
  const database = useTestDatabase();

  test('know how many rows a chain or a request has, in each table that is searched by one', async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      const { rows } = await client.query<{ place: string; options: string[] | null }>(`
        SELECT DISTINCT a.attrelid::regclass || '.' || a.attname AS place, a.attoptions AS options
          FROM pg_index i
          JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
          JOIN pg_class c ON c.oid = i.indrelid
         WHERE c.relnamespace = 'public'::regnamespace AND a.attname IN ('chain_id', 'task_request_id')
           AND NOT EXISTS (SELECT FROM pg_index u
                            WHERE u.indrelid = i.indrelid AND u.indisunique AND u.indnkeyatts = 1 AND u.indpred IS NULL
                              AND u.indkey[0] = i.indkey[0])
         ORDER BY place`);
      expect(rows.filter(({ options }) => !options?.some((each) => each.startsWith('n_distinct=')))).toEqual([]);
      expect(rows.length).toBeGreaterThan(6);
    } finally {
      await client.end();
    }
  });

  test('read the tasks of a chain, not of all', async () => {
    let text = '';
    const query = (statement: Statement): Promise<never[]> => ((text = statement.text), Promise.resolve([]));
    await readChains.withTasks({ query } as never, 'chain-0');
    const client = new pg.Client({ connectionString: database.url, options: '-c enable_bitmapscan=off' });
    await client.connect();
    const fill = async (from: number, to: number): Promise<void> => {
      await client.query(`INSERT INTO task_chains (chain_id, chain_name, chain_type, chain_config, status, total_tasks, timeout_seconds)
        SELECT 'chain-' || n, 'c', 'parallel', '{}', 'RUNNING', 100, 60 FROM generate_series(${from}, ${to}) AS n`);
      await client.query(`INSERT INTO task_requests (task_request_id, task_type, task_name, params)
        SELECT 'task-' || n || '-' || p, 'psi', 't', '{}' FROM generate_series(${from}, ${to}) AS n, generate_series(1, 100) AS p`);
      await client.query(`INSERT INTO chain_tasks (chain_id, task_id, task_request_id, task_name, task_type, execution_mode, depends_on,
          execution_order, level, pending_dependencies, predecessors, successors, referenced, status)
        SELECT 'chain-' || n, 't' || p, 'task-' || n || '-' || p, 't', 'psi', 'parallel', '[]', p, 0, 0, '{}', '{}', '{}', 'PENDING'
          FROM generate_series(${from}, ${to}) AS n, generate_series(1, 100) AS p`);
    };
    try {
      await fill(0, 0);
      await client.query('VACUUM ANALYZE');
      await client.query(`PREPARE read AS ${text}`);
      await fill(1, 100);
      // PostgreSQL keeps a plan from the sixth time on, if it looks as good as those for the values.
      for (let time = 0; time < 10; time += 1) await client.query(`EXECUTE read('chain-0')`);
      const { rows } = await client.query(`EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE read('chain-0')`);
      expect(looks((rows as [{ 'QUERY PLAN': [{ Plan: PlanNode }] }])[0]['QUERY PLAN'][0].Plan)).toBeLessThan(1_000);
    } finally {
      await client.end();
    }
  });
});
