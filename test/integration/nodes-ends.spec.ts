import { afterAll, expect } from '@jest/globals';
import { describeSystem, eventually } from './system/index.js';
import { BANKS, endOf, TwoSites } from './two-sites.js';

const { sites, env } = await TwoSites.make();
afterAll(() => sites.remove());

describeSystem(
  'runs at sites',
  'postgres',
  { apps: ['api', 'status-listener', 'compute-worker'], env },
  (check, system) => {
    const nothingWaits = async (): Promise<void> => {
      for (const bank of BANKS)
        await eventually(
          `nothing waits at ${bank}`,
          async () => !(await sites.at(bank, 'approvals', 'ls')).out.includes('WAITING') || undefined,
        );
    };

    check('fail where nobody has accepted in time, and the sites forget them', async ({ api }) => {
      await sites.join(api);
      for (const bank of BANKS) await sites.connect(bank);
      const chain = await api.start(sites.chain({ queue_timeout: 3 }));
      for (const bank of BANKS) await sites.waiting(bank);
      const { status, tasks } = await endOf(api, chain);
      expect([status, tasks[0]!.error]).toEqual(['FAILURE', expect.objectContaining({ code: 'TIMEOUT_QUEUE' })]);
      await nothingWaits();
    });

    check('hold the quota and the concurrency group of their tenant while they wait for people', async ({ api }) => {
      const quota = (body: object) => api.expect(200, '/tenants/default', { method: 'PATCH', body });
      const options = { concurrency_key: 'sites', concurrency_limit: 1 };
      await quota({ max_running_chains: 2 });
      const ids = [await api.start(sites.chain(options)), await api.start(sites.chain(options))] as const;
      for (const bank of BANKS) await sites.waiting(bank);
      const body = { ...sites.chain(), execute: true };
      const refused = await api.expect<{ code: string; quota: object }>(429, '/chains', { method: 'POST', body });
      expect(refused).toMatchObject({ code: 'QUOTA_EXCEEDED', quota: { limit: 'max_running_chains', used: 2 } });
      await api.until(
        ids[1],
        'it waits for the other one',
        ({ tasks }) => tasks[0]!.waiting?.code === 'CONCURRENCY_KEY',
      );
      await api.expect(200, `/chains/${ids[0]}/cancel`, { method: 'POST' });
      await sites.heard(system.databaseUrl, ids[1], 'bank-x', 'OFFERED');
      await api.expect(200, `/chains/${ids[1]}/cancel`, { method: 'POST' });
      await quota({ max_running_chains: null });
      await nothingWaits();
    });

    check('end at the sites once the time of the task is over', async ({ api }) => {
      const chain = await api.start(sites.chain({ timeout: 4 }));
      await sites.accept('bank-y');
      await sites.heard(system.databaseUrl, chain, 'bank-y', 'ACCEPTED');
      // bank-x runs, and waits for it.
      await sites.kill('bank-y');
      await sites.accept('bank-x');
      await sites.heard(system.databaseUrl, chain, 'bank-x', 'RUNNING');
      const { status, tasks } = await endOf(api, chain);
      expect([status, tasks[0]!.error]).toEqual(['FAILURE', expect.objectContaining({ code: 'TIMEOUT_RUN' })]);
      await eventually(
        'the run has ended at bank-x',
        async () => (await sites.at('bank-x', 'approvals', 'ls')).out.includes('ENDED') || undefined,
      );
      await sites.connect('bank-y');
    });
  },
);
