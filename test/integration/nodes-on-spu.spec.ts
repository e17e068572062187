import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { freePort } from '#libs/local-postgres';
import { command, noSpu, spuPython, startCommand, type Running } from '../../apps/party-node/src/sites-for-tests.js';
import { describeSystem, eventually, type ChainAnswer } from './system/index.js';

const work = mkdtempSync(join(tmpdir(), 'task-chain-nodes-on-spu-'));
const port = await freePort();
const env = { NODE_CA_KEY: randomBytes(32).toString('base64'), NODE_PORT: String(port), WORKER_TYPES: 'psi' };
const sites: Running[] = [];
const atSite = (site: string, ...args: string[]) => command([...args, '--folder', join(work, site)]);
afterAll(async () => {
  for (const { process, ended } of sites) {
    process.kill('SIGTERM');
    await ended;
  }
  rmSync(work, { recursive: true });
});

if (noSpu !== false) test.skip(`a task of a chain on SPU at sites: ${noSpu}`, () => undefined);
else
  describeSystem('sites', 'postgres', { apps: ['api', 'status-listener', 'compute-worker'], env }, (check) => {
    check('run on SPU what the control plane offers, and a person has accepted', async ({ api }) => {
      for (const [site, first] of [
        ['bank-x', 0],
        ['bank-y', 15],
      ] as const) {
        await api.call('/parties', { method: 'POST', body: { party: site, name: site } });
        const invited = await api.expect<{ token: string }>(201, `/parties/${site}/invitation`, {
          method: 'POST',
          body: {},
        });
        const file = join(work, `invitation-${site}`);
        writeFileSync(file, invited.token);
        expect(await atSite(site, 'join', api.url, '--invitation', file)).toMatchObject({ code: 0 });
        expect(await atSite(site, 'engine', 'set', spuPython!)).toMatchObject({ code: 0 });
        const rows = Array.from({ length: 40 }, (_, at) => first + at);
        writeFileSync(join(work, site, 'data', site, 'keys.csv'), `id\n${rows.join('\n')}\n`);
      }
      for (const [site, other] of [
        ['bank-x', 'bank-y'],
        ['bank-y', 'bank-x'],
      ] as const) {
        const print = (await atSite(other, 'fingerprint')).out.trim();
        expect(await atSite(site, 'peers', 'add', other, print, '--relay')).toMatchObject({ code: 0 });
        sites.push(startCommand('connect', `127.0.0.1:${port}`, '--folder', join(work, site)));
        await sites.at(-1)!.said('connected to');
      }
      const keys = { 'bank-x': ['id'], 'bank-y': ['id'] };
      const paths = { 'bank-x': 'keys.csv', 'bank-y': 'keys.csv' };
      const chain = await api.start({
        chain_name: 'on SPU',
        tasks: [
          {
            ...{ task_id: 'match', task_type: 'psi', depends_on: [] },
            task_params: {
              engine: 'secretflow',
              sf_init_config: { parties: ['bank-x', 'bank-y'], address: 'node' },
              task_config: { keys, input_paths: paths, protocol: 'RR22_PSI_2PC' },
            },
          },
        ],
      });
      for (const site of ['bank-x', 'bank-y']) {
        const hash = await eventually(`a task waits at ${site}`, async () => {
          const { out } = await atSite(site, 'approvals', 'ls');
          return /^WAITING +(sha256:\S+)/m.exec(out)?.[1];
        });
        expect((await atSite(site, 'approvals', 'show', hash)).out).toContain('"engine": "secretflow"');
        expect(await atSite(site, 'approvals', 'accept', hash)).toMatchObject({ code: 0 });
      }
      const { status, error, tasks } = await eventually('the chain ends', async () => {
        const found = await api.expect<ChainAnswer>(200, `/chains/${chain}`);
        return ['SUCCESS', 'FAILURE'].includes(found.status) ? found : undefined;
      });
      expect({ status, error }).toEqual({ status: 'SUCCESS', error: null });
      expect(tasks[0]!.result).toMatchObject({ intersection_count: 25, psi_protocol: 'RR22_PSI_2PC' });
    });
  });
