import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { FakeKuscia } from '#libs/testing';
import { chain, describeSystem, eventually, OwnedParty, taskOf, writeKeys } from './system/index.js';

const OWNED = 'bank-a';

const fake = await FakeKuscia.start('alice', 'bob', OWNED);
afterAll(() => fake.stop());

/** A psi at the nodes, of a table of each party. */
const psi = (inputs: Readonly<Record<string, string>>, more: object = {}): Record<string, unknown> => ({
  ...{ task_id: 'match', task_type: 'psi', depends_on: [] },
  task_params: {
    engine: 'kuscia',
    sf_init_config: { parties: Object.keys(inputs), address: 'local' },
    task_config: {
      keys: Object.fromEntries(Object.keys(inputs).map((party) => [party, ['id']])),
      input_paths: inputs,
    },
  },
  ...more,
});
const plain = (more: object = {}, options: object = {}): Record<string, unknown> =>
  chain([psi({ alice: 't.csv', bob: 't.csv' }, more)], options);

const env = { KUSCIA_API: fake.setting, WORKER_DRAIN_SECONDS: '1', WORKER_CONCURRENCY_PSI: '1', REMOTE_SLOTS: '1' };
const options = { apps: ['api', 'status-listener', 'compute-worker'], env } as const;
describeSystem('chains at the fake of Kuscia', 'postgres', options, (check, system) => {
  beforeAll(() => {
    for (const [at, party] of ['alice', 'bob'].entries()) writeKeys(join(system.dataRoot, party), 1 + 100 * at);
  });
  const states = (): string[] => Object.values(fake.states());
  const computing = (): Promise<true> =>
    eventually('the nodes compute', async () => (states().at(-1) === 'Running' ? true : undefined));
  const nothingNoted = (): Promise<true> =>
    eventually('nothing is noted', async () => {
      const folder = join(system.dataRoot, '.kuscia');
      const left = existsSync(folder)
        ? readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
        : [];
      return left.every((note) => /fenced|done/.test(note)) || undefined;
    });

  check('end with references that no task here takes, and are refused with a pointer', async ({ api }) => {
    fake.plan();
    const next = {
      ...{ task_id: 'again', task_type: 'psi', depends_on: ['match'] },
      task_params: {
        sf_init_config: { parties: ['alice', 'bob'], address: 'local' },
        task_config: {
          keys: { alice: ['id'], bob: ['id'] },
          input_paths: { alice: '${tasks.match.result.output_paths.alice}', bob: 't.csv' },
        },
      },
    };
    const first = psi({ alice: 't.csv', bob: 't.csv' });
    const { errors } = await api.expect<{ errors: unknown[] }>(400, '/chains', {
      ...{ method: 'POST', body: chain([first, next]) },
    });
    expect(errors).toEqual([
      expect.objectContaining({
        pointer: '/tasks/1/task_params/task_config/input_paths/alice',
        message: expect.stringContaining('leaves at its nodes'),
      }),
    ]);
    expect(fake.requests).toEqual([]);
    const ended = await api.run(chain([first]));
    const places = { alice: expect.stringMatching(/^domaindata:alice\/tc-/) as unknown };
    expect(taskOf(ended, 'match').result).toMatchObject({ output_paths: places, intersection_count: null });
    await nothingNoted();
  });

  for (const [what, limits, how] of [
    ['is cancelled', [], ['CANCELLED', undefined]],
    ['takes too long', [{ timeout: 12, retry_policy: { max_retries: 0 } }], ['FAILURE', 'TIMEOUT_RUN']],
  ] as const) {
    check(`end at the nodes with a task that ${what}`, async ({ api }) => {
      fake.plan('run 120');
      const id = await api.start(plain(...limits));
      await computing();
      if (how[0] === 'CANCELLED') await api.expect(200, `/chains/${id}/cancel`, { method: 'POST' });
      const ended = await api.ended(id);
      expect([ended.status, taskOf(ended, 'match').error?.code]).toEqual(how);
      await eventually('it is cancelled there', async () => states().at(-1) === 'Cancelled' || undefined);
      await nothingNoted();
    });
  }

  check('go on where Kuscia was away for ten seconds', async ({ api }) => {
    fake.plan('run 4');
    const id = await api.start(plain());
    await computing();
    await fake.away();
    await new Promise((later) => setTimeout(later, 10_000));
    await fake.back();
    const { status, tasks } = await api.ended(id);
    expect([status, tasks[0]!.attempt, fake.asked('/api/v1/job/create')]).toEqual(['SUCCESS', 1, 1]);
  });

  check('go on at another worker where one is killed, and run once at the nodes', async ({ api }) => {
    fake.plan('run 25');
    const first = system.app('compute-worker');
    const before = states().length;
    const id = await api.start(plain());
    await computing();
    await system.startApp('compute-worker');
    await first.kill();
    const { status, tasks } = await api.ended(id);
    expect([status, tasks[0]!.attempt, states().length - before]).toEqual(['SUCCESS', 2, 1]);
    await nothingNoted();
  });

  check('say of a failure what kind it is', async ({ api }) => {
    fake.plan('fail row 7 of alice: secret', 'fail row 7 of alice: secret');
    const { status, tasks } = await api.run(plain());
    expect([status, tasks[0]!.error]).toEqual([
      'FAILURE',
      expect.objectContaining({ code: 'REMOTE_FAILED', details: expect.objectContaining({ error_type: 'OTHER' }) }),
    ]);
    expect(JSON.stringify(tasks)).not.toContain('secret');
  });

  check('are made once the owner lets the engine in', async ({ api }) => {
    fake.plan();
    const owner = await OwnedParty.claim(system, OWNED);
    const inputs = { [OWNED]: `dataset:${OWNED}/customers@1`, bob: 't.csv' };
    const waits = async (id: string): Promise<string> => {
      await api.until(id, 'it waits for the owner', ({ tasks }) => tasks[0]!.hold === 'APPROVAL');
      const { items } = await api.expect<{ items: Record<string, string>[] }>(200, `/chains/${id}/approvals`);
      const asked = items.find(({ party }) => party === OWNED)!;
      expect(asked).toMatchObject({ engine: 'kuscia', leaves: expect.stringContaining("the nodes' word") });
      return asked.reasons!;
    };
    await owner.allow({});
    expect(await waits(await api.start(chain([psi(inputs)])))).toContain('the engine kuscia is not allowed');
    expect(fake.requests.filter(({ path }) => path !== '/healthZ' && path !== '/api/v1/domain/query')).toEqual([]);

    await owner.allow({ engines: ['native', 'kuscia'], uses: { max: 1, days: 1 } });
    expect((await api.run(chain([psi(inputs)]))).status).toBe('SUCCESS');
    expect(readFileSync(join(system.dataRoot, OWNED, '.party/ledger.jsonl'), 'utf8')).toContain('psi');
    const registered = fake.requests.find(({ body }) => body.relative_uri === `${OWNED}/customers.csv`)!;
    expect(registered.body.attributes).toMatchObject({ datasets: 'customers@1' });

    expect(await waits(await api.start(chain([psi(inputs)])))).toContain('it was used 1 times');
    expect(fake.asked('/api/v1/job/create')).toBe(1);
    owner.remove();
  });

  check('fail where Kuscia refuses the token, and say which setting names it', async ({ api }) => {
    fake.plan();
    const { token } = fake.access;
    const right = readFileSync(token, 'utf8');
    writeFileSync(token, 'another');
    try {
      const { tasks } = await api.run(plain());
      expect(tasks[0]!.error).toMatchObject({
        ...{ code: 'ENGINE_NOT_READY', message: expect.stringMatching(/KUSCIA_API refuses the token/) },
      });
    } finally {
      writeFileSync(token, right);
    }
  });
});
