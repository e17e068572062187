import { randomBytes, randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Authority, makeRequest, readRequest, UplinkServer } from '#libs/peers';
import { itUnless } from '#libs/testing';
import { NodeFolder } from './node-folder.js';
import type { Left } from './outcome.js';
import { takePart } from './run-task.js';
import { noSpu, spuPython, TestSites } from './sites-for-tests.js';
import { offeredTask } from './task-file.js';

const RUN = randomUUID();
const authority = await Authority.of(randomBytes(32));
/** Whether the run goes on, as the control plane has it. */
let isUnderWay = true;
/** Which two sites the relay has asked about. */
const asked = new Set<string>();
let sites: TestSites;
let plane: UplinkServer;

const refused = (): Promise<never> => Promise.reject(new Error('nobody asks'));
const relayAt = (port: number): Promise<UplinkServer> =>
  UplinkServer.listen({
    ...{ authority, host: '127.0.0.1', port, relay: { holdMs: 20 } },
    admission: {
      ...{ admit: refused, hold: refused, release: refused },
      mayMeet: (legs) => {
        for (const { fingerprint, to } of legs) asked.add(`${fingerprint} ${to}`);
        return Promise.resolve(legs.map(({ run }) => isUnderWay && run === RUN));
      },
    },
    offers: { offers: refused, task: refused, votes: refused, answer: refused },
    onRefused: () => undefined,
    onFault: () => undefined,
  });

beforeAll(async () => {
  sites = await TestSites.make();
  plane = await relayAt(0);
  for (const [site, ...others] of [
    ['alice', 'bob', 'lab'],
    ['bob', 'alice', 'lab'],
    ['lab', 'alice', 'bob'],
  ] as const) {
    for (const other of others) {
      await sites.command(site, 'peers', 'rm', other);
      await sites.add(site, other, '--relay', ...(other === 'lab' ? ['--dealer'] : []));
    }
    const folder = new NodeFolder(`${sites.path}/${site}`);
    const asked = (await readRequest(await makeRequest(await folder.identity(), { tenant: 'default', name: site })))!;
    const control = { url: 'http://localhost', tenant: 'default', authority: authority.fingerprint };
    await folder.admit(control, await authority.admit(asked), authority.cert);
    const rows = Array.from({ length: 400 }, (_, at) => [site === 'alice' ? at : at + 150]);
    if (site === 'lab') continue;
    await sites.table(site, 'keys.csv', [['id'], ...rows]);
    const columns = rows.map((_, at) => [((at * 37) % 101) / 101, (at * 37) % 101 > 50 ? 1 : 0]);
    await sites.table(site, 'rows.csv', [[`x_${site}`, 'y'], ...columns]);
  }
});
afterAll(async () => {
  await plane.close();
  await sites.remove();
});

const statement = {
  ...{ chain_id: 'chain-1', task_id: 'match', task_type: 'psi', purpose: 'common customers' },
  task_params: {
    sf_init_config: { parties: ['alice', 'bob'], address: 'node' },
    task_config: {
      keys: { alice: ['id'], bob: ['id'] },
      input_paths: { alice: 'keys.csv', bob: 'keys.csv' },
    },
  },
};
/** A site takes part in the run that was offered; `onMet` is called once all have accepted it. */
async function takesPart(
  site: string,
  onMet: () => void = () => undefined,
  onLine: (line: string) => void = () => undefined,
  task: object = statement,
): Promise<Left | null> {
  const folder = new NodeFolder(`${sites.path}/${site}`);
  return takePart({
    ...{ folder, file: await folder.read(), task: offeredTask(task), run: RUN },
    relay: `127.0.0.1:${plane.port}`,
    waitMs: 60_000,
    signal: new AbortController().signal,
    progress: () => undefined,
    log: (message) => {
      onLine(message);
      if (message.startsWith('all have accepted')) onMet();
    },
  });
}

