import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { freePort } from '#libs/local-postgres';
import { FakeKuscia, itUnless, makeKusciaCertificates } from '#libs/testing';
import { farPsi, killAt } from '../catalogue/far-runs-for-tests.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import { RunStopped, type EngineNotReady, type TaskRun } from '../contract/task-type.js';
import type { TaskRunner } from '../contract/task-runner.js';
import { withFarJob } from './far-job.js';
import { jobId } from './job-request.js';
import { KusciaApi } from './kuscia-api.js';
import { kuscia } from './kuscia.js';
import { endLeftJobs } from './left-jobs.js';
import { IMPATIENT, settingsOf } from './nodes-for-tests.js';

let fake: FakeKuscia;
let folder: TestFolder;
let engine: TaskRunner;

const runOf = (config: object = {}, more: Partial<TaskRun> = {}): TaskRun<never> => farPsi(folder, config, more);
/** Jobs that are noted, and not as settled. */
const notes = (): string[] => {
  const path = join(folder.path, 'data/.kuscia');
  const names = existsSync(path) ? readdirSync(path).filter((name) => name.startsWith('tc-')) : [];
  return names.filter((name) => !/fenced|done/.test(readFileSync(join(path, name), 'utf8')));
};
const stateOf = ({ chainId, taskId }: TaskRun, attempt = 1): string | undefined =>
  fake.states()[jobId(chainId, taskId, attempt)];
const settings = () => settingsOf(fake, join(folder.path, 'data'));
const until = async (what: () => boolean): Promise<void> => {
  while (!what()) await wait(20);
};

/** Starts a run and stops it once the nodes compute. */
async function stopAt(run: TaskRun<never>, reason: Error): Promise<void> {
  const stop = new AbortController();
  const running = engine.run('psi', {
    ...run,
    signal: stop.signal,
    progress: (_, stage) => stage === 'the nodes compute' && stop.abort(reason),
  });
  await expect(running).rejects.toBe(reason);
}

beforeAll(async () => {
  folder = await testFolder();
  const rows = (from: number): string => Array.from({ length: 300 }, (_, i) => `${from + i},a b,${i}.5,`).join('\n');
  await folder.table('alice', 't.csv', `id,text,amount,gap\n${rows(1)}\n`);
  await folder.table('bob', 't.csv', `id,text,amount,gap\n${rows(101)}\n`);
  fake = await FakeKuscia.start('alice', 'bob');
  engine = kuscia(settings(), IMPATIENT);
});
afterAll(async () => {
  await fake.stop();
  await folder.remove();
});
beforeEach(() => fake.plan());

