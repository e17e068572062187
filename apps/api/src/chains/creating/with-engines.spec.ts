import { describe, expect, it } from '@jest/globals';
import { EngineChoice, makeRunners, type TenantEngines } from '#libs/compute';
import { Catalogue } from '../../catalogue/catalogue.js';
import { withProtocols } from './auto-protocols.js';
import { readChain } from './chain-input.js';

const init = { parties: ['alice', 'bob'] };
const tables = { keys: { alice: ['id'], bob: ['id'] }, input_paths: { alice: 'a.csv', bob: 'b.csv' } };
const psi = (more: object = {}, params: object = {}) => ({
  ...{ task_id: 'psi', task_type: 'psi' },
  task_params: { sf_init_config: init, task_config: { ...tables, ...more }, ...params },
});
const fill = {
  ...{ task_id: 'fill', task_type: 'fillna' },
  task_params: { sf_init_config: init, task_config: { input_data: { alice: 'a.csv' }, method: 'mean' } },
};
const catalogueOf = (fallback: string, secretflowPython?: string, tenant?: TenantEngines) =>
  new Catalogue(false, {}, new EngineChoice(makeRunners({ secretflowPython }), fallback)).forTenant(tenant);
const read = (tasks: readonly object[], catalogue: Catalogue) => readChain({ chain_name: 'c', tasks }, catalogue);
const enginesOf = (tasks: readonly object[], catalogue: Catalogue): unknown => {
  const reading = read(tasks, catalogue);
  return reading.ok
    ? reading.chain.tasks.map(({ params }) => params['engine'])
    : reading.faults.map(({ message }) => message);
};

