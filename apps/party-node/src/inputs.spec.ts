import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { requireInputs, stampOf } from './inputs.js';
import { NodeFolder } from './node-folder.js';
import { Refusal } from './refusal.js';
import { takePart } from './run-task.js';
import { SiteStore, type Made } from './site-store.js';
import { offeredTask } from './task-file.js';

let folder: NodeFolder;
let store: SiteStore;
beforeEach(async () => {
  folder = new NodeFolder(await mkdtemp(join(tmpdir(), 'inputs-')));
  await folder.init({ name: 'alice', dealer: false });
  store = SiteStore.open(folder.path);
});
afterEach(async () => {
  store.close();
  await rm(folder.path, { recursive: true });
});

const made: Made = { task: `sha256:${'1'.repeat(64)}`, session: `sha256:${'2'.repeat(64)}`, files: {} };

/** Puts a file where an earlier task leaves one, and returns what tells it from others. */
async function put(maker: string, path: string, text: string): Promise<string> {
  const place = join(folder.artifactRoot, maker, path);
  await mkdir(join(place, '..'), { recursive: true });
  await writeFile(place, text);
  return stampOf(place)!;
}

/** A task of alice alone, at her site. */
async function run(task_id: string, input: string, log: (message: string) => void = () => undefined): Promise<unknown> {
  const task_config = {
    ...{ columns: ['x'], method: 'mean' },
    ...{ input_data: { alice: input }, output_data: { alice: 'artifact:out.csv' } },
  };
  const task_params = { sf_init_config: { parties: ['alice'], address: 'node' }, task_config };
  return takePart({
    ...{ folder, file: await folder.read(), waitMs: 1_000, signal: new AbortController().signal, log },
    task: offeredTask({ chain_id: 'c', task_id, task_type: 'fillna', task_params }),
    progress: () => undefined,
  });
}

test('a run notes what it leaves, and a later one reads that alone: no other file of its name, and none made meanwhile', async () => {
  await writeFile(join(folder.dataRoot, 'alice/t.csv'), 'x\n1\n2\n');
  await run('first', 't.csv');
  const first = store.made('c/first')!;
  expect(first.files['alice/out.csv']).toBe(stampOf(join(folder.artifactRoot, 'c/first/alice/out.csv')));
  const input = 'artifact:c/first/alice/out.csv';
  await run('next', input);
  const next = store.made('c/next')!;
  const anew = (message: string): void => {
    if (message.startsWith('all have accepted')) store.keepMade('c/first', { ...first, session: made.session });
  };
  await expect(run('next', input, anew)).rejects.toThrow('was made anew while it ran');
  expect(store.made('c/next')).toEqual(next);
  // As `kill -9` leaves it, in whichever order a site notes and names its files; or a full disk; or an older `site.db`.
  await put('c/first', 'alice/out.csv', 'x\n3\n4\n');
  const said: string[] = [];
  const refused = run('next', input, (message) => said.push(message)).catch((error: unknown) => error);
  expect(await refused).toBeInstanceOf(Refusal);
  expect(await refused).toMatchObject({
    message: `The task reads ${input}, which was not left by a run that ended here: run c/first again.`,
  });
  // Before it meets the others.
  expect(said).toEqual([]);
});

test('what a task reads here has to be noted: of its own party, and of no party where that lies here', async () => {
  const stamp = await put('c/first', 'alice/t.csv', 'id\n1\n');
  await put('c/first', 'all.json', '{}');
  const check = (path: string, files?: Made['files']) => (): void => {
    if (files) store.keepMade('c/first', { ...made, files });
    requireInputs(folder, 'alice', store, [{ maker: 'c/first', path }]);
  };
  for (const path of ['alice/t.csv', 'all.json']) expect(check(path)).toThrow('not left by a run that ended here');
  expect(check('alice/t.csv', { 'alice/t.csv': stamp })).not.toThrow();
  expect(check('alice/t.csv', { 'alice/t.csv': `${stamp}1` })).toThrow('not left by a run that ended here');
  expect(check('all.json')).toThrow('not left by a run that ended here');
  for (const path of ['alice/gone.csv', 'gone.json'])
    expect(check(path, { [path]: stamp })).toThrow('does not lie here');
  expect(check('alice/gone.csv', {})).toThrow('does not lie here');
  // Another site may be the one that reads it.
  expect(check('gone.json', {})).not.toThrow();
  // Of another party, which notes it at its own site.
  await put('c/first', 'bob/t.csv', 'id\n1\n');
  expect(check('bob/t.csv')).not.toThrow();
  // Earlier versions kept no files.
  const { files: _, ...old } = made;
  store.keepMade('c/first', old as Made);
  expect(check('alice/t.csv')).toThrow('not left by a run that ended here');
});
