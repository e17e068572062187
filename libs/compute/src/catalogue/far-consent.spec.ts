import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { describeUnless, FakeKuscia, FLEET_QUEUE, noRedis, startTestRedis, type TestRedis } from '#libs/testing';
import { Broker } from '../celery/broker.js';
import { celery } from '../celery/celery.js';
import { farId } from '../celery/far-id.js';
import { IMPATIENT } from '../celery/fleet-for-tests.js';
import type { TaskRunner } from '../contract/task-runner.js';
import type { SentStatement, TaskRun } from '../contract/task-type.js';
import { kuscia } from '../kuscia/kuscia.js';
import { IMPATIENT as OF_NODES, settingsOf } from '../kuscia/nodes-for-tests.js';
import { OwnedRuns } from '../party/owned-runs-for-tests.js';
import { PartyLedger } from '../party/party-ledger.js';
import { runTask } from './run-task.js';

let runs: OwnedRuns;
let tables: Record<string, string>;
let last = 0;
const dataRoot = (): string => join(runs.folder.path, 'data');
beforeEach(async () => {
  runs = await OwnedRuns.claim('alice', 'bob');
  const rows = (count: number): string[][] => [['id'], ...Array.from({ length: count }, (_, at) => [`p${at}`])];
  tables = { alice: await runs.table('alice', 'a', rows(40)), bob: await runs.table('bob', 'b', rows(30)) };
});
afterEach(() => runs.folder.remove());

const policy = (engine: string, effect: 'allow' | 'refuse') => ({
  ...{ kind: 'policy', expires_at: '2999-01-01T00:00:00Z' },
  rules: [{ effect, task_types: ['psi'], engines: ['native', engine] }],
});

/** A psi of both datasets. Where `withdraws`, Bob refuses it once his process reads his table: it was opened by what he had signed before. */
async function psi(engine: TaskRunner, withdraws: boolean, more: object = {}): Promise<unknown> {
  for (const [party, dataset] of [
    ['alice', 'a'],
    ['bob', 'b'],
  ] as const)
    runs.policy(party, dataset, policy(engine.name, 'allow') as never);
  const config = { keys: { alice: ['id'], bob: ['id'] }, input_paths: tables, ...more };
  const params = {
    engine: engine.name,
    sf_init_config: { parties: ['alice', 'bob'], address: 'local' },
    task_config: config,
  };
  const run = await runs.prepare('psi', `psi-${(last += 1)}`, config, { statement: { params } });
  const refusal = await runs.owners.bob!.sign({ ...policy(engine.name, 'refuse'), dataset: 'b', serial: 2 } as never);
  const statements = run.consent!.statements as Record<string, readonly SentStatement[]>;
  const progress = (_: number, stage: string): void => {
    if (withdraws && stage === 'reading keys') statements.bob = [...statements.bob!, refusal];
  };
  const asked = { ...run, params, progress, consent: { ...run.consent!, params } } as unknown as TaskRun;
  return runTask('psi', asked, [engine]);
}
const refused = { code: 'POLICY_REFUSED' };
/** To whom the ledger says that the task opens how many keys. */
const countedBy = async (party: string): Promise<unknown[]> =>
  (await new PartyLedger(join(dataRoot(), party)).read()).openings.map(({ to, counts }) => [to, counts!['keys']]);
/** Bob's process had come so far as to count what the task would open. */
const isCounted = async (): Promise<boolean> => (await countedBy('bob')).length > 0;

describe('consent that is withdrawn while a party reads its table', () => {
  let fake: FakeKuscia;
  beforeAll(async () => {
    fake = await FakeKuscia.start('alice', 'bob');
  });
  beforeEach(() => fake.plan());
  afterAll(() => fake.stop());

  test('keeps the table and the job from nodes of Kuscia', async () => {
    const engine = kuscia(settingsOf(fake, dataRoot()), OF_NODES);
    await expect(psi(engine, true)).rejects.toMatchObject(refused);
    expect([fake.requests, await isCounted()]).toEqual([[], true]);
  });

  test('is all that keeps them from there', async () => {
    await psi(kuscia(settingsOf(fake, dataRoot()), OF_NODES), false);
    expect(fake.asked('/api/v1/domaindata/create', '/api/v1/job/create')).toBe(3);
    expect([await countedBy('alice'), await countedBy('bob')]).toEqual([[[['bob'], 30]], [[['alice'], 30]]]);
  });

  test('is counted where the other party learns something', async () => {
    await psi(kuscia(settingsOf(fake, dataRoot()), OF_NODES), false, { receiver: 'bob' });
    expect([await countedBy('alice'), await countedBy('bob')]).toEqual([[[['bob'], 30]], []]);
  });
});

describeUnless(await noRedis(), 'consent that is withdrawn while a party reads its table for a fleet', () => {
  let redis: TestRedis;
  let broker: Broker;
  beforeAll(async () => {
    redis = await startTestRedis();
    broker = new Broker(redis.url, FLEET_QUEUE);
  });
  afterAll(async () => {
    broker.close();
    await redis.stop();
  });
  const exchanged = (): string[] => {
    const folder = join(dataRoot(), '.celery');
    return existsSync(folder) ? readdirSync(folder) : [];
  };

  test('keeps the task from the queue, and hashes from the exchange', async () => {
    const settings = { brokers: redis.url, queue: FLEET_QUEUE, dataRoot: dataRoot(), farRoot: dataRoot() };
    await expect(psi(celery(settings, IMPATIENT), true)).rejects.toMatchObject(refused);
    const id = farId('chain-1', `psi-${last}`, 1, '*');
    expect([await broker.follower(id), await broker.whereabouts(id)]).toEqual([undefined, 'gone']);
    expect([exchanged(), await isCounted()]).toEqual([[], true]);
  });
});
