import { expect, test } from '@jest/globals';
import { Catalogue } from '../../catalogue/catalogue.js';
import { readChain } from './chain-input.js';
import { siteFaultsOf, withSites, type Sites } from './sites-of-tasks.js';

const catalogue = new Catalogue(false, {});
const keys = { 'bank-a': ['id'], 'bank-b': ['id'] };
const inputs = { 'bank-a': 'a.csv', 'bank-b': 'b.csv' };
const psi = (init: object = {}, config: object = {}) => ({
  ...{ task_id: 'match', task_type: 'psi' },
  task_params: {
    sf_init_config: { parties: ['bank-a', 'bank-b'], ...init },
    task_config: { keys, input_paths: inputs, ...config },
  },
});
const correlation = (init: object = {}) => ({
  ...{ task_id: 'compare', task_type: 'pearson_correlation' },
  task_params: {
    sf_init_config: { parties: ['bank-a', 'bank-b'], ...init },
    task_config: { input_data: inputs, columns: { 'bank-a': ['x'], 'bank-b': ['y'] } },
  },
});
const site = (party: string, more: object = {}): Sites[number] => ({
  ...{ party, dealer: false, expires_at: '2999-01-01T00:00:00Z', revoked_at: null, round_trip_ms: null },
  ...more,
});
const BOTH = [site('bank-a'), site('bank-b')];

function read(task: object, sites: Sites, more: object = {}) {
  const reading = readChain({ chain_name: 'c', tasks: [task], ...more }, catalogue);
  if (!reading.ok) throw new Error(JSON.stringify(reading.faults));
  const chain = withSites(reading.chain, sites);
  return { chain, task: chain.tasks[0]!, faults: siteFaultsOf(chain.tasks, sites) };
}
const addressOf = (task: object, sites: Sites): unknown =>
  (read(task, sites).task.params['sf_init_config'] as { address?: unknown }).address;

test('a task that says no address runs at sites once all its parties have one, and else where it did', () => {
  expect(addressOf(psi(), [])).toBeUndefined();
  expect(addressOf(psi(), [site('bank-a')])).toBeUndefined();
  expect(addressOf(psi(), [site('bank-a'), site('bank-b', { dealer: true })])).toBeUndefined();
  expect(addressOf(psi(), BOTH)).toBe('node');
  expect(read(psi(), BOTH).faults).toEqual([]);
  expect(addressOf(psi({ address: 'local' }), BOTH)).toBe('local');
  // A site that was revoked, as one gets a new key, sends no task to a worker.
  const revoked = [site('bank-a'), site('bank-b', { revoked_at: '2026-01-01T00:00:00Z' })];
  expect(addressOf(psi(), revoked)).toBe('node');
  expect(read(psi(), revoked).faults).toMatchObject([{ code: 'SITE_UNKNOWN' }]);
  expect(read(psi(), [...revoked, site('bank-b')]).faults).toEqual([]);
  // What sites are not told: results of single parties.
  const own = psi({}, { input_paths: { ...inputs, 'bank-a': '${tasks.first.party_results.bank-a.file}' } });
  const first = { ...psi({ address: 'local' }), task_id: 'first' };
  const reading = readChain({ chain_name: 'c', tasks: [first, { ...own, depends_on: ['first'] }] }, catalogue);
  if (!reading.ok) throw new Error(JSON.stringify(reading.faults));
  expect(withSites(reading.chain, BOTH).tasks[1]!.params).toEqual(own.task_params);
});

test('what undoes a task, and the tasks of a chain within it, are settled alike', () => {
  const undone = { ...psi(), compensate_with: { task_type: 'psi', task_params: psi().task_params } };
  expect(read(undone, BOTH).task.compensateWith!.params['sf_init_config']).toMatchObject({ address: 'node' });
  const child = {
    ...{ task_id: 'child', task_type: 'chain' },
    task_params: { task_config: { chain: { chain_name: 'inner', tasks: [psi()] } } },
  };
  const [inner] = [...read(child, BOTH).chain.children.values()];
  expect(inner!.input.tasks[0]!.params['sf_init_config']).toMatchObject({ address: 'node' });
});

test('a task that could not run at sites as it is written is refused with a hint how to run it at a worker', () => {
  const [fault, ...more] = read(correlation(), BOTH).faults;
  expect(more).toEqual([]);
  expect(fault).toEqual({
    code: 'INVALID_PARAMS',
    pointer: '/tasks/0/task_params/sf_init_config/dealer',
    message: expect.stringMatching(
      /^Task "compare": sf_init_config.dealer is required: .* set sf_init_config.address to "local"/,
    ) as unknown,
  });
  const lab = [...BOTH, site('lab', { dealer: true })];
  expect(read(correlation({ dealer: 'lab' }), lab).faults).toEqual([]);
  expect(read(correlation({ dealer: 'lab' }), BOTH).faults).toMatchObject([
    { code: 'SITE_UNKNOWN', pointer: '/tasks/0/task_params/sf_init_config/dealer' },
  ]);
  expect(read(correlation({ address: 'local' }), BOTH).faults).toEqual([]);
  const { task_id: _, ...undo } = correlation();
  expect(read({ ...psi(), compensate_with: undo }, BOTH).faults).toMatchObject([
    { pointer: '/tasks/0/compensate_with/task_params/sf_init_config/dealer' },
  ]);
});

test('a site whose certificate has ended sends no task to a worker: the chain is refused', () => {
  const late = [site('bank-a'), site('bank-b', { expires_at: '2026-01-01T00:00:00Z' })];
  expect(read(psi(), late).faults).toMatchObject([
    { code: 'SITE_UNKNOWN', message: expect.stringContaining('or its certificate has ended') as unknown },
  ]);
});
