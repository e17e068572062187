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
  expect(faults('http', {}, { address: 'node' })).toEqual([
    '/sf_init_config/address must be "local" or absent: sites do not run http',
  ]);
  expect(faults('pearson_correlation', correlation, { address: 'node' })).toEqual([
    '/sf_init_config/dealer is required: the name of the dealer whose site takes part in pearson_correlation',
  ]);
  for (const dealer of ['alice', 7])
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

test('statistics of all together are not made at sites: nobody there adds up', () => {
  const joint = { input_data: psi.input_paths, columns: ['x'], epsilon: 1, joint: true };
  const params = { task_config: joint, sf_init_config: { parties: ['alice', 'bob'], address: 'node' } };
  expect(checkTaskParams('table_statistics', params)).toEqual([
    { pointer: '/task_config/joint', message: 'must be false or absent: sites do not run that' },
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
    ['federated_training', { parties: ['alice', 'bob'] }],
    ['toString', { parties: ['alice', 'bob'] }],
    ['table_statistics', { parties: ['alice', 'bob'] }, { task_config: { joint: true } }],
  ] as const)
    expect([type, init, could(type, init, more)]).toEqual([type, init, undefined]);
});

test('only the address says so', () => {
  expect(isAtSites({ sf_init_config: { address: 'node' } })).toBe(true);
  for (const params of [null, {}, { sf_init_config: null }, { sf_init_config: { address: 'local' } }])
    expect(isAtSites(params)).toBe(false);
});
