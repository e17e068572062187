import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runAtSites } from '../../catalogue/at-sites-for-tests.js';
import { runTask } from '../../catalogue/run-task.js';
import { testFolder, type TestFolder } from '../../contract/run-for-tests.js';

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
});
afterAll(() => folder.remove());

test.each([
  ['both learn', {}],
  ['one party learns', { receiver: 'bob' }],
  ['the left party gets nulls beside', { join: 'right', left_party: 'alice' }],
])('KKRT between sites comes to what it comes to on one machine, where %s', async (_, more) => {
  // More bins than a message of the matrix has, and more keys than one of values.
  const keys = (name: string, first: number, count: number): string =>
    `id,${name}\n${Array.from({ length: count }, (_, at) => `u${first + at},${at}\n`).join('')}`;
  await folder.table('alice', 'a.csv', keys('x', 0, 17_000));
  await folder.table('bob', 'b.csv', keys('y', 10_000, 17_000));
  const run = folder.run({
    ...{ keys: { alice: ['id'], bob: ['id'] }, input_paths: { alice: 'a.csv', bob: 'b.csv' } },
    ...{ protocol: 'KKRT_PSI_2PC', ...more },
  });
  const here = await runTask('psi', run);
  const there = await runAtSites(folder, 'psi', run);
  expect(there.result).toEqual(here.result);
  expect(there.partyResults).toEqual(here.partyResults);
  const named = ({ artifacts }: typeof here) => artifacts.map(({ name }) => name).sort();
  expect(named(there)).toEqual(named(here));
  const hashes = ({ artifacts }: typeof here) => artifacts.map(({ name, sha256 }) => [name, sha256]).sort();
  // A join's rows stand in an order drawn anew.
  if (!('join' in more) && !('receiver' in more)) expect(hashes(there)).toEqual(hashes(here));
});
