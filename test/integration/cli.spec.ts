import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { guarded } from '#libs/local-postgres';
import { runHere, type Ran as RanHere } from '../../apps/cli/src/shell-for-tests.js';
import { chain, describeSystem, eventually, line, SIGNED, task, type ApiClient } from './system/index.js';

const PROGRAM = fileURLToPath(new URL('../../../apps/cli/bin/task-chain.mjs', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'task-chain-cli-'));
const EXAMPLES = fileURLToPath(new URL('../../../examples/import', import.meta.url));
const NOBODY = 'chain-00000000-0000-4000-8000-000000000000';
afterAll(() => rmSync(work, { recursive: true }));

interface Ran {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The program as a separate process. */
class Cli {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
  stdout = '';
  private stderr = '';

  constructor(
    api: ApiClient,
    args: readonly string[],
    { stdin = '', env = {} }: { stdin?: string; env?: object } = {},
  ) {
    const options = { cwd: work, env: { ...environment(api), ...env } };
    this.child = guarded(() => spawn(process.execPath, [PROGRAM, ...args], options), 'KILL');
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.child.stdin!.end(stdin);
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (exit) => resolve({ exit, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  /** Waits until it has written this. */
  says(words: string): Promise<true> {
    return eventually(`the program says ${words}`, () => this.stdout.includes(words) || undefined);
  }
}

const environment = (api: ApiClient) => ({
  PATH: process.env.PATH,
  HOME: work,
  XDG_CONFIG_HOME: work,
  TASK_CHAIN_URL: api.url,
  TASK_CHAIN_TOKEN: SIGNED.authorization.slice('Bearer '.length),
});
/** The program in this process: starting one takes most of a second. */
const cli = (
  api: ApiClient,
  args: readonly string[],
  { stdin, env = {} }: { stdin?: string; env?: Readonly<Record<string, string | undefined>> } = {},
): Promise<RanHere> => runHere(args, { stdin, env: { ...environment(api), ...env } });
/** What it answers as JSON; rejects with what it complains of. */
async function answer<T>(api: ApiClient, ...args: string[]): Promise<T> {
  const { exit, stdout, stderr } = await cli(api, [...args, '-o', 'json']);
  if (exit !== 0) throw new Error(`task-chain ${args.join(' ')} ended with ${exit}: ${stderr}`);
  return JSON.parse(stdout) as T;
}
const json = (...args: Parameters<typeof chain>) => JSON.stringify(chain(...args));

describeSystem('the command line', 'postgres', {}, (check) => {
  check('creates a chain from YAML, starts it, and watches it to its end', async ({ api }) => {
    const file = join(work, 'chain.yaml');
    writeFileSync(
      file,
      `chain_name: 两步
tasks:
  - { task_id: a, task_type: diagnostic, depends_on: [], task_params: { task_config: { result: { rows: 7 } } } }
  - task_id: b
    task_type: diagnostic
    task_params: { task_config: { result: '\${tasks.a.result.result.rows}' } }
`,
    );
    expect(await new Cli(api, ['validate', file]).ended).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('a -> b'),
    });
    const created = await cli(api, ['create', file, '-q', '--idempotency-key', 'cli-1']);
    expect(created).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^chain-[0-9a-f-]{36}\n$/) });
    expect(await cli(api, ['create', file, '-q', '--idempotency-key', 'cli-1'])).toEqual(created);
    const id = created.stdout.trim();
    expect((await cli(api, ['execute', id])).stdout).toMatch(/is RUNNING\nTASK +FROM +TO\na +PENDING +/);
    expect(await cli(api, ['watch', id])).toMatchObject({ exit: 0, stdout: expect.stringContaining('2 of 2 tasks') });
    const shown = await cli(api, ['show', id]);
    expect(shown.stdout).toMatch(/name +两步\n/);
    expect(shown.stdout).toMatch(/\n2 +b +diagnostic +SUCCESS +1 /);
    expect((await cli(api, ['show', id, 'b'])).stdout).toMatch(/"result":7[^]*\nATTEMPT[^]*\n1 +SUCCESS /);
    const listed = await answer<{ chain_id: string }[]>(api, 'ls', '--query', '两步', '-n', '5');
    expect(listed.map(({ chain_id }) => chain_id)).toEqual([id]);
    expect((await cli(api, ['show', id, '-o', 'yaml'])).stdout).toContain('\nchain_name: 两步\n');
  });

