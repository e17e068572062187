import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { itUnless } from '#libs/testing';
import { checkTaskParams } from '../catalogue/check-params.js';
import { clearResult, testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { AllowedScript, JsonObject, TaskRun, TaskRunResult } from '../contract/task-type.js';
import { readScripts, scriptFaults } from './allowed-scripts.js';
import { runCommand } from './run-command.js';
import { isAlive, left, shell } from './script-for-tests.js';
import { runScript } from './script-run.js';

const COPY = 'cat in/people.csv > out/table.csv';
const PEOPLE = [
  ['id', 'name'],
  ['1', 'Ann'],
  ['2', 'Bo'],
];
let folder: TestFolder;

beforeAll(async () => {
  folder = await testFolder();
  await folder.table('alice', 'people.csv', 'id,name\n1,Ann\n2,Bo\n');
});
afterAll(() => folder.remove());

const ask = (
  command: AllowedScript | undefined,
  more: Partial<TaskRun> = {},
  config: JsonObject = {},
): Promise<TaskRunResult> =>
  runScript(
    folder.run(
      { script: 'clean', input_data: { alice: { people: 'people.csv' } }, ...config },
      { ...(command && { scripts: { clean: command } }), ...more },
    ),
  );

describe('script', () => {
  test('runs an allowed command on copies of the tables, and takes its table', async () => {
    const outcome = await ask(shell(`${COPY}; echo 'warned' >&2; cat /proc/self/environ >&2`));
    expect(outcome.result).toEqual({ output_paths: { alice: 'artifact:chain-1/task-1/alice/table.csv' } });
    expect(await folder.rows('alice', 'artifact:chain-1/task-1/alice/table.csv')).toEqual(PEOPLE);
    // Beside a folder that the shell sets itself, nothing is in its environment.
    expect(clearResult(outcome, 'alice')).toEqual({
      ...{ rows: 2, exit_code: 0, stderr: expect.stringMatching(/^warned\n(PWD=[^\uFFFD]*\uFFFD)?$/) },
    });
    expect(await left(folder)).toEqual([]);
  });

  test('gives arguments of a task as they are, as many as the operator allows', async () => {
    const command = ['/bin/sh', '-c', 'printf "id,name\\n1,%s\\n" "$@" > out/table.csv', 'sh'];
    const text = '$(id) > x; *';
    const outcome = await ask(shell('', { command, maxArguments: 1 }), {}, { arguments: [text] });
    expect(await folder.rows('alice', 'artifact:chain-1/task-1/alice/table.csv')).toEqual([PEOPLE[0], ['1', text]]);
    expect(clearResult(outcome, 'alice')).toMatchObject({ rows: 1 });
    await expect(ask(shell(COPY), {}, { arguments: [text] })).rejects.toMatchObject({
      code: 'SCRIPT_NOT_ALLOWED',
      message: expect.stringContaining('SCRIPT_TASKS allows 0 with "clean"'),
    });
  });

  test('runs nothing that the operator does not allow by name', async () => {
    const refused = { code: 'SCRIPT_NOT_ALLOWED', retryable: false };
    await expect(ask(undefined)).rejects.toMatchObject(refused);
    for (const script of ['other', 'toString', '__proto__'])
      await expect(ask(shell(COPY), {}, { script })).rejects.toMatchObject(refused);
    expect(await left(folder)).toEqual([]);
  });

  test('runs nothing as it is where it cannot be confined, unless the operator says so', async () => {
    const run = folder.run(
      { script: 'clean', input_data: { alice: { people: 'people.csv' } } },
      { scripts: { clean: shell(COPY, { unconfined: false }) } },
    );
    await expect(runScript(run, '/usr/bin/false')).rejects.toMatchObject({
      code: 'SCRIPT_NOT_ALLOWED',
      message: expect.stringMatching(/cannot confine it by \/usr\/bin\/false.*unconfined/),
    });
    expect(await left(folder)).toEqual([]);
  });

  test('ends with all that it started when it is cancelled', async () => {
    const stop = new AbortController();
    const pid = join(folder.path, 'pid');
    const command = shell(`sleep 60 & echo $! > ${pid}; wait`);
    const progress = (_: number, stage: string): void => {
      if (stage === 'running the command') stop.abort(new Error('cancelled'));
    };
    await expect(ask(command, { signal: stop.signal, progress })).rejects.toThrow('cancelled');
    expect(isAlive(Number(await readFile(pid, 'utf8')))).toBe(false);
    expect(await left(folder)).toEqual([]);
  });

  test('removes what an earlier attempt left whose worker was killed, and nothing of its own attempt', async () => {
    const artifacts = join(folder.path, 'artifacts/chain-1/task-1/alice');
    // One that was sent again may still run elsewhere.
    const own = join(artifacts, '.script-2-abc');
    await mkdir(own, { recursive: true });
    const old = join(artifacts, '.script-1-abc');
    await mkdir(join(old, 'in'), { recursive: true });
    await writeFile(join(old, 'in/people.csv'), 'id\n1\n');
    await ask(shell(COPY), { attempt: 2 });
    expect((await left(folder)).map((path) => basename(path))).toEqual([basename(own)]);
    await rm(own, { recursive: true });
  });

  itUnless(
    !existsSync('/usr/bin/prlimit') && 'prlimit is not installed',
    'has limits of the kernel, and folders that nobody else reads',
    async () => {
      const outcome = await ask(
        shell(`${COPY}; stat -c %a in out tmp in/people.csv >&2; cat /proc/self/limits >&2`, { outputBytes: 70_000 }),
      );
      const { stderr } = clearResult<{ stderr: string }>(outcome, 'alice');
      expect(stderr).toMatch(/^700\n700\n700\n600\n/);
      expect(stderr).toMatch(/^Max file size +70001 +70001 /m);
      expect(stderr).toMatch(/^Max data size +1610612736 +1610612736 /m);
      expect(stderr).toMatch(/^Max core file size +0 +0 /m);
    },
  );

  test('leaves nothing that it started when it ends, and keeps the end of its stderr', async () => {
    const pid = join(folder.path, 'pid');
    const outcome = await ask(
      shell(`${COPY}; sleep 60 & echo $! > ${pid}; head -c 10000 /dev/zero | tr '\\0' x >&2; echo end >&2`),
    );
    expect(isAlive(Number(await readFile(pid, 'utf8')))).toBe(false);
    expect(clearResult<{ stderr: string }>(outcome, 'alice').stderr).toBe(`${'x'.repeat(4092)}end\n`);
  });

  test('starts nothing for a run that is cancelled already', async () => {
    const started = join(folder.path, 'started');
    const run = { signal: AbortSignal.abort(new Error('cancelled')), progress: () => undefined };
    const command = { allowed: shell(`touch ${started}`), args: [], account: undefined, within: [] };
    await expect(runCommand(run, { ...command, folder: folder.path })).rejects.toThrow('cancelled');
    expect(existsSync(started)).toBe(false);
  });
});

describe("the operator's commands", () => {
  test('are named by absolute paths, with limits', () => {
    expect(readScripts(undefined)).toEqual({});
    expect(readScripts('{"a": {"command": ["/bin/true", "x"]}}')).toEqual({
      a: {
        ...{ command: ['/bin/true', 'x'], maxArguments: 0, reads: [], network: false, unconfined: false },
        ...{ timeoutMs: 600_000, outputBytes: 1_073_741_824 },
      },
    });
    const limits = {
      timeout_seconds: 5,
      output_bytes: 9,
      unconfined: true,
      network: true,
      arguments: 2,
      reads: ['/x'],
    };
    expect(readScripts(JSON.stringify({ a: { command: ['/bin/true'], ...limits } })).a).toMatchObject({
      ...{ timeoutMs: 5_000, outputBytes: 9, unconfined: true, network: true, maxArguments: 2, reads: ['/x'] },
    });
  });

  test.each([
    ['{"a": {"command": ["true"]}}', /\/a\/command\/0 must match/],
    ['{"a": {"command": []}}', /\/a\/command must not be empty/],
    ['{"a": {"command": "/bin/true"}}', /\/a\/command must be a list/],
    ['{"a": {"command": ["/bin/true"], "shell": true}}', /\/a\/shell is not a known field: there are command, /],
    ['{"a b": {"command": ["/bin/true"]}}', /\/a b is no name: letters/],
    ['{', /JSON/],
    ['/nowhere/scripts.json', /ENOENT/],
  ])('are refused as %s', (text, message) => {
    expect(() => readScripts(text)).toThrow(message);
    expect(() => readScripts(text)).toThrow('SCRIPT_TASKS cannot be used');
  });

  test('are named to who names another, before a chain is created', () => {
    const scripts = { tidy: shell(''), clean: shell('') };
    const said = (config: unknown, allowed = scripts): unknown[] =>
      scriptFaults({ task_config: config }, allowed).map(({ pointer, message }) => [pointer, message]);
    expect(said({ script: 'clean' })).toEqual([]);
    expect(said({ script: 'other' })).toEqual([
      ['/task_config/script', 'must be a command that SCRIPT_TASKS allows: clean, tidy'],
    ]);
    expect(said({ script: 'clean' }, {} as typeof scripts)).toEqual([
      [
        '/task_config/script',
        expect.stringContaining('none is allowed: the operator names those that may run in SCRIPT_TASKS'),
      ],
    ]);
    expect(said({ script: 'clean', arguments: ['a'] })).toEqual([
      ['/task_config/arguments', 'has 1 items, and SCRIPT_TASKS allows 0 with "clean"'],
    ]);
    for (const junk of [undefined, null, 7, [], { script: 7 }]) expect(said(junk)).toEqual([]);
  });
});

test('its parameters name a command, one party, and tables', () => {
  const faults = (config: JsonObject) =>
    checkTaskParams('script', {
      sf_init_config: { parties: ['alice'], address: 'local' },
      task_config: { script: 'clean', input_data: { alice: { t: 'a.csv' } }, ...config },
    }).map(({ pointer }) => pointer);
  expect(faults({ arguments: ['2026-11', ''] })).toEqual([]);
  expect(faults({ script: 'rm -rf /' })).toEqual(['/task_config/script']);
  expect(faults({ command: ['/bin/sh'] })).toEqual(['/task_config/command']);
  expect(faults({ input_data: { alice: { '../t': 'a.csv' } } })).toEqual(['/task_config/input_data/alice/..~1t']);
  expect(faults({ script: '${tasks.a.result.b}' })).toEqual(['/task_config/script']);
  expect(faults({ arguments: '${tasks.a.result.b}' })).toEqual(['/task_config/arguments']);
  expect(faults({ arguments: ['x', '-rf', '${tasks.a.result.b}', 'a\0b'] })).toEqual([
    '/task_config/arguments/1',
    '/task_config/arguments/2',
    '/task_config/arguments/3',
  ]);
});
