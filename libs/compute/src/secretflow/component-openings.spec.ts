import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { runTask } from '../catalogue/run-task.js';
import type { TaskRun } from '../contract/task-type.js';
import { OwnedRuns } from '../party/owned-runs-for-tests.js';
import { PartyLedger } from '../party/party-ledger.js';
import { valuesOf } from './components-for-tests.js';
import { secretflow } from './secretflow.js';

type Config = Readonly<Record<string, unknown>>;

const ROWS = 400;
const SELECTED = { 'input/input_ds/feature_selects': ['a', 'b', 'c'] };
const TRAINED = { ...SELECTED, 'input/input_ds/label': ['y'] };

/** There is no Python here: a run ends with ENGINE_NOT_READY once all is counted. */
describe('what a component opens', () => {
  let runs: OwnedRuns;
  let tables: Record<string, string>;
  beforeEach(async () => {
    runs = await OwnedRuns.claim('alice', 'bob');
    await write(ROWS);
  });
  afterEach(() => runs.folder.remove());

  async function write(rows: number, version = 1): Promise<void> {
    const all = Array.from({ length: rows }, (_, at) => valuesOf(at));
    tables = {
      alice: await runs.table('alice', 'a', [['id', 'a', 'y'], ...all.map(({ id, a, y }) => [id, a, y])], version),
      bob: await runs.table('bob', 'b', [['id', 'b', 'c'], ...all.map(({ id, b, c }) => [id, b, c])], version),
    };
    const rule = { effect: 'allow', task_types: ['component'], engines: ['native', 'secretflow'] } as const;
    const params = { '/component': { pattern: '.*' }, '/protocol': { enum: ['CHEETAH', 'SEMI2K'] } };
    for (const [party, name] of Object.entries({ alice: 'a', bob: 'b' }))
      runs.policy(party, name, { rules: [{ ...rule, params }] } as never);
  }

  async function ask(component: string, config: Config): Promise<unknown> {
    const whole = {
      ...{ component, keys: { alice: ['id'], bob: ['id'] }, features: { alice: ['a'], bob: ['b', 'c'] } },
      ...{ label: 'y', label_party: 'alice' },
      input_data: { alice: { input_ds: tables['alice']! }, bob: { input_ds: tables['bob']! } },
      ...config,
    };
    const params = {
      engine: 'secretflow',
      sf_init_config: { parties: ['alice', 'bob'], address: 'local' },
      task_config: whole,
    };
    const run = await runs.prepare('component', 'task', whole as never, {
      statement: { params: params as never },
      approved: true,
    });
    const asked = { ...run, params, consent: { ...run.consent!, params } } as unknown as TaskRun;
    return runTask('component', asked, [secretflow('/nowhere', { python: '/nowhere/python' })]);
  }

  /** Bits by column, what is noted, and who learns it. */
  async function openings(party: string): Promise<unknown[]> {
    const { openings: all } = await new PartyLedger(join(runs.folder.path, 'data', party)).read();
    return all
      .filter(({ bits, counts }) => Object.keys(bits).length > 0 || counts)
      .map(({ bits, counts, to }) => ({ bits, ...(counts && { counts }), to }));
  }

  // A count of 400 rows is 9 bits, two doubles are 106, a figure in fixed point 41.
  test.each<[string, Config, unknown[], unknown[]]>([
    [
      'stats/ss_pearsonr:1.0.0',
      { protocol: 'SEMI2K', attrs: SELECTED, label: undefined, label_party: undefined },
      [
        { bits: { a: 106 }, to: ['bob'] },
        { bits: { a: 2 * 41 }, to: ['bob'] },
      ],
      [
        { bits: { b: 106, c: 106 }, to: ['alice'] },
        { bits: { b: 2 * 41, c: 2 * 41 }, to: ['alice'] },
      ],
    ],
    [
      'stats/ss_vif:1.0.0',
      { protocol: 'SEMI2K', attrs: SELECTED, label: undefined, label_party: undefined },
      [
        { bits: { a: 106 }, to: ['bob'] },
        { bits: { a: 3 * 41 }, to: ['bob'] },
      ],
      [
        { bits: { b: 106, c: 106 }, to: ['alice'] },
        { bits: { b: 3 * 41, c: 3 * 41 }, to: ['alice'] },
      ],
    ],
    [
      'preprocessing/vert_woe_binning:1.0.0',
      { attrs: { ...TRAINED, bin_num: 4 } },
      // Ten counts of positives, of 80 rows each.
      [{ bits: { y: 43 }, to: ['bob'] }],
      [{ bits: { b: 5 * 9, c: 5 * 9 }, to: ['alice'] }],
    ],
    [
      'ml.train/sgb_train:1.1.0',
      { attrs: { ...TRAINED, num_boost_round: 3, max_depth: 4 } },
      [],
      [{ bits: {}, counts: { sums: 24 }, to: ['alice'] }],
    ],
    [
      'ml.train/ss_glm_train:1.1.0',
      {
        protocol: 'SEMI2K',
        attrs: { ...TRAINED, link_type: 'Identity', label_dist_type: 'Tweedie', optimizer: 'SGD' },
        ...{ label: 'a', features: { alice: ['y'], bob: ['b', 'c'] } },
      },
      [{ bits: { a: 53 }, to: ['bob'] }],
      [],
    ],
  ])('%s counts in both ledgers before its process starts', async (component, config, ofAlice, ofBob) => {
    const asked = component.includes('glm')
      ? {
          ...config,
          attrs: {
            ...(config['attrs'] as object),
            'input/input_ds/label': ['a'],
            'input/input_ds/feature_selects': ['y', 'b', 'c'],
          },
        }
      : config;
    await expect(ask(component, asked)).rejects.toMatchObject({ code: 'ENGINE_NOT_READY' });
    expect(await openings('alice')).toEqual(ofAlice);
    expect(await openings('bob')).toEqual(ofBob);
  });

  test.each([
    ['stats/ss_pearsonr:1.0.0', 20, { protocol: 'SEMI2K', attrs: SELECTED }],
    [
      'ml.train/ss_glm_train:1.1.0',
      59,
      {
        protocol: 'SEMI2K',
        attrs: { ...TRAINED, link_type: 'Logit', label_dist_type: 'Bernoulli', optimizer: 'SGD' },
      },
    ],
  ])('%s refuses %d rows', async (component, rows, config) => {
    await write(rows === 20 ? 19 : rows, 2);
    await expect(ask(component, config)).rejects.toMatchObject({ code: 'GROUP_TOO_SMALL' });
    expect(await openings('bob')).toEqual([]);
  });
});
