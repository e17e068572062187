import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { commit, commitmentTo } from './commitment.js';
import { NodeFolder } from './node-folder.js';
import { taskOf } from './offered-site-for-tests.js';
import { offeredTask } from './task-file.js';

let path: string;
let folder: NodeFolder;
const own = (name: string): string => join(path, 'data/alice', name);
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'commitment-'));
  folder = new NodeFolder(path);
  await folder.init({ name: 'alice', dealer: false });
  await mkdir(join(path, 'data/alice'), { recursive: true });
});
afterEach(() => rm(path, { recursive: true, force: true }));

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const of = (input: string) => commit(folder, 'alice', offeredTask(taskOf(input)));

describe('what a site commits to', () => {
  test('are the files of its own party that the task reads, under a key of the run', async () => {
    await writeFile(own('a.csv'), 'id\n1\n');
    const [one, two] = [await of('a.csv'), await of('a.csv')];
    expect(one.files).toEqual({ 'a.csv': sha256('id\n1\n') });
    expect(one.data).toBe(commitmentTo(one.files, one.key));
    expect(two.files).toEqual(one.files);
    expect([two.key, two.data]).not.toEqual([one.key, one.data]);
    expect(one.data).not.toContain(one.files['a.csv']!);
  });

  test('is an artifact by its name', async () => {
    await mkdir(join(path, 'artifacts/chain-1/prep/alice'), { recursive: true });
    await writeFile(join(path, 'artifacts/chain-1/prep/alice/t.csv'), 'id\n2\n');
    const name = 'artifact:chain-1/prep/alice/t.csv';
    expect((await of(name)).files).toEqual({ [name]: sha256('id\n2\n') });
  });

  test('is nothing outside the folder of the party, and nothing that is not there', async () => {
    await writeFile(join(path, 'outside.csv'), 'id\n3\n');
    await symlink(join(path, 'outside.csv'), own('link.csv'));
    for (const name of ['../../outside.csv', 'link.csv', 'none.csv'])
      expect((await of(name)).files).toEqual({ [name]: null });
  });

  test('has to be what is there once the task has run', async () => {
    await writeFile(own('a.csv'), 'id\n1\n');
    const committed = await of('a.csv');
    expect(() => committed.requireSame()).not.toThrow();
    await writeFile(own('a.csv'), 'id\n9\n');
    expect(() => committed.requireSame()).toThrow('a.csv was changed while the task ran');
  });
});
