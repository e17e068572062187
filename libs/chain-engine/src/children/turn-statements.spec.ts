import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import type { TaskJob } from '#libs/queues';
import { Database, openDatabase, type Queryable } from '#libs/repositories';
import { sampleNewChain, useTestDatabase } from '#libs/testing';
import { taskWork } from '../apply/decide-work.js';
import { ChainEngine } from '../chain-engine.js';
import { createChain } from '../commands/commands.js';
import { Dispatcher } from '../dispatch/dispatcher.js';
import { makeEngineMetrics } from '../metrics.js';

type Statement = Parameters<Queryable['query']>[0];

/** Names the statements that run, those of transactions as well. */
class Watched extends Database {
  readonly names: string[] = [];
  transactions = 0;

  constructor(base: Database) {
    super(base['source']);
  }

  protected override run(statement: Statement, values: readonly unknown[]) {
    this.names.push(statement.name);
    return super.run(statement, values);
  }

  override transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    this.transactions++;
    return super.transaction((tx) => {
      const query: Queryable['query'] = (statement, values) => {
        this.names.push(statement.name);
        return tx.query(statement, values);
      };
      return work({ query, entities: tx.entities });
    });
  }
}

let base: Database;
afterAll(() => base.close());
const database = useTestDatabase();
beforeAll(async () => void (base = await openDatabase(database.url, { max: 4 })));

it('a turn begins in the transaction that ends the one before, and its first job is sent without a claim', async () => {
  const db = new Watched(base);
  const sent: TaskJob[] = [];
  const queues = { send: async (jobs: readonly TaskJob[]) => void sent.push(...jobs) };
  const nothing = (): void => undefined;
  const log = { info: nothing, warn: nothing, error: nothing };
  const engine = new ChainEngine(db, queues as never, makeEngineMetrics(new Registry()), log);
  engine.capacity.refresh([{ task_type: 'diagnostic', slots: '2', in_flight: 0, tenants: [], shared: false }]);
  const made = sampleNewChain([[]]);
  const repeat = { until: 'false', max: 9, delayMs: 0, carry: {} };
  const child = { chain: sampleNewChain([[], []]), open: {}, repeat };
  const tasks = [{ ...made.tasks[0]!, taskType: 'chain', child }];
  await createChain(base.forTenant('default'), { ...made, tasks });
  await new Dispatcher(engine).dispatchReady();
  expect(sent.map(({ taskId, attempt }) => [taskId, attempt])).toEqual([
    ['t0', 1],
    ['t1', 1],
  ]);

  const [first, second] = sent as [TaskJob, TaskJob];
  const ends = (jobs: readonly TaskJob[]) =>
    engine.applyAndSend(
      taskWork(jobs, ({ attempt }, position) => ({
        event: { kind: 'TaskSucceeded', position, attempt, runId: `run of ${position}` },
        report: { result: {}, workerId: 'w', elapsedMs: 1 } as never,
      })),
    );
  const last = async (job: TaskJob): Promise<readonly string[]> => {
    db.names.length = 0;
    db.transactions = 0;
    await ends([job]);
    return db.names;
  };
  await ends([first]);
  // All that this process would have to read it wrote itself.
  const turn = ['act-for-tenant', 'save-decisions', 'create-chain'];
  expect(await last(second)).toEqual(turn);
  expect(db.transactions).toBe(1);
  expect(sent.slice(2).map(({ chainId, taskId, attempt }) => [chainId === first.chainId, taskId, attempt])).toEqual([
    [false, 't0', 1],
    [false, 't1', 1],
  ]);

  // As in a listener that has just started.
  const [third, fourth] = sent.slice(2) as [TaskJob, TaskJob];
  await ends([third]);
  engine.cache.clear();
  const read = ['ended-children', 'load-hop', 'save-decisions', 'last-child', 'create-chain'];
  expect(await last(fourth)).toEqual(['load-hop', 'save-decisions', ...read]);
  expect(db.transactions).toBe(1);
  expect(sent.slice(4).map(({ taskId, attempt }) => [taskId, attempt])).toEqual([
    ['t0', 1],
    ['t1', 1],
  ]);

  // Without a place at the workers the dispatcher claims it later.
  engine.capacity.refresh([{ task_type: 'diagnostic', slots: '0', in_flight: 9, tenants: [], shared: false }]);
  await ends(sent.slice(4));
  expect(sent).toHaveLength(6);
  engine.capacity.refresh([{ task_type: 'diagnostic', slots: '2', in_flight: 0, tenants: [], shared: false }]);
  await new Dispatcher(engine).dispatchReady();
  expect(sent).toHaveLength(8);
});
