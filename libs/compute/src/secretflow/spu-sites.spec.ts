import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { TaskRun } from '../contract/task-type.js';
import { TestSites } from '../party/sites-for-tests.js';
import type { PsiConfig } from '../psi/psi-config.js';
import { secretflow } from './secretflow.js';
import { runSpuPsi } from './spu-psi-run.js';

let folders: Readonly<Record<string, TestFolder>>;
beforeAll(async () => {
  folders = { alice: await testFolder(), bob: await testFolder() };
});
afterAll(async () => {
  for (const folder of Object.values(folders)) await folder.remove();
});

const runOf = (sites: TestSites, party: string): TaskRun<PsiConfig> => ({
  ...(folders[party]!.run({
    keys: { alice: ['id'], bob: ['id'] },
    input_paths: { alice: 'keys.csv', bob: 'keys.csv' },
  }) as TaskRun<PsiConfig>),
  site: sites.of(party),
});

test('two versions of SPU at two sites are refused by both, before a table is read', async () => {
  const sites = new TestSites(['alice', 'bob']);
  const versions = { alice: '0.9.5', bob: '0.9.6' };
  // There is no table, and no Python: neither is looked for.
  const ends = await Promise.allSettled(
    Object.entries(versions).map(([party, spu]) => runSpuPsi(runOf(sites, party), '/nowhere/python', { spu })),
  );
  for (const end of ends)
    expect(end).toMatchObject({
      status: 'rejected',
      reason: {
        code: 'PROTOCOL_UNSUPPORTED',
        retryable: false,
        message: expect.stringMatching(/0\.9\.[56].*0\.9\.[56]/) as unknown,
      },
    });
  // The versions alone have crossed.
  expect(sites.crossed['alice-bob']!.sentBytes).toBeLessThan(100);
});

test('a site without SPU takes no part, and meets nobody', async () => {
  const run = runOf(new TestSites(['alice', 'bob']), 'alice');
  const unset = secretflow(undefined).run('psi', run as never);
  await expect(unset).rejects.toMatchObject({ message: expect.stringContaining('task-chain-node engine set') });
  const lacks = secretflow('/nowhere/python').run('psi', run as never);
  await expect(lacks).rejects.toMatchObject({
    code: 'ENGINE_NOT_READY',
    message: expect.stringContaining('lacks SPU'),
  });
});
