import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { taskHash } from './hashes.js';
import { OwnedRuns } from './owned-runs-for-tests.js';
import { RunUse } from './run-use.js';

describe('a task that runs again with another list', () => {
  let runs: OwnedRuns;
  let table: string;
  const asked = { code: 'APPROVAL_REQUIRED' };
  const TASK = { from: {} };

  beforeEach(async () => {
    runs = await OwnedRuns.claim('alice');
    table = await runs.table('alice', 'c', [['id'], ...Array.from({ length: 100 }, (_, row) => [row * 3])]);
  });
  afterEach(() => runs.folder.remove());

  const once = () =>
    runs.policy('alice', 'c', { rules: [{ effect: 'allow', task_types: ['psi'], uses: { max: 1, days: 30 } }] });
  const list = (from: number) =>
    runs.folder.table('bob', 'list.csv', `id\n${Array.from({ length: 60 }, (_, at) => from + at).join('\n')}\n`);
  const config = () => ({ keys: { alice: ['id'], bob: ['id'] }, input_paths: { alice: table, bob: 'list.csv' } });
  const run = async (attempt: number, more: { readonly approved?: boolean } = {}): Promise<number> => {
    const { result } = await runs.run('psi', 'p', config(), { attempt, statement: TASK, ...more });
    return result.intersection_count as number;
  };

  test('is one more use, once it has opened something', async () => {
    once();
    await list(0);
    expect(await run(1)).toBe(20);
    await list(60);
    await expect(run(2)).rejects.toMatchObject({
      ...asked,
      message: expect.stringContaining('was used 1 times') as unknown,
    });
    await expect(run(3)).rejects.toMatchObject(asked);
  });

  test('is no other use where it ended before it opened anything', async () => {
    once();
    await expect(run(1)).rejects.not.toMatchObject(asked);
    await list(0);
    expect(await run(2)).toBe(20);
  });

  test('is no other use where another of its files waits for the owner', async () => {
    const rows = Array.from({ length: 100 }, (_, row) => [(row * 37) % 100, row % 2]);
    const [train, other] = [
      await runs.table('alice', 'train', [['x', 'y'], ...rows]),
      await runs.table('alice', 'test', [['x', 'y'], ...rows]),
    ];
    const bob = await runs.table('bob', 'b', [['b'], ...rows.map(([x]) => [x! / 100])]);
    const rules = [{ effect: 'allow' as const, task_types: ['ss_lr'], uses: { max: 1, days: 30 } }];
    runs.policy('alice', 'train', { rules });
    runs.policy('alice', 'test', null);
    const learn = (attempt: number) =>
      runs.run(
        'ss_lr',
        'lr',
        {
          ...{ train_data: { alice: train, bob }, test_data: { alice: other, bob }, label: 'y', label_party: 'alice' },
          ...{ features: { alice: ['x'], bob: ['b'] }, params: { epochs: 1, learning_rate: 1e-6 } },
        },
        { attempt, statement: TASK },
      );
    await expect(learn(1)).rejects.toMatchObject(asked);
    runs.policy('alice', 'test', { rules });
    await learn(2);
    await expect(learn(3)).rejects.toMatchObject(asked);
  });

  test('counts where it failed after it had opened something', async () => {
    once();
    await list(1_000);
    await expect(run(1)).rejects.toMatchObject({ code: 'EMPTY_INTERSECTION' });
    await list(0);
    await expect(run(2)).rejects.toMatchObject(asked);
  });

  test('needs another approval, or one of more runs', async () => {
    runs.policy('alice', 'c', null);
    await list(0);
    expect(await run(1, { approved: true })).toBe(20);
    await list(60);
    await expect(run(2, { approved: true })).rejects.toMatchObject({
      ...asked,
      message: expect.stringContaining('its approval covers one run') as unknown,
    });
    const prepared = await runs.prepare('psi', 'p', config(), { statement: TASK });
    const approve = async (more: object) => {
      const run = await runs.prepare('psi', 'p', config(), { statement: TASK });
      const approval = await runs.owners.alice!.approve(run.consent!.task, more);
      expect(taskHash(run.consent!.task)).toBe(taskHash(prepared.consent!.task));
      const statements = { alice: [...run.consent!.statements.alice!, approval] };
      return { ...run, consent: { ...run.consent!, statements } };
    };
    const { runTask } = await import('../catalogue/run-task.js');
    const again = await approve({ serial: 2, runs: 2 });
    for (let count = 0; count < 2; count += 1) await runTask('psi', again);
    await expect(runTask('psi', again)).rejects.toMatchObject(asked);
    await runTask('psi', await approve({ serial: 3 }));
  });
});

test('of two runs that open something at once the second takes the next use', () => {
  const [one, two] = [new RunUse({ task: 'a' }), new RunUse({ task: 'a' })];
  expect(one.now.use).toBe(two.now.use);
  const openings = [one.now, two.now] as never;
  expect([one.take(openings), two.take(openings)]).toEqual([false, true]);
  expect(one.now.use).not.toBe(two.now.use);
  expect(two.take([one.now, two.now] as never)).toBe(false);
});
