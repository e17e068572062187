import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import { runAtSite } from '../party/run-at-site-for-tests.js';
import { TestSites } from '../party/sites-for-tests.js';
import { runAggregate } from './aggregate-run.js';
import { runFederatedTraining } from './federated-training-run.js';

const PARTIES = ['alice', 'bob', 'carol'];
const lying = new URL('./lying-party-for-tests.js', import.meta.url);
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sums-'));
  for (const [at, party] of PARTIES.entries()) {
    await mkdir(join(folder, party, 'data', party), { recursive: true });
    await mkdir(join(folder, party, 'artifacts'), { recursive: true });
    const rows = Array.from({ length: 60 }, (_, row) => [(row * (at + 3)) % 11, (row + at) % 7, row % 2]);
    const text = [['p', 'q', 'y'], ...rows].map((row) => row.join(',')).join('\n');
    await writeFile(join(folder, party, 'data', party, 'rows.csv'), `${text}\n`);
  }
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A task as it runs at one site, which has the files of its own party alone. */
const runAt = (sites: TestSites, party: string, config: object, more: Partial<TaskRun> = {}): TaskRun<never> =>
  ({
    ...runAtSite(folder, sites, party),
    params: { task_config: config, sf_init_config: { parties: PARTIES, address: 'node' } },
    ...more,
  }) as TaskRun<never>;

const training = (rounds: number): object => ({
  train_data: Object.fromEntries(PARTIES.map((party) => [party, 'rows.csv'])),
  ...{ features: ['p', 'q'], label: 'y', min_parties: 2, params: { rounds } },
});
const failureOf = (work: Promise<TaskRunResult>) =>
  work.then(
    () => undefined,
    ({ code, message }: { code: string; message: string }) => ({ code, message }),
  );
const filesOf = async (party: string): Promise<string[]> =>
  (await readdir(join(folder, party), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);

describe('sums at sites', () => {
  test('end at all with the name of a site that is lost, also where min_parties would do without it', async () => {
    const sites = new TestSites(PARTIES);
    let cut = false;
    const stage = (_: number, words: string): void => {
      if (cut || !words.startsWith('round 3')) return;
      cut = true;
      for (const other of ['alice', 'bob']) void sites.end('carol', other).then((end) => end.destroy());
    };
    const ends = PARTIES.map((party) =>
      failureOf(runFederatedTraining(runAt(sites, party, training(300), party === 'alice' ? { progress: stage } : {}))),
    );
    const [alice, bob] = await Promise.all(ends);
    for (const end of [alice, bob]) {
      expect(end).toMatchObject({ code: 'PARTY_LOST' });
      expect(end!.message).toContain('carol');
    }
    expect(cut).toBe(true);
    for (const party of ['alice', 'bob']) expect(await filesOf(party)).toEqual(['rows.csv']);
  });

  test('name the site that says it came to other figures, and keep no file', async () => {
    const sites = new TestSites(PARTIES);
    const at = (party: string) => {
      const held: Partial<TaskRun> = { hold: () => undefined };
      const run = runAt(sites, party, training(2), held);
      return failureOf(runFederatedTraining(run, party === 'carol' ? { program: lying } : {}));
    };
    const [alice, bob] = await Promise.all(PARTIES.map(at));
    for (const end of [alice, bob])
      expect(end).toEqual({
        code: 'PROTOCOL_VIOLATION',
        message: 'Party carol sent other figures than the sums came to.',
      });
    for (const party of ['alice', 'bob'])
      expect((await filesOf(party)).filter((name) => name === 'model.json')).toEqual([]);
  });

  test('of fewer parties than min_parties do not begin: no site is met', async () => {
    const site = { ...new TestSites(PARTIES).of('alice'), meet: () => Promise.reject(new Error('it met others')) };
    const run = runAt(new TestSites(PARTIES), 'alice', { models: { alice: 'a.json', bob: 'b.json' }, min_parties: 3 });
    await expect(runAggregate({ ...run, site })).rejects.toMatchObject({
      code: 'MIN_PARTIES_NOT_MET',
      details: { parties: ['alice', 'bob'], min_parties: 3 },
    });
  });

  test('say of models that do not fit the same at each site', async () => {
    const sites = new TestSites(PARTIES);
    for (const [at, party] of PARTIES.entries())
      await writeFile(
        join(folder, party, 'data', party, 'model.json'),
        JSON.stringify({
          ...{ format: 'taskchain/regression/v1', objective: 'linear', label: 'y' },
          ...{ features: at === 2 ? ['p', 'z'] : ['p', 'q'], weights: [1, 2], intercept: 0, rows: 60 },
        }),
      );
    const models = Object.fromEntries(PARTIES.map((party) => [party, 'model.json']));
    const ends = await Promise.all(PARTIES.map((party) => failureOf(runAggregate(runAt(sites, party, { models })))));
    for (const [at, end] of ends.entries())
      expect([PARTIES[at], end?.code, end?.message]).toEqual([
        PARTIES[at],
        'MODEL_INCOMPATIBLE',
        expect.stringContaining('The models of alice and carol differ in their features: only one has "q".'),
      ]);
  });
});
