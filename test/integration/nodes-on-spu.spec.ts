import { afterAll, expect, test } from '@jest/globals';
import { noSpu, spuPython } from '../../apps/party-node/src/sites-for-tests.js';
import { describeSystem } from './system/index.js';
import { BANKS, endOf, TwoSites } from './two-sites.js';

const { sites, env } = await TwoSites.make();
afterAll(() => sites.remove());

if (noSpu !== false) test.skip(`a task of a chain on SPU at sites [skipped: ${noSpu}]`, () => undefined);
else
  describeSystem('sites', 'postgres', { apps: ['api', 'status-listener', 'compute-worker'], env }, (check) => {
    check('run on SPU what the control plane offers, and a person has accepted', async ({ api }) => {
      await sites.join(api);
      for (const bank of BANKS) {
        expect(await sites.at(bank, 'engine', 'set', spuPython!)).toMatchObject({ code: 0 });
        await sites.connect(bank);
      }
      const chain = await api.start(sites.chain({}, { engine: 'secretflow' }, { protocol: 'RR22_PSI_2PC' }));
      for (const bank of BANKS) {
        const { out } = await sites.at(bank, 'approvals', 'show', await sites.waiting(bank));
        expect(out).toContain('"engine": "secretflow"');
        await sites.accept(bank);
      }
      const { status, error, tasks } = await endOf(api, chain);
      expect({ status, error }).toEqual({ status: 'SUCCESS', error: null });
      expect(tasks[0]!.result).toMatchObject({ intersection_count: 25, psi_protocol: 'RR22_PSI_2PC' });
    });
  });
