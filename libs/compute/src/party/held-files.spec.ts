import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { DealerDone } from '../contract/site.js';
import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import { heldUntilRead } from './held-files.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'held-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const DONE: TaskRunResult = { result: {}, artifacts: [] };
const NAMED = ['a.csv'];
const run = {
  params: { sf_init_config: { parties: ['alice', 'bob'] } },
  site: { party: 'alice' },
} as unknown as TaskRun;
const alone: TaskRun = { ...run, params: { ...run.params, sf_init_config: { parties: ['alice'] } } };
/** What a run comes to that holds a file and then ends so, and the files that are left. */
async function endOf(end: () => TaskRunResult, check = (): void => undefined, of = run): Promise<[unknown, string[]]> {
  const temporary = join(folder, '.a.csv.tmp');
  await writeFile(temporary, 'id\n1\n');
  const work = (each: TaskRun): Promise<TaskRunResult> => {
    each.hold!([{ temporary, final: join(folder, 'a.csv') }]);
    return new Promise((resolve) => resolve(end()));
  };
  const came = await heldUntilRead(of, work, check).catch((error: unknown) => error);
  return [came, await readdir(folder)];
}
const fail = (error: Error) => (): never => {
  throw error;
};

test('files of a site get their names once the result is made and right', async () => {
  const wrong = new Error('too large');
  expect(await endOf(() => DONE, fail(wrong))).toEqual([wrong, []]);
  expect(await endOf(() => DONE)).toEqual([DONE, NAMED]);
});

test('what a site came to that makes no result names it, and leaves no file', async () => {
  for (const error of [new TypeError('of null'), new RangeError('Maximum call stack size exceeded')]) {
    const [fault, files] = await endOf(fail(error));
    expect(fault).toMatchObject({ code: 'PROTOCOL_VIOLATION', retryable: false });
    expect((fault as Error).message).toContain('What bob came to');
    expect(files).toEqual([]);
    expect((await endOf(fail(error), undefined, alone))[0]).toBe(error);
  }
  const own = new TypeError('before anybody has told a value');
  expect(await heldUntilRead(run, fail(own), () => undefined).catch((error: unknown) => error)).toBe(own);
});

test('a dealer keeps what it has, though it comes to no result', async () => {
  const done = new DealerDone('done');
  expect(await endOf(fail(done))).toEqual([done, NAMED]);
});
