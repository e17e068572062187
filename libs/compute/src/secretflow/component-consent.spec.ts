import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { runTask } from '../catalogue/run-task.js';
import type { TaskRun } from '../contract/task-type.js';
import { OwnedRuns } from '../party/owned-runs-for-tests.js';
import { PartyLedger } from '../party/party-ledger.js';
import { secretflow } from './secretflow.js';

const PSI = 'data_prep/psi:1.0.0';

/** There is no Python here: a run that comes so far as to start one ends with ENGINE_NOT_READY. */
describe('a component on datasets of others', () => {
  let runs: OwnedRuns;
  let tables: Record<string, string>;
  beforeEach(async () => {
    runs = await OwnedRuns.claim('alice', 'bob');
    const rows = (column: string): (string | number)[][] => [
      ['id', column],
      ...Array.from({ length: 40 }, (_, at) => [`p${at}`, at]),
    ];
    tables = { alice: await runs.table('alice', 'a', rows('x')), bob: await runs.table('bob', 'b', rows('z')) };
  });
  afterEach(() => runs.folder.remove());

  const ask = async (): Promise<unknown> => {
    const config = {
      component: PSI,
      input_data: { alice: { input_ds1: tables['alice']! }, bob: { input_ds2: tables['bob']! } },
      keys: { alice: ['id'], bob: ['id'] },
      attrs: {
        'input/input_ds1/keys': ['id'],
        'input/input_ds2/keys': ['id'],
        input_ds1_keys_duplicated: false,
        input_ds2_keys_duplicated: false,
      },
    };
    const params = {
      engine: 'secretflow',
      sf_init_config: { parties: ['alice', 'bob'], address: 'local' },
      task_config: config,
    };
    const run = await runs.prepare('component', 'psi', config, { statement: { params } });
    const asked = { ...run, params, consent: { ...run.consent!, params } } as unknown as TaskRun;
    return runTask('component', asked, [secretflow('/nowhere', { python: '/nowhere/python' })]);
  };
  const allow = (party: string, component: string | null): void => {
    const params = component === null ? {} : { params: { '/component': { enum: [component] } } };
    const rule = { effect: 'allow', task_types: ['component'], engines: ['native', 'secretflow'], ...params } as const;
    runs.policy(party, party === 'alice' ? 'a' : 'b', { rules: [rule] } as never);
  };
  const openings = async (): Promise<number> =>
    (await new PartyLedger(join(runs.folder.path, 'data/bob')).read()).openings.length;
  /** Files that were left for a process of SecretFlow. */
  const left = (): string[] => {
    const artifacts = join(runs.folder.path, 'artifacts');
    return existsSync(artifacts)
      ? readdirSync(artifacts, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('component.json'))
      : [];
  };

  test.each([
    ['names another', 'data_prep/union:1.0.0', '/component is missing or outside its bounds'],
    ['names none', null, 'the rule does not name the component'],
  ])('waits where the policy of one %s, before a byte moves', async (_, component, why) => {
    allow('alice', PSI);
    allow('bob', component);
    await expect(ask()).rejects.toMatchObject({ code: 'APPROVAL_REQUIRED', message: expect.stringContaining(why) });
    expect(await openings()).toBe(0);
    expect(left()).toEqual([]);
  });

  test('is counted in the ledgers before its process starts', async () => {
    allow('alice', PSI);
    allow('bob', PSI);
    await expect(ask()).rejects.toMatchObject({ code: 'ENGINE_NOT_READY' });
    const { openings: noted } = await new PartyLedger(join(runs.folder.path, 'data/bob')).read();
    expect(noted.some(({ counts, to }) => counts?.['keys'] === 40 && to.includes('alice'))).toBe(true);
    expect(left()).toEqual([]);
  });
});
