/** @jest-environment jsdom */
import { expect, test } from '@jest/globals';
import { TaskChainClient } from '#client';

let sent: object[] = [];
const take = ({ body }: { body: object }) => {
  sent.push(body);
  return Promise.resolve({ results: [] });
};
// Before the commands are bound to the client.
for (const name of ['pauseChains', 'resumeChains', 'retryChains', 'cancelChains'])
  Object.assign(TaskChainClient.prototype, { [name]: take });
const { BULK, bulkAction, chainActions, taskActions } = await import('./actions.js');

const GIVEN = { note: '', downstream: false, result: {}, priority: 'normal' as const };

test.each(BULK)('%s of many chains first asks what it would do', async (name) => {
  sent = [];
  const { send: act } = bulkAction(name, ['a', 'b']);
  await act({ ...GIVEN, dry_run: true });
  await act({ ...GIVEN, dry_run: false, note: 'why' });
  expect(sent).toEqual([
    { ids: ['a', 'b'], dry_run: true },
    { ids: ['a', 'b'], dry_run: false, note: 'why' },
  ]);
});

test.each([
  ['SUCCESS', 'RUNNING', ['retryTask']],
  ['FAILURE', 'FAILURE', ['retryTask']],
  // A task that was skipped may still be decided anew by the chain that runs.
  ['SKIPPED', 'RUNNING', []],
  ['SKIPPED', 'SUCCESS', ['retryTask']],
  ['RUNNING', 'RUNNING', ['skip', 'resolve', 'priority']],
  ['PENDING', 'PAUSED', ['skip', 'resolve', 'priority']],
  ['PENDING', 'CANCELLED', []],
])('a task that is %s in a chain that is %s takes %j', (status, of, names) => {
  expect(taskActions('c', 't', status, of).map(({ name }) => name)).toEqual(names);
});

test.each([
  ['PENDING', ['execute', 'priority', 'cancel']],
  ['RUNNING', ['pause', 'priority', 'cancel']],
  ['PAUSED', ['resume', 'priority', 'cancel']],
  ['FAILURE', ['retry']],
])('a chain that is %s takes %j', (status, names) => {
  expect(chainActions('c', status).map(({ name }) => name)).toEqual(names);
});
