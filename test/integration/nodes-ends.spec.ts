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
    check('fail where nobody has accepted in time, and the sites forget them', async ({ api }) => {
      await sites.join(api);
      for (const bank of BANKS) await sites.connect(bank);
      const chain = await api.start(sites.chain({ queue_timeout: 3 }));
      for (const bank of BANKS) await sites.waiting(bank);
      const { status, tasks } = await endOf(api, chain);
      expect([status, tasks[0]!.error]).toEqual(['FAILURE', expect.objectContaining({ code: 'TIMEOUT_QUEUE' })]);
      for (const bank of BANKS)
        await eventually(
          `nothing waits at ${bank}`,
          async () => !(await sites.at(bank, 'approvals', 'ls')).out.includes('WAITING') || undefined,
        );
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
