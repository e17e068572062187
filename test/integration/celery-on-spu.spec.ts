import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findSpuPython, noCelery, NO_SPU, startTestRedis, TestFleet } from '#libs/testing';
import { chain, describeSystem } from './system/index.js';

const SPU_VERSION = '0.9.5';
const isWanted = process.env['TEST_FLEET'] === '1';
const redis = await startTestRedis();
afterAll(() => redis.stop());
const python = findSpuPython(SPU_VERSION);

/** The design's, and the newest: each has a database of the Redis. */
for (const [database, version] of ['5.2.7', '5.7.0'].entries()) {
  const skipped =
    (!isWanted && 'npm run engine:celery-fleet runs it') ||
    redis.skip ||
    noCelery(version) ||
    (python === undefined && NO_SPU);
  if (skipped) test.skip(`a chain at workers of Celery ${version} on SPU [skipped: ${skipped}]`, () => undefined);
  else onSpu(version, `${redis.url}/${database}`, python!);
}

function onSpu(version: string, url: string, spu: string): void {
  const env = { CELERY_BROKERS: JSON.stringify({ '*': url }) };
  const options = { apps: ['api', 'status-listener'], env } as const;
  describeSystem(`a chain at workers of Celery ${version} on SPU`, 'redis', options, (check, system) => {
    let fleet: TestFleet;
    beforeAll(async () => {
      fleet = await TestFleet.start(version, url, '', { python: spu, version: SPU_VERSION });
      for (const [at, party] of ['alice', 'bob'].entries()) {
        mkdirSync(join(system.dataRoot, party), { recursive: true });
        const rows = Array.from({ length: 2_000 }, (_, row) => `${1 + 500 * at + row},${row}\n`).join('');
        writeFileSync(join(system.dataRoot, party, 't.csv'), `id,${party}\n${rows}`);
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
  });
}
