import { describe, expect, test } from '@jest/globals';
import { checkTaskParams } from '../catalogue/check-params.js';
import { EngineChoice } from '../catalogue/choose-engine.js';
import { makeRunners } from '../catalogue/task-runners.js';
import { defaultBatchSize, type TrainingParams } from '../ss-lr/schedule.js';
import { LR_PROTOCOLS } from './lr-protocols.js';
import { spuSchedule } from './lr-room.js';
import { secretflow } from './secretflow.js';

const TABLES = { alice: 'a.csv', bob: 'b.csv', carol: 'c.csv' };
const of = <T>(count: number, all: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(all).slice(0, count));
const configOf = (count: number, more: object = {}) => ({
  train_data: of(count, TABLES),
  features: of(count, { alice: ['x'], bob: ['z'], carol: ['u'] }),
  ...{ label: 'y', label_party: 'alice', ...more },
});

describe('parameters of ss_lr for the engine secretflow', () => {
  const faults = (config: { train_data: object }, runtime?: object, engine = 'secretflow'): string[] =>
    checkTaskParams('ss_lr', {
      engine,
      sf_init_config: { parties: Object.keys(config.train_data), address: 'local' },
      task_config: config,
      ...(runtime && { spu_config: { cluster_def: { runtime_config: runtime } } }),
    } as never).map(({ pointer, message }) => `${pointer} ${message}`);
  const AT = '/spu_config/cluster_def/runtime_config';

  test('take CHEETAH and SEMI2K of two parties, and ABY3 of three', () => {
    for (const [count, protocol] of [
      [2, undefined],
      [2, 'CHEETAH'],
      [2, 'SEMI2K'],
      [3, undefined],
      [3, 'ABY3'],
    ] as const)
      expect(faults(configOf(count, protocol && { protocol }))).toEqual([]);
    expect(faults(configOf(2, { protocol: 'ABY3' }))).toEqual([
      '/task_config/train_data must name 3 parties, as ABY3 is for so many: take "CHEETAH", "SEMI2K", or let the engine "native" run the task',
    ]);
    for (const protocol of ['CHEETAH', 'SEMI2K'])
      expect(faults(configOf(3, { protocol }))).toEqual([expect.stringMatching(/must name 2 parties.*take "ABY3"/)]);
    expect(faults(configOf(2, { protocol: 'REF2K' }))).toEqual([expect.stringMatching(/^\/task_config\/protocol /)]);
  });

  test('leave CHEETAH and ABY3 to it: native says where they run', () => {
    for (const protocol of ['CHEETAH', 'ABY3'])
      expect(faults(configOf(2, { protocol }), undefined, 'native')).toEqual([
        expect.stringMatching(/^\/task_config\/protocol is a protocol of the engine "secretflow": name that in/),
      ]);
    expect(faults(configOf(2, { protocol: 'SEMI2K' }), undefined, 'native')).toEqual([]);
  });

  test('say what to do where SPU is told what this engine settles itself', () => {
    expect(faults(configOf(2), { protocol: 'CHEETAH', field: 'FM64' })).toEqual([]);
    expect(faults(configOf(2, { protocol: 'SEMI2K' }), { protocol: 'SEMI2K', field: 'FM128' })).toEqual([]);
    expect(faults(configOf(2), { protocol: 'SEMI2K', field: 'FM128', fxp_fraction_bits: 9, 'a/b': 1 })).toEqual([
      `${AT}/protocol must be "CHEETAH" or absent: task_config.protocol names the protocol`,
      `${AT}/field must be "FM64" or absent: that of CHEETAH`,
      `${AT}/fxp_fraction_bits must be absent: the engine sets up SPU itself, or let the engine "native" run the task`,
      `${AT}/a~1b must be absent: the engine sets up SPU itself, or let the engine "native" run the task`,
    ]);
    expect(faults(configOf(2), { protocol: 'REF2K' })).toEqual([
      `${AT}/protocol is refused: REF2K computes in clear and protects nothing`,
    ]);
    const debug = { parties: ['alice', 'bob'], address: 'local', debug_mode: true };
    const params = { engine: 'secretflow', sf_init_config: debug, task_config: configOf(2) };
    expect(checkTaskParams('ss_lr', params as never)).toMatchObject([{ pointer: '/sf_init_config/debug_mode' }]);
  });

  test('name no dealer: by default such a task runs on native, at the sites of its parties', () => {
    const parties = ['alice', 'bob'];
    const params = { sf_init_config: { parties, dealer: 'dave' }, task_config: configOf(2) } as never;
    expect(checkTaskParams('ss_lr', { ...(params as object), engine: 'secretflow' })).toEqual([
      {
        pointer: '/sf_init_config/dealer',
        message: 'must be absent: SPU has none, or let the engine "native" run the task',
      },
    ]);
    const choice = new EngineChoice(makeRunners({ secretflowPython: '/p' }), 'secretflow');
    expect(choice.of('ss_lr', params)).toBe('native');
    const local = { sf_init_config: { parties }, task_config: configOf(2) } as never;
    expect(choice.of('ss_lr', local)).toBe('secretflow');
  });

  test('name no rate whose steps are lost in the rounding', () => {
    const rate = (learning_rate: number, protocol: string) =>
      faults(configOf(2, { protocol, params: { learning_rate } }));
    expect([rate(0.01, 'CHEETAH'), rate(0.0001, 'SEMI2K')]).toEqual([[], []]);
    expect(rate(0.0099, 'CHEETAH')).toEqual([
      expect.stringMatching(/learning_rate must be at least 0.01 with CHEETAH/),
    ]);
    expect(rate(0.00009, 'SEMI2K')).toEqual([expect.stringMatching(/learning_rate must be at least 0.0001 with/)]);
  });

  test('say of each protocol what leaves the parties, and of SEMI2K who makes the triples', () => {
    const spu = secretflow(undefined);
    const leaves = (config: object): string => spu.leaves('ss_lr', config)!;
    expect(spu.protocols('ss_lr')).toEqual(['CHEETAH', 'ABY3', 'SEMI2K']);
    expect(new Set(spu.protocols('ss_lr').map((protocol) => leaves({ protocol }))).size).toBe(3);
    expect(leaves({ protocol: 'SEMI2K' })).toMatch(
      /first party by name makes the triples .* could compute all features/,
    );
    expect(leaves(configOf(2))).toBe(leaves({ protocol: 'CHEETAH' }));
    expect(leaves(configOf(3))).toBe(leaves({ protocol: 'ABY3' }));
  });

  test('say it of all protocols where a result will name one, and of three parties whose files come from a result', () => {
    const leaves = (config: object): string => secretflow(undefined).leaves('ss_lr', config)!;
    const unknown = leaves(configOf(2, { protocol: '${tasks.a.result.name}' }));
    for (const protocol of Object.keys(LR_PROTOCOLS)) expect(unknown).toContain(`${protocol}: ${leaves({ protocol })}`);
    const train_data = '${tasks.intersect.result.output_paths}';
    expect(leaves(configOf(3, { train_data }))).toBe(leaves({ protocol: 'ABY3' }));
    expect(leaves(configOf(2, { train_data }))).toBe(leaves({ protocol: 'CHEETAH' }));
    const label = { features: of(2, { alice: ['x'], bob: ['z'] }), label_party: 'carol' };
    expect(leaves(configOf(3, { ...label, train_data }))).toBe(leaves({ protocol: 'ABY3' }));
    expect(leaves(configOf(2, { label_party: '${tasks.a.result.party}' }))).toBe(leaves({ protocol: 'CHEETAH' }));
    // What an owner saw runs: files of one more party change no protocol.
    expect(faults(configOf(3, { features: of(2, { alice: ['x'], bob: ['z'] }) }))).toEqual([
      expect.stringMatching(/train_data must name 2 parties, as CHEETAH is/),
    ]);
  });
});