describe('two sites of which neither listens', () => {
  test('lose the run where the relay is cut, and come to the result in the next attempt', async () => {
    const cut = (): void => void (isUnderWay = false);
    const lost = await Promise.allSettled([takesPart('alice', cut), takesPart('bob', cut)]);
    for (const each of lost) expect(each).toMatchObject({ status: 'rejected', reason: { code: 'PARTY_LOST' } });
    isUnderWay = true;
    const both = await Promise.all([takesPart('alice'), takesPart('bob')]);
    for (const left of both) expect(left!.result).toMatchObject({ intersection_count: 250 });
  });

  test('lose the run at once where one of them can keep no record of it', async () => {
    const runs = `${sites.path}/alice/runs`;
    await rename(runs, `${runs}-before`);
    await writeFile(runs, '');
    try {
      const [atAlice, atBob] = await Promise.allSettled([takesPart('alice'), takesPart('bob')]);
      expect(atAlice.status).toBe('rejected');
      // It does not wait 60 s for one that says nothing.
      const message = expect.not.stringContaining('silent') as unknown;
      expect(atBob).toMatchObject({ status: 'rejected', reason: { code: 'PARTY_LOST', message } });
    } finally {
      await rm(runs);
      await rename(`${runs}-before`, runs);
    }
  });

  const fit = (dealer: object, engine: object = {}, more: object = {}) => ({
    ...{ ...statement, task_id: 'fit', task_type: 'ss_lr' },
    task_params: {
      ...engine,
      sf_init_config: { parties: ['alice', 'bob'], address: 'node', ...dealer },
      task_config: {
        ...{ features: { alice: ['x_alice'], bob: ['x_bob'] }, label: 'y', label_party: 'alice', ...more },
        ...{ train_data: { alice: 'rows.csv', bob: 'rows.csv' }, params: { epochs: 1, batch_size: 200 } },
      },
    },
  });

  test('have a dealer that they meet over the relay as well', async () => {
    asked.clear();
    const [alice, bob, lab] = await Promise.all(
      ['alice', 'bob', 'lab'].map((site) => takesPart(site, undefined, undefined, fit({ dealer: 'lab' }))),
    );
    expect(alice!.result).toEqual(bob!.result);
    expect(alice!.result).toHaveProperty('training_metrics.final_loss');
    expect(lab).toBeNull();
    expect(asked.size).toBe(6);
  });

  itUnless(noSpu, 'intersect on SPU over the relay', async () => {
    const { task_params: params } = statement;
    const protocol = { ...params.task_config, protocol: 'RR22_PSI_2PC' };
    const task = {
      ...statement,
      task_id: 'spu',
      task_params: { ...params, engine: 'secretflow', task_config: protocol },
    };
    for (const site of ['alice', 'bob']) await sites.command(site, 'engine', 'set', spuPython!);
    const both = await Promise.all(['alice', 'bob'].map((site) => takesPart(site, undefined, undefined, task)));
    for (const left of both)
      expect(left!.result).toMatchObject({ intersection_count: 250, psi_protocol: 'RR22_PSI_2PC' });
  });

  itUnless(noSpu, 'train on SPU over the relay', async () => {
    for (const site of ['alice', 'bob']) await sites.command(site, 'engine', 'set', spuPython!);
    const task = fit({}, { engine: 'secretflow' }, { protocol: 'CHEETAH' });
    const [alice, bob] = await Promise.all(['alice', 'bob'].map((site) => takesPart(site, undefined, undefined, task)));
    expect(alice!.result).toHaveProperty('training_metrics.final_loss');
    expect(alice!.result).toEqual(bob!.result);
  });

  test('go on over a relay that stops and comes again, to the same result', async () => {
    const { port } = plane;
    let met = 0;
    const restart = async (): Promise<void> => {
      met += 1;
      if (met < 2) return;
      await plane.close();
      plane = await relayAt(port);
    };
    const lines: string[] = [];
    const both = await Promise.all(
      ['alice', 'bob'].map((site) =>
        takesPart(
          site,
          () => void restart(),
          (line) => lines.push(line),
        ),
      ),
    );
    for (const left of both) expect(left!.result).toMatchObject({ intersection_count: 250 });
    expect(lines.filter((line) => line.startsWith('goes on with')).length).toBeGreaterThanOrEqual(2);
  });

  test('say how they meet, in one way, and only for runs that a control plane offers', async () => {
    expect((await sites.command('alice', 'peers', 'ls')).out).toMatch(/^bob {2}sha256:\S+ {2}over the relay$/m);
    const carol = ['carol', `sha256:${'0'.repeat(64)}`, '--address', 'carol.example:7443'];
    const both = await sites.command('alice', 'peers', 'add', ...carol, '--relay');
    expect(both).toMatchObject({ code: 2, err: expect.stringContaining('or --relay') as unknown });
    const { path, hash } = await sites.task({
      ...statement,
      task_params: { ...statement.task_params, sf_init_config: { parties: ['alice', 'bob'] } },
    });
    const alone = await sites.command('alice', 'run', path, '--accept', hash);
    expect(alone).toMatchObject({ code: 2, err: expect.stringContaining('meets bob over the relay') as unknown });
  });
});
