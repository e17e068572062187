import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePort } from '#libs/local-postgres';
import { describeUnless, TcpProxy } from '#libs/testing';
import { noSpu, spuPython, TestSites, type Ran, type Running } from './sites-for-tests.js';

let sites: TestSites;
let way: TcpProxy;

const ROWS = 400;
const taskOf = (task_id: string, task_type: string, task_config: object, parties = ['alice', 'bob']) => ({
  ...{ chain_id: 'joint', task_id, task_type },
  task_params: { engine: 'secretflow', sf_init_config: { parties }, task_config },
});
const psi = (task_id: string, protocol: string) =>
  taskOf(task_id, 'psi', {
    ...{ keys: { alice: ['id'], bob: ['id'] }, input_paths: { alice: 'keys.csv', bob: 'keys.csv' }, protocol },
  });
const lr = (
  protocol: string,
  id = protocol,
  epochs = 2,
  features: object = { alice: ['x'], bob: ['p'] },
  rows: object = { alice: 'rows.csv', bob: 'rows.csv' },
) =>
  taskOf(
    `lr-${id}`,
    'ss_lr',
    {
      ...{ features, label: 'y', label_party: 'alice', protocol },
      ...{ train_data: rows, params: { epochs, batch_size: 100 } },
    },
    Object.keys(rows),
  );
const start = async (task: { task_id: string }, members = ['alice', 'bob']): Promise<Running[]> => {
  const { path, hash } = await sites.task(task, `${task.task_id}.json`);
  return members.map((site) => sites.start(site, 'run', path, '--accept', hash));
};
const endOf = (all: readonly Running[]): Promise<Ran[]> => Promise.all(all.map(({ ended }) => ended));
const resultsOf = async (task: { task_id: string }): Promise<Record<string, never>[]> => {
  const ends = await endOf(await start(task));
  expect(ends.map(({ code, err }) => [code, code === 0 ? '' : err])).toEqual(ends.map(() => [0, '']));
  return ends.map(({ out }) => (JSON.parse(out) as { result: Record<string, never> }).result);
};

/** The Python that computes for a site, once there is one. */
const pythonOf = async ({ process: site }: Running): Promise<number> => {
  for (;;) {
    const family = [site.pid!];
    const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const parents = await Promise.all(all.map(async (pid) => [Number(pid), await parentOf(pid)] as const));
    for (const each of family) family.push(...parents.flatMap(([pid, parent]) => (parent === each ? [pid] : [])));
    for (const pid of family)
      if ((await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).startsWith('python')) return pid;
    await delay(20);
  }
};
const parentOf = async (pid: string): Promise<number> =>
  Number(/^PPid:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''))?.[1]);