describe('the room of a training on SPU', () => {
  const training: TrainingParams = {
    ...{ regType: 'logistic', epochs: 10, batchSize: null, learningRate: 0.1, l1: 0, l2: 0.5 },
  };
  const of = (protocol: string, features: number, more: Partial<TrainingParams> = {}, label = 0) => {
    const sizes = { features: [features, features], label };
    return spuSchedule(LR_PROTOCOLS[protocol]!, { ...training, ...more }, 100_000, [15, 15], sizes);
  };

  test('has standardised features with weights of some size on every protocol', () => {
    for (const protocol of Object.keys(LR_PROTOCOLS)) {
      expect(of(protocol, 4)!.weightBits).toBeGreaterThanOrEqual(2);
      expect(of(protocol, 4)!.schedule.batchSize).toBeLessThanOrEqual(defaultBatchSize(100_000));
    }
    expect([of('ABY3', 4)!.schedule.batchSize, of('ABY3', 4)!.weightBits]).toEqual([512, 16]);
  });

  test('takes smaller batches for larger values, and has none for values that are too large', () => {
    expect(of('CHEETAH', 5)!.schedule.batchSize).toBeLessThan(512);
    expect(of('CHEETAH', 12)).toBe(null);
    expect(of('CHEETAH', 5, { batchSize: 512 })).toBe(null);
    expect(of('CHEETAH', 2, { regType: 'linear' }, -10)).toBe(null);
  });

  test.each(Object.keys(LR_PROTOCOLS))('%s leaves no number of a step beyond its ring', (protocol) => {
    const { ringBits, fractionBits, margin } = LR_PROTOCOLS[protocol]!;
    const most = 2 ** (ringBits - 1 - margin - 2 * fractionBits);
    let found = 0;
    for (const regType of ['logistic', 'linear'] as const)
      for (const features of [0, 2, 4, 8])
        for (const label of regType === 'linear' ? [0, 3, 6] : [0])
          for (const learningRate of [0.1, 100])
            for (const l2 of [0, 1000]) {
              const fitting = of(protocol, features, { regType, learningRate, l2 }, label);
              if (fitting === null) continue;
              found += 1;
              const { weightBits, schedule } = fitting;
              const score = (30 * 2 ** features + 1) * 2 ** weightBits;
              const line = regType === 'logistic' ? 0.5 + score / 8 : score;
              const residual = line + 2 ** label;
              const sum = residual * schedule.batchSize * 2 ** features;
              const mean = residual * 2 ** features + (l2 / schedule.batchSize) * 2 ** weightBits;
              for (const each of [score, residual ** 2, sum, mean * learningRate, l2 * 2 ** weightBits])
                expect(each).toBeLessThanOrEqual(most);
              expect(residual ** 2 * 100_000 * 2 ** fractionBits).toBeLessThan(2 ** (ringBits - 1));
            }
    expect(found).toBeGreaterThan(0);
  });
});
