import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { itUnless } from '#libs/testing';
import type { JsonObject, TaskRun } from '../contract/task-type.js';
import { NO_BUNDLES } from './bundles-for-tests.js';
import { PartyProcesses } from './party-processes.js';
import type { PartyUrl } from './party-program.js';
import type * as Programs from './programs-for-tests.js';
import { runParties, type CrossedMessage } from './run-parties.js';

const program: PartyUrl<typeof Programs> = new URL('./programs-for-tests.js', import.meta.url);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parties-'));
  await mkdir(join(folder, 'data/alice/sub'), { recursive: true });
  await mkdir(join(folder, 'data/bob'), { recursive: true });
  await mkdir(join(folder, 'artifacts/c1/t0/alice'), { recursive: true });
  await mkdir(join(folder, 'artifacts/c1/t0/bob'), { recursive: true });
  await writeFile(join(folder, 'data/alice/a.txt'), 'of alice');
  await writeFile(join(folder, 'data/alice/empty.txt'), '');
  await writeFile(join(folder, 'data/bob/b.txt'), 'of bob');
  await writeFile(join(folder, 'artifacts/c1/t0/alice/mine.txt'), 'mine');
  await writeFile(join(folder, 'artifacts/c1/t0/bob/his.txt'), 'his');
  await writeFile(join(folder, 'artifacts/c1/t0/all.txt'), 'all');
  await symlink('../bob/b.txt', join(folder, 'data/alice/link.txt'));
  await symlink('../bob', join(folder, 'data/alice/linked'));
  await writeFile(join(folder, 'data/alice/.policy.json'), '{"version":1}');
  await symlink('.policy.json', join(folder, 'data/alice/policy'));
  await symlink('.', join(folder, 'data/alice/self'));
  execFileSync('mkfifo', [join(folder, 'data/alice/fifo')]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function aRun(signal: AbortSignal = new AbortController().signal): TaskRun {
  return {
    chainId: 'c1',
    taskId: 't1',
    attempt: 1,
    requestId: 'r1',
    params: { task_config: {} },
    inputs: {},
    dataRoot: join(folder, 'data'),
    artifactRoot: join(folder, 'artifacts'),
    signal,
    progress: () => undefined,
    log: () => undefined,
  };
}

const alone = async (args: JsonObject, signal?: AbortSignal): Promise<unknown> =>
  (await runParties({ program, parties: { alice: args }, run: aRun(signal) })).parties.alice?.value;

async function filesUnder(path: string): Promise<string[]> {
  return (await readdir(path, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);
}
const temporaries = async (): Promise<string[]> => (await filesUnder(folder)).filter((name) => name.endsWith('.tmp'));

test('progress is 0 while no process is there yet', async () => {
  let processes: PartyProcesses | undefined;
  const reported = new Promise<number>((resolve) => {
    processes = new PartyProcesses({ run: { ...aRun(), progress: resolve }, names: [], token: 't' });
  });
  expect(await reported).toBe(0);
  await processes?.stop();
});

describe('channels', () => {
  test('carry JSON and bytes both ways, in order, counted and recorded', async () => {
    const crossed: CrossedMessage[] = [];
    const lines: string[] = [];
    const { parties: outcome } = await runParties({
      program,
      parties: { alice: { act: 'exchange' }, bob: { act: 'exchange' } },
      run: { ...aRun(), log: (level, message) => lines.push(`${level} ${message}`) },
      recorder: (message) => crossed.push(message),
    });
    expect(outcome.alice?.value).toEqual({ greeting: { hello: 'bob' }, bytes: [1, 2, 3], env: 0 });
    expect(outcome.bob?.value).toEqual({ greeting: { hello: 'alice' }, bytes: [1, 2, 3], env: 0 });
    expect(crossed.filter(({ from }) => from === 'alice').map(({ to, body }) => [to, body])).toEqual([
      ['bob', '{"hello":"alice"}'],
      ['bob', new Uint8Array([1, 2, 3])],
    ]);
    expect(outcome.alice?.sentBytes).toBe(20);
    expect(lines[0]).toBe('info started alice, bob');
    expect(lines.slice(1).sort()).toEqual([
      'info alice: done; bytes sent: 20, files written: 0',
      'info bob: done; bytes sent: 18, files written: 0',
    ]);
  });

  test('hold a fast sender back and lose nothing', async () => {
    const args = { act: 'flood', chunks: 300, chunkBytes: 200_000 };
    const { parties: outcome } = await runParties({ program, parties: { alice: args, bob: args }, run: aRun() });
    expect(outcome.bob?.value).toBe(60_000_000);
  });

  test('to a party that has ended take all, and what it has sent comes first', async () => {
    const unread = { act: 'unread' };
    const { parties } = await runParties({ program, parties: { alice: unread, bob: unread }, run: aRun() });
    expect(parties.alice?.value).toBe(40);
    const late = { act: 'late' };
    const outcome = await runParties({ program, parties: { alice: late, bob: late }, run: aRun() });
    expect(outcome.parties.alice?.value).toBe('last');
  });

  test('reach a thread of no party', async () => {
    const parties = { alice: { act: 'dealt' }, bob: { act: 'dealt' } };
    const outcome = await runParties({ program, parties, neutral: { program, args: { act: 'deal' } }, run: aRun() });
    expect([outcome.parties.alice?.value, outcome.parties.bob?.value, outcome.neutral?.value]).toEqual([
      { to: 'alice' },
      { to: 'bob' },
      2,
    ]);
  });

  test('a party that waits for one that has ended fails', async () => {
    const parties = { alice: { act: 'wait' }, bob: { act: 'end' } };
    await expect(runParties({ program, parties, run: aRun() })).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' });
  });
});

describe('paths', () => {
  for (const [path, text] of [
    ['a.txt', 'of alice'],
    ['sub/../a.txt', 'of alice'],
    ['artifact:c1/t0/alice/mine.txt', 'mine'],
    ['artifact:c1/t0/all.txt', 'all'],
  ]) {
    test(`${path} opens`, async () => expect(await alone({ act: 'read', path: path! })).toBe(text));
  }
  test('an absolute path below the folder opens', async () => {
    expect(await alone({ act: 'read', path: join(folder, 'data/alice/a.txt') })).toBe('of alice');
  });
  for (const [path, code] of [
    ['../bob/b.txt', 'PATH_OUTSIDE_ROOT'],
    ['/etc/passwd', 'PATH_OUTSIDE_ROOT'],
    ['link.txt', 'PATH_OUTSIDE_ROOT'],
    ['linked/b.txt', 'PATH_OUTSIDE_ROOT'],
    ['~/a.txt', 'PATH_OUTSIDE_ROOT'],
    ['a.txt\0', 'PATH_OUTSIDE_ROOT'],
    ['', 'PATH_OUTSIDE_ROOT'],
    ['artifact:c1/t0/bob/his.txt', 'PATH_OUTSIDE_ROOT'],
    ['artifact:c1/../alice/mine.txt', 'PATH_OUTSIDE_ROOT'],
    ['artifact:c2/t0/all.txt', 'PATH_OUTSIDE_ROOT'],
    ['artifact:c1/t0/none.txt', 'FILE_NOT_FOUND'],
    ['none.txt', 'FILE_NOT_FOUND'],
    ['sub', 'NOT_A_FILE'],
    ['fifo', 'NOT_A_FILE'],
    ['.policy.json', 'PATH_RESERVED'],
    ['sub/../.policy.json', 'PATH_RESERVED'],
    ['policy', 'PATH_RESERVED'],
    ['empty.txt', 'EMPTY_FILE'],
  ]) {
    test(`${JSON.stringify(path)} is refused with ${code}`, async () => {
      await expect(alone({ act: 'read', path: path! })).rejects.toMatchObject({
        code,
        retryable: false,
        message: expect.stringMatching(/^Party alice: /),
      });
    });
  }
  for (const target of [
    '../bob/new.txt',
    'linked/new.txt',
    'sub',
    '.',
    '.policy.json',
    'sub/../.x',
    '.d/x',
    'self/.policy.json',
    'artifact:a/b/c',
    'artifact:../x',
  ]) {
    test(`nothing is written to ${target}`, async () => {
      await expect(alone({ act: 'write', text: 'x', target })).rejects.toMatchObject({ retryable: false });
      expect(await readdir(join(folder, 'data/bob'))).toEqual(['b.txt']);
    });
  }
});

describe('outputs', () => {
  test('are artifacts by default, with size and SHA-256', async () => {
    const { alice } = (await runParties({ program, parties: { alice: { act: 'write', text: 'abc' } }, run: aRun() }))
      .parties;
    const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(alice?.artifacts).toEqual([{ name: 'alice/out.txt', mediaType: 'text/plain', sizeBytes: 3, sha256 }]);
    expect(alice?.value).toEqual({ reference: 'artifact:c1/t1/alice/out.txt', sizeBytes: 3, sha256 });
    expect(await readFile(join(folder, 'artifacts/c1/t1/alice/out.txt'), 'utf8')).toBe('abc');
  });

  test('go below the data folder when the path says so, and are echoed', async () => {
    expect(await alone({ act: 'write', text: 'abc', target: 'new/deep/o.txt' })).toMatchObject({
      reference: 'new/deep/o.txt',
    });
    expect(await readFile(join(folder, 'data/alice/new/deep/o.txt'), 'utf8')).toBe('abc');
  });

  test('clear away what an earlier attempt left when its process was killed', async () => {
    const attempt = (of: number): Promise<unknown> =>
      runParties({
        program,
        parties: { alice: { act: 'write', text: 'x', target: 'kept/k.txt' } },
        run: { ...aRun(), attempt: of },
      });
    await attempt(1);
    const tag = createHash('sha256').update('c1/t1').digest('hex').slice(0, 12);
    const left = ['1-old', '3-new'].map((token) => `.k.txt.${tag}.${token}.tmp`);
    for (const name of [...left, '.k.txt.other.1-x.tmp'])
      await writeFile(join(folder, 'data/alice/kept', name), 'half');
    await attempt(2);
    expect((await readdir(join(folder, 'data/alice/kept'))).sort()).toEqual(
      [left[1], '.k.txt.other.1-x.tmp', 'k.txt'].sort(),
    );
    await rm(join(folder, 'data/alice/kept'), { recursive: true });
  });

  test('replace what their task wrote, however it was stopped, and nothing else', async () => {
    const write = (text: string, taskId: string): Promise<unknown> =>
      runParties({
        program,
        parties: { alice: { act: 'write', text, target: 'own/o.txt' } },
        run: { ...aRun(), taskId },
      });
    const file = join(folder, 'data/alice/own/o.txt');
    await write('first', 'one');
    await write('again', 'one');
    expect(await readFile(file, 'utf8')).toBe('again');
    // As a run leaves it that is killed once it has taken the name.
    await writeFile(file, '');
    await write('third', 'one');
    expect(await readFile(file, 'utf8')).toBe('third');
    await expect(write('of another', 'two')).rejects.toMatchObject({ code: 'OUTPUT_EXISTS', retryable: false });
    await writeFile(file, 'of the party');
    await expect(write('fourth', 'one')).rejects.toMatchObject({
      code: 'OUTPUT_EXISTS',
      message: expect.stringMatching(/^Party alice: own\/o\.txt exists/),
    });
    expect(await readFile(file, 'utf8')).toBe('of the party');
    expect(await temporaries()).toEqual([]);
    await rm(join(folder, 'data/alice/own'), { recursive: true });
    await write('in its place', 'two');
    expect(await readFile(file, 'utf8')).toBe('in its place');
    await rm(join(folder, 'data/alice/own'), { recursive: true });
  });

  test('that are in the way by the time all are there take no name', async () => {
    const late = join(folder, 'data/bob/late.txt');
    const parties = {
      alice: { act: 'write', text: 'abc', target: 'late.txt' },
      bob: { act: 'write', text: 'abc', target: 'late.txt' },
    };
    const run = {
      ...aRun(),
      log: (_: string, message: string) => {
        if (message.startsWith('bob: done')) writeFileSync(late, 'of the party');
      },
    };
    await expect(runParties({ program, parties, run })).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
    expect(await readFile(late, 'utf8')).toBe('of the party');
    expect(await filesUnder(join(folder, 'data/alice'))).not.toContain('late.txt');
    expect(await temporaries()).toEqual([]);
    await rm(late);
  });

  test('of all parties appear together or not at all', async () => {
    const parties = {
      alice: { act: 'write', text: 'abc', target: 'half.txt' },
      bob: { act: 'write', text: 'abc', target: 'half.txt', fail: 'failure' },
    };
    await expect(runParties({ program, parties, run: aRun() })).rejects.toMatchObject({ code: 'TOLD_TO' });
    expect(await filesUnder(join(folder, 'data'))).not.toContain('half.txt');
    expect(await temporaries()).toEqual([]);
  });
});

describe('endings', () => {
  test('a TaskFailure comes through as it is', async () => {
    await expect(alone({ act: 'write', text: 'x', fail: 'failure' })).rejects.toMatchObject({
      code: 'TOLD_TO',
      message: 'told to fail',
      retryable: true,
      details: { row: 1 },
    });
  });
  test('an unforeseen error is PARTY_LOST and quotes no data; the log tells where it came from', async () => {
    const lines: string[] = [];
    const run = { ...aRun(), log: (level: string, message: string) => void lines.push(`${level} ${message}`) };
    const parties = { alice: { act: 'write', text: 'x', fail: 'crash' } };
    const failure = (await runParties({ program, parties, run }).catch((error: unknown) => error)) as Error;
    expect(failure).toMatchObject({ code: 'PARTY_LOST', retryable: true });
    expect(lines.filter((line) => /^error alice: at .*programs-for-tests/.test(line))).not.toEqual([]);
    expect(`${failure.message}${lines.join()}`).not.toMatch(/4711/);
  });
  itUnless(NO_BUNDLES, 'programs run from bundles, and the log tells the place in the sources', async () => {
    const lines: string[] = [];
    const run = { ...aRun(), log: (_: string, message: string) => void lines.push(message) };
    const burn = new URL('../diagnostic/burn.js', import.meta.url);
    await expect(runParties({ program: burn, parties: { alice: null as never }, run })).rejects.toMatchObject({
      code: 'PARTY_LOST',
    });
    const source = (
      await readFile(new URL('../../../../../libs/compute/src/diagnostic/burn.ts', import.meta.url), 'utf8')
    ).split('\n');
    const row = source.findIndex((line) => line.includes('export const run')) + 1;
    expect(lines.filter((line) => line.includes(`/libs/compute/src/diagnostic/burn.ts:${row}:`))).toHaveLength(1);
  });
  test('a thread that dies is PARTY_LOST, and its peer ends too', async () => {
    const parties = { alice: { act: 'write', text: 'x', fail: 'exit' }, bob: { act: 'wait' } };
    await expect(runParties({ program, parties, run: aRun() })).rejects.toMatchObject({
      code: 'PARTY_LOST',
      retryable: true,
    });
  });
  test('an abort ends a CPU loop within 2 s and leaves no temporary file', async () => {
    const controller = new AbortController();
    const spinning = alone({ act: 'write', text: 'x', fail: 'spin' }, controller.signal);
    let began = 0;
    setTimeout(() => {
      began = performance.now();
      controller.abort(new Error('cancelled'));
    }, 400);
    await expect(spinning).rejects.toThrow('cancelled');
    expect(performance.now() - began).toBeLessThan(2000);
    expect(await temporaries()).toEqual([]);
  });
});
