import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { REFUSED_AT_FLEETS } from '../celery/refused-types.js';
import { checkTaskParams } from './check-params.js';
import { runTask } from './run-task.js';
import type { TaskRun } from '../contract/task-type.js';
import { findTaskType, taskTypes } from './task-types.js';

const init = { parties: ['alice', 'bob'], address: 'local' };
const psi = { keys: { alice: ['id'], bob: ['id'] }, input_paths: { alice: 'a.csv', bob: 'b.csv' } };
const faults = (config: unknown, more: Record<string, unknown> = {}, type = 'psi'): string[] =>
  checkTaskParams(type, { sf_init_config: init, task_config: config, ...more }).map(
    ({ pointer, message }) => `${pointer} ${message}`,
  );

describe('the list of types', () => {
  test('has a valid schema, a title and a sentence on what leaves for each', () => {
    for (const type of taskTypes) {
      expect(() => new Ajv2020({ strict: false }).compile(type.configSchema)).not.toThrow();
      expect([type.title, type.description, type.leaves].every((text) => text.length > 5)).toBe(true);
      expect(findTaskType(type.type)).toBe(type);
    }
  });
  test('is JSON, for a client', () => expect(() => JSON.stringify(taskTypes)).not.toThrow());
});

describe('task_params', () => {
  test('that are right have no fault', () => {
    expect(faults(psi)).toEqual([]);
    expect(faults({ ...psi, task_type: 'psi', receiver: 'bob', protocol: 'ECDH_PSI_2PC' })).toEqual([]);
    expect(faults(psi, { sf_init_config: { parties: { alice: {}, bob: { address: 'local' } } } })).toEqual([]);
    expect(checkTaskParams('diagnostic', { task_config: {} })).toEqual([]);
  });

  test('give every fault at once, with its pointer', () => {
    expect(faults({ ...psi, task_type: 'vif', sorted: true, protocol: 'BC22_PSI_2PC', sort: 1, keys: {} })).toEqual([
      '/task_config/sorted is not a known field: there are task_type, keys, input_paths, output_paths, join, left_party, receiver, protocol, sort, broadcast_result, precheck_input, allow_empty_result',
      '/task_config/task_type must be "psi"',
      '/task_config/keys must have at least 1 party',
      '/task_config/protocol must be one of "ECDH_PSI_2PC", "ECDH_OPRF_UB_PSI_2PC", "KMPRT_PSI_NPC", "KKRT_PSI_2PC", "RR22_PSI_2PC", "AUTO"; "BC22_PSI_2PC" belongs to SecretFlow, and no engine runs it yet',
      '/task_config/sort must be true or false',
    ]);
    expect(faults({ keys: psi.keys })).toEqual(['/task_config/input_paths is required']);
    expect(faults(undefined)).toEqual(['/task_config is required and must be an object']);
    expect(checkTaskParams('psi', null)).toHaveLength(1);
    expect(checkTaskParams('nope', {})[0]?.message).toMatch(/known are psi/);
  });

  test('hold references, which are looked into when they are resolved', async () => {
    const open = {
      keys: { alice: '${tasks.a.result.keys}', bob: ['id'] },
      input_paths: { alice: '${tasks.a.result.path}', bob: 'x-${tasks.a.result.n}.csv' },
      sort: '${tasks.a.result.sort}',
      receiver: '${tasks.a.result.party}',
    };
    expect(faults(open)).toEqual([]);
    const run = { params: { sf_init_config: init, task_config: open }, signal: new AbortController().signal };
    await expect(runTask('psi', run as unknown as TaskRun)).rejects.toMatchObject({
      code: 'INVALID_PARAMS',
      retryable: false,
      message: expect.stringMatching(/\/task_config\/sort must be true or false/),
    });
  });

  test('with a protocol that native lacks have a code of their own, when they are checked and when they are resolved', async () => {
    const codes = (task_config: unknown, protocol?: string): (string | undefined)[] =>
      checkTaskParams('psi', {
        sf_init_config: init,
        task_config,
        ...(protocol && { spu_config: { cluster_def: { runtime_config: { protocol } } } }),
      }).map(({ code }) => code);
    for (const protocol of ['RR22_PSI_2PC', 'AUTO'])
      expect(codes({ ...psi, protocol })).toEqual(['PROTOCOL_UNSUPPORTED']);
    expect(codes({ ...psi, protocol: 'KKRT_PSI_2PC' })).toEqual([]);
    expect(codes({ ...psi, protocol: 'NO_SUCH_PSI' })).toEqual([undefined]);
    for (const protocol of ['REF2K', 'CHEETAH']) expect(codes(psi, protocol)).toEqual(['PROTOCOL_UNSUPPORTED']);
    expect(codes(psi, 'NOPE')).toEqual([undefined]);
    const failure = (task_config: unknown): Promise<unknown> =>
      runTask('psi', { params: { sf_init_config: init, task_config } } as unknown as TaskRun).catch((e: unknown) => e);
    expect(await failure({ ...psi, protocol: 'RR22_PSI_2PC' })).toMatchObject({ code: 'PROTOCOL_UNSUPPORTED' });
    expect(await failure({ ...psi, protocol: 'RR22_PSI_2PC', sort: 1 })).toMatchObject({ code: 'INVALID_PARAMS' });
  });

  test('name parties that exist, at least two for psi, with as many keys each', () => {
    expect(faults({ ...psi, keys: { alice: ['id'], carol: ['id'] } })).toEqual([
      '/task_config/keys/bob is required: name the key columns of this party',
      '/task_config/keys/carol no such party in sf_init_config.parties (alice, bob)',
    ]);
    expect(faults({ ...psi, keys: { alice: ['id', 'x'], bob: ['id'] } })).toEqual([
      '/task_config/keys must name as many columns for each party',
    ]);
    expect(faults({ ...psi, receiver: 'carol' })).toEqual(['/task_config/receiver must be one of alice, bob']);
    expect(faults({ ...psi, input_paths: { alice: 'a' } })).toEqual([
      '/task_config/input_paths must name two to 10 parties',
      '/task_config/keys/bob is no party of input_paths (alice)',
    ]);
    expect(faults({ ...psi, keys: { '../x': ['id'], bob: ['id'] } })[0]).toMatch(/is no name: letters/);
  });

  test('stay with parties in one place, and name who takes others', () => {
    const elsewhere = 'belongs to parties on several machines, which no engine runs yet';
    const ofInit = (config: unknown) => faults(psi, { sf_init_config: config });
    expect(ofInit(undefined)).toEqual(['/sf_init_config is required: {"parties": [...], "address": "local"}']);
    for (const address of ['10.0.0.1:9000', 'ray://head:10001', 'auto', 7]) {
      expect(ofInit({ ...init, address })).toEqual([
        `/sf_init_config/address must be "local" or absent; a cluster's or Ray's address ${elsewhere}`,
      ]);
    }
    const parties = { 'alice~': {}, bob: { address: '10.0.0.1:9', listen_addr: '0.0.0.0:9' } };
    expect(ofInit({ parties, self_party: 'bob' }).slice(-3)).toEqual([
      `/sf_init_config/self_party must be absent; a cluster of parties ${elsewhere}`,
      `/sf_init_config/parties/bob/address must be "local" or absent; a cluster address ${elsewhere}`,
      `/sf_init_config/parties/bob/listen_addr must be "local" or absent; a cluster address ${elsewhere}`,
    ]);
    expect(ofInit({ ...init, cluster_config: { parties } })[0]).toMatch(/^\/sf_init_config\/cluster_config must be/);
    expect(ofInit({ ...init, debug_mode: true })[0]).toMatch(/protects nothing/);
    expect(ofInit({ ...init, parties: ['alice', 'bob', 'bob'] })[0]).toMatch(/a second time/);
    expect(ofInit({ ...init, parties: ['alice', 'bob', 'Alice'] })[0]).toMatch(/a second time/);
    // As a whole or in part a reference, it is looked into when it is resolved.
    expect(ofInit('${tasks.a.result.init}')).toEqual([]);
    expect(ofInit({ ...init, address: '${tasks.a.result.address}' })).toEqual([]);
  });

  test('name an SPU that native has, and that protects something', () => {
    const ofCluster = (cluster: unknown) => faults(psi, { spu_config: { cluster_def: cluster } });
    const ofRuntime = (runtime: unknown) => ofCluster({ runtime_config: runtime });
    const at = '/spu_config/cluster_def/runtime_config';
    expect(ofRuntime({ protocol: 'SEMI2K', field: 'FM128' })).toEqual([]);
    expect(ofRuntime({ protocol: 'REF2K' })).toEqual([
      `${at}/protocol is refused: REF2K computes in clear and protects nothing`,
    ]);
    const elsewhere = 'the engine "secretflow" runs ss_lr by it, where task_config.protocol names it';
    for (const protocol of ['ABY3', 'CHEETAH'])
      expect(ofRuntime({ protocol })).toEqual([`${at}/protocol must be "SEMI2K"; ${elsewhere}`]);
    expect(ofRuntime({ protocol: 'SECURENN' })).toEqual([
      `${at}/protocol must be "SEMI2K"; no engine runs "SECURENN" yet`,
    ]);
    expect(ofRuntime({ protocol: 'NOPE', field: 'FM32' })).toEqual([
      `${at}/protocol must be "SEMI2K"`,
      `${at}/field must be "FM64" or "FM128": a smaller field is too coarse for fixed-point numbers`,
    ]);
    const node = (address: unknown) => ({ party: 'alice', address });
    expect(ofCluster({ nodes: ['local', 'localhost:9', '127.0.0.1:61234', '[::1]:9', undefined].map(node) })).toEqual(
      [],
    );
    expect(ofCluster({ nodes: ['127.0.0.1', '127.0.0.1.example.org:9', '10.0.0.1:9', 7].map(node) })).toEqual(
      [1, 2, 3].map((position) =>
        expect.stringMatching(new RegExp(`^/spu_config/cluster_def/nodes/${position}/address must be "local", an`)),
      ),
    );
    expect(faults(psi, { spu_config: [] })).toEqual(['/spu_config must be an object']);
  });

  test('name an engine that is there', () => {
    expect(faults(psi, { engine: 'native' })).toEqual([]);
    expect(faults(psi, { engine: 'secretflow' })).toEqual([]);
    expect(faults(psi, { engine: 'celery' })).toEqual([]);
    for (const engine of ['ray']) {
      expect(faults(psi, { engine })).toEqual([
        `/engine must be "native" or "secretflow" or "celery" or "kuscia"; the engine "${engine}" does not exist, or does not run psi`,
      ]);
    }
    // Types that workers of fleets have as well.
    expect(REFUSED_AT_FLEETS).toHaveProperty('fillna');
    for (const [type, why] of Object.entries(REFUSED_AT_FLEETS)) {
      const [fault] = checkTaskParams(type, { engine: 'celery', task_config: {} });
      expect(fault).toMatchObject({
        pointer: '/engine',
        message: expect.stringContaining(`does not run ${type}: ${why}`),
      });
    }
    for (const engine of ['natve', '', 7, null, {}, '${tasks.a.result.engine}']) {
      expect(faults(psi, { engine })).toEqual([
        `/engine must be "native" or "secretflow" or "celery" or "kuscia"; the engine ${JSON.stringify(engine)} does not exist, or does not run psi`,
      ]);
    }
    expect(faults(psi, { spu_confg: {} })).toEqual([
      '/spu_confg is not a known field: there are engine, sf_init_config, spu_config, task_config',
    ]);
  });

  test('of a list of steps are checked step by step', () => {
    const ofSteps = (...steps: unknown[]) => faults({ input_data: { alice: 'a.csv' }, steps }, {}, 'preprocessing');
    expect(ofSteps({ op: 'fillna', method: 'mean' }, { op: 'drop_columns', columns: ['a'] })).toEqual([]);
    expect(ofSteps({ op: 'fillna', method: 'mean', metod: 1 }, { op: 'nope' }, { op: 'label_encoder' })).toEqual([
      '/task_config/steps/0/metod is not a known field: there are op, columns, method, value',
      expect.stringMatching(/^\/task_config\/steps\/1\/op must be one of "fillna", "standard_scaler"/),
      '/task_config/steps/2/columns is required',
    ]);
    expect(ofSteps({ op: 'fillna', method: 'constant' })).toEqual([
      '/task_config/steps/0/value is required for the method "constant"',
    ]);
  });

  test('name no party in columns that is none, or that has no table', () => {
    const stranger = (at: string) => `/task_config/${at}/bbo no such party in sf_init_config.parties (alice, bob)`;
    const idle = (at: string, key: string) => `/task_config/${at}/bob is no party of ${key} (alice)`;
    const config = { input_data: { alice: 'a.csv', bob: 'b.csv' }, columns: { alice: ['x'], bbo: ['y'] } };
    for (const type of ['standard_scaler', 'table_statistics', 'pearson_correlation', 'vif', 'analysis']) {
      expect(faults(config, {}, type)).toEqual([stranger('columns')]);
      expect(faults({ ...config, columns: ['x'] }, {}, type)).toEqual([]);
      expect(faults({ ...config, columns: { bob: ['x'] } }, {}, type)).toEqual([]);
      expect(faults({ ...config, columns: '${tasks.a.result.columns}' }, {}, type)).toEqual([]);
      expect(faults({ input_data: { alice: 'a' }, columns: { bob: ['x'] } }, {}, type)).toEqual([
        idle('columns', 'input_data'),
      ]);
    }
    const steps = [
      { op: 'minmax_scaler' },
      { op: 'label_encoder', columns: { bbo: ['x'] } },
      { op: 'drop_columns', columns: { bob: ['x'] } },
      { op: 'drop_columns', columns: { alice: ['x'] } },
      { op: 'drop_columns', columns: ['x'] },
    ];
    expect(faults({ input_data: { alice: 'a.csv' }, steps }, {}, 'preprocessing')).toEqual([
      stranger('steps/1/columns'),
      idle('steps/2/columns', 'input_data'),
    ]);
  });

  test('name no output of a party without input', () => {
    const idle = (at: string, key: string) => [`/task_config/${at}/bob is no party of ${key} (alice)`];
    const table = { input_data: { alice: 'a.csv' }, output_data: { bob: 'b.csv' } };
    expect(faults(table, {}, 'standard_scaler')).toEqual(idle('output_data', 'input_data'));
    expect(faults({ ...table, steps: [{ op: 'minmax_scaler' }] }, {}, 'preprocessing')).toEqual(
      idle('output_data', 'input_data'),
    );
    const model = { features: ['x'], label: 'y', model_output: { bob: 'm.json' } };
    expect(faults({ train_data: { alice: 'a.csv' }, ...model }, {}, 'train')).toEqual(
      idle('model_output', 'train_data'),
    );
    const schemas = { input_data: { alice: 'a.csv' }, party_schemas: { bob: { x: { unique: true } } } };
    expect(faults(schemas, {}, 'validation')).toEqual(idle('party_schemas', 'input_data'));
    const open = { input_data: '${tasks.a.result.output_paths}', output_data: { bob: 'b.csv' } };
    expect(faults(open, {}, 'standard_scaler')).toEqual([]);
  });
});

describe('the check of a body of megabytes', () => {
  const many = Array.from({ length: 60_000 }, (_, i) => `p${i}`);
  const map = Object.fromEntries(many.map((name) => [name, 'x.csv']));
  const hostile: Readonly<Record<string, () => string[]>> = {
    'parties, each once': () => faults(psi, { sf_init_config: { parties: many } }),
    'parties, all the same': () => faults(psi, { sf_init_config: { parties: many.map(() => 'alice') } }),
    'paths of strangers': () => faults({ ...psi, input_paths: map }),
    'unknown keys': () => faults({ ...psi, ...map }),
    'models of strangers': () => faults({ models: map, model_output: map }, {}, 'aggregate'),
    'key columns that are none': () => faults({ ...psi, keys: { alice: many.map((name) => ({ name })) } }),
  };
  for (const [what, check] of Object.entries(hostile)) {
    // By the square of their number it took minutes: far more than any machine is slower than another.
    test(`takes seconds at most for 60,000 ${what}`, () => {
      const begun = performance.now();
      expect(check().length).toBeGreaterThan(0);
      expect(performance.now() - begun).toBeLessThan(10_000);
    });
  }
});
