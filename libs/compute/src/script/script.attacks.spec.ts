import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, readFile, readlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { describeUnless, findDebianPrograms, itUnless } from '#libs/testing';
import { clearResult, testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { AllowedScript, TaskRun, TaskRunResult } from '../contract/task-type.js';
import { OwnedRuns } from '../party/owned-runs-for-tests.js';
import { startGuarded } from '../party/start-guarded.js';
import { confine } from './confine.js';
import { isAlive, left, shell } from './script-for-tests.js';
import { runScript } from './script-run.js';

const programs = await findDebianPrograms('bubblewrap', ['bwrap']);
const bwrap = programs.path('bwrap').replace(/^bwrap$/, '/usr/bin/bwrap');
const tried =
  programs.skip ||
  (await startGuarded(['/usr/bin/true'], {
    ...{ account: undefined, cwd: '/', within: confine(bwrap, { reads: [], network: false }, undefined) },
  }).ended);
const unconfinable = typeof tried === 'string' ? tried : 'how' in tried && tried.how !== 'code 0' && tried.how;
const skip = unconfinable && `commands cannot be confined here: ${unconfinable}`;
afterAll(() => programs.remove());

const mine = { parties: ['alice'], statement: { proposer: 'alice' } };

describe("a command on a party's tables", () => {
  let runs: OwnedRuns;
  let customers: string;
  let tasks = 0;
  const run = (
    command: AllowedScript,
    more: object = {},
    taskId = `t${(tasks += 1)}`,
    tables: Record<string, string> = { people: customers },
  ): Promise<TaskRunResult> =>
    runs.run(
      'script',
      taskId,
      { script: 'clean', input_data: { alice: tables } },
      { ...mine, scripts: { clean: command }, ...more },
    );
  /** Whether the number of rows is shown of a table that a command makes of so many customers, with more tables beside them. */
  async function isShown(taskId: string, count: number, more: Record<string, string> = {}): Promise<boolean> {
    const command = shell(`head -n ${count + 1} in/people.csv > out/table.csv`);
    const tables = { people: customers, ...more };
    const made = await run(command, {}, taskId, tables);
    const { alice } = (made.result as { output_paths: { alice: string } }).output_paths;
    const { result } = await runs.run('table_statistics', `of-${taskId}`, { input_data: { alice } }, mine);
    return (result as { rows: { alice: number | null } }).rows.alice !== null;
  }
  const kept = (): Promise<string> => readFile(join(runs.folder.path, 'data/alice/.party/failures.jsonl'), 'utf8');

  beforeAll(async () => {
    runs = await OwnedRuns.claim('alice');
    const rows = Array.from({ length: 60 }, (_, id) => [id, 31_337 + id]);
    customers = await runs.table('alice', 'customers', [['id', 'salary'], ...rows]);
  });
  afterAll(() => runs.folder.remove());

  test.each<[string, AllowedScript, RegExp]>([
    ['an exit code', shell('cat in/people.csv >&2; exit 7'), /code 7.*31337/],
    ['no table', shell('exit 0'), /neither out\/table\.csv nor/],
    ['an invalid table', shell('printf "a,a\\n1,2\\n" > out/table.csv'), /the column \\?"a\\?"|"a/],
    ['a link in place of a table', shell('ln -s /etc/passwd out/table.csv'), /cannot be opened \(ELOOP\)/],
    ['a link in place of its folder', shell('rm -r out; ln -s ../../../../../data/bob out'), /out is no folder/],
    ['a second name of a file', shell('ln in/people.csv out/table.csv'), /no file that the command made/],
    ['a pipe in place of a table', shell('mkfifo out/table.csv'), /no file that the command made/],
    ['no end', shell('sleep 60', { timeoutMs: 300 }), /no end within 300 ms/],
    ['too large a file', shell('head -c 200000 /dev/zero > out/table.csv; exit 0'), /more than 100000 bytes/],
    [
      'many files',
      shell('cat in/people.csv > out/table.csv; for i in 1 2 3; do head -c 40000 /dev/zero > out/$i; done; sleep 60'),
      /more than 100000 bytes/,
    ],
    ['ten thousand files', shell('cd out && seq 10001 | xargs touch'), /more than 10000 files/],
    [
      'memory that two processes take',
      shell('head -c 900M /dev/zero | tail -c 900M | tail -c 900M', { outputBytes: 1e9 }),
      /bytes of memory/,
    ],
  ])('ends with %s, which its owner alone learns', async (_what, command, reason) => {
    const taskId = `t${(tasks += 1)}`;
    const failure = run(command, {}, taskId);
    await expect(failure).rejects.toMatchObject({
      ...{ code: 'SCRIPT_FAILED', retryable: false, details: { party: 'alice', script: 'clean' } },
      message: expect.not.stringMatching(/31337|exit|code|column|large|\d/),
    });
    const line = (await kept()).split('\n').find((each) => each.includes(`/${taskId}"`));
    expect(line).toMatch(reason);
    expect(await left(runs.folder)).toEqual([]);
    expect(await runs.folder.temporaries()).toEqual([]);
  });

  test("waits for the owner of another party's table, whatever a policy allows, and says the rest to its readers alone", async () => {
    const command = shell('cat in/people.csv > out/table.csv; head -n 2 in/people.csv >&2');
    const byBob = { statement: { proposer: 'bob' } };
    await expect(run(command, byBob, 'asked')).rejects.toMatchObject({ code: 'APPROVAL_REQUIRED' });
    const outcome = await run(command, { ...byBob, approved: true }, 'asked');
    expect(JSON.stringify([outcome, runs.log])).not.toContain('31337');
    expect(outcome.result).toEqual({ output_paths: { alice: 'artifact:chain-1/asked/alice/table.csv' } });
    expect(await runs.own('asked', outcome, 'alice')).toEqual({
      ...{ rows: 60, exit_code: 0, stderr: 'id,salary\n0,31337\n' },
    });
  });

  test('gets no figures of few rows, nor of sets that differ by a customer', async () => {
    expect(await isShown('nineteen', 19)).toBe(false);
    expect(await isShown('forty', 40)).toBe(true);
    expect(await isShown('forty-one', 41)).toBe(false);
    // Nor of what it read in few rows, beside a table of many.
    const beside = (task: string) => ({ also: `artifact:chain-1/${task}/alice/table.csv` });
    expect(await isShown('beside-nineteen', 20, beside('nineteen'))).toBe(false);
    expect(await isShown('beside-forty', 20, beside('forty'))).toBe(true);
  });
});

describeUnless(skip, 'a confined command', () => {
  let folder: TestFolder;
  beforeAll(async () => {
    folder = await testFolder();
    await folder.table('alice', 'people.csv', 'id,name\n1,Ann\n');
    await folder.table('alice', '.party/hash.key', 'key of alice');
    await folder.table('bob', 'people.csv', 'id,name\n1,Bob\n');
  });
  afterAll(() => folder.remove());
  const ask = async (text: string, more: Partial<AllowedScript> = {}, run: Partial<TaskRun> = {}): Promise<string> => {
    const scripts = { clean: shell(`cat in/people.csv > out/table.csv; ${text}`, { unconfined: false, ...more }) };
    const config = { script: 'clean', input_data: { alice: { people: 'people.csv' } } };
    const outcome = await runScript(folder.run(config, { scripts, ...run }), bwrap);
    expect(await left(folder)).toEqual([]);
    return clearResult<{ stderr: string }>(outcome, 'alice').stderr;
  };

  test('sees its tables, and no folder of a party, no artifact, no setting, no other file', async () => {
    const data = join(folder.path, 'data');
    const seen = await ask(
      `ls -d ${data} ${folder.path}/artifacts /etc/hostname /etc/resolv.conf /root /home ${process.cwd()} >&2 2>/dev/null; ls / /task >&2`,
    );
    expect(seen.split(/\s+/).filter(Boolean)).toEqual(
      expect.arrayContaining(['/:', 'task', '/task:', 'in', 'out', 'tmp', 'usr']),
    );
    expect(seen).not.toMatch(/data|artifacts|hostname|resolv|root|home/);
    expect(await ask('cat /proc/*/environ | tr "\\0" "\\n" | grep -v ^PWD= >&2; true')).toBe('');
  });

  test('reads what the operator names, and writes nowhere but to its folders', async () => {
    await writeFile(join(folder.path, 'words.txt'), 'words');
    expect(await ask(`cat ${folder.path}/words.txt >&2`, { reads: [folder.path + '/words.txt'] })).toBe('words');
    const outside = '/x /task/x /task/in/x /usr/x /dev/x /etc/x /proc/x';
    expect(await ask(`for each in ${outside}; do (echo > $each) 2>/dev/null && echo $each >&2; done; true`)).toBe('');
    expect(await ask('(echo > /tmp/x && echo > /dev/shm/y) 2>/dev/null && ls /tmp >&2')).toBe('x\ny\n');
    expect(await ask('(rmdir in; mv out x; ln -sfn / out) 2>/dev/null; ls -F >&2')).toBe('in/\nout/\n');
  });

  test('has no right of root and no way to one, and sees no process but its own', async () => {
    const status = await ask('cat /proc/self/status >&2');
    expect(status).toMatch(/^CapEff:\t0+$/m);
    expect(status).toMatch(/^CapPrm:\t0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(
      await ask(
        'for each in sys/kernel/core_pattern sysrq-trigger; do test -w /proc/$each && echo $each >&2; done; true',
      ),
    ).toBe('');
    expect(Number((await ask('ls -d /proc/[0-9]* | wc -l >&2')).trim())).toBeLessThan(8);
  });

  test('shares no namespace with the worker', async () => {
    const kinds = ['ipc', 'mnt', 'net', 'pid', 'uts'];
    const own = await Promise.all(kinds.map((kind) => readlink(`/proc/self/ns/${kind}`)));
    const seen = await ask(`for each in ${kinds.join(' ')}; do readlink /proc/self/ns/$each >&2; done`);
    const names = seen.trim().split('\n');
    expect(names.map((name) => name.split(':')[0])).toEqual(kinds);
    expect(names.filter((name) => own.includes(name))).toEqual([]);
  });

  test('ends when its worker is killed', async () => {
    const pid = await startedByKilled(confine(bwrap, { reads: [], network: false }, undefined));
    for (const until = performance.now() + 2_000; performance.now() < until && isAlive(pid);) await delay(20);
    expect(isAlive(pid)).toBe(false);
  });

  test('has no network, unless the operator gives it one', async () => {
    const server = createServer((socket) => socket.end('called'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const call = `const s = require('node:net').connect(${port}, '127.0.0.1'); s.on('data', (d) => process.stderr.write(d)); s.on('error', (e) => process.stderr.write(e.code))`;
    const node = process.execPath;
    const reads = [node];
    try {
      expect(await ask(`${node} -e "${call}"`, { reads })).toMatch(/^E/);
      expect(await ask(`${node} -e "${call}"`, { reads, network: true })).toBe('called');
    } finally {
      server.close();
    }
  });

  itUnless(
    process.getuid?.() !== 0 && 'only root can start processes of another user',
    'runs as the owner of the folder of its party',
    async () => {
      const owned = await testFolder();
      try {
        await owned.table('alice', 'people.csv', 'id,name\n1,Ann\n');
        await chmod(owned.path, 0o755);
        for (const path of ['data/alice', 'data/alice/people.csv']) await chown(join(owned.path, path), 12_001, 12_001);
        const scripts = {
          clean: shell('cat in/people.csv > out/table.csv; cat /proc/self/status >&2', { unconfined: false }),
        };
        const config = { script: 'clean', input_data: { alice: { people: 'people.csv' } } };
        const outcome = await runScript(owned.run(config, { scripts }), bwrap);
        const { stderr } = clearResult<{ stderr: string }>(outcome, 'alice');
        expect(stderr).toMatch(/^Uid:\t12001\t12001\t12001\t12001$/m);
        expect(stderr).toMatch(/^CapPrm:\t0+$/m);
      } finally {
        await owned.remove();
      }
    },
  );

  test('leaves no process, also of those that left its group', async () => {
    // Not for long: where the test fails, they are left.
    const marked = 30 + Math.random();
    await ask(`setsid sleep ${marked} & setsid sh -c 'setsid sleep ${marked} & sleep ${marked}' & sleep 0.2`);
    expect(await sleeping(marked)).toEqual([]);
    const stop = new AbortController();
    const progress = (_: number, stage: string): void => {
      if (stage === 'running the command') stop.abort(new Error('cancelled'));
    };
    const cancelled = ask(`setsid sleep ${marked} & wait`, {}, { signal: stop.signal, progress });
    await expect(cancelled).rejects.toThrow('cancelled');
    expect(await sleeping(marked)).toEqual([]);
  });
});

/** What a process that is killed then had started, within a command that confines it: of that one. */
async function startedByKilled(within: readonly string[]): Promise<number> {
  const from = new URL('../party/start-guarded.js', import.meta.url);
  const guarding = JSON.stringify({ cwd: '/', within });
  const text = `import { startGuarded } from '${from}'; const { child } = startGuarded(['/bin/sleep', '30'], ${guarding}); setTimeout(() => console.log(child.pid), 200);`;
  const worker = spawn(process.execPath, ['--input-type=module', '-e', text], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [pid] = (await once(worker.stdout, 'data')) as [Buffer];
  worker.kill('SIGKILL');
  return Number(String(pid));
}

/** Processes that sleep for so long, once those that are being ended are gone. */
async function sleeping(seconds: number): Promise<number[]> {
  const { readdir } = await import('node:fs/promises');
  const find = async (): Promise<number[]> => {
    const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
    const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')));
    return pids.filter((pid, at) => lines[at]!.includes(`sleep\0${seconds}`) && isAlive(pid));
  };
  let found = await find();
  for (const until = performance.now() + 2_000; performance.now() < until && found.length > 0;) found = await find();
  return found;
}
