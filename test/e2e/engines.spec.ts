import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from '@jest/globals';
import { findComponentsPython, findSpuPython, NO_SPU } from '#libs/testing';
import { exampleFile } from '../../launcher/parts/example.js';
import { startSystem, type RunningSystem } from './running-system.js';

/** Those that the engine pins: `libs/compute/src/secretflow/protocols.ts`. */
const [SPU, LITE] = ['0.9.5', '1.13.0b0'] as const;
const spuPython = findSpuPython(SPU);
const componentsPython = findComponentsPython(LITE);

interface Task {
  task_id: string;
  task_type: string;
  depends_on: string[];
  task_params: Record<string, unknown> & { task_config: Record<string, unknown> };
}
interface Chain {
  tasks: Task[];
}

const breastCancer = (): Chain => JSON.parse(readFileSync(exampleFile('breast-cancer'), 'utf8')) as Chain;
const path = (task: string, member: string, party: string): string => `\${tasks.${task}.result.${member}.${party}}`;

/** The example's tables are prepared by native and intersected on SPU. A component of SecretFlow trains, and one predicts, on what native has split; native evaluates. */
function mixed(): Chain {
  const chain = breastCancer();
  const by = new Map(chain.tasks.map((task) => [task.task_id, task]));
  const psi = by.get('intersect')!;
  psi.task_params['engine'] = 'secretflow';
  psi.task_params.task_config['protocol'] = 'RR22_PSI_2PC';
  const { features } = by.get('train')!.task_params.task_config as {
    features: Record<'alice' | 'bob', string[]>;
  };
  const sf_init_config = { parties: ['alice', 'bob'], address: 'local' };
  const both = <T>(of: (party: 'alice' | 'bob') => T) => ({ alice: of('alice'), bob: of('bob') });
  const columns = { keys: both(() => ['id']), features, label: 'y', label_party: 'alice' };
  const component = (
    task_id: string,
    depends_on: string[],
    name: string,
    inputs: (party: 'alice' | 'bob') => object,
    attrs: object,
  ): Task => ({
    ...{ task_id, task_type: 'component', depends_on },
    task_params: {
      engine: 'secretflow',
      sf_init_config,
      task_config: { component: name, ...columns, input_data: both(inputs), attrs },
    },
  });
  const selected = { 'input/input_ds/label': ['y'], 'input/input_ds/feature_selects': Object.values(features).flat() };
  return {
    ...chain,
    tasks: [
      ...['prepare-alice', 'prepare-bob', 'intersect'].map((id) => by.get(id)!),
      {
        ...{ task_id: 'split', task_type: 'train_test_split', depends_on: ['intersect'] },
        task_params: {
          sf_init_config,
          task_config: {
            input_data: both((party) => path('intersect', 'output_paths', party)),
            ...{ train_size: 0.8, random_state: 7 },
          },
        },
      },
      component(
        'train',
        ['split'],
        'ml.train/ss_sgd_train:1.0.0',
        (party) => ({ input_ds: path('split', 'train_paths', party) }),
        { epochs: 10, batch_size: 64, learning_rate: 0.1, eps: 0, penalty: 'l2', l2_norm: 0.5, ...selected },
      ),
      component(
        'predict',
        ['split', 'train'],
        'ml.predict/ss_sgd_predict:1.0.0',
        (party) => ({
          input_ds: path('split', 'test_paths', party),
          input_model: path('train', `outputs.${party}`, 'output_model'),
        }),
        { receiver: ['alice'], save_label: true },
      ),
      {
        ...{ task_id: 'evaluate', task_type: 'biclassification_eval', depends_on: ['predict'] },
        task_params: {
          sf_init_config,
          task_config: {
            prediction_data: { alice: path('predict', 'outputs.alice', 'output_ds') },
            ...{ label_column: 'y', prediction_column: 'pred' },
          },
        },
      },
    ],
  };
}

