import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { FakeKuscia } from '#libs/testing';
import { farPsi } from '../catalogue/far-runs-for-tests.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import { RunStopped, type TaskRun } from '../contract/task-type.js';
import { withFarJob } from './far-job.js';
import { jobId } from './job-request.js';
import { KusciaApi, KusciaRefusal } from './kuscia-api.js';
import type { KusciaSettings } from './kuscia-settings.js';
import { kuscia } from './kuscia.js';
import { endLeftJobs } from './left-jobs.js';
import { IMPATIENT } from './nodes-for-tests.js';

const COMPUTES = 'the nodes compute';
const DAY_MS = 86_400_000;

/** The node of Alice, which gets the jobs, and the node of Bob, where his tables are registered. */
let fake: FakeKuscia;
let own: FakeKuscia;
let folder: TestFolder;
let settings: KusciaSettings;
const runOf = (config: object = {}, more: Partial<TaskRun> = {}): TaskRun<never> => farPsi(folder, config, more);
const idOf = ({ chainId, taskId }: TaskRun, attempt = 1): string => jobId(chainId, taskId, attempt);
const notePath = (name = ''): string => join(folder.path, 'data/.kuscia', name);
const note = (id: string, state: string): void => writeFileSync(notePath(id), JSON.stringify({ state, follower: 1 }));

/** Starts a run and stops it once the nodes compute. */
async function stopAt(run: TaskRun<never>, reason: Error): Promise<void> {
  const stop = new AbortController();
  const progress = (_: number, stage: string): void => void (stage === COMPUTES && stop.abort(reason));
  const engine = kuscia(settings, IMPATIENT);
  await expect(engine.run('psi', { ...run, signal: stop.signal, progress })).rejects.toBe(reason);
}
const handOver = (run: TaskRun<never>): Promise<void> => stopAt(run, new RunStopped('the worker stops', true));

beforeAll(async () => {
  folder = await testFolder();
  const rows = Array.from({ length: 50 }, (_, at) => `00${at},${at},1234567890123456,${at % 2 || ''},\n`);
  for (const party of ['alice', 'bob']) await folder.table(party, 't.csv', `id,whole,long,gaps,none\n${rows.join('')}`);
  fake = await FakeKuscia.start('bank-a', 'bank-b');
  own = await FakeKuscia.start('bank-a', 'bank-b');
  fake.sees(own);
  own.sources.add('lake');
  settings = {
    ...{ access: fake.access, initiator: 'bank-a', appImage: 'secretflow-image', componentBy: 'domain' },
    parties: {
      alice: { domain: 'bank-a', folder: 'in/alice' },
      bob: { domain: 'bank-b', datasource: 'lake', access: own.access },
    },
    dataRoot: join(folder.path, 'data'),
  };
  mkdirSync(notePath(), { recursive: true });
});
beforeEach(() => {
  fake.plan();
  own.plan();
});
afterEach(() => {
  fake.isSilent = false;
  jest.useRealTimers();
});
afterAll(async () => {
  await fake.stop();
  await own.stop();
  await folder.remove();
});

interface Config {
  readonly sf_node_eval_param: { readonly attr_paths: readonly string[]; readonly attrs: readonly object[] };
}
const configOf = (): Config => {
  const { body } = fake.requests.find(({ path }) => path === '/api/v1/job/create')!;
  return JSON.parse((body.tasks as [{ task_input_config: string }])[0].task_input_config) as Config;
};
const of = (node: FakeKuscia, path: string) =>
  node.requests.filter((each) => each.path === path).map(({ body }) => body);

