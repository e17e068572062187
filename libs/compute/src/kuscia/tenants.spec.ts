import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { FakeKuscia } from '#libs/testing';
import { farPsi } from '../catalogue/far-runs-for-tests.js';
import { testFolder } from '../contract/run-for-tests.js';
import { kuscia } from './kuscia.js';
import { IMPATIENT, settingsOf } from './nodes-for-tests.js';

test('nodes read the table of another tenant where that is named, and never that of a party of the same name', async () => {
  const folder = await testFolder();
  const fake = await FakeKuscia.start('alice', 'bob');
  try {
    for (const party of ['alice', 'bob']) {
      await folder.table(party, 't.csv', 'id\n1\n2\n3\n');
      await folder.table(`@beta/${party}`, 't.csv', 'id\n1\n2\n');
    }
    const settings = settingsOf(fake, join(folder.path, 'data'));
    const run = farPsi(folder, {}, { dataRoot: join(folder.path, 'data/@beta') });
    await expect(kuscia(settings, IMPATIENT).run('psi', run)).rejects.toMatchObject({
      code: 'ENGINE_NOT_READY',
      message: expect.stringContaining('no domain of @beta/alice'),
    });
    expect(fake.requests).toEqual([]);
    const beta = { '@beta/alice': { domain: 'bob', folder: 'beta' }, '@beta/bob': { domain: 'alice' } };
    const named = { ...settings, parties: { ...settings.parties, ...beta } };
    const { result } = await kuscia(named, IMPATIENT).run('psi', run);
    expect(result.reports).toMatchObject([{ original_count: 2 }, { original_count: 2 }]);
    const registered = fake.requests.filter(({ path }) => path === '/api/v1/domaindata/create');
    expect(registered.map(({ body }) => [body.domain_id, body.relative_uri])).toEqual([
      ['bob', 'beta/t.csv'],
      ['alice', 't.csv'],
    ]);
  } finally {
    await fake.stop();
    await folder.remove();
  }
});
