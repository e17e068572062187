import { expect, test } from '@jest/globals';
import { Catalogue } from '../../catalogue/catalogue.js';
import { readChain } from './chain-input.js';
import type { Sites } from './sites-of-tasks.js';
import { waitsAtSites, type Warning } from './waits-at-sites.js';

const catalogue = new Catalogue(false, {});
const site = (party: string, round_trip_ms: number | null, more: object = {}): Sites[number] => ({
  ...{ party, dealer: false, expires_at: '2999-01-01T00:00:00Z', revoked_at: null, round_trip_ms },
  ...more,
});
const columns = { 'bank-a': ['x'], 'bank-b': ['y'] };

function warnings(sites: Sites, params: object, type = 'ss_lr', address = 'node'): Warning[] {
  const paths = { 'bank-a': 'a.csv', 'bank-b': 'b.csv' };
  const task = {
    ...{ task_id: 'fit', task_type: type },
    task_params: {
      sf_init_config: { parties: ['bank-a', 'bank-b'], address, ...(address === 'node' && { dealer: 'lab' }) },
      task_config: { train_data: paths, features: columns, label: 'l', label_party: 'bank-a', params },
    },
  };
  const reading = readChain({ chain_name: 'c', tasks: [task] }, catalogue);
  if (!reading.ok) throw new Error(JSON.stringify(reading.faults));
  return waitsAtSites(reading.chain.tasks, sites);
}

test('a task whose sites would wait for more than a minute is warned of, with rounds, delay and time', () => {
  const sites = [site('bank-a', 40), site('bank-b', 36), site('bank-c', 900), site('lab', 800, { dealer: true })];
  // 10 epochs of 1,563 batches, two rounds each, at 38 ms.
  expect(warnings(sites, { batch_size: 64 })).toEqual([
    {
      ...{ code: 'SLOW_AT_SITES', pointer: '/tasks/0/task_params', task_id: 'fit' },
      ...{ rounds: 31_260, delay_ms: 38, seconds: 1_188 },
      message:
        'Task "fit": it takes some 31,260 rounds between its sites with 100,000 rows. At 38.0 ms from bank-a to bank-b by way of the ' +
        'control plane, that is 20 min of waiting beside its work. A larger batch_size or fewer epochs take fewer; its timeout has to leave time for that.',
    },
  ]);
  // By default 196 batches of 512.
  expect(warnings(sites, {})).toMatchObject([{ rounds: 3_920, seconds: 149 }]);
  expect(warnings(sites, { epochs: 4 })).toEqual([]);
  expect(warnings(sites, { epochs: 4, reg_type: 'linear' })).toMatchObject([{ rounds: 3_920 }]);
  expect(warnings(sites, { epochs: 1, penalty: 'l1' })).toMatchObject([{ rounds: 2_352 }]);
  expect(warnings(sites, { num_boost_round: 10, max_depth: 3 }, 'ss_xgb')).toMatchObject([
    { rounds: 5_370, seconds: 204 },
  ]);
  expect(warnings(sites, { num_boost_round: 10, max_depth: 3 }, 'secureboost')).toEqual([]);
  expect(warnings(sites, {}, 'ss_glm')).toMatchObject([{ rounds: 14_377, seconds: 546 }]);
});

test('nothing is said where the delay is short, not known, or of others, or the parties run at a worker', () => {
  expect(warnings([site('bank-a', 0.4), site('bank-b', 0.6)], {})).toEqual([]);
  expect(warnings([site('bank-a', 400), site('bank-b', null)], {})).toEqual([]);
  expect(warnings([site('bank-a', 400), site('bank-c', 400)], {})).toEqual([]);
  const revoked = site('bank-b', 400, { revoked_at: '2026-01-01T00:00:00Z' });
  expect(warnings([site('bank-a', 0.4), revoked, site('bank-b', 0.4)], {})).toEqual([]);
  expect(warnings([site('bank-a', 400), site('bank-b', 400)], {}, 'ss_lr', 'local')).toEqual([]);
});