describe('parties whose domains have other names, and a node of their own', () => {
  test('are called by their domains, and register their tables at their nodes', async () => {
    fake.plan('run 0.5');
    const fractions: [number, string][] = [];
    const { result } = await kuscia(settings, IMPATIENT).run('psi', {
      ...runOf({ receiver: 'bob', allow_empty_result: true }),
      progress: (...told) => void fractions.push(told),
    });
    const id = Object.keys(fake.states())[0]!;
    expect(result.output_paths).toEqual({ bob: `domaindata:bank-b/${id}-o0` });
    const registered = (node: FakeKuscia): unknown[] =>
      of(node, '/api/v1/domaindata/create').map((body) => body.domain_id);
    expect([registered(fake), registered(own)]).toEqual([['bank-a'], ['bank-b']]);
    expect(of(own, '/api/v1/domaindata/create')[0]).toMatchObject({ datasource_id: 'lake', relative_uri: 't.csv' });
    expect(of(own, '/api/v1/domaindatagrant/create')[0]).toMatchObject({ domain_id: 'bank-b', grant_domain: 'bank-a' });
    const { sf_node_eval_param: param, ...config } = configOf();
    expect(config).toMatchObject({
      sf_datasource_config: { 'bank-a': { id: 'default-data-source' }, 'bank-b': { id: 'lake' } },
      sf_cluster_desc: { parties: ['bank-a', 'bank-b'] },
    });
    const attrs = Object.fromEntries(param.attr_paths.map((path, at) => [path, param.attrs[at]]));
    expect(attrs).toMatchObject({ receiver_parties: { ss: ['bank-b'] }, allow_empty_result: { b: true } });
    // A run's progress only grows: the parties have read by then.
    expect(fractions.map(([fraction]) => fraction)).toEqual(
      fractions.map(([fraction]) => fraction).sort((a, b) => a - b),
    );
    expect(fractions.find(([, stage]) => stage === COMPUTES)![0]).toBeGreaterThanOrEqual(0.2);
  });

  test('tell Kuscia what their columns hold', async () => {
    await kuscia(settings, IMPATIENT).run('psi', runOf());
    expect(of(own, '/api/v1/domaindata/create')[0]!.columns).toEqual(
      ['id str', 'whole int', 'long float', 'gaps float', 'none float'].map((each) => {
        const [name, type] = each.split(' ');
        return { name, type, comment: '' };
      }),
    );
    expect(configOf().sf_node_eval_param.attrs).toContainEqual({ b: false });
  });

  test('have other tables there for another source, other kinds of columns, and another domain', async () => {
    own.sources.add('pool');
    const idsOf = async (more: object = {}): Promise<unknown[]> => {
      own.plan();
      const bob = { ...settings.parties.bob!, ...more };
      await kuscia({ ...settings, parties: { ...settings.parties, bob } }, IMPATIENT).run('psi', runOf());
      const [table] = of(own, '/api/v1/domaindata/create');
      const [grant] = of(own, '/api/v1/domaindatagrant/create');
      return [table!.domaindata_id, grant!.domaindatagrant_id];
    };
    const ids = [await idsOf(), await idsOf({ datasource: 'pool' })];
    const keys = { alice: ['id'], bob: ['whole'] };
    own.plan();
    await kuscia(settings, IMPATIENT).run('psi', runOf({ keys, allow_empty_result: true }));
    ids.push([of(own, '/api/v1/domaindata/create')[0]!.domaindata_id]);
    expect(new Set(ids.flat()).size).toBe(5);
  });

  test('refuse a table that lies outside of the folder which the node sees', async () => {
    const file = join(folder.path, 'artifacts/chain-1/before/alice');
    mkdirSync(file, { recursive: true });
    writeFileSync(join(file, 't.csv'), readFileSync(join(folder.path, 'data/alice/t.csv')));
    const run = runOf({ input_paths: { alice: 'artifact:chain-1/before/alice/t.csv', bob: 't.csv' } });
    await expect(kuscia(settings, IMPATIENT).run('psi', run)).rejects.toThrow("lies outside of the party's folder");
    expect(fake.requests).toEqual([]);
  });
});

