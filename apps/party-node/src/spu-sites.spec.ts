import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeUnless, TcpProxy } from '#libs/testing';
import { noSpu, spuPython, TestSites, type Ran, type Running } from './sites-for-tests.js';

let sites: TestSites;
let way: TcpProxy;

const ROWS = 400;
const taskOf = (task_id: string, task_type: string, task_config: object) => ({
  ...{ chain_id: 'joint', task_id, task_type },
  task_params: { engine: 'secretflow', sf_init_config: { parties: ['alice', 'bob'] }, task_config },
});
const psi = (task_id: string, protocol: string) =>
  taskOf(task_id, 'psi', {
    ...{ keys: { alice: ['id'], bob: ['id'] }, input_paths: { alice: 'keys.csv', bob: 'keys.csv' }, protocol },
  });
const lr = (protocol: string) =>
  taskOf(`lr-${protocol}`, 'ss_lr', {
    ...{ features: { alice: ['x'], bob: ['p'] }, label: 'y', label_party: 'alice', protocol },
    ...{ train_data: { alice: 'rows.csv', bob: 'rows.csv' }, params: { epochs: 2, batch_size: 100 } },
  });
const start = async (task: { task_id: string }): Promise<Running[]> => {
  const { path, hash } = await sites.task(task, `${task.task_id}.json`);
  return ['alice', 'bob'].map((site) => sites.start(site, 'run', path, '--accept', hash));
};
const endOf = (all: readonly Running[]): Promise<Ran[]> => Promise.all(all.map(({ ended }) => ended));
const resultsOf = async (task: { task_id: string }): Promise<Record<string, never>[]> => {
  const ends = await endOf(await start(task));
  expect(ends.map(({ code, err }) => [code, code === 0 ? '' : err])).toEqual(ends.map(() => [0, '']));
  return ends.map(({ out }) => (JSON.parse(out) as { result: Record<string, never> }).result);
};

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
