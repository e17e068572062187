import { describe, expect, test } from '@jest/globals';
import { checkTaskParams } from '../catalogue/check-params.js';

const psi = (config: object = {}, more: object = {}, engine = 'kuscia'): string[] =>
  checkTaskParams('psi', {
    engine,
    sf_init_config: { parties: ['alice', 'bob'], address: 'local' },
    task_config: {
      ...{ keys: { alice: ['id'], bob: ['id'] }, input_paths: { alice: 'a.csv', bob: 'b.csv' } },
      ...config,
    },
    ...more,
  }).map(({ pointer, message }) => `${pointer} ${message}`);

describe('parameters of psi for nodes of Kuscia', () => {
  test('are those of native', () => {
    expect(psi()).toEqual([]);
    for (const protocol of ['RR22_PSI_2PC', 'KKRT_PSI_2PC', 'ECDH_PSI_2PC', '${tasks.a.result.protocol}'])
      expect(psi({ protocol, receiver: 'bob', allow_empty_result: true })).toEqual([]);
    expect(psi({ keys: 7 })).not.toEqual([]);
  });

  test('name two parties, CSV in the parties own folders, and no outputs', () => {
    const at = (...pointers: string[]): unknown => pointers.map((each) => expect.stringMatching(`^/${each} `));
    expect(psi({ protocol: 'KMPRT_PSI_NPC' })).toEqual(at('task_config/protocol'));
    expect(psi({ join: 'left', left_party: 'bob' })).toEqual(at('task_config/join'));
    expect(psi({ output_paths: { bob: 'out.csv' } })).toEqual(at('task_config/output_paths'));
    expect(psi({ input_paths: { alice: 'artifact:c/t/alice/x.csv', bob: 'b.parquet' } })).toEqual(
      at('task_config/input_paths/alice', 'task_config/input_paths/bob'),
    );
    expect(psi({}, { sf_init_config: { parties: ['alice', 'bob'], address: 'node' } })).toEqual(
      expect.arrayContaining([expect.stringContaining('/sf_init_config/address')]),
    );
  });
});

test('what nodes of Kuscia keep is refused by every engine, and the fault says what to do', () => {
  for (const engine of ['native', 'secretflow', 'celery', 'kuscia']) {
    expect(psi({ input_paths: { alice: 'domaindata:alice/tc-1-o0', bob: 'b.csv' } }, {}, engine)).toEqual([
      expect.stringMatching(/^\/task_config\/input_paths\/alice is a table that a node of Kuscia keeps.*take it out/),
    ]);
  }
});