describe('psi at the fake of Kuscia', () => {
  test('registers tables, makes one job and leaves the output at the nodes', async () => {
    fake.plan('run 0.5');
    const run = runOf({ receiver: 'bob' });
    const stages = new Set<string>();
    let waited = 0;
    const { result, artifacts } = await engine.run('psi', {
      ...run,
      waits: () => (waited += 1),
      progress: (_, stage) => void stages.add(stage),
    });
    const id = jobId('chain-1', run.taskId, 1);
    expect(result).toEqual({
      ...{ intersection_count: null, withheld: { intersection_count: expect.stringContaining('nodes') } },
      ...{ output_paths: { bob: `domaindata:bob/${id}-o0` }, psi_protocol: 'RR22_PSI_2PC' },
      reports: ['alice', 'bob'].map((party) => ({ party, original_count: 300, intersection_count: null })),
      ...{ receiver: 'bob', parties: ['alice', 'bob'] },
    });
    expect([artifacts, waited, notes()]).toEqual([[], 1, []]);
    expect([...stages]).toEqual(expect.arrayContaining(['reading keys', 'the nodes compute']));
    const [alice, toBob, bob, toAlice, create] = fake.requests.filter(({ path }) => path !== '/api/v1/job/query');
    expect(alice!.body).toMatchObject({
      ...{ relative_uri: 'in/alice/t.csv', domain_id: 'alice', type: 'table', attributes: { source: 'task-chain' } },
      columns: [
        { name: 'id', type: 'str' },
        { name: 'text', type: 'str' },
        { name: 'amount', type: 'float' },
        { name: 'gap', type: 'float' },
      ],
    });
    expect(bob!.body).toMatchObject({ relative_uri: 't.csv', domain_id: 'bob' });
    expect([toBob!.body.grant_domain, toAlice!.body.grant_domain]).toEqual(['bob', 'alice']);
    const [task] = create!.body.tasks as [{ task_input_config: string }];
    expect(create!.body).toMatchObject({ job_id: id, initiator: 'alice' });
    expect(JSON.parse(task.task_input_config)).toMatchObject({
      sf_input_ids: [alice!.body.domaindata_id, bob!.body.domaindata_id],
      sf_output_ids: [`${id}-o0`, `${id}-o1`],
      sf_node_eval_param: {
        ...{ domain: 'data_prep', name: 'psi', version: '1.0.0' },
        attr_paths: expect.arrayContaining(['input/input_ds1/keys', 'protocol', 'receiver_parties']),
        attrs: expect.arrayContaining([{ ss: ['id'] }, { s: 'PROTOCOL_RR22' }, { ss: ['bob'] }]),
      },
    });
    expect(JSON.stringify(fake.requests)).not.toContain('a b');
  });

  test('names a table anew when its file changes, and not before', async () => {
    const idsOf = async (): Promise<unknown[]> => {
      fake.plan();
      await engine.run('psi', runOf());
      return fake.requests
        .filter(({ path }) => path === '/api/v1/domaindata/create')
        .map(({ body }) => body.domaindata_id);
    };
    const [first, again] = [await idsOf(), await idsOf()];
    await folder.table('bob', 't.csv', `${await folder.text('bob', 't.csv')}999,a b,1,\n`);
    const [alice, bob] = await idsOf();
    expect(again).toEqual(first);
    expect([alice === first[0], bob === first[1]]).toEqual([true, false]);
  });

  test('takes a component by its id where the image is of a newer SecretFlow', async () => {
    await kuscia({ ...settings(), componentBy: 'comp_id' }, IMPATIENT).run('psi', runOf());
    const [task] = fake.requests.find(({ path }) => path === '/api/v1/job/create')!.body.tasks as [
      { task_input_config: string },
    ];
    const { sf_node_eval_param: param } = JSON.parse(task.task_input_config) as Record<string, object>;
    expect(param).toMatchObject({ comp_id: 'data_prep/psi:1.0.0' });
    expect(param).not.toHaveProperty('domain');
  });

  test('takes a job that is there already for its own: Kuscia had made it, and the answer was lost', async () => {
    fake.plan('mute run 0.3');
    const run = runOf();
    await engine.run('psi', run);
    expect([fake.asked('/api/v1/job/create'), fake.asked('/api/v1/job/cancel')]).toEqual([2, 0]);
    expect(stateOf(run)).toBe('Succeeded');
  });

  test('adopts the job of a worker that was killed: the nodes run it once', async () => {
    fake.plan('run 4');
    const run = runOf();
    await killAt('the nodes compute', 'kuscia', settings(), run);
    const { result } = await engine.run('psi', { ...run, attempt: 2 });
    expect(result.output_paths).toMatchObject({ alice: `domaindata:alice/${jobId('chain-1', run.taskId, 1)}-o0` });
    expect(fake.asked('/api/v1/job/create')).toBe(2);
    expect([stateOf(run, 1), stateOf(run, 2)]).toEqual(['Succeeded', undefined]);
    expect(notes()).toEqual([]);
  });

  test('makes the job of an earlier attempt that had only noted it: whoever makes it, there is one', async () => {
    const run = runOf();
    const id = jobId('chain-1', run.taskId, 1);
    writeFileSync(join(folder.path, 'data/.kuscia', id), JSON.stringify({ state: 'open', follower: 1 }));
    await engine.run('psi', { ...run, attempt: 2 });
    expect([stateOf(run, 1), stateOf(run, 2)]).toEqual(['Succeeded', undefined]);
  });

  test('keeps an earlier attempt that comes late from making its job', async () => {
    const run = runOf();
    await engine.run('psi', { ...run, attempt: 2 });
    await expect(engine.run('psi', run)).rejects.toMatchObject({ code: 'KUSCIA_LOST', retryable: true });
    expect([stateOf(run, 1), stateOf(run, 2)]).toEqual([undefined, 'Succeeded']);
  });

  test('keeps an earlier attempt away from its job once a later one follows it', async () => {
    fake.plan('run 3');
    const run = runOf();
    await stopAt(run, new RunStopped('the worker stops', true));
    let isFollowed = false;
    const later = engine.run('psi', {
      ...run,
      attempt: 2,
      progress: (_, stage) => void (isFollowed ||= stage === 'the nodes compute'),
    });
    await until(() => isFollowed);
    await expect(engine.run('psi', run)).rejects.toMatchObject({ code: 'KUSCIA_LOST', retryable: true });
    await later;
    expect([stateOf(run), fake.asked('/api/v1/job/cancel')]).toEqual(['Succeeded', 0]);
  });

  test('leaves the job when it is handed over, and the next attempt follows it', async () => {
    fake.plan('run 2');
    const run = runOf();
    await stopAt(run, new RunStopped('the worker stops', true));
    expect([stateOf(run), fake.asked('/api/v1/job/cancel')]).toEqual(['Running', 0]);
    await engine.run('psi', { ...run, attempt: 2 });
    expect([stateOf(run, 1), stateOf(run, 2)]).toEqual(['Succeeded', undefined]);
  });

  test('ends the job where a table is another than what it was made of', async () => {
    fake.plan('run 20');
    const run = runOf();
    await stopAt(run, new RunStopped('the worker stops', true));
    await folder.table('alice', 't.csv', `${await folder.text('alice', 't.csv')}998,a b,1,\n`);
    await expect(engine.run('psi', { ...run, attempt: 2 })).rejects.toMatchObject({
      code: 'INPUT_CHANGED',
      retryable: true,
    });
    expect([stateOf(run), notes()]).toEqual(['Cancelled', []]);
  });

  test('ends the job at the nodes when it is stopped', async () => {
    fake.plan('run 60');
    const run = runOf();
    const since = performance.now();
    await stopAt(run, new RunStopped('cancelled', false));
    expect(performance.now() - since).toBeLessThan(20_000);
    expect([stateOf(run), fake.asked('/api/v1/job/stop'), notes()]).toEqual(['Cancelled', 0, []]);
  });

  test('goes on with an end that nobody confirms, and makes no other job of the attempt', async () => {
    fake.plan('stubborn 4');
    const run = runOf();
    const id = jobId('chain-1', run.taskId, 1);
    const since = performance.now();
    await stopAt(run, new RunStopped('cancelled', false));
    expect([performance.now() - since < 20_000, notes()]).toEqual([true, [id]]);
    await until(() => stateOf(run) === 'Succeeded');
    await endLeftJobs(settings(), IMPATIENT, 0);
    expect(notes()).toEqual([]);
  });

  test('waits while the nodes let the job rest, and ends with it once it goes on', async () => {
    fake.plan('run 1');
    const run = runOf();
    const id = jobId('chain-1', run.taskId, 1);
    const stages: string[] = [];
    await engine.run('psi', {
      ...run,
      progress(_, stage) {
        if (stages.at(-1) === stage) return;
        stages.push(stage);
        if (stage === 'the nodes compute' && !stages.includes('rests at the nodes, which suspended it'))
          fake.rests(id, true);
        // Longer than a state that nobody knows may last.
        if (stage.startsWith('rests')) setTimeout(() => fake.rests(id, false), 2 * IMPATIENT.oddMs);
      },
    });
    expect(stages).toContain('rests at the nodes, which suspended it');
    expect([stateOf(run), fake.asked('/api/v1/job/create'), fake.asked('/api/v1/job/cancel')]).toEqual([
      'Succeeded',
      1,
      0,
    ]);
  });

  test('does not follow a job whose end was asked for', async () => {
    fake.plan('stubborn 60', 'run 0');
    const run = runOf();
    await stopAt(run, new RunStopped('cancelled', false));
    await engine.run('psi', { ...run, attempt: 2 });
    expect([stateOf(run, 1), stateOf(run, 2)]).toEqual(['Running', 'Succeeded']);
    expect(notes()).toEqual([jobId('chain-1', run.taskId, 1)]);
    fake.forget(jobId('chain-1', run.taskId, 1));
    await wait(IMPATIENT.leftMs + 50);
    await endLeftJobs(settings(), IMPATIENT, 0);
    expect(notes()).toEqual([]);
  });

  test('ends what nobody follows any more, and nothing else', async () => {
    fake.plan('run 60', 'run 60');
    const [left, followed] = [runOf(), runOf()];
    await stopAt(left, new RunStopped('the worker stops', true));
    const stop = new AbortController();
    let isRunning = false;
    const running = engine.run('psi', {
      ...followed,
      signal: stop.signal,
      progress: (_, stage) => void (isRunning ||= stage === 'the nodes compute'),
    });
    running.catch(() => undefined);
    await until(() => isRunning);
    await wait(IMPATIENT.leftMs + 100);
    writeFileSync(join(folder.path, 'data/.kuscia', 'elsewhere'), '{}');
    await engine.tend!();
    expect([stateOf(left), stateOf(followed)]).toEqual(['Cancelled', 'Running']);
    stop.abort(new RunStopped('cancelled', false));
    await expect(running).rejects.toThrow('cancelled');
  });

  test.each([
    ['row 7 of alice: secret', 'OTHER'],
    ['Party: alice execute the cmd: Stop.', 'STOPPED'],
    ['The remaining no-failed party task counts 1 are less than the task success threshold 2.', 'PARTY_FAILED'],
    ['container terminated with OOMKilled', 'OUT_OF_MEMORY'],
    ['resource reserve of alice expired', 'NOT_SCHEDULED'],
    ['Back-off: ImagePullBackOff', 'IMAGE_MISSING'],
    ['Party: alice execute the cmd: create failed', 'NOT_STARTED'],
  ])('says of a failure what kind it is, and not its text (%s)', async (text, kind) => {
    fake.plan(`fail ${text}`);
    const error = await engine.run('psi', runOf()).then(
      () => undefined,
      (failure: unknown) => failure as Error,
    );
    expect(error).toMatchObject({
      ...{ code: 'REMOTE_FAILED', retryable: false },
      details: { error_type: kind, state: 'Failed', domains: expect.arrayContaining(['alice']) },
    });
    expect(JSON.stringify([error, error!.message])).not.toContain(text);
    expect(notes()).toEqual([]);
  });

  test('fails where a node does not approve it, and where somebody deletes it', async () => {
    fake.plan('reject', 'run 60');
    await expect(engine.run('psi', runOf())).rejects.toMatchObject({ details: { error_type: 'APPROVAL_REJECTED' } });
    const run = runOf();
    const running = engine.run('psi', {
      ...run,
      progress: (_, stage) => stage === 'the nodes compute' && fake.forget(jobId('chain-1', run.taskId, 1)),
    });
    await expect(running).rejects.toMatchObject({ retryable: true, details: { error_type: 'DELETED' } });
    // A request that is under way could still make it.
    expect(notes()).toEqual([jobId('chain-1', run.taskId, 1)]);
    await wait(IMPATIENT.leftMs + 50);
    await endLeftJobs(settings(), IMPATIENT, 0);
    expect(notes()).toEqual([]);
  });

  test.each(['Unknown', 'constructor'])('ends a job whose state nobody knows (%s)', async (name) => {
    fake.plan(`odd ${name}`);
    const run = runOf();
    const stages = new Set<unknown>();
    await expect(engine.run('psi', { ...run, progress: (_, stage) => void stages.add(stage) })).rejects.toMatchObject({
      ...{ code: 'REMOTE_FAILED', retryable: true, details: { error_type: 'UNKNOWN_STATE' } },
    });
    expect([stateOf(run), notes()]).toEqual(['Cancelled', []]);
    expect([...stages].at(-1)).toBe('Kuscia does not say what it does');
  });

  test('is tried again where the attempt that follows the job by now has ended it', async () => {
    fake.plan('run 60');
    const run = runOf();
    const id = jobId('chain-1', run.taskId, 1);
    const api = new KusciaApi(fake.access, 1_000);
    const patient = kuscia(settings(), { ...IMPATIENT, keepMs: 60_000 });
    const running = patient.run('psi', {
      ...run,
      progress(_, stage) {
        if (stage !== 'the nodes compute') return;
        writeFileSync(join(folder.path, 'data/.kuscia', id), JSON.stringify({ state: 'ending', follower: 2 }));
        void api.cancelJob(id, 'test');
      },
    });
    await expect(running).rejects.toMatchObject({ code: 'KUSCIA_LOST', retryable: true });
    expect(notes()).toEqual([id]);
    await endLeftJobs(settings(), IMPATIENT, 0);
    api.close();
  });

  test('goes on where Kuscia is away for a while, and leaves the job to the next attempt where it stays away', async () => {
    const awayAt = async (run: TaskRun<never>, then: () => Promise<void>): Promise<unknown> => {
      let isAway = false;
      return engine.run('psi', {
        ...run,
        progress(_, stage) {
          if (isAway || stage !== 'the nodes compute') return;
          isAway = true;
          void fake.away().then(then);
        },
      });
    };
    fake.plan('run 1', 'run 1');
    const [first, second] = [runOf(), runOf()];
    await awayAt(first, async () => {
      await wait(800);
      await fake.back();
    });
    expect(stateOf(first)).toBe('Succeeded');
    await expect(awayAt(second, () => Promise.resolve())).rejects.toMatchObject({
      ...{ code: 'KUSCIA_LOST', retryable: true },
    });
    await fake.back();
    expect(notes()).toEqual([jobId('chain-1', second.taskId, 1)]);
    await engine.run('psi', { ...second, attempt: 2 });
    expect([stateOf(second, 1), stateOf(second, 2)]).toEqual(['Succeeded', undefined]);
  });

  test('follows its job where the token is replaced amid it, first there and then here', async () => {
    fake.plan('run 1.5');
    const { token } = fake.access;
    const right = fake.token;
    const run = runOf();
    let isReplaced = false;
    try {
      await engine.run('psi', {
        ...run,
        progress(_, stage) {
          if (isReplaced || stage !== 'the nodes compute') return;
          isReplaced = true;
          fake.token = 'another-token';
          void wait(300).then(() => writeFileSync(token, fake.token));
        },
      });
      expect([isReplaced, stateOf(run), fake.asked('/api/v1/job/create'), notes()]).toEqual([true, 'Succeeded', 1, []]);
    } finally {
      fake.token = right;
      writeFileSync(token, right);
    }
  });

  test('says that the token does not fit where nobody replaces it, and ends the job once somebody has', async () => {
    fake.plan('run 60');
    const right = fake.token;
    const run = runOf();
    try {
      await expect(
        engine.run('psi', {
          ...run,
          progress: (_, stage) => stage === 'the nodes compute' && void (fake.token = 'another-token'),
        }),
      ).rejects.toMatchObject({ code: 'ENGINE_NOT_READY', message: expect.stringContaining('"token"') });
      expect([stateOf(run), notes()]).toEqual(['Running', [jobId('chain-1', run.taskId, 1)]]);
    } finally {
      fake.token = right;
    }
    await endLeftJobs(settings(), IMPATIENT, 0);
    expect([stateOf(run), notes()]).toEqual(['Cancelled', []]);
  });

  test('takes what a worker had completed that died before its result was stored: the nodes run it once', async () => {
    const run = runOf();
    const first = await engine.run('psi', run);
    expect((await engine.run('psi', { ...run, attempt: 2 })).result).toEqual(first.result);
    await endLeftJobs(settings(), { ...IMPATIENT, leftMs: 0 }, 0);
    expect((await engine.run('psi', { ...run, attempt: 3 })).result).toEqual(first.result);
    expect([stateOf(run, 1), stateOf(run, 2), stateOf(run, 3)]).toEqual(['Succeeded', undefined, undefined]);
  });

  test('has a job that succeeded while nobody followed it for the next attempt', async () => {
    fake.plan('run 1');
    const run = runOf();
    await stopAt(run, new RunStopped('the worker stops', true));
    await until(() => stateOf(run) === 'Succeeded');
    await endLeftJobs(settings(), { ...IMPATIENT, leftMs: 0 }, 0);
    await engine.run('psi', { ...run, attempt: 2 });
    expect([stateOf(run, 1), stateOf(run, 2)]).toEqual(['Succeeded', undefined]);
  });

  test('keeps the job of an earlier attempt while the parties read their tables', async () => {
    fake.plan('run 60');
    const run = runOf();
    const stop = new AbortController();
    await stopAt(run, new RunStopped('the worker stops', true));
    // The owner's ledger, or a large table, may take longer than a job is left alone.
    const slow = { ...IMPATIENT, leftMs: 200 };
    let isReading = false;
    const work = withFarJob(
      { run: { ...run, attempt: 2, signal: stop.signal }, settings: settings(), patience: slow },
      async () => {
        isReading = true;
        await wait(600);
        await endLeftJobs(settings(), slow, 0);
        return stateOf(run);
      },
    );
    expect([await work, isReading]).toEqual(['Running', true]);
    await wait(300);
    await endLeftJobs(settings(), slow, 0);
    expect(stateOf(run)).toBe('Cancelled');
  });

  test('takes a note that a crash has cut off for a job that may be there', async () => {
    fake.plan('run 60', 'run 60');
    const [run, other] = [runOf(), runOf()];
    for (const each of [run, other]) {
      await stopAt(each, new RunStopped('the worker stops', true));
      writeFileSync(join(folder.path, 'data/.kuscia', jobId('chain-1', each.taskId, 1)), '{"sta');
    }
    await wait(IMPATIENT.leftMs + 50);
    await endLeftJobs(settings(), IMPATIENT, 0);
    expect([stateOf(run), stateOf(other), notes()]).toEqual(['Cancelled', 'Cancelled', []]);
  });

  test('ends other jobs where Kuscia refuses to say anything of one', async () => {
    fake.plan('run 60', 'run 60');
    const both = [runOf(), runOf()].sort((a, b) =>
      jobId('chain-1', a.taskId, 1) < jobId('chain-1', b.taskId, 1) ? -1 : 1,
    );
    for (const run of both) await stopAt(run, new RunStopped('the worker stops', true));
    fake.refuse(jobId('chain-1', both[0]!.taskId, 1));
    await endLeftJobs(settings(), { ...IMPATIENT, leftMs: 0 }, 0);
    expect(both.map((run) => stateOf(run))).toEqual(['Running', 'Cancelled']);
    fake.refuse(undefined);
    await endLeftJobs(settings(), { ...IMPATIENT, leftMs: 0 }, 0);
    expect(stateOf(both[0]!)).toBe('Cancelled');
  });

  test('says the code where Kuscia refuses a request again and again', async () => {
    const run = runOf();
    fake.refuse(jobId('chain-1', run.taskId, 1));
    await expect(engine.run('psi', run)).rejects.toMatchObject({
      ...{ code: 'REMOTE_FAILED', retryable: false, details: { error_type: 'KUSCIA_11201' } },
    });
    fake.refuse(undefined);
  });

  test('says what of KUSCIA_API does not fit', async () => {
    const other = await makeKusciaCertificates(join(folder.path, 'other'), 'another');
    const token = join(folder.path, 'token');
    writeFileSync(token, 'not this one');
    const { access } = settings();
    const told = async (more: object): Promise<unknown> => {
      const wrong = { ...settings(), access: { ...access, ...more } };
      const found = await kuscia(wrong).needs();
      const error = await kuscia(wrong, IMPATIENT)
        .run('psi', runOf())
        .catch((failure: unknown) => failure as Error & { code: string });
      const { code, message, mend } = error as EngineNotReady;
      expect(found[0]).toMatchObject({ what: 'API', found: null, mend });
      expect(mend).toContain(`KUSCIA_API at ${access.endpoint}`);
      // Authors of chains read it.
      expect(message).not.toMatch(/127\.0\.0\.1|\/(nowhere|tmp)/);
      expect(message).not.toContain(folder.path);
      return [code, message, mend];
    };
    const unready = (what: string, where: string): unknown => [
      ...['ENGINE_NOT_READY', expect.stringMatching(`KUSCIA_API.*${what}`), expect.stringContaining(where)],
    ];
    expect(await told({ token })).toEqual(unready('refuses the token of "token"', token));
    expect(await told({ token: '/nowhere/token' })).toEqual(unready('"token" names cannot be read', '/nowhere/token'));
    expect(await told({ ca: other.ca })).toEqual(unready('certificate that is not of "ca"', other.ca));
    expect(await told({ key: other.client.key })).toEqual(unready('PEM files that belong together', other.client.key));
    expect(await told({ cert: token })).toEqual(unready('PEM files that belong together', token));
  });

  test('says which party has no domain, and what Kuscia does not know', async () => {
    const { alice, bob } = settings().parties as Record<'alice' | 'bob', { domain: string }>;
    await expect(kuscia({ ...settings(), parties: { alice: alice! } }, IMPATIENT).run('psi', runOf())).rejects.toThrow(
      'no domain of bob',
    );
    const unknown = { ...settings(), parties: { alice: alice!, bob: { domain: 'nobody-there' } } };
    const source = { ...settings(), parties: { alice: alice!, bob: { ...bob!, datasource: 'no-source-there' } } };
    await expect(kuscia(unknown, IMPATIENT).run('psi', runOf())).rejects.toMatchObject({ code: 'ENGINE_NOT_READY' });
    await expect(kuscia(source, IMPATIENT).run('psi', runOf())).rejects.toThrow('"datasource"');
    expect(await kuscia(unknown).needs()).toContainEqual(
      expect.objectContaining({ what: 'domain of bob', found: null, mend: expect.stringContaining('nobody-there') }),
    );
  });

  test('says what it finds', async () => {
    const found = await engine.needs();
    expect(found.map(({ what }) => what)).toEqual([
      ...['API', 'certificate for the API', 'domain of alice', 'domain of bob', 'notes'],
    ]);
    expect(found.filter((each) => each.found === null)).toEqual([]);
  });

  test('refuses what nodes cannot read', async () => {
    await folder.table('alice', 'looks.csv', Buffer.from('PAR1 and so on'));
    const read = (path: string): Promise<unknown> =>
      engine.run('psi', runOf({ input_paths: { alice: path, bob: 't.csv' } }));
    await expect(read('looks.csv')).rejects.toThrow('nodes of Kuscia take CSV');
    expect(fake.asked('/api/v1/job/create')).toBe(0);
  });
});

