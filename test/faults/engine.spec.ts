import { after, before, describe, it } from 'node:test';
import { expect } from 'expect';
import { Registry } from 'prom-client';
import { createChain, makeEngineMetrics, reconcileLeases, Room, type Engine, type NewChain } from '#libs/chain-engine';
import { DEFAULT_RETRY_POLICY } from '#libs/chain-domain';
import { withConnection } from '#libs/platform';
import { Database, isTransient } from '#libs/repositories';
import { useTestDatabase } from '#libs/testing';

describe('the reconciler', () => {
  let db: Database;
  after(() => db.close());
  const database = useTestDatabase();
  before(() => void (db = new Database(database.url, { max: 4 })));

  const sql = (text: string) => withConnection(database.url, (client) => client.query(text));
  const engineOn = (over: Database): Engine => ({
    db: over,
    queues: { send: async () => undefined, state: async () => 'missing' } as never,
    room: new Room(),
    metrics: makeEngineMetrics(new Registry()),
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });

  it('gives up a loss whose lease is renewed between its look and its save', { timeout: 20_000 }, async () => {
    const outcome = await createChain(db, oneTask());
    const chainId = outcome.kind === 'created' ? outcome.chain.chain_id : '';
    await sql(
      `UPDATE chain_tasks SET status = 'RUNNING', attempt = 1, run_id = 'r', lease_until = now() - interval '1 s'`,
    );
    let saves = 0;
    const renewing = {
      query: async (statement: { name: string; text: string }, values: readonly unknown[]) => {
        if (statement.name === 'save-decisions') {
          saves++;
          await sql(`UPDATE chain_tasks SET lease_until = now() + interval '15 s'`);
        }
        return db.query(statement, values);
      },
    } as unknown as Database;
    const engine = engineOn(renewing);
    await reconcileLeases(engine, false);
    expect(saves).toBe(1);
    const { rows } = await sql(`SELECT status, attempt, losses FROM chain_tasks WHERE chain_id = '${chainId}'`);
    expect(rows).toEqual([{ status: 'RUNNING', attempt: 1, losses: 0 }]);
    const repairs = await sql('SELECT kind FROM repairs');
    expect(repairs.rows).toEqual([]);

    await sql(`UPDATE chain_tasks SET lease_until = now() - interval '1 s'`);
    await reconcileLeases(engineOn(db), false);
    expect((await sql('SELECT kind FROM repairs')).rows).toEqual([{ kind: 'worker-lost' }]);
  });
});

describe('faults of the database', () => {
  it('are told from faults of the work: a full disk ends no task', () => {
    const withCode = (code: string) => Object.assign(new Error('x'), { code });
    for (const code of [
      '53100',
      '53200',
      '53300',
      '57P01',
      '57P05',
      '58030',
      '08006',
      '40P01',
      '55P03',
      'ECONNRESET',
    ]) {
      expect([code, isTransient(withCode(code))]).toEqual([code, true]);
    }
    for (const code of ['22P05', '22003', '23505', '42P01']) {
      expect([code, isTransient(withCode(code))]).toEqual([code, false]);
    }
  });
});

function oneTask(): NewChain {
  return {
    chainName: 'one',
    chainType: 'sequential',
    description: null,
    config: {},
    metadata: {},
    createdBy: null,
    stopOnError: true,
    timeoutSeconds: 3600,
    execute: true,
    maxParallel: null,
    tasks: [
      {
        taskId: 'a',
        taskName: 'a',
        taskType: 'diagnostic',
        executionMode: 'sequential',
        dependsOn: [],
        isCallback: false,
        params: {},
        priority: 5,
        triggerRule: 'all_success',
        retryPolicy: DEFAULT_RETRY_POLICY,
        timeoutSeconds: null,
        queueTimeoutSeconds: null,
        tolerable: false,
        conditions: [],
        level: 0,
        predecessors: [],
        successors: [],
        referenced: [],
      },
    ],
  };
}
