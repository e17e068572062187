import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { PolicyRule, TaskStatement } from '#libs/consent';
import { TestOwner } from '#libs/testing';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { SentStatement, TaskParams } from '../contract/task-type.js';
import { Admission } from './admission.js';

const LABEL = 'dataset:alice/customers@1';
const OVER = '2026-01-01T00:00:00Z';
/** All but the time of day. */
const TIMERS = ['nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'setInterval', 'setTimeout'] as const;

let folder: TestFolder;
let owner: TestOwner;
let customers: SentStatement;
beforeEach(async () => {
  folder = await testFolder();
  await folder.table('alice', 'c.csv', 'id,a\n1,\n2,4\n');
  owner = await TestOwner.claim(join(folder.path, 'data'), 'alice');
  customers = await owner.sign(await owner.dataset('customers', 'c.csv'));
});
afterEach(async () => {
  jest.useRealTimers();
  await folder.remove();
});

const taskOf = (task_id: string, more: Partial<TaskStatement> = {}): TaskStatement => {
  const params = { task_config: { input_data: { alice: LABEL }, columns: { alice: ['a'] } } };
  return { chain_id: 'c', task_id, task_type: 'fillna', proposer: null, from: {}, params, ...more };
};
const policy = (rule: Partial<PolicyRule> = {}, more: object = {}): Promise<string> =>
  owner.sign({
    kind: 'policy',
    dataset: 'customers',
    expires_at: '2999-01-01T00:00:00Z',
    rules: [{ effect: 'allow', task_types: ['fillna'], ...rule }],
    ...more,
  });

/** A run that has read the dataset. */
async function begun(statements: readonly SentStatement[], task = taskOf('t')): Promise<Admission> {
  const { artifactRoot } = folder.run({});
  const roots = { party: 'alice', root: owner.root, artifactRoot, chainId: task.chain_id, taskId: task.task_id };
  const params = task.params as unknown as TaskParams;
  const consent = { task, byAdmin: false, statements: { alice: statements }, params };
  const admission = await Admission.start({ roots, peers: ['bob'], consent, own: {}, atSites: true });
  await (await admission.open(LABEL)).close();
  return admission;
}
const uses = async (): Promise<number> =>
  (await readFile(join(owner.root, '.party', 'ledger.jsonl'), 'utf8')).split('"kind":"use"').length - 1;

describe('a run that opens something long after it has read', () => {
  it('goes on while its owner allows it, and is one use', async () => {
    const statements = [customers, await policy({ uses: { max: 2, days: 30 } })];
    const one = await begun(statements);
    const other = await begun(statements, taskOf('other'));
    for (const run of [one, other, one]) await run.stillAllowed(statements);
    await expect(begun(statements, taskOf('third'))).rejects.toThrow('it was used 2 times');
    await one.stillAllowed(statements);
    expect(await uses()).toBe(3);
  });

  it('ends with its policy, at the time that this says', async () => {
    const statements = [customers, await policy({}, { expires_at: '2030-01-01T00:00:00Z' })];
    const run = await begun(statements);
    await run.stillAllowed(statements);
    jest.useFakeTimers({ now: Date.parse('2030-01-01T00:00:01Z'), doNotFake: [...TIMERS] });
    const refusal = { code: 'APPROVAL_REQUIRED', message: expect.stringContaining('its policy expired') as unknown };
    await expect(run.stillAllowed(statements)).rejects.toMatchObject(refusal);
  });

  const CHANGES: readonly [string, () => Promise<readonly SentStatement[]>, string, RegExp][] = [
    [
      'a newer policy refuses it',
      async () => [customers, await policy({ effect: 'refuse', words: 'enough' }, { serial: 2 })],
      'POLICY_REFUSED',
      /enough/,
    ],
    [
      'a newer policy is over',
      async () => [customers, await policy({}, { serial: 2, expires_at: OVER })],
      'APPROVAL_REQUIRED',
      /its policy expired/,
    ],
    ['its policy is held back', () => Promise.resolve([customers]), 'APPROVAL_REQUIRED', /has no policy/],
    [
      'its dataset is offered no longer',
      async () => {
        const removed = { ...(await owner.dataset('customers', 'c.csv')), removed: true, serial: 2 };
        return [await owner.sign(removed as never), await policy()];
      },
      'DATASET_UNKNOWN',
      /it was removed/,
    ],
    [
      'its owner refuses it',
      async () => [customers, await policy(), await owner.approve(taskOf('t'), { decision: 'refuse', words: 'stop' })],
      'POLICY_REFUSED',
      /stop/,
    ],
  ];
  it.each(CHANGES)('ends where %s', async (_, changed, code, words) => {
    const run = await begun([customers, await policy()]);
    const refusal = { code, message: expect.stringMatching(words) as unknown };
    await expect(run.stillAllowed(await changed())).rejects.toMatchObject(refusal);
  });

  it('ends where another run has seen a newer policy, though the old one is sent again', async () => {
    const statements = [customers, await policy()];
    const run = await begun(statements);
    await run.stillAllowed(statements);
    await begun([customers, await policy({}, { serial: 2 })], taskOf('other'));
    await expect(run.stillAllowed(statements)).rejects.toMatchObject({ code: 'APPROVAL_REQUIRED' });
  });

  it('ends with the approval that it began under', async () => {
    const statements = [customers, await owner.approve(taskOf('t'))];
    const run = await begun(statements);
    await run.stillAllowed(statements);
    const over = [customers, await owner.approve(taskOf('t'), { serial: 2, expires_at: OVER })];
    await expect(run.stillAllowed(over)).rejects.toThrow('its approval expired');
  });

  it('ends where what it has read was made by a task that the owner takes back', async () => {
    const maker = taskOf('made');
    const approval = await owner.approve(maker);
    const statement = JSON.parse(Buffer.from(approval.split('.')[1]!, 'base64url').toString()) as { task: string };
    const statements = [customers, await policy(), approval];
    const run = await begun(statements, taskOf('t', { from: { made: statement.task } }));
    await run.stillAllowed(statements);
    const taken = [customers, await policy(), await owner.approve(maker, { decision: 'refuse', serial: 2 })];
    await expect(run.stillAllowed(taken)).rejects.toThrow('no longer allows the task that made what made left');
  });

  it('ends with the standing approval that it began under', async () => {
    const task = taskOf('t');
    const whole = { kind: 'standing', name: 'nightly', origin: 'chain:c', proposer: null, decision: 'approve' };
    const covered = { task_id: 't', task_type: 'fillna', params: task.params, from: {}, holes: {}, uses: 3 };
    const standing = (more: object = {}): Promise<string> =>
      owner.sign({ ...whole, expires_at: '2999-01-01T00:00:00Z', tasks: [covered], ...more } as never);
    const statements = [customers, await standing()];
    const run = await begun(statements, task);
    await run.stillAllowed(statements);
    await expect(run.stillAllowed([customers, await standing({ serial: 2 })])).rejects.toMatchObject({
      code: 'APPROVAL_REQUIRED',
    });
  });
});