  check('runs a chain of standard input and tells each change as a line, without colours', async ({ api }) => {
    const { exit, stdout, stderr } = await cli(api, ['run', '--watch', '-'], {
      stdin: json(line(3, { delay_ms: 300 })),
    });
    expect([exit, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /created chain-[^]*SUCCESS +task-0 [^]*RUNNING +task-1 [^]*SUCCESS +task-2 [^]*SUCCESS: 3 of 3 /,
    );
    expect(stdout).not.toContain('\u001b');
    const document = await cli(api, ['run', '--watch', '-', '-o', 'json'], { stdin: json([task('a')]) });
    expect(JSON.parse(document.stdout)).toMatchObject({ status: 'SUCCESS', tasks: [{ task_id: 'a' }] });
  });

  check('draws on a terminal, with colours unless NO_COLOR is set', async ({ api }) => {
    const stdin = json([task('a', { delay_ms: 800, progress_steps: 4 })], undefined);
    const file = join(work, 'drawn.json');
    writeFileSync(file, stdin);
    const onTerminal = async (env: object) => {
      // util-linux's script gives the program a terminal.
      const command = `stty cols 90 rows 20; ${process.execPath} ${PROGRAM} run --watch ${file}`;
      const options = { env: { ...environment(api), SHELL: '/bin/sh', LANG: 'C.UTF-8', TERM: 'xterm', ...env } };
      return (await promisify(execFile)('script', ['-qec', command, '/dev/null'], options)).stdout;
    };
    const coloured = await onTerminal({});
    expect(coloured).toContain('\u001b[36m▶ RUNNING');
    expect(coloured).toContain('\u001b[2A\u001b[0J');
    expect(coloured).toMatch(/level 1 +\S*▶ RUNNING +\S* +a +diagnostic +███/);
    const plain = await onTerminal({ NO_COLOR: '1' });
    expect(plain).toContain('▶ RUNNING');
    expect(plain).not.toMatch(/\u001b\[\d+m/);
  });

  check('ends as a chain that fails does, shows its log, and runs it again', async ({ api }) => {
    const failing = json([task('a', { fail_attempts: 1 }), task('b', {}, { depends_on: ['a'] })]);
    const ran = await cli(api, ['run', '--watch', '-', '-q'], { stdin: failing });
    expect([ran.exit, ran.stdout]).toEqual([4, expect.stringMatching(/FAILURE: 0 of 2 [^]*\n {2}a: TASK_ERROR: /)]);
    const id = ran.stdout.split('\n', 1)[0]!;
    const log = await eventually('the log has a line', async () => {
      const { stdout } = await cli(api, ['logs', id]);
      return stdout || undefined;
    });
    expect(log).toMatch(/^\S+Z error \[a\] .*TASK_ERROR/);
    expect(JSON.parse((await cli(api, ['logs', id, 'a', '-o', 'json', '-f'])).stdout.split('\n', 1)[0]!)).toMatchObject(
      {
        task_id: 'a',
        level: 'error',
      },
    );
    const would = await cli(api, ['retry', id, '--dry-run']);
    expect(would.stdout).toMatch(/dry run: [^]*\na +FAILURE +READY\n/);
    expect((await cli(api, ['retry', id, '--note', 'again'])).exit).toBe(0);
    expect((await cli(api, ['watch', id])).exit).toBe(0);
    const events = await api.expect<{ items: object[] }>(200, `/chains/${id}/events`);
    expect(JSON.stringify(events)).toContain('"again"');
  });

  check('makes chains of documents of other systems that the server takes', async ({ api }) => {
    for (const [name, document, path] of [
      ['hospital', 'hospital.secretpad.json', '/nodes/4/nodeDef/attrs/3'],
      ['regions', 'regions.argo.yaml', '/spec/workflowSpec/onExit'],
      ['two-hospitals', 'two-hospitals.airflow.json', '/dag/tasks/2/__var/depends_on_past'],
    ] as const) {
      const file = (of: string) => join(EXAMPLES, of);
      const args = ['import', file(document), '--with', file(`${name}.with.yaml`)];
      const { exit, stdout, stderr } = await cli(api, args);
      expect([name, exit, JSON.parse(stdout)]).toEqual([
        name,
        0,
        JSON.parse(readFileSync(file(`${name}.chain.json`), 'utf8')),
      ]);
      expect(stderr.split('\n').map((line) => line.split(': ')[0])).toContain(path);
      // Its work is named where nobody says which type does it, and the server refuses it.
      const bare = JSON.parse((await cli(api, ['import', file(document), '-o', 'json'])).stdout) as {
        chain: object;
        notes: { code: string }[];
      };
      const found = await api.expect<{ errors: { code: string }[] }>(200, '/chains/validate', {
        method: 'POST',
        body: bare.chain,
      });
      const unknown = found.errors.filter(({ code }) => code === 'UNKNOWN_TASK_TYPE').length;
      expect([name, bare.notes.some(({ code }) => code === 'NO_TYPE')]).toEqual([name, unknown > 0]);
      const body = JSON.parse(stdout) as object;
      expect([name, await api.expect(200, '/chains/validate', { method: 'POST', body })]).toEqual([
        name,
        expect.objectContaining({ valid: true, errors: [] }),
      ]);
      expect((await cli(api, [...args, '--strict'])).exit).toBe(3);
    }
    const scheduled = await cli(api, [
      'import',
      join(EXAMPLES, 'regions.argo.yaml'),
      '--schedule',
      '--with',
      join(EXAMPLES, 'regions.with.yaml'),
    ]);
    const preview = { method: 'POST', body: JSON.parse(scheduled.stdout) as object };
    expect(await api.expect(200, '/schedules/preview', preview)).toMatchObject({
      errors: [],
      next_due_times: { length: 10 },
    });
  });

  check('pauses, resumes, skips and cancels', async ({ api }) => {
    const id = await api.start(chain(line(4, { delay_ms: 60_000 })));
    expect((await cli(api, ['pause', id])).stdout).toContain(`${id} is PAUSED`);
    expect((await cli(api, ['skip', id, 'task-3', '--note', 'not needed'])).stdout).toMatch(/task-3 +PENDING +SKIPPED/);
    expect((await cli(api, ['resume', id])).stdout).toContain(`${id} is RUNNING`);
    expect((await cli(api, ['cancel', id])).stdout).toContain(`${id} is CANCELLED`);
    expect((await cli(api, ['watch', id])).exit).toBe(5);
    expect(await cli(api, ['cancel', id])).toMatchObject({ exit: 8, stderr: expect.stringContaining('hint: ') });
  });

  check('finds a chain by the beginning of its id or as the latest, and names it in hints', async ({ api }) => {
    const [first, last] = [await api.create(chain([task('a')])), await api.create(chain([task('a')]))];
    expect((await cli(api, ['get', '@latest', '-o', 'name'])).stdout).toBe(`${last}\n`);
    expect((await cli(api, ['describe', first.slice(0, -4), '-o', 'name'])).stdout).toBe(`${first}\n`);
    const many = await cli(api, ['cancel', 'chain-'.concat(first[6]!), '--dry-run']);
    expect([many.exit, many.stderr]).toEqual([2, expect.stringContaining(`${last}, ${first}`)]);
    expect((await cli(api, ['show', first, 'b'])).stderr).toContain(`task-chain show ${first}`);
    expect((await cli(api, ['ls', '-n', '2', '-q'])).stdout).toBe(`${last}\n${first}\n`);
  });

  check('steers many chains at once, gives a result and a priority', async ({ api }) => {
    const failing = { ...chain([task('a', { fail_attempts: 1 })]), chain_name: 'many at once' };
    const ids = [await api.start(failing), await api.start(failing)];
    for (const id of ids) await api.ended(id);
    const chosen = ['--query', 'many at once', '--status', 'FAILURE'];
    expect((await cli(api, ['retry', ...chosen, '--dry-run'])).stdout).toContain('dry run: 2 chains would change');
    const { results } = await answer<{ results: { chain_id: string }[] }>(api, 'retry', ...chosen);
    expect(results.map(({ chain_id }) => chain_id).sort()).toEqual([...ids].sort());
    for (const id of ids) expect((await api.ended(id)).status).toBe('SUCCESS');

    const long = await api.start(chain([task('a', { delay_ms: 60_000 }), task('b', {}, { depends_on: ['a'] })]));
    expect((await cli(api, ['priority', long, 'high', 'b', '-o', 'wide'])).stdout).toMatch(/b +PENDING +PENDING +7\n/);
    const resolving = ['resolve', long, 'a', '--file', '-', '--note', 'counted by hand'];
    expect((await cli(api, resolving, { stdin: '{"rows": 7}' })).exit).toBe(0);
    expect((await api.ended(long)).tasks[0]!.result).toEqual({ rows: 7 });
    const events = await cli(api, ['events', long, '-f', '--kind', 'ResolveTask,ChainFinished']);
    expect(events.stdout).toMatch(/ ResolveTask +chain-\S+ a[^\n]*counted by hand[^]* ChainFinished /);
  });

  check('explains what the server can run, and who changed what', async ({ api }) => {
    expect((await cli(api, ['explain', 'psi.keys'])).stdout).toMatch(/type +\{party: list of text\}\n/);
    expect((await cli(api, ['types', '-o', 'name'])).stdout).toMatch(/^psi$/m);
    const url = 'https://hooks.example.com/cli';
    const { webhook_id: id } = await answer<{ webhook_id: string }>(
      api,
      'webhooks',
      'create',
      url,
      '--event',
      'chain.cancelled',
    );
    expect((await cli(api, ['webhooks', 'ls'])).stdout).toMatch(
      new RegExp(`${id} +chain\\.cancelled +yes +\\d+s +${url}\n`),
    );
    expect((await cli(api, ['webhooks', 'rm', id, '--confirm', id])).exit).toBe(0);
    expect((await cli(api, ['tenants', 'show'])).stdout).toMatch(/used running_chains +\d/);
    await eventually('the log has a row', async () => {
      const { stdout } = await cli(api, ['audit', 'ls', '--target', id]);
      return /createWebhook/.test(stdout) || undefined;
    });
  });

  check('leaves the chain running at Ctrl-C, or cancels it where that is asked for', async ({ api }) => {
    const long = json([task('a', { delay_ms: 60_000 })]);
    const watching = new Cli(api, ['run', '--watch', '-', '-q'], { stdin: long });
    await watching.says('RUNNING   a');
    watching.child.kill('SIGINT');
    const left = await watching.ended;
    const id = left.stdout.split('\n', 1)[0]!;
    expect([left.exit, left.stderr]).toEqual([130, expect.stringContaining(`task-chain cancel ${id}`)]);
    expect((await api.chain(id)).status).toBe('RUNNING');

    expect((await cli(api, ['watch', id, '--timeout', '0.5'])).exit).toBe(10);
    expect((await api.chain(id)).status).toBe('RUNNING');

    const cancelling = new Cli(api, ['watch', id, '--cancel-on-interrupt']);
    await cancelling.says('RUNNING   a');
    cancelling.child.kill('SIGINT');
    expect(await cancelling.ended).toMatchObject({ exit: 130, stdout: expect.stringContaining('CANCELLED: 0 of 1') });
    expect((await api.chain(id)).status).toBe('CANCELLED');
  });

  check('goes quietly when who reads its output has gone', async ({ api }) => {
    const watching = new Cli(api, ['run', '--watch', '-', '-q'], { stdin: json(line(3, { delay_ms: 500 })) });
    await watching.says('\n');
    watching.child.stdout!.destroy();
    expect(await watching.ended).toMatchObject({ exit: 141, stderr: '' });
    expect((await api.ended(watching.stdout.split('\n', 1)[0]!)).status).toBe('SUCCESS');
  });

  check('fetches an artifact and checks it', async ({ api }) => {
    const reporting = {
      task_id: 'r',
      task_type: 'report',
      depends_on: ['a'],
      task_params: { task_config: { title: 'T' } },
    };
    const { chain_id: id } = await api.run(chain([task('a', { result: { n: 1 } }), reporting]));
    const [html] = await answer<{ name: string; sha256: string; reference: string }[]>(api, 'artifacts', 'ls', id, 'r');
    expect(html!.name).toBe('report.html');
    // Without --out into the working folder, which is that of a process.
    expect((await new Cli(api, ['artifacts', 'get', id, 'r', 'report.html']).ended).exit).toBe(0);
    const report = join(work, 'report.html');
    const fetched = readFileSync(report);
    expect(createHash('sha256').update(fetched).digest('hex')).toBe(html!.sha256);
    const again = await cli(api, ['artifacts', 'get', html!.reference, '-O', report]);
    expect(again).toMatchObject({ exit: 2, stderr: expect.stringContaining('--force') });
    expect((await cli(api, ['artifacts', 'get', html!.reference, '-O', '-'])).stdout).toBe(fetched.toString());
    expect((await cli(api, ['artifacts', 'get', id, 'r', 'none'])).exit).toBe(7);
  });

  check('draws a chain with its states', async ({ api }) => {
    const { chain_id: id } = await api.run(chain([task('a'), task('b', {}, { depends_on: ['a'], when: 'false' })]));
    const file = join(work, 'chain.svg');
    expect((await cli(api, ['graph', id, '--svg', '-O', file])).exit).toBe(0);
    expect(readFileSync(file, 'utf8')).toMatch(/<g class="SUCCESS"><title>a: [^]*<g class="SKIPPED"><title>b: /);
    expect((await cli(api, ['graph', id])).stdout).toContain(':::SUCCESS\n');
  });

  check('makes keys, and says what a key may not do', async ({ api }) => {
    const made = await answer<{ key_id: string; key: string }>(api, 'keys', 'create', 'reader', '--role', 'viewer');
    const file = join(work, 'api-key');
    const create = ['keys', 'create', 'kept', '--role', 'viewer', '-O', file];
    const kept = await cli(api, create);
    const inFile = readFileSync(file, 'utf8').trim();
    expect([kept.exit, kept.stdout.includes(inFile), statSync(file).mode & 0o777]).toEqual([0, false, 0o600]);
    expect([(await cli(api, create)).exit, readFileSync(file, 'utf8').trim()]).toEqual([2, inFile]);
    for (const env of [{ TASK_CHAIN_TOKEN: made.key }, { TASK_CHAIN_TOKEN: '', TASK_CHAIN_TOKEN_FILE: file }])
      expect((await cli(api, ['keys', 'ls'], { env })).stderr).toContain('FORBIDDEN');
    const env = { TASK_CHAIN_TOKEN: made.key };
    expect((await cli(api, ['ls'], { env })).exit).toBe(0);
    const refused = await cli(api, ['run', '-'], { stdin: json([task('a')]), env });
    expect([refused.exit, refused.stderr]).toEqual([
      6,
      expect.stringMatching(/FORBIDDEN[^]*hint: Use a key with that role/),
    ]);
    expect((await cli(api, ['keys', 'ls'])).stdout).toMatch(new RegExp(`${made.key_id} +reader +viewer`));
    expect((await cli(api, ['keys', 'revoke', made.key_id])).exit).toBe(2);
    expect((await cli(api, ['keys', 'revoke', made.key_id, '--confirm', made.key_id])).exit).toBe(0);
    expect((await cli(api, ['keys', 'restore', made.key_id])).exit).toBe(0);
    const unknown = { env: { TASK_CHAIN_TOKEN: 'none', LANG: 'zh_CN.UTF-8' } };
    expect(await cli(api, ['ls'], unknown)).toMatchObject({
      exit: 6,
      stderr: expect.stringContaining('提示: 用 TASK_CHAIN_TOKEN'),
    });
  });

  check('says what is wrong, where, and what to do', async ({ api }) => {
    const wrong =
      '{ "chain_name": "x",\n  "tasks": [\n    { "task_id": "a", "task_type": "diagnostik", "task_params": {},\n      "depends_on": ["b"] } ] }';
    const refused = await cli(api, ['create', '-'], { stdin: wrong });
    expect([refused.exit, refused.stdout]).toEqual([3, '']);
    expect(refused.stderr.split('\n')).toEqual([
      expect.stringContaining('INVALID_CHAIN'),
      expect.stringMatching(/^ {2}stdin:3:\d+: UNKNOWN_TASK_TYPE .*Did you mean "diagnostic"\?$/),
      expect.stringMatching(/^ {2}stdin:4:\d+: MISSING_DEPENDENCY /),
      '',
    ]);
    const document = JSON.parse((await cli(api, ['create', '-', '-o', 'json'], { stdin: wrong })).stderr) as object;
    expect(document).toMatchObject({
      error: { exit_code: 3, status: 400, file: 'stdin', errors: [{ line: 3 }, { line: 4 }] },
    });
    expect((await cli(api, ['validate', '-'], { stdin: wrong })).exit).toBe(3);
    expect(await cli(api, ['show', NOBODY])).toMatchObject({
      exit: 7,
      stderr: expect.stringContaining('task-chain ls'),
    });
    const unreachable = await cli(api, ['ls'], { env: { TASK_CHAIN_URL: 'http://127.0.0.1:1' } });
    expect(unreachable).toMatchObject({ exit: 9, stderr: expect.stringContaining('Is the server running?') });
  });

  check('tells figures and health', async ({ api }) => {
    expect(await answer(api, 'metrics', '--window', '1h')).toMatchObject({ window_seconds: 3600 });
    expect((await cli(api, ['metrics'])).stdout).toMatch(/\nsuccess rate +\d/);
    expect((await cli(api, ['metrics', '--prometheus'])).stdout).toMatch(/^# HELP /m);
    expect((await cli(api, ['doctor', '--server'])).stdout).toMatch(/health: ok\nkey: accepted\n$/);
  });

  check('shows migrations by the command of the project', async ({ api, databaseUrl }) => {
    const migrate = (what: string) => new Cli(api, ['migrate', what], { env: { DATABASE_URL: databaseUrl } }).ended;
    const shown = await migrate('show');
    expect(shown).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^applied +/) });
    expect((await migrate('sideways')).exit).toBe(1);
  });

  check('completes commands, chains and tasks in bash', async ({ api }) => {
    const id = await api.create(chain([task('only-task')]));
    const completed = async (...words: string[]) => {
      const script = `task-chain() { "$NODE" "$PROGRAM" "$@"; }
        source <(task-chain completion bash)
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _task_chain; echo "\${COMPREPLY[@]}"`;
      const env = { ...environment(api), NODE: process.execPath, PROGRAM };
      return (await promisify(execFile)('bash', ['-c', script, 'bash', 'task-chain', ...words], { env })).stdout.trim();
    };
    expect(await completed('can')).toBe('cancel');
    expect((await completed('show', '')).split(' ')).toContain(id);
    expect(await completed('show', id, '')).toBe('only-task');
    expect(await completed('create', '')).toBe('');
  });
});