describe('the engine of a task that names none', () => {
  it('is the default of the deployment for what that runs, is stored, and else is native, which nothing names', () => {
    const spu = catalogueOf('secretflow', '/p');
    expect(enginesOf([psi(), fill], spu)).toEqual(['secretflow', undefined]);
    expect(enginesOf([psi({}, { engine: 'native' })], spu)).toEqual(['native']);
    expect(enginesOf([psi()], catalogueOf('native', '/p'))).toEqual([undefined]);
    const undo = { task_type: 'psi', task_params: psi().task_params };
    const reading = read([{ ...fill, compensate_with: undo }], spu);
    expect(reading.ok && reading.chain.tasks[0]!.compensateWith!.params['engine']).toBe('secretflow');
  });

  it('has its protocol settled where it stands for AUTO, in what undoes a task as well', async () => {
    const spu = catalogueOf('native', '/p');
    const auto = psi({ protocol: 'AUTO' }, { engine: 'secretflow' });
    const undo = { task_type: 'psi', task_params: auto.task_params };
    const reading = read([{ ...auto, compensate_with: undo }], spu);
    expect(reading).toMatchObject({ ok: true });
    if (!reading.ok) return;
    // It names no dataset, so that nothing is looked up.
    const chain = await withProtocols(undefined as never, reading.chain, { party: null, isAdmin: false });
    const settled = { params: { task_config: { protocol: 'ECDH_PSI_2PC' } } };
    expect(chain.tasks).toMatchObject([{ ...settled, compensateWith: settled }]);
  });

  it('is native where the default takes other parameters alone, or none of both does', () => {
    const spu = catalogueOf('secretflow', '/p');
    const join = { join: 'left', left_party: 'alice' };
    const three = { alice: 'a.csv', bob: 'b.csv', carol: 'c.csv' };
    const keys = { alice: ['id'], bob: ['id'], carol: ['id'] };
    const of = (more: object) => enginesOf([psi(more)], spu);
    expect(of(join)).toEqual([undefined]);
    expect(of({ protocol: 'ECDH_OPRF_UB_PSI_2PC', receiver: 'bob' })).toEqual([undefined]);
    const many = { sf_init_config: { parties: Object.keys(three) } };
    expect(enginesOf([psi({ input_paths: three, keys }, many)], spu)).toEqual([undefined]);
    expect(of({ protocol: 'NONE' })).toEqual([expect.stringContaining('protocol must be one of')]);
    expect(of({ protocol: 'KKRT_PSI_2PC' })).toEqual(['secretflow']);
  });

  it('is set up at the sites, where the task runs there: the deployment may lack it, and the tenant may forbid it', () => {
    const there = psi({}, { engine: 'secretflow', sf_init_config: { ...init, address: 'node' } });
    expect(enginesOf([there], catalogueOf('native'))).toEqual(['secretflow']);
    const native = { default_engine: null, allowed_engines: ['native'] };
    expect(enginesOf([there], catalogueOf('native', undefined, native))).toEqual([
      expect.stringContaining('this tenant allows native alone'),
    ]);
  });

  it('is the default of the tenant before that of the deployment, and one that the tenant allows', () => {
    const tenant = { default_engine: 'native', allowed_engines: null };
    expect(enginesOf([psi()], catalogueOf('secretflow', '/p', tenant))).toEqual([undefined]);
    const own = { default_engine: 'secretflow', allowed_engines: ['secretflow'] };
    expect(enginesOf([psi()], catalogueOf('native', '/p', own))).toEqual(['secretflow']);
    expect(enginesOf([psi(), fill], catalogueOf('native', '/p', own))).toEqual([
      expect.stringMatching(/engine is "native", and this tenant allows secretflow alone/),
    ]);
    const { engines } = catalogueOf('native', '/p', own);
    expect([engines.namesFor('psi'), engines.namesFor('fillna')]).toEqual([['secretflow'], []]);
    expect(new Set(engines.leavesOf('psi').map(({ engine }) => engine))).toEqual(new Set(['secretflow']));
    // The deployment's default counts only where the tenant allows it.
    const native = catalogueOf('secretflow', '/p', { default_engine: null, allowed_engines: ['native'] });
    expect(enginesOf([psi()], native)).toEqual([undefined]);
    expect(native.engines.leavesOf('psi').map(({ engine }) => engine)).not.toContain('secretflow');
    // Set for the tenant, and not set up.
    expect(enginesOf([psi()], catalogueOf('native', undefined, own))).toEqual([
      expect.stringMatching(/engine is "secretflow", which is not set up .* sets SECRETFLOW_PYTHON/),
    ]);
  });

  it('is written out: what a result says chooses none, which the tenant might not allow', () => {
    const own = catalogueOf('native', '/p', { default_engine: null, allowed_engines: ['native'] });
    const first = { task_id: 'first', task_type: 'diagnostic', task_params: { task_config: {} } };
    const later = { ...psi({}, { engine: '${tasks.first.result.engine}' }), depends_on: ['first'] };
    const catalogue = new Catalogue(true, {}, own.engines);
    const refused = [expect.stringMatching(/engine is written out: it takes no references/)];
    expect(enginesOf([first, later], catalogue)).toEqual(refused);
    const list = { ...later, for_each: { items: '${tasks.first.result.list}', max_items: 3 } };
    list.task_params = psi({}, { engine: '${item}' }).task_params;
    expect(enginesOf([first, list], catalogue)).toEqual(refused);
    const undone = { ...first, compensate_with: { task_type: 'psi', task_params: later.task_params } };
    expect(enginesOf([undone], catalogue)).toEqual(refused);
    const params = { type: 'object', properties: { engine: { type: 'string' } } };
    const chain = { chain_name: 'inner', params, tasks: [psi({}, { engine: '${params.engine}' })] };
    const args = { engine: '${tasks.first.result.engine}' };
    const child = {
      task_id: 'child',
      task_type: 'chain',
      depends_on: ['first'],
      task_params: { task_config: { chain, args } },
    };
    expect(enginesOf([first, child], catalogue)).toEqual(refused);
    // Of a parameter that is given when the chain is created.
    const given = { ...child, task_params: { task_config: { chain, args: { engine: 'native' } } } };
    expect(read([first, given], catalogue)).toMatchObject({ ok: true });
  });

  it('must be set up: the fault says which variable sets it up', () => {
    expect(enginesOf([psi({}, { engine: 'secretflow' })], catalogueOf('native'))).toEqual([
      expect.stringMatching(/engine is "secretflow", which is not set up .* sets SECRETFLOW_PYTHON/),
    ]);
  });

  it('takes its own protocols and parameters alone', () => {
    const spu = catalogueOf('native', '/p');
    for (const protocol of ['ECDH_PSI_2PC', 'KKRT_PSI_2PC', 'RR22_PSI_2PC', 'AUTO'])
      expect(enginesOf([psi({ protocol }, { engine: 'secretflow' })], spu)).toEqual(['secretflow']);
    expect(enginesOf([psi({ protocol: 'KKRT_PSI_2PC' })], spu)).toEqual([undefined]);
    expect(enginesOf([psi({ protocol: 'RR22_PSI_2PC' })], spu)).toEqual([
      expect.stringMatching(/is a protocol of the engine "secretflow"/),
    ]);
    const refused = { protocol: 'ECDH_OPRF_UB_PSI_2PC', receiver: 'bob' };
    expect(enginesOf([psi(refused, { engine: 'secretflow' })], spu)).toEqual([
      expect.stringMatching(/protocol must be one of "ECDH_PSI_2PC", "KKRT_PSI_2PC", "RR22_PSI_2PC", "AUTO"/),
    ]);
    expect(enginesOf([psi({ join: 'left', left_party: 'alice' }, { engine: 'secretflow' })], spu)).toEqual([
      expect.stringMatching(/join must be "inner" or absent/),
    ]);
    const ref2k = { cluster_def: { runtime_config: { protocol: 'REF2K' } } };
    expect(enginesOf([psi({}, { engine: 'secretflow', spu_config: ref2k })], spu)).toEqual([
      expect.stringMatching(/REF2K computes in clear/),
    ]);
  });
});