if (spuPython === undefined || componentsPython === undefined)
  test.skip(`the breast-cancer chain on the engine secretflow [skipped: ${NO_SPU}]`, () => undefined);
else withEngines(spuPython, componentsPython);

function withEngines(spu: string, components: string): void {
  describe('the breast-cancer chain on the engine secretflow', () => {
    let system: RunningSystem;
    beforeAll(async () => {
      system = await startSystem({
        SECRETFLOW_PYTHON: spu,
        SECRETFLOW_COMPONENTS_PYTHON: components,
        ENGINE_DEFAULT: 'secretflow',
      });
    }, 120_000);
    afterAll(() => system.stop());

    // What one chain opens leaves less for the next.
    beforeEach(() => {
      for (const party of ['alice', 'bob'])
        rmSync(join(system.config.dataRoot, party, '.party', 'ledger.jsonl'), { force: true });
    });

    /** Runs a chain of alice's; owners approve what waits for them. Returns results, and the engine of each task as its owners see it. */
    async function run(chain: Chain, name: string) {
      const file = join(system.config.dataDir, `${name}.json`);
      writeFileSync(file, JSON.stringify(chain));
      const id = (await system.owners.type('alice', 'run', file, '--quiet')).trim();
      const ended = await system.owners.watch(id, { signal: system.signal });
      const failures = ended.tasks.flatMap(({ task_id, error }) => (error ? [{ task_id, error }] : []));
      expect({ status: ended.status, failures }).toEqual({ status: 'SUCCESS', failures: [] });
      const headers = { authorization: `Bearer ${system.api.key}` };
      const asked = (await (await fetch(`${system.api.url}/chains/${id}/approvals`, { headers })).json()) as {
        items: { task_id: string; engine: string }[];
      };
      // eslint-disable-next-line @typescript-eslint/no-explicit-any
      const results: Record<string, any> = Object.fromEntries(ended.tasks.map((task) => [task.task_id, task.result]));
      return { results, engines: Object.fromEntries(asked.items.map(({ task_id, engine }) => [task_id, engine])) };
    }

    it('runs end to end with ENGINE_DEFAULT=secretflow, with the AUC of native', async () => {
      const onSpu = await run(breastCancer(), 'default');
      expect(onSpu.engines).toEqual({
        ...{ 'prepare-alice': 'native', 'prepare-bob': 'native', describe: 'native', evaluate: 'native' },
        ...{ intersect: 'secretflow', train: 'secretflow', report: 'native' },
      });
      expect(onSpu.results['intersect'].psi_protocol).toBe('ECDH_PSI_2PC');
      const named = breastCancer();
      for (const task of named.tasks) task.task_params['engine'] = 'native';
      const onNative = await run(named, 'native');
      expect(new Set(Object.values(onNative.engines))).toEqual(new Set(['native']));
      for (const { results } of [onSpu, onNative]) expect(results['intersect'].intersection_count).toBe(509);
      const auc = ({ results }: typeof onSpu): number => results['evaluate'].metrics.auc as number;
      expect(auc(onNative)).toBeGreaterThan(0.99);
      expect(Math.abs(auc(onSpu) - auc(onNative))).toBeLessThanOrEqual(0.01);
      expect(onSpu.results['report'].auc).toBe(auc(onSpu));
    }, 300_000);

    it('runs with tables of native, psi on SPU and a component that trains', async () => {
      const { results, engines } = await run(mixed(), 'mixed');
      const onSpu = Object.keys(engines).filter((task) => engines[task] === 'secretflow');
      expect(onSpu.sort()).toEqual(['intersect', 'predict', 'train']);
      expect(results['intersect'].intersection_count).toBe(509);
      expect(results['evaluate']).toMatchObject({ metrics: { auc: expect.any(Number) } });
      expect(results['evaluate'].metrics.auc).toBeGreaterThan(0.985);
    }, 300_000);
  });
}
