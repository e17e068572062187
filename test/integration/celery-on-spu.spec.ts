import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findSpuPython, noCelery, NO_SPU, noRedis, startTestRedis, TestFleet, type TestRedis } from '#libs/testing';
import { chain, describeSystem, taskOf } from './system/index.js';

const SPU_VERSION = '0.9.5';
const EXAMPLE = fileURLToPath(new URL('../../../examples/breast-cancer', import.meta.url));

interface Example {
  readonly task_id: string;
  readonly task_params: { engine?: string };
}

const noServer = await noRedis();
let redis: TestRedis;
beforeAll(async () => {
  redis = await startTestRedis();
});
afterAll(() => redis.stop());
const python = findSpuPython(SPU_VERSION);

/** The design's, and the newest: each has a database of the Redis. */
for (const [database, version] of ['5.2.7', '5.7.0'].entries()) {
  const skipped = noServer || noCelery(version) || (python === undefined && NO_SPU);
  if (skipped) test.skip(`a chain at workers of Celery ${version} on SPU [skipped: ${skipped}]`, () => undefined);
  else onSpu(version, database, python!);
}

function onSpu(version: string, database: number, spu: string): void {
  const urlOf = (): string => `${redis.url}/${database}`;
  const env = {
    get CELERY_BROKERS(): string {
      return JSON.stringify({ '*': urlOf() });
    },
    SECRETFLOW_PYTHON: spu,
  };
  const options = { apps: ['api', 'status-listener'], env } as const;
  describeSystem(`a chain at workers of Celery ${version} on SPU`, 'redis', options, (check, system) => {
    let fleet: TestFleet;
    beforeAll(async () => {
      fleet = await TestFleet.start(version, urlOf(), '', { python: spu, version: SPU_VERSION });
      for (const [at, party] of ['alice', 'bob'].entries()) {
        mkdirSync(join(system.dataRoot, party), { recursive: true });
        const rows = Array.from({ length: 2_000 }, (_, row) => `${1 + 500 * at + row},${row}\n`).join('');
        writeFileSync(join(system.dataRoot, party, 't.csv'), `id,${party}\n${rows}`);
        cpSync(join(EXAMPLE, party, 'breast-cancer.csv'), join(system.dataRoot, party, 'breast-cancer.csv'));
      }
      await system.startApp('compute-worker');
    });
    afterAll(() => fleet.stop());

    check('gives the files of native, by each protocol of fleets', async ({ api }) => {
      const task = (id: string, more: object, config: object = {}): Record<string, unknown> => ({
        ...{ task_id: id, task_type: 'psi', depends_on: [] },
        task_params: {
          ...more,
          sf_init_config: { parties: ['alice', 'bob'], address: 'local' },
          task_config: {
            ...{ keys: { alice: ['id'], bob: ['id'] }, input_paths: { alice: 't.csv', bob: 't.csv' } },
            ...config,
          },
        },
      });
      const engine = 'celery';
      const ended = await api.run(
        chain([
          task('native', { engine: 'native' }),
          task('kkrt', { engine }, { protocol: 'KKRT_PSI_2PC' }),
          task('ecdh', { engine }, { protocol: 'ECDH_PSI_2PC' }),
          task('bob-alone', { engine }, { receiver: 'bob' }),
        ]),
      );
      expect([ended.status, ended.error]).toEqual(['SUCCESS', null]);
      const resultOf = (id: string): unknown => ended.tasks.find(({ task_id: name }) => name === id)!.result;
      for (const id of ['native', 'kkrt', 'ecdh']) expect(resultOf(id)).toMatchObject({ intersection_count: 1_500 });
      expect(resultOf('bob-alone')).toMatchObject({ intersection_count: null });
      const tableOf = (id: string, party: string): string =>
        readFileSync(join(system.artifactRoot, ended.chain_id, id, party, 'intersection.csv'), 'utf8');
      for (const party of ['alice', 'bob'])
        for (const id of ['kkrt', 'ecdh']) expect(tableOf(id, party)).toBe(tableOf('native', party));
      expect(await fleet.starts()).toHaveLength(3);
    });

    check('runs a chain of three engines, with the AUC of native', async ({ api }) => {
      const by = async (engines: Readonly<Record<string, string>>) => {
        // Nobody has claimed the folders here: tables are named by their files.
        const text = readFileSync(join(EXAMPLE, 'chain.json'), 'utf8').replace(/dataset:\w+\/(.+)@1/g, '$1.csv');
        const example = JSON.parse(text) as { tasks: Example[] };
        for (const { task_id: id, task_params: params } of example.tasks) params.engine = engines[id] ?? 'native';
        // Training by CHEETAH takes a minute where others use the machine.
        const ended = await api.ended(await api.start(example), 240_000);
        expect([ended.status, ended.error]).toEqual(['SUCCESS', null]);
        const resultOf = (id: string) => taskOf(ended, id).result as unknown as Record<string, unknown>;
        const { auc } = resultOf('evaluate').metrics as { auc: number };
        return { auc, psi: resultOf('intersect') };
      };
      const [native, mixed] = [await by({}), await by({ intersect: 'celery', train: 'secretflow' })];
      expect([native.psi.intersection_count, mixed.psi.intersection_count]).toEqual([509, 509]);
      expect(native.auc).toBeGreaterThan(0.99);
      expect(Math.abs(mixed.auc - native.auc)).toBeLessThanOrEqual(0.01);
    });
  });
}