describe('notes of jobs', () => {
  test('are all that is left of a run', async () => {
    const run = runOf();
    await kuscia(settings, IMPATIENT).run('psi', run);
    expect(readdirSync(notePath()).filter((name) => name.startsWith('.') || name === idOf(run))).toEqual([idOf(run)]);
    const artifacts = join(folder.path, 'artifacts/chain-1', run.taskId);
    expect(
      readdirSync(artifacts, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('.kuscia')),
    ).toEqual([]);
  });

  test('of jobs that have succeeded or never will be are kept for a week', async () => {
    for (const [id, state, days] of [
      ['tc-00000000-0000-8000-8000-000000000001', 'done', 6],
      ['tc-00000000-0000-8000-8000-000000000002', 'fenced', 6],
      ['tc-00000000-0000-8000-8000-000000000003', 'done', 8],
      ['tc-00000000-0000-8000-8000-000000000004', 'fenced', 8],
    ] as const) {
      note(id, state);
      const at = new Date(Date.now() - days * DAY_MS);
      utimesSync(notePath(id), at, at);
    }
    await endLeftJobs(settings, IMPATIENT);
    const left = readdirSync(notePath()).filter((name) => name.startsWith('tc-00000000'));
    expect(left.map((name) => name.at(-1)).sort()).toEqual(['1', '2']);
  });

  test('of a job that ended while nobody followed it are removed, and nothing is asked of it', async () => {
    fake.plan('run 60');
    const run = runOf();
    await handOver(run);
    const api = new KusciaApi(fake.access, 1_000);
    await api.cancelJob(idOf(run), 'test');
    api.close();
    await endLeftJobs(settings, { ...IMPATIENT, leftMs: 0 }, 0);
    expect([readdirSync(notePath()).includes(idOf(run)), fake.asked('/api/v1/job/cancel')]).toEqual([false, 1]);
  });

  test('of an end that nobody has confirmed are looked at soon, and others after a while', async () => {
    fake.plan('run 60', 'run 60');
    const [ending, open] = [runOf(), runOf()];
    for (const run of [ending, open]) await handOver(run);
    note(idOf(ending), 'ending');
    await endLeftJobs(settings, { ...IMPATIENT, leftMs: 60_000 }, 0);
    expect([fake.states()[idOf(ending)], fake.states()[idOf(open)]]).toEqual(['Cancelled', 'Running']);
    await endLeftJobs(settings, { ...IMPATIENT, leftMs: 0 }, 0);
  });

  test('of several earlier attempts: the last job that runs is followed, and those before it are ended', async () => {
    fake.plan('run 60', 'run 2');
    const run = runOf();
    await handOver(run);
    const open = readFileSync(notePath(idOf(run)));
    note(idOf(run), 'fenced');
    await handOver({ ...run, attempt: 2 });
    writeFileSync(notePath(idOf(run)), open);
    await kuscia(settings, IMPATIENT).run('psi', { ...run, attempt: 5 });
    const states = fake.states();
    expect([1, 2, 5].map((attempt) => states[idOf(run, attempt)])).toEqual(['Cancelled', 'Succeeded', undefined]);
  });
});

test('a run ends within two seconds though Kuscia answers nothing', async () => {
  fake.plan('run 60');
  const patient = { ...IMPATIENT, commandMs: 30_000, awayMs: 60_000 };
  const stop = new AbortController();
  const running = kuscia(settings, patient).run('psi', {
    ...runOf(),
    signal: stop.signal,
    progress: (_, stage) => void (stage === COMPUTES && (fake.isSilent = true)),
  });
  const failed = expect(running).rejects.toThrow('cancelled');
  while (!fake.isSilent) await wait(10);
  // A look is under way.
  await wait(200);
  const at = performance.now();
  stop.abort(new RunStopped('cancelled', false));
  await failed;
  expect(performance.now() - at).toBeLessThan(2_000);
});

test.each([
  [11_100, 'REMOTE_FAILED', 'takes the request for wrong'],
  [11_102, 'ENGINE_NOT_READY', 'give the party the access of its own one'],
  [11_305, 'ENGINE_NOT_READY', '"domain"'],
  [11_806, 'ENGINE_NOT_READY', '"datasource"'],
])('what Kuscia refuses by %d is not asked again', async (code, failure, why) => {
  let asked = 0;
  const patient = { ...IMPATIENT, awayMs: 60_000 };
  const refused = withFarJob({ run: runOf(), settings, patience: patient }, (job) =>
    job.ask(() => {
      asked += 1;
      return Promise.reject(new KusciaRefusal(code, 'row 7: secret'));
    }, new AbortController().signal),
  );
  await expect(refused).rejects.toMatchObject({
    ...{ code: failure, retryable: false, details: { error_type: `KUSCIA_${code}` } },
    message: expect.stringContaining(why),
  });
  expect(asked).toBe(1);
});

describe('what the engine needs', () => {
  test('says of both APIs, and takes a domain for known that this node may not look at', async () => {
    fake.refuse('bank-b');
    const found = await kuscia(settings).needs();
    fake.refuse(undefined);
    expect(found.map(({ what, found: has }) => [what, has !== null])).toEqual(
      [
        'API',
        'certificate for the API',
        'API of bob',
        'certificate for the API of bob',
        'domain of alice',
        'domain of bob',
        'notes',
      ].map((what) => [what, true]),
    );
  });

  test('says that a certificate has ended', async () => {
    jest.useFakeTimers({
      now: Date.now() + 31 * DAY_MS,
      doNotFake: ['nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'setInterval', 'setTimeout'],
    });
    expect((await kuscia(settings).needs())[1]).toMatchObject({
      ...{ what: 'certificate for the API', found: null, mend: expect.stringContaining(fake.access.cert) },
    });
  });
});
