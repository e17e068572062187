import { mkdtemp, open, readdir, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { DealerDone, type Site } from '../contract/site.js';
import type { Artifact, HeldFile, TaskRun, TaskRunResult } from '../contract/task-type.js';
import { heldUntilRead, nameFiles } from './held-files.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'held-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const DONE: TaskRunResult = { result: {}, artifacts: [] };
const NAMED = ['a.csv'];
const run = {
  params: { sf_init_config: { parties: ['alice', 'bob'] } },
  site: { party: 'alice', leaves: () => Promise.resolve() },
} as unknown as TaskRun;
const alone: TaskRun = { ...run, params: { ...run.params, sf_init_config: { parties: ['alice'] } } };
/** What a run comes to that holds a file and then ends so, and the files that are left. */
async function endOf(end: () => TaskRunResult, check = (): void => undefined, of = run): Promise<[unknown, string[]]> {
  const temporary = join(folder, '.a.csv.tmp');
  await writeFile(temporary, 'id\n1\n');
  const file = { temporary, final: join(folder, 'a.csv'), artifact: { name: 'alice/a.csv' } as Artifact };
  const work = (each: TaskRun): Promise<TaskRunResult> => {
    each.hold!([file]);
    return new Promise((resolve) => resolve(end()));
  };
  const came = await heldUntilRead({ ...of, dataRoot: folder, artifactRoot: folder }, work, check).catch(
    (error: unknown) => error,
  );
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

/** A run whose site notes what it leaves so. */
const noting = (leaves: Site['leaves']): TaskRun => ({ ...run, site: { ...run.site!, leaves } });

test('files of a site are on the disk and noted before they get their names, and these are on the disk as well', async () => {
  const log: unknown[] = [];
  const handle = await open(folder, 'r');
  const sync = jest.spyOn(Object.getPrototypeOf(handle) as FileHandle, 'sync');
  await handle.close();
  sync.mockImplementation(async function (this: FileHandle) {
    log.push([(await this.stat()).isDirectory() ? 'folder' : 'file', await readdir(folder)]);
  });
  try {
    const noted = noting(async (artifacts) => void log.push([artifacts, await readdir(folder)]));
    expect(await endOf(() => DONE, undefined, noted)).toEqual([DONE, NAMED]);
  } finally {
    sync.mockRestore();
  }
  const temporary = '.a.csv.tmp';
  expect(log).toEqual([
    ['file', [temporary]],
    [[{ name: 'alice/a.csv', temporary: join(folder, temporary) }], [temporary]],
    ['folder', NAMED],
  ]);
});

test('what a site cannot note it does not leave, and no other site is to blame for that', async () => {
  const full = new TypeError('SQLITE_FULL');
  expect(await endOf(() => DONE, undefined, noting(fail(full)))).toEqual([full, []]);
});

test('a dealer keeps what it has, though it comes to no result', async () => {
  const done = new DealerDone('done');
  expect(await endOf(fail(done))).toEqual([done, NAMED]);
});

describe('files of a site that others decide on', () => {
  const table = { party: 'alice', target: 'a.csv', record: '' };
  /** A run of one file, or of two of the same name. */
  const prepared = async (
    final: string,
    count = 1,
    signal = new AbortController().signal,
  ): Promise<readonly [unknown, HeldFile[]]> => {
    const taken: HeldFile[] = [];
    const prepares: Site['prepares'] = async (_, files) => void taken.push(...files);
    const held = Array.from({ length: count }, (_, at) => ({ temporary: join(folder, `.a${at}.tmp`), final, table }));
    for (const { temporary } of held) await writeFile(temporary, 'id\n1\n');
    const of = { ...run, dataRoot: folder, artifactRoot: folder, signal, site: { ...run.site!, prepares } };
    const work = async (each: TaskRun): Promise<TaskRunResult> => (each.hold!(held), DONE);
    return [await heldUntilRead(of, work, () => undefined).catch((error: unknown) => error), taken];
  };

  test('are handed over complete, without their names', async () => {
    const [outcome, taken] = await prepared(join(folder, 'a.csv'));
    expect([outcome, taken.length, await readdir(folder)]).toEqual([DONE, 1, ['.a0.tmp']]);
    await nameFiles([{ ...taken[0]!, table: { ...table, record: join(folder, 'record.json') } } as HeldFile], [folder]);
    expect(await readdir(folder)).toEqual(['a.csv', 'record.json']);
  });

  test('are not handed over where they could not get their names', async () => {
    expect(await prepared(join(folder, 'a.csv'), 2)).toMatchObject([{ code: 'OUTPUT_CONFLICT' }, []]);
    const stopped = new Error('stopped');
    expect(await prepared(join(folder, 'a.csv'), 1, AbortSignal.abort(stopped))).toEqual([stopped, []]);
    await writeFile(join(folder, 'mine.csv'), 'mine');
    expect(await prepared(join(folder, 'mine.csv'))).toMatchObject([{ code: 'OUTPUT_EXISTS' }, []]);
    expect(await readdir(folder)).toEqual(['mine.csv']);
  });
});
