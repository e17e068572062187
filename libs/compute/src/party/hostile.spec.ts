import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { describeUnless, itUnless } from '#libs/testing';
import type { JsonObject, TaskFailure, TaskRun } from '../contract/task-type.js';
import type * as Hostile from './hostile-for-tests.js';
import { WINDOW_BYTES } from './party-link.js';
import type { PartyUrl } from './party-program.js';
import { runParties } from './run-parties.js';

const program: PartyUrl<typeof Hostile> = new URL('./hostile-for-tests.js', import.meta.url);
const noRoot = process.getuid?.() !== 0 && 'only root can start processes of another user';
const noLinux = process.platform !== 'linux' && 'needs the /proc of Linux';
let folder: string;

async function filled(root: string): Promise<void> {
  for (const party of ['alice', 'bob']) {
    await mkdir(join(root, 'data', party), { recursive: true });
    await mkdir(join(root, 'artifacts/c1/t0', party), { recursive: true });
    await writeFile(join(root, 'data', party, 'own.txt'), `table of ${party}`);
    await writeFile(join(root, 'artifacts/c1/t0', party, 'own.txt'), `artifact of ${party}`);
  }
}
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hostile-'));
  await filled(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const aRun = (root = folder, taskId = 't1'): TaskRun => ({
  chainId: 'c1',
  taskId,
  attempt: 1,
  requestId: 'r1',
  params: { task_config: {} },
  inputs: {},
  dataRoot: join(root, 'data'),
  artifactRoot: join(root, 'artifacts'),
  signal: AbortSignal.timeout(40_000),
  progress: () => undefined,
  log: () => undefined,
});

async function both(args: JsonObject, root = folder): Promise<unknown[]> {
  const { parties } = await runParties({ program, parties: { alice: args, bob: args }, run: aRun(root) });
  return [parties.alice?.value, parties.bob?.value];
}
const alone = (args: JsonObject, taskId?: string): Promise<unknown> =>
  runParties({ program, parties: { alice: args }, run: aRun(folder, taskId) });
const refused = (what: RegExp): object => ({ code: 'PROTOCOL_VIOLATION', message: expect.stringMatching(what) });

describe("a program in a party's process", () => {
  test("reads its own files, and no peer's, by no path", async () => {
    const at = (party: string): string[] => [
      join(folder, 'data', party, 'own.txt'),
      join(folder, 'artifacts/c1/t0', party, 'own.txt'),
    ];
    const args = { act: 'read', own: 'artifact:c1/t0/alice/own.txt', paths: [...at('alice'), ...at('bob')] };
    const { parties } = await runParties({ program, parties: { alice: args }, run: aRun() });
    const own = ['table of alice', 'artifact of alice'];
    expect(parties.alice?.value).toEqual(own.flatMap((text) => [text, text]));
  });

  test('makes no links', async () => {
    const folders = [join(folder, 'data/alice'), join(folder, 'artifacts/c1/t1/alice')];
    const found = await both({ act: 'link', folders, paths: [join(folder, 'data/bob/own.txt'), '../bob/own.txt'] });
    expect(found).toEqual([[], []]);
  });

  test("reads neither its peer's root and open files nor its worker's environment in /proc", async () => {
    expect(await both({ act: 'proc', path: join(folder, 'data/bob/own.txt') })).toEqual([[], []]);
  });

  test('starts no process and no thread', async () => {
    expect(await both({ act: 'fork', count: 100 })).toEqual([0, 0]);
  });

  itUnless(noLinux, 'ends at its memory limit, and no other task notices', async () => {
    let others = 0;
    const neighbour = both({ act: 'memory', mebibytes: 64 }).then((values) => (others = values.length));
    await expect(alone({ act: 'memory', mebibytes: 2048 }, 't2')).rejects.toMatchObject({
      code: 'OUT_OF_MEMORY',
      retryable: false,
    });
    await neighbour;
    expect(others).toBe(2);
  });
});

describeUnless(noLinux || noRoot, 'a party whose folder has an owner', () => {
  let owned: string;
  beforeAll(async () => {
    owned = await mkdtemp(join(tmpdir(), 'owned-'));
    await filled(owned);
    await chmod(owned, 0o755);
    for (const [at, party] of ['alice', 'bob'].entries()) {
      for (const path of [join('data', party), join('artifacts/c1/t0', party)]) {
        chownSync(join(owned, path), 12_001 + at, 12_001 + at);
        chownSync(join(owned, path, 'own.txt'), 12_001 + at, 12_001 + at);
        await chmod(join(owned, path), 0o700);
      }
    }
    await symlink('../bob/own.txt', join(owned, 'data/alice/bob'));
    await symlink('../../artifacts/c1/t0/bob/own.txt', join(owned, 'data/alice/artifact'));
    await symlink(`/proc/${process.pid}/environ`, join(owned, 'data/alice/environ'));
  });
  afterAll(() => rm(owned, { recursive: true, force: true }));

  test('follows no link out of it', async () => {
    const paths = ['own.txt', 'bob', 'artifact', 'environ'].map((name) => join(owned, 'data/alice', name));
    const { parties } = await runParties({ program, parties: { alice: { act: 'read', paths } }, run: aRun(owned) });
    expect(parties.alice?.value).toEqual(['table of alice', 'table of alice']);
  });

  test('has processes of its owner, which are bounded and gain no rights', async () => {
    const abort = new AbortController();
    const status: string[] = [];
    const run = {
      ...aRun(owned),
      signal: abort.signal,
      progress: (_: number, stage: string) => {
        if (stage !== 'spinning' || status.length > 0) return;
        const [pid] = childrenOf(process.pid).filter((child) => statOf(child)![2] === String(child));
        status.push(readFileSync(`/proc/${pid}/status`, 'utf8'), readFileSync(`/proc/${pid}/limits`, 'utf8'));
        abort.abort(new Error('seen'));
      },
    };
    await expect(runParties({ program, parties: { bob: { act: 'spin' } }, run })).rejects.toThrow('seen');
    expect(status[0]).toMatch(/^Uid:\t12002\t12002\t12002\t12002$/m);
    expect(status[0]).toMatch(/^Groups:\t *$/m);
    expect(status[0]).toMatch(/^NoNewPrivs:\t1$/m);
    expect(status[1]).toMatch(/^Max processes +1024 +1024/m);
  });
});

describe('what a process says', () => {
  test('removes and replaces no file of another', async () => {
    const table = join(folder, 'data/bob/own.txt');
    const written = { temporary: table, final: join(folder, 'data/alice/got.txt'), table: { target: 'got.txt' } };
    const named: JsonObject[] = [
      { kind: 'temporary', path: table },
      { kind: 'written', file: written },
    ];
    await expect(alone({ act: 'name', heads: named })).rejects.toMatchObject(refused(/is no output of its run/));
    const artifact = { name: 'alice/own.txt', mediaType: 'text/plain', sizeBytes: 3, sha256: 'a'.repeat(64) };
    const stolen = { temporary: table, final: join(folder, 'artifacts/c1/t1/alice/own.txt'), artifact };
    await expect(alone({ act: 'name', heads: [{ kind: 'written', file: stolen }] })).rejects.toMatchObject(
      refused(/is no output of its run/),
    );
    expect(await readFile(table, 'utf8')).toBe('table of bob');
  });

  for (const [head, what] of [
    [{ kind: 'deliver', from: 'bob', body: 'text' }, 'is no message'],
    [{ kind: 'done', value: 1, own: null }, 'is no message'],
    [{ kind: 'progress', fraction: 'all', stage: '' }, 'is no message'],
    [{ kind: 'failed', failure: { code: 'x', message: '', retryable: true, details: {} } }, 'is no message'],
    [{ kind: 'toString' }, 'is no message'],
  ] as const) {
    test(`is checked: ${JSON.stringify(head)}`, async () => {
      await expect(alone({ act: 'say', heads: [head] })).rejects.toMatchObject(refused(new RegExp(what)));
    });
  }

  test('asks its own owner, whomever it names', async () => {
    const details = { party: 'bob', approvals: 'server' };
    const failure = { code: 'APPROVAL_REQUIRED', message: 'approve this', retryable: false, details };
    const run = alone({ act: 'say', heads: [{ kind: 'failed', failure }] });
    await expect(run).rejects.toMatchObject({
      code: 'APPROVAL_REQUIRED',
      details: { party: 'alice', approvals: 'server' },
    });
  });

  test('is read in frames alone', async () => {
    await expect(alone({ act: 'say', bytes: 'ÿÿÿÿÿÿÿÿ' })).rejects.toMatchObject(refused(/a frame has a wrong length/));
  });

  for (const [said, what] of [
    [{ bytes: 'ÿÿÿÿÿÿÿÿ' }, 'a frame has a wrong length'],
    // 2^29 + 1, which the worker would still take.
    [{ bytes: ' \0\0\x01' }, 'a frame has a wrong length'],
    [{ heads: [{ kind: 'ended' }] }, 'a message without a body'],
  ] as const) {
    test(`to its peer is read in frames with a body alone: ${JSON.stringify(said)}`, async () => {
      const parties = { alice: { act: 'say', toPeer: true, ...said }, bob: { act: 'hear' } };
      await expect(runParties({ program, parties: parties as never, run: aRun() })).rejects.toMatchObject({
        ...refused(new RegExp(`party alice sent bob what cannot be read: ${what}`)),
        details: { party: 'alice' },
      });
    });
  }

  test("fills its peer's memory no further than the window, and not the worker's at all", async () => {
    const parties = { alice: { act: 'flood' }, bob: { act: 'stay' } };
    const failure = (await runParties({ program, parties, run: aRun() }).catch(
      (error: unknown) => error,
    )) as TaskFailure;
    expect(failure).toMatchObject({ code: 'FLOODED' });
    // And what the kernel and a read hold.
    expect(failure.details.bytes).toBeGreaterThanOrEqual(WINDOW_BYTES);
    expect(failure.details.bytes).toBeLessThan(1.25 * WINDOW_BYTES);
  });
});

itUnless(noLinux, 'a worker that is killed leaves no process, whatever its parties do', async () => {
  const call = `
    const { runParties } = await import(${JSON.stringify(new URL('./run-parties.js', import.meta.url).href)});
    const program = new URL(${JSON.stringify(program.href)});
    const progress = (fraction, stage) => stage === 'spinning' && console.log(stage);
    const run = { ...${JSON.stringify(aRun())}, signal: new AbortController().signal, progress, log: () => undefined };
    await runParties({ program, parties: { alice: { act: 'spin' }, bob: { act: 'stay' } }, run });`;
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const worker = spawn(process.execPath, ['--input-type=module', '-e', call], { stdio: [...stdio] });
  await once(createInterface({ input: worker.stdout! }), 'line');
  const parties = childrenOf(worker.pid!);
  expect(parties).toHaveLength(2);
  worker.kill('SIGKILL');
  for (const until = performance.now() + 2_000; performance.now() < until && parties.some(isAlive);) await delay(20);
  expect(parties.filter(isAlive)).toEqual([]);
});

/** Fields of /proc/<pid>/stat from the state on; undefined where there is no such process. */
function statOf(pid: string | number): string[] | undefined {
  const file = `/proc/${pid}/stat`;
  return existsSync(file) ? readFileSync(file, 'latin1').split(') ').at(-1)!.split(' ') : undefined;
}
const childrenOf = (parent: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && statOf(name)?.[1] === String(parent))
    .map(Number);
const isAlive = (pid: number): boolean => !['Z', undefined].includes(statOf(pid)?.[0]);
