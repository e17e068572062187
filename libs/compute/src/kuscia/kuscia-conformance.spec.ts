import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { FakeKuscia } from '#libs/testing';
import { describeRunner } from '../catalogue/conformance-for-tests.js';
import { onLargeTables } from '../catalogue/examples-for-tests.js';
import { farName } from '../catalogue/far-name.js';
import type { TaskRunner } from '../contract/task-runner.js';
import { kuscia } from './kuscia.js';
import { NOTES } from './kuscia-notes.js';
import { IMPATIENT, settingsOf } from './nodes-for-tests.js';

const LARGE_ROWS = 30_000;
let last = 0;

// What the nodes have made is no file of a task: it is noted in a folder of this test.
const noted = mkdtempSync(join(tmpdir(), 'kuscia-notes-'));
const fake = await FakeKuscia.start('alice', 'bob');
afterAll(async () => {
  await fake.stop();
  rmSync(noted, { recursive: true });
});
const settings = settingsOf(fake, noted);
/** Whose nodes are those of the parties whose folders lie in `root`, which is not where the notes are. */
function engineOf(root: string): TaskRunner {
  const named = Object.entries(settings.parties).map(([party, node]) => [farName(noted, root, party), node]);
  return kuscia({ ...settings, parties: Object.fromEntries(named) }, IMPATIENT);
}
/** The fake is in this process: its ends of connections close a moment after those of the engine. */
const runner: TaskRunner = {
  ...kuscia(settings, IMPATIENT),
  run: (type, run) =>
    engineOf(run.dataRoot)
      .run(type, run)
      .finally(() => fake.quiet()),
};

describeRunner(runner, [
  {
    type: 'psi',
    isKilled: true,
    failing: { config: { input_paths: { alice: 'no.csv', bob: 'no.csv' } }, code: 'FILE_NOT_FOUND' },
    async prepare(folder) {
      const rows = (from: number): string => Array.from({ length: 300 }, (_, i) => `k${from + i},${i}.5`).join('\n');
      await folder.table('alice', 't.csv', `id,amount\n${rows(1)}\n`);
      await folder.table('bob', 't.csv', `id,amount\n${rows(101)}\n`);
      const config = { keys: { alice: ['id'], bob: ['id'] }, input_paths: { alice: 't.csv', bob: 't.csv' } };
      return { ...folder.run(config), params: { ...folder.run(config).params, engine: 'kuscia' } };
    },
    async enlarge(folder, run) {
      // The nodes take a while as well. Their job is another, of another task: ids follow from tasks and attempts.
      fake.plan('run 2');
      const large = await onLargeTables(folder, run, LARGE_ROWS);
      return large && { ...large, taskId: `large-${(last += 1)}` };
    },
  },
]);

test('has ended all that was stopped, and made one job of what ran twice', () => {
  const folder = join(noted, NOTES);
  const states = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  expect(states.filter((state) => !/done|fenced/.test(state))).toEqual([]);
  expect(Object.values(fake.states()).sort()).toEqual(['Cancelled', 'Succeeded', 'Succeeded']);
});