describeUnless(noSpu, 'SPU at two sites', () => {
  const python = spuPython!;
  beforeAll(async () => {
    sites = await TestSites.make();
    way = await TcpProxy.start(await sites.portOf('bob'));
    await sites.command('alice', 'peers', 'rm', 'bob');
    await sites.add('alice', 'bob', '--address', `127.0.0.1:${way.port}`);
    for (const [at, site] of ['alice', 'bob'].entries()) {
      expect(await sites.command(site, 'engine', 'set', python)).toMatchObject({ code: 0 });
      await sites.table(site, 'keys.csv', [['id'], ...Array.from({ length: ROWS }, (_, row) => [row + 150 * at])]);
      const rows = Array.from({ length: ROWS }, (_, row) => [((row * (37 + at)) % 101) / 101, row % 101 > 50 ? 1 : 0]);
      await sites.table(site, 'rows.csv', [at === 0 ? ['x', 'y'] : ['p', 'z'], ...rows]);
    }
  });
  afterAll(async () => {
    await way.stop();
    await sites.remove();
  });

  test.each(['RR22_PSI_2PC', 'ECDH_PSI_2PC'])('intersects by %s', async (protocol) => {
    const results = await resultsOf(psi(protocol, protocol));
    for (const result of results) expect(result).toMatchObject({ intersection_count: 250, psi_protocol: protocol });
    for (const site of ['alice', 'bob']) {
      expect((await sites.read(site, 'artifacts/joint', protocol, site, 'intersection.csv')).split('\n')).toHaveLength(
        252,
      );
      expect(
        (await readdir(join(sites.path, site, 'artifacts/joint', protocol, site))).filter((each) =>
          each.startsWith('.spu'),
        ),
      ).toEqual([]);
    }
  });

  test.each(['SEMI2K', 'CHEETAH'])('trains by %s', async (protocol) => {
    const [alice, bob] = await resultsOf(lr(protocol));
    expect(alice).toEqual(bob);
    expect(alice).toHaveProperty('training_metrics.final_loss');
  });

  test('goes on where the connection of the sites is cut', async () => {
    const all = await start(psi('cut', 'RR22_PSI_2PC'));
    await all[0]!.said('started');
    for (let cut = 1; cut <= 3; cut += 1) {
      way.cutAll();
      await all[0]!.said('goes on with bob', cut);
    }
    expect((await endOf(all)).map(({ code }) => code)).toEqual([0, 0]);
  });

  test.each([
    ['psi', psi('slow', 'RR22_PSI_2PC'), { intersection_count: 250 }],
    ['ss_lr', lr('CHEETAH', 'slow'), { model_saved: true }],
  ])('%s comes to its result over a slow network', async (_, task, expected) => {
    way.latencyMs = 30;
    try {
      for (const result of await resultsOf(task)) expect(result).toMatchObject(expected);
    } finally {
      way.latencyMs = 0;
    }
  });

  test('loses the run where the Python of one site is killed, and leaves no file', async () => {
    const all = await start(lr('SEMI2K', 'killed', 200));
    await all[1]!.said('started');
    process.kill(await pythonOf(all[1]!), 'SIGKILL');
    for (const { code, out, err } of await endOf(all))
      expect([code, out, err]).toEqual([4, '', expect.stringMatching(/bob/)]);
    for (const site of ['alice', 'bob']) {
      const left = await readdir(join(sites.path, site), { recursive: true });
      expect(left.filter((name) => name.includes('lr-killed') && /model|\.spu|tmp/.test(name))).toEqual([]);
    }
  });

  test('ABY3 trains at three sites', async () => {
    const listen = `127.0.0.1:${await freePort()}`;
    const key = (await sites.command('carol', 'init', 'carol', '--listen', listen)).out.trim();
    for (const site of ['alice', 'bob']) {
      await sites.add('carol', site);
      await sites.command(site, 'peers', 'add', 'carol', key, '--address', listen);
    }
    await sites.command('carol', 'engine', 'set', python);
    await sites.table('carol', 'rows.csv', [
      ['c'],
      ...Array.from({ length: ROWS }, (_, row) => [((row * 39) % 101) / 101]),
    ]);
    const features = { alice: ['x'], bob: ['p'], carol: ['c'] };
    const rows = { alice: 'rows.csv', bob: 'rows.csv', carol: 'rows.csv' };
    const ends = await endOf(await start(lr('ABY3', 'three', 2, features, rows), ['alice', 'bob', 'carol']));
    expect(ends.map(({ code, err }) => [code, code === 0 ? '' : err])).toEqual(ends.map(() => [0, '']));
    const [first, ...others] = ends.map(({ out }) => (JSON.parse(out) as { result: object }).result);
    expect(first).toHaveProperty('training_metrics.final_loss');
    for (const other of others) expect(other).toEqual(first);
  });

  test('is refused by a site that has no SPU', async () => {
    await sites.command('bob', 'engine', 'rm');
    try {
      const { path, hash } = await sites.task(psi('unset', 'RR22_PSI_2PC'), 'unset.json');
      const bob = await sites.command('bob', 'run', path, '--accept', hash);
      expect(bob).toMatchObject({ code: 4, err: expect.stringContaining('task-chain-node engine set') as unknown });
    } finally {
      await sites.command('bob', 'engine', 'set', python);
    }
  });
});
