import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { chain, describeSystem, eventually, TEST_API_KEY, type SystemUnderTest } from './system/index.js';

const PROGRAM = fileURLToPath(new URL('../../../apps/cli/bin/task-chain.mjs', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'task-chain-owners-'));
afterAll(() => rmSync(work, { recursive: true }));

interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program as a process that signs in by this key. */
function cli({ api }: SystemUnderTest, token: string, ...args: string[]): Promise<Ran> {
  const env = { PATH: process.env.PATH, HOME: work, TASK_CHAIN_URL: api.url, TASK_CHAIN_TOKEN: token };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [PROGRAM, ...args], { cwd: work, env }, (_error, stdout, stderr) =>
      resolve({ exit: child.exitCode ?? -1, stdout, stderr }),
    );
    child.stdin!.end();
  });
}

/** Its answer as JSON; rejects with what it complains of. */
async function done<T>(system: SystemUnderTest, token: string, ...args: string[]): Promise<T> {
  const { exit, stdout, stderr } = await cli(system, token, ...args, '-o', 'json');
  if (exit !== 0) throw new Error(`task-chain ${args.join(' ')} ended with ${exit}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

/** An owner with a claimed folder and a registered table, all by the command line. */
async function ownerOf(system: SystemUnderTest, party: string) {
  const folder = join(system.dataRoot, party);
  const key = join(work, party, `${party}.key`);
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'customers.csv'),
    `id,age\n${Array.from({ length: 30 }, (_, i) => `${i},${i}\n`).join('')}`,
  );
  await done(system, TEST_API_KEY, 'parties', 'keygen', party, '--out', join(work, party));
  await done(system, TEST_API_KEY, 'parties', 'claim', party, '--key', key, '--folder', folder);
  const made = await done<{ key: string }>(
    system,
    TEST_API_KEY,
    'keys',
    'create',
    party,
    '--role',
    'author',
    '--party',
    party,
  );
  const run = <T>(...args: string[]) => done<T>(system, made.key, ...args, '--key', key);
  await run('datasets', 'register', `${party}/customers`, '--file', 'customers.csv', '--folder', folder);
  return { party, token: made.key, key, run };
}

describeSystem('owners at the command line', 'postgres', {}, (check) => {
  check('claim, register, set a policy and decide by hand: the chain runs as both allow', async (system) => {
    const [a, b] = await Promise.all([ownerOf(system, 'bank-a'), ownerOf(system, 'bank-b')]);
    const policy = join(work, 'policy.yaml');
    writeFileSync(
      policy,
      'expires_at: 2999-01-01T00:00:00Z\nrules:\n  - effect: allow\n    task_types: [psi]\n    with: [bank-b]\n    columns: { keys: [id] }\n',
    );
    await a.run('policies', 'set', 'bank-a/customers', '--file', policy);

    const file = join(work, 'chain.json');
    writeFileSync(file, JSON.stringify(chain([psi])));
    const create = () => done<{ chain_id: string }>(system, b.token, 'create', file);
    const approved = (await create()).chain_id;
    const refused = (await create()).chain_id;
    const asked = await cli(system, b.token, 'approvals', 'approve', approved, '--key', b.key);
    expect([asked.exit, asked.stdout]).toEqual([2, expect.stringContaining('"keys": {')]);
    expect(asked.stdout).toContain('other parties: bank-a');
    // Another owner's signature, sent by another party's key, decides nothing.
    const other = await cli(system, b.token, 'approvals', 'approve', approved, '--yes', '--key', a.key);
    expect([other.exit, other.stderr]).toEqual([6, expect.stringContaining('bank-a')]);
    await b.run('approvals', 'approve', approved, '--yes');
    await b.run('approvals', 'refuse', refused, '--yes', '--words', '合同已终止');

    await done(system, b.token, 'execute', approved);
    await done(system, b.token, 'execute', refused);
    expect((await system.api.ended(approved)).status).toBe('SUCCESS');
    const ended = await system.api.ended(refused);
    expect([ended.status, ended.tasks[0]!.error]).toEqual([
      'FAILURE',
      expect.objectContaining({ code: 'POLICY_REFUSED', message: expect.stringContaining('合同已终止') }),
    ]);
  });

  check('read what is opened to them alone, with the key that keygen wrote', async (system) => {
    const file = join(work, 'receiver.json');
    const task = structuredClone(psi);
    Object.assign(task.task_params.task_config, { receiver: 'bank-b' });
    writeFileSync(file, JSON.stringify(chain([task])));
    const { chain_id } = await done<{ chain_id: string }>(system, TEST_API_KEY, 'create', file);
    for (const party of ['bank-a', 'bank-b']) {
      const key = join(work, party, `${party}.key`);
      await done(system, TEST_API_KEY, 'approvals', 'approve', chain_id, '--yes', '--key', key);
    }
    await done(system, TEST_API_KEY, 'execute', chain_id);
    expect((await system.api.ended(chain_id)).status).toBe('SUCCESS');
    const results = (party: string) =>
      done<{ party_results: unknown }[]>(
        ...([system, TEST_API_KEY, 'results', chain_id, '--key', join(work, party, `${party}.reader.key`)] as const),
      );
    expect((await results('bank-b'))[0]!.party_results).toEqual({
      'bank-b': expect.objectContaining({ intersection_count: 30 }),
    });
    expect((await results('bank-a'))[0]!.party_results).toEqual({ 'bank-b': 'sealed to the readers of the party' });
  });

  for (const [decision, becomes] of [
    ['refuse', 'FAILURE'],
    ['approve', 'SUCCESS'],
  ] as const) {
    check(`see a task that waits for them, and ${decision} it`, async (system) => {
      const file = join(work, `waiting-${decision}.json`);
      writeFileSync(file, JSON.stringify(chain([psi])));
      const { chain_id } = await done<{ chain_id: string }>(system, TEST_API_KEY, 'run', file);
      const key = join(work, 'bank-b', 'bank-b.key');
      const waiting = () =>
        done<{ chain_id: string; reasons: string }[]>(system, TEST_API_KEY, 'approvals', 'ls', '--party', 'bank-b');
      const mine = await eventually('the task waits for bank-b', async () =>
        (await waiting()).find((each) => each.chain_id === chain_id),
      );
      expect(mine.reasons).toContain('customers: the dataset has no policy');
      await done(system, TEST_API_KEY, 'approvals', decision, chain_id, '--yes', '--key', key);
      expect((await system.api.ended(chain_id)).status).toBe(becomes);
      expect(await waiting()).toEqual([]);
    });
  }

  check('approve a task that was sent without the approval: it runs again by itself', async (system) => {
    const file = join(work, 'on-its-way.json');
    writeFileSync(file, JSON.stringify(chain([psi])));
    const worker = system.app('compute-worker').pid;
    process.kill(worker, 'SIGSTOP');
    try {
      const { chain_id } = await done<{ chain_id: string }>(system, TEST_API_KEY, 'run', file);
      await eventually('the task is in the queue', async () =>
        (await system.api.chain(chain_id)).tasks.find(({ status }) => status === 'QUEUED'),
      );
      const key = join(work, 'bank-b', 'bank-b.key');
      await done(system, TEST_API_KEY, 'approvals', 'approve', chain_id, '--yes', '--key', key);
      process.kill(worker, 'SIGCONT');
      const ended = await system.api.ended(chain_id);
      expect([ended.status, ended.tasks[0]!.attempt]).toEqual(['SUCCESS', 2]);
    } finally {
      process.kill(worker, 'SIGCONT');
    }
  });

  check('state purposes, and are asked where a chain states none of them', async (system) => {
    const folder = join(system.dataRoot, 'bank-a');
    const key = join(work, 'bank-a', 'bank-a.key');
    const register = (...purposes: string[]) =>
      done<{ version: number; purposes: string[] }>(
        ...([system, TEST_API_KEY, 'datasets', 'register', 'bank-a/customers', '--file', 'customers.csv'] as const),
        ...['--folder', folder, '--key', key, '--purpose', ...purposes],
      );
    expect(await register('scoring', 'fraud')).toMatchObject({ version: 1, purposes: ['scoring', 'fraud'] });
    const reasonsFor = async (metadata: object) => {
      const file = join(work, 'purpose.json');
      writeFileSync(file, JSON.stringify({ ...chain([psi]), metadata }));
      const { approvals } = await done<{ approvals: { party: string; reasons: string[] }[] }>(
        ...([system, TEST_API_KEY, 'validate', file] as const),
      );
      return approvals.flatMap(({ party, reasons }) => (party === 'bank-a' ? reasons : [])).join();
    };
    expect(await reasonsFor({})).toContain('states no purpose');
    expect(await reasonsFor({ purpose: 'ads' })).toContain('"ads" is not allowed');
    expect(await reasonsFor({ purpose: 'fraud' })).not.toContain('purpose');
  });

  check('let others draw figures with noise until their epsilon is spent', async (system) => {
    const policy = join(work, 'noise.yaml');
    writeFileSync(
      policy,
      'expires_at: 2999-01-01T00:00:00Z\nrules:\n  - effect: allow\n    task_types: [table_statistics]\n    params: { /epsilon: { min: 0.001, max: 0.7 } }\n' +
        'budget: { epsilon: 1 }\nbounds: { age: { min: 0, max: 100 } }\n',
    );
    const owner = [system, TEST_API_KEY] as const;
    const table = `id,age\n${Array.from({ length: 30 }, (_, i) => `${i},${40 + i}\n`).join('')}`;
    for (const party of ['bank-a', 'bank-b']) {
      const [key, folder, ages] = [join(work, party, `${party}.key`), join(system.dataRoot, party), `${party}/ages`];
      writeFileSync(join(folder, 'ages.csv'), table);
      await done(...owner, 'datasets', 'register', ages, '--file', 'ages.csv', '--folder', folder, '--key', key);
      await done(...owner, 'policies', 'set', ages, '--file', policy, '--key', key);
    }
    const ended = async (task = noisy) => {
      const file = join(work, 'noise.json');
      writeFileSync(file, JSON.stringify(chain([task])));
      const { chain_id } = await done<{ chain_id: string }>(...owner, 'create', file);
      await done(...owner, 'execute', chain_id);
      return system.api.ended(chain_id);
    };
    const first = await ended();
    expect([first.status, first.tasks[0]!.error]).toEqual(['SUCCESS', null]);
    expect(first.tasks[0]!.result).toMatchObject({
      rows: { 'bank-a': null },
      epsilon: 0.7,
      epsilon_each: { 'bank-a': 0.35 },
    });
    expect((await ended()).tasks[0]!.error).toMatchObject({
      code: 'BUDGET_EXHAUSTED',
      details: { dataset: 'ages', opened: 0.7, asked: 0.7, limit: 1 },
    });
    const ledger = () =>
      done<{ epsilon: number | null; bits: number }[]>(...owner, 'datasets', 'ledger', 'bank-a/ages');
    await eventually('the copy of the ledger is there', async () => (await ledger()).length === 1 || undefined);
    expect(await ledger()).toMatchObject([{ epsilon: 0.7, bits: 0 }]);
    const both = await ended(joint);
    expect([both.status, both.tasks[0]!.error]).toEqual(['SUCCESS', null]);
    expect(both.tasks[0]!.result).toMatchObject({
      statistics: null,
      joint: { parties: ['bank-a', 'bank-b'], epsilon: 0.3, epsilon_each: 0.15, statistics: { age: {} } },
    });
    await eventually('the copy of the ledger is there', async () => (await ledger()).length === 2 || undefined);
  });
});

const psi = {
  task_id: 'psi',
  task_type: 'psi',
  depends_on: [],
  task_params: {
    sf_init_config: { parties: ['bank-a', 'bank-b'], address: 'local' },
    task_config: {
      keys: { 'bank-a': ['id'], 'bank-b': ['id'] },
      input_paths: { 'bank-a': 'dataset:bank-a/customers@1', 'bank-b': 'dataset:bank-b/customers@1' },
    },
  },
};

const noisy = {
  task_id: 'noisy',
  task_type: 'table_statistics',
  depends_on: [],
  task_params: {
    sf_init_config: { parties: ['bank-a'], address: 'local' },
    task_config: { input_data: { 'bank-a': 'dataset:bank-a/ages@1' }, epsilon: 0.7, figures: ['mean'] },
  },
};

const joint = {
  ...noisy,
  task_params: {
    sf_init_config: { parties: ['bank-a', 'bank-b'], address: 'local' },
    task_config: {
      input_data: { 'bank-a': 'dataset:bank-a/ages@1', 'bank-b': 'dataset:bank-b/ages@1' },
      ...{ epsilon: 0.3, figures: ['mean'], joint: true },
    },
  },
};
