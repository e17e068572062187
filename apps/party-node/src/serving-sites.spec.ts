import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePort } from '#libs/local-postgres';
import { TestOwner } from '#libs/testing';
import { TestSites, type Running } from './sites-for-tests.js';

let sites: TestSites;
beforeAll(async () => void (sites = await TestSites.make()));
afterAll(() => sites.remove());

const ROWS = 60;
const value = (row: number, column: number): number => ((row * (7 + 4 * column) + 3 * column) % 101) / 101;
const rows = Array.from(
  { length: ROWS },
  (_, row) => [0, 1, 2].map((column) => value(row, column)) as [number, number, number],
);
const start = (words: readonly string[]): Running[] =>
  ['alice', 'bob', 'lab'].map((site) => sites.start(site, ...words));
const taskOf = (task_type: string, task_config: object): object => ({
  chain_id: 'joint',
  task_id: task_type,
  task_type,
  task_params: { sf_init_config: { parties: ['alice', 'bob'] }, task_config },
});

test('a site stops to open scores once its owner has withdrawn what allowed it', async () => {
  await sites.table('alice', 'rows.csv', [
    ['id', 'x', 'y'],
    ...rows.map(([x, , z], row) => [row, x, x + z > 1 ? 1 : 0]),
  ]);
  await sites.table('bob', 'rows.csv', [['p', 'q'], ...rows.map(([, p, q]) => [p, q])]);
  const owner = await TestOwner.claim(join(sites.path, 'bob/data'), 'bob');
  const columns = ['p', 'q'].map((name) => ({ name, type: 'number' }));
  const dataset = await owner.sign({ ...(await owner.dataset('rows', 'rows.csv')), columns, rows: ROWS } as never);
  const sign = async (effect: 'allow' | 'refuse', serial: number): Promise<void> => {
    const rules = [{ effect, task_types: ['ss_lr', 'predict'] }];
    const policy = { kind: 'policy', dataset: 'rows', expires_at: '2999-01-01T00:00:00Z', rules, serial };
    const statements = [dataset, await owner.sign(policy as never)];
    await writeFile(join(sites.path, 'bob/statements.json'), JSON.stringify(statements));
  };
  await sign('allow', 1);
  const tables = { alice: 'rows.csv', bob: 'dataset:bob/rows@1' };
  const training = await sites.task(
    taskOf('ss_lr', {
      ...{ features: { alice: ['x'], bob: ['p', 'q'] }, label: 'y', label_party: 'alice', train_data: tables },
      params: { epochs: 1, batch_size: 30 },
    }),
    'train.json',
  );
  const trained = await Promise.all(start(['run', training.path, '--accept', training.hash]).map(({ ended }) => ended));
  expect(trained.map(({ code, err }) => [code, code === 0 ? '' : err])).toEqual(trained.map(() => [0, '']));

  const of = (party: string): string => `artifact:joint/ss_lr/${party}/model.json`;
  const { path, hash } = await sites.task(
    taskOf('predict', {
      ...{ model: { alice: of('alice'), bob: of('bob') }, input_data: tables, prediction_receiver: 'alice' },
      serve: { key: 'id', scores: 10, minutes: 1 },
    }),
    'serve.json',
  );
  const port = String(await freePort());
  const running = start(['serve', path, '--accept', hash, '--port', port]);
  await running[0]!.said('serving scores');
  const authorization = `Bearer ${await sites.read('alice', 'serve.token')}`;
  const ask = async (key: string): Promise<number | undefined> => {
    const sent = { method: 'POST', headers: { authorization }, body: JSON.stringify({ key }) };
    return fetch(`http://127.0.0.1:${port}/score`, sent).then(
      ({ status }) => status,
      () => undefined,
    );
  };
  expect(await ask('7')).toBe(200);
  await sign('refuse', 2);
  expect(await ask('8')).not.toBe(200);
  const [alice, bob] = await Promise.all(running.map(({ ended }) => ended));
  expect(bob).toMatchObject({ code: 4, err: expect.stringContaining('POLICY_REFUSED') as unknown });
  expect(alice).toMatchObject({ code: 4, err: expect.stringContaining('The site of bob says') as unknown });
  const ledger = await sites.read('bob', 'data/bob/.party/ledger.jsonl');
  expect(ledger.split('"predictions":1')).toHaveLength(2);
  // Only who asks for scores has to know where the token is.
  expect([alice, bob].map((ran) => ran!.err.includes('serve.token'))).toEqual([true, false]);
});