const noOpenssl =
  spawnSync('openssl', ['version']).status !== 0 && 'no openssl, which says why it takes no certificate';
itUnless(noOpenssl, 'says that Kuscia does not take the certificate', async () => {
  const [own, other] = await Promise.all(
    ['own', 'stranger'].map((name) => makeKusciaCertificates(join(folder.path, name), name)),
  );
  const port = await freePort();
  // As Kuscia does, it says so in an alert: a server of Node just hangs up.
  const verify = ['-Verify', '1', '-verify_return_error', '-CAfile', own!.ca, '-quiet'];
  const files = ['-cert', own!.server.cert, '-key', own!.server.key];
  const server = spawn('openssl', ['s_server', '-accept', `127.0.0.1:${port}`, ...files, ...verify], {
    stdio: 'ignore',
  });
  try {
    const access = { ...fake.access, endpoint: `https://127.0.0.1:${port}`, ca: own!.ca, ...other!.client };
    const api = new KusciaApi(access, 1_000);
    const refused = async (): Promise<unknown> => api.isReady().catch((error: unknown) => error);
    let error = await refused();
    // It takes a moment to listen.
    while ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') {
      await wait(50);
      error = await refused();
    }
    expect(error).toMatchObject({
      code: 'ENGINE_NOT_READY',
      message: expect.stringMatching(/KUSCIA_API does not take the certificate of "cert"/),
      mend: expect.stringContaining(other!.client.cert),
    });
    api.close();
  } finally {
    server.kill('SIGKILL');
  }
});

test('the fake refuses what the messages of Kuscia do not have', async () => {
  const api = new KusciaApi(fake.access, 1_000);
  expect(await api.cancelJob('tc-no-job', 'test')).toBe(false);
  await expect(api.registerTable({ domaindata_id: 'x', nonsense: 1 })).rejects.toThrow('HTTP 400');
  api.close();
});
