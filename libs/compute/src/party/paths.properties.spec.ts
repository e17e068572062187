import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TaskFailure } from '../contract/task-type.js';
import { openInput, type FileRoots } from './input-files.js';
import { createOutput } from './output-files.js';

let folder: string;
const roots = (): FileRoots => ({
  party: 'alice',
  root: join(folder, 'data/alice'),
  artifactRoot: join(folder, 'artifacts'),
  chainId: 'c1',
  taskId: 't1',
});
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'paths-')));
  for (const path of [
    'data/alice/sub',
    'data/Alice',
    'data/alice2',
    'data/bob',
    'artifacts/c1/t0/bob',
    'artifacts/c2/t0',
  ])
    await mkdir(join(folder, path), { recursive: true });
  for (const path of [
    'data/Alice/a',
    'data/alice2/a',
    'data/bob/a',
    'data/a',
    'artifacts/c1/t0/bob/a',
    'artifacts/c2/t0/a',
  ])
    await writeFile(join(folder, path), 'of another');
  for (const path of ['data/alice/a', 'data/alice/sub/a']) await writeFile(join(folder, path), 'own');
  await mkdir(join(folder, 'artifacts/c1/t0/alice'));
  await writeFile(join(folder, 'artifacts/c1/t0/alice/a'), 'own');
  await writeFile(join(folder, 'artifacts/c1/t0/a'), 'own');
  await symlink('../bob', join(folder, 'data/alice/out'));
  await symlink('../../bob/a', join(folder, 'data/alice/sub/file'));
  await symlink('sub', join(folder, 'data/alice/in'));
  await symlink('/', join(folder, 'data/alice/slash'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Parts of which paths out of a folder are made, as they are and in other spellings. */
const part = fc.constantFrom(
  ...[
    '..',
    '.',
    '',
    'a',
    'sub',
    'in',
    'out',
    'file',
    'slash',
    'alice',
    'Alice',
    'ALICE',
    'alice2',
    'bob',
    'data',
    '~',
    '*',
  ],
  ...[
    '%2e%2e',
    '．．',
    '․․',
    '‥',
    '..\\',
    '..\0',
    '\0',
    '…',
    'ａ',
    'a\u0301',
    '\u202e..',
    ' ..',
    '.. ',
    '...',
    '\ud800',
  ],
);
const near = fc.constantFrom('a', 'a', 'sub', 'in', '.', '..', 'file');
const anyPath = fc.oneof(
  fc.array(near, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/')),
  fc.array(part, { maxLength: 8 }).map((parts) => parts.join('/')),
  fc.array(part, { maxLength: 8 }).map((parts) => parts.join('\\')),
  fc.array(part, { maxLength: 5 }).map((parts) => `artifact:${parts.join('/')}`),
  fc.array(part, { maxLength: 5 }).map((parts) => `artifact:c1/t0/${parts.join('/')}`),
  fc
    .array(part, { maxLength: 5 })
    .map((parts) => join(folder, 'data/alice', ...parts.map((each) => each.replaceAll('\0', '')))),
  fc.string({ unit: 'binary', maxLength: 30 }),
);

test('a party reads of another chain what was handed to it, and no neighbour of that', async () => {
  await mkdir(join(folder, 'artifacts/c3/t0/alice'), { recursive: true });
  await mkdir(join(folder, 'artifacts/c3/t0/bob'));
  for (const path of ['alice/a', 'alice/b', 'bob/a', 'a']) await writeFile(join(folder, 'artifacts/c3/t0', path), path);
  const all = ['alice/a', 'bob/a', 'a', '../t0/alice/a', 'alice/../bob/a'].map((path) => `artifact:c3/t0/${path}`);
  const read = async (path: string, handed?: readonly string[]): Promise<unknown> => {
    const input = await openInput({ ...roots(), handed }, path).catch((error: TaskFailure) => error.code);
    if (typeof input === 'string') return input;
    const text = await input.handle.readFile('utf8');
    await input.close();
    return text;
  };
  expect(await Promise.all(all.map((path) => read(path, all)))).toEqual([
    ...['alice/a', 'PATH_OUTSIDE_ROOT', 'a', 'PATH_OUTSIDE_ROOT', 'PATH_OUTSIDE_ROOT'],
  ]);
  expect(await read('artifact:c3/t0/alice/b', all)).toBe('PATH_OUTSIDE_ROOT');
  expect(await Promise.all(all.map((path) => read(path)))).toEqual(all.map(() => 'PATH_OUTSIDE_ROOT'));
  // It is an input alone.
  const ledger = { temporary: () => undefined, written: () => undefined };
  const write = createOutput(
    { ...roots(), handed: all },
    { target: all[0], name: 'o', mediaType: 'text/plain' },
    'token',
    ledger,
  );
  await expect(write).rejects.toMatchObject({ code: 'INVALID_PARAMS' });
});

describe('whatever a path is', () => {
  test('a party reads nothing but its own', async () => {
    let opened = 0;
    await fc.assert(
      fc.asyncProperty(anyPath, async (path) => {
        const file = await openInput(roots(), path).catch((error: unknown) => error);
        if (file instanceof Error) return expect(file).toBeInstanceOf(TaskFailure);
        const input = file as Awaited<ReturnType<typeof openInput>>;
        opened++;
        const text = await input.handle.readFile('utf8');
        await input.close();
        expect(text).toBe('own');
      }),
      { numRuns: 3_000, examples: [['a'], ['in/a'], ['artifact:c1/t0/a']] },
    );
    expect(opened).toBeGreaterThan(50);
  });

  test('a party writes nowhere but into its own', async () => {
    const own = [join(folder, 'data/alice') + sep, join(folder, 'artifacts/c1/t1/alice') + sep];
    await fc.assert(
      fc.asyncProperty(anyPath, async (target) => {
        const places: string[] = [];
        const ledger = { temporary: (path: string) => void places.push(path), written: () => undefined };
        const made = await createOutput(roots(), { target, name: 'o', mediaType: 'text/plain' }, 'token', ledger).catch(
          (error: unknown) => error,
        );
        if (made instanceof Error) expect(made).toBeInstanceOf(TaskFailure);
        else await (made as Awaited<ReturnType<typeof createOutput>>).finish();
        for (const place of places) {
          expect(own.some((root) => place.startsWith(root))).toBe(true);
          await rm(place, { force: true });
        }
      }),
      { numRuns: 1_000 },
    );
    for (const path of ['data/bob/a', 'data/Alice/a', 'data/a']) {
      expect(await readFile(join(folder, path), 'utf8')).toBe('of another');
    }
  });
});