describe('an output that the nodes of Kuscia keep', () => {
  const access = { endpoint: 'https://kuscia', ca: '/ca', cert: '/cert', key: '/key', token: '/token' };
  const parties = { alice: { domain: 'alice' }, bob: { domain: 'bob' } };
  const settings = {
    access,
    initiator: 'alice',
    appImage: 'i',
    componentBy: 'domain',
    parties,
    dataRoot: '/d',
  } as const;
  const catalogue = (fallback: string) =>
    new Catalogue(false, {}, new EngineChoice(makeRunners({ kuscia: settings }), fallback));
  const reader = (path: string, more: object = {}) => ({
    ...{ ...fill, depends_on: ['psi'] },
    task_params: {
      sf_init_config: init,
      task_config: { input_data: { alice: `\${tasks.psi.result.${path}}` }, method: 'mean' },
      ...more,
    },
  });
  const faultsOf = (tasks: readonly object[], fallback = 'native'): unknown => {
    const reading = read(tasks, catalogue(fallback));
    return reading.ok ? [] : reading.faults.map(({ code, pointer, message }) => `${code} ${pointer} ${message}`);
  };
  const refused = [
    expect.stringMatching(
      /^INVALID_PARAMS \/tasks\/1\/task_params\/task_config\/input_data\/alice .*engine "kuscia" leaves at its nodes.*"psi" run on "native"/,
    ),
  ];

  it('is refused as a table of a later task, whichever engine that has, also where the engine is the default', () => {
    const path = 'output_paths.alice';
    expect(faultsOf([psi({}, { engine: 'kuscia' }), reader(path)])).toEqual(refused);
    expect(faultsOf([psi(), reader(path)], 'kuscia')).toEqual(refused);
    const again = psi({ input_paths: { alice: `\${tasks.psi.result.${path}}`, bob: 'b.csv' } }, { engine: 'kuscia' });
    expect(faultsOf([psi({}, { engine: 'kuscia' }), { ...again, task_id: 'again', depends_on: ['psi'] }])).toEqual([
      expect.stringContaining('/tasks/1/task_params/task_config/input_paths/alice'),
    ]);
  });

  it('is no fault of other engines, nor where a task reads no table, nor as another member', () => {
    expect(faultsOf([psi({}, { engine: 'native' }), reader('output_paths.alice')], 'kuscia')).toEqual([]);
    const names = { ...{ task_id: 'tell', task_type: 'http', depends_on: ['psi'] } };
    const body = { paths: '${tasks.psi.result.output_paths}' };
    const config = { url: 'https://example.com/', method: 'POST', body };
    expect(faultsOf([psi(), { ...names, task_params: { task_config: config } }], 'kuscia')).toEqual([]);
    expect(faultsOf([psi(), reader('psi_protocol')], 'kuscia')).toEqual([]);
  });
});
