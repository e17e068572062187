import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Command } from 'commander';
import { EXIT } from './exit-codes.js';
import { PROJECT } from './project.js';
import { buildProgram } from './program.js';
import { runHere } from './shell-for-tests.js';
import { REASONS } from './importing/imported.js';
import { chinese } from './words-zh.js';

const CHAIN = 'chain-00000000-0000-4000-8000-000000000000';
const { program } = buildProgram(
  {
    env: {},
    stdin: process.stdin,
    stdout: { write: () => true },
    stderr: { write: () => true },
    onInterrupt: () => () => {},
  },
  (text) => text,
);
const visible = (command: Command): Command[] => {
  const subs = command
    .createHelp()
    .visibleCommands(command)
    .filter(({ parent }) => parent !== null);
  return [command, ...subs.flatMap(visible)];
};
const commands = visible(program);

describe('the command line', () => {
  it('that is wrong ends with 2 and says what is', async () => {
    for (const [args, words] of [
      [['lss'], 'Did you mean ls?'],
      [['ls', '--stat', 'x'], "unknown option '--stat'"],
      [['show'], "missing required argument 'chain'"],
      [['ls', '-n', '0'], 'a whole number from 1 is needed'],
      [['ls', '-o', 'xml'], 'Allowed choices are table, wide, json, yaml, name, jsonpath=<template>'],
      [['skip', CHAIN, 'a'], "required option '--note <text>' not specified"],
      [['graph', CHAIN, '--dot', '--svg'], 'cannot be used with'],
      [['ls', '--url', 'ftp://x'], 'is not an address such as'],
      [['artifacts', 'get', CHAIN, 'a'], 'Name chain, task and artifact'],
      [['watch', CHAIN, '--timeout', 'soon'], 'a number above 0 is needed'],
    ] as const) {
      const { exit, stderr } = await runHere(args);
      expect([args.join(' '), exit]).toEqual([args.join(' '), EXIT.USAGE]);
      expect(stderr).toContain(words);
    }
  });

  it('tells faults of files, keys and headers in a line, without a stack and without the key', async () => {
    const chain = JSON.stringify({ tasks: [{ task_id: 'a', task_type: 'psi', task_params: {} }] });
    const cycle = 'chain_name: x\ntasks: &t [*t]\n';
    for (const [args, stdin, env, expected, exit] of [
      [['graph', '-', '-O', '/nonexist/x.svg'], chain, {}, /ENOENT.*\/nonexist\/x\.svg/, EXIT.USAGE],
      [['profile', 'set', 'x', '--url', 'http://x', '--token-file', '/nonexist'], '', {}, /ENOENT/, EXIT.USAGE],
      [['ls'], '', { XDG_CONFIG_HOME: '/dev/null' }, /ENOTDIR/, EXIT.USAGE],
      [['ls'], '', { TASK_CHAIN_TOKEN: 'top\nsecret' }, /TASK_CHAIN_TOKEN holds no key/, EXIT.USAGE],
      [['ls'], '', { TASK_CHAIN_TOKEN: 'secretключ' }, /TASK_CHAIN_TOKEN holds no key/, EXIT.USAGE],
      [['create', '-', '--idempotency-key', 'ключ'], chain, {}, /printable ASCII/, EXIT.USAGE],
      [['validate', '--offline', '-'], cycle, {}, /INVALID_YAML An alias contains/, EXIT.INVALID],
    ] as const) {
      const ran = await runHere(args, { stdin, env });
      expect([args.join(' '), ran.exit]).toEqual([args.join(' '), exit]);
      expect(ran.stderr).toMatch(expected);
      expect(ran.stderr).not.toMatch(/^ +at |secret/m);
    }
  });

  it('asks for help with 0, on standard output', async () => {
    for (const args of [['--help'], ['ls', '--help'], ['--version']]) {
      const { exit, stdout, stderr } = await runHere(args);
      expect([exit, stderr]).toEqual([0, '']);
      expect(stdout.length).toBeGreaterThan(0);
    }
    expect((await runHere([])).exit).toBe(EXIT.USAGE);
  });

  it('speaks Chinese where the locale does', async () => {
    const { stdout } = await runHere(['ls', '--help'], { env: { LANG: 'zh_CN.UTF-8' } });
    expect(stdout).toContain('列出任务链，新的在前');
    expect(stdout).toContain('选项：');
    const { stderr } = await runHere(['ls', '--profile', 'x'], { env: { LC_ALL: 'zh_CN.UTF-8', LANG: 'C' } });
    expect(stderr).toContain('错误: 没有名为 x 的配置。');
  });

  it('has the Chinese of every text, and of no other', () => {
    const source = join(PROJECT, 'apps/cli/src');
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /(?<!spec)\.ts$/.test(name),
    );
    const text = files.map((name) => readFileSync(join(source, name), 'utf8')).join('\n');
    const said = [...text.matchAll(/\bsay\(\s*('(?:[^'\\]|\\.)*'|"[^"]*")/g)].map(([, literal]) =>
      literal!.slice(1, -1).replaceAll("\\'", "'"),
    );
    const titles = Object.keys(chinese).filter((key) => /^[A-Z][A-Za-z ]+:$/.test(key));
    expect(Object.keys(chinese).sort()).toEqual([...new Set([...said, ...titles, ...Object.values(REASONS)])].sort());
    const holes = (of: string) => (of.match(/\{\w+\}/g) ?? []).sort();
    for (const [english, translated] of Object.entries(chinese)) expect(holes(translated)).toEqual(holes(english));
  });
});

describe('the pages', () => {
  for (const page of ['docs/cli.md', 'docs/zh-CN/cli.md']) {
    const text = readFileSync(join(PROJECT, page), 'utf8');
    it(`${page} has every command with its arguments and flags`, () => {
      for (const command of commands.slice(1)) {
        const names = [command, ...(command.parent === program ? [] : [command.parent!])].map((each) => each.name());
        const path = names.reverse().join(' ');
        if (command.commands.length > 0) continue;
        const args = command.registeredArguments.map((each) => {
          const name = `${each.name()}${each.variadic ? '...' : ''}`;
          return each.required ? `<${name}>` : `[${name}]`;
        });
        const line = ['task-chain', path, ...args].join(' ');
        expect(text).toContain(`\`${line}\``);
        const section = text.slice(text.indexOf(`\`${line}\``)).split('\n', 1)[0]!;
        for (const { flags } of command.options) expect(section).toContain(`\`${flags}\``);
      }
    });
    it(`${page} has the flags of all commands, and every exit code`, () => {
      for (const { flags } of program.options) expect(text).toContain(`\`${flags}\``);
      for (const code of Object.values(EXIT)) expect(text).toMatch(new RegExp(`^\\| \`${code}\` `, 'm'));
    });
  }
});

describe('profiles', () => {
  let home: string;
  const seen: (string | undefined)[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    seen.push(request.headers.authorization);
    response.setHeader('content-type', 'application/json').end('{"items":[],"next_cursor":null}');
  });
  let url: string;
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'task-chain-home-'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.close();
    rmSync(home, { recursive: true });
  });
  const file = () => join(home, 'task-chain', 'profiles.json');
  const at = (args: readonly string[], env: Record<string, string> = {}, stdin = '') =>
    runHere(args, { env: { XDG_CONFIG_HOME: home, ...env }, stdin });
  const keySent = async (args: readonly string[], env: Record<string, string> = {}) => {
    seen.length = 0;
    expect((await at(['ls', ...args], env)).exit).toBe(0);
    return seen[0];
  };

  it('keep a server and its key for their owner alone', async () => {
    expect(
      (await at(['profile', 'set', 'dev', '--url', `${url}/api/v1/`, '--token-stdin'], {}, 'secret-key\n')).exit,
    ).toBe(0);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(statSync(join(home, 'task-chain')).mode & 0o777).toBe(0o700);
    await at(['profile', 'set', 'other', '--url', 'http://127.0.0.1:1']);
    const { stdout } = await at(['profile', 'ls']);
    expect(stdout).toContain(`dev *  ${url}`);
    expect(stdout).not.toContain('secret-key');
    expect(await keySent([])).toBe('Bearer secret-key');
  });

  it('yield to the environment, and that to flags', async () => {
    const keyFile = join(home, 'api-key');
    writeFileSync(keyFile, 'of-file\n');
    expect(await keySent([], { TASK_CHAIN_TOKEN_FILE: keyFile })).toBe('Bearer of-file');
    expect(await keySent([], { TASK_CHAIN_TOKEN_FILE: keyFile, TASK_CHAIN_TOKEN: 'of-env' })).toBe('Bearer of-env');
    expect(await keySent(['--profile', 'dev'], { TASK_CHAIN_URL: url })).toBe('Bearer secret-key');
    expect((await at(['ls'], { TASK_CHAIN_PROFILE: 'other' })).exit).toBe(EXIT.UNAVAILABLE);
    // Another server does not get the key of the profile.
    const other = url.replace('127.0.0.1', 'localhost');
    expect(await keySent(['--profile', 'dev', '--url', other])).toBeUndefined();
    expect(await keySent(['--url', url])).toBeUndefined();
  });

  it('are refused where others may read them, or where they are broken', async () => {
    chmodSync(file(), 0o644);
    const open = await at(['ls']);
    expect([open.exit, open.stderr]).toEqual([EXIT.USAGE, expect.stringContaining(`hint: chmod 600 ${file()}`)]);
    chmodSync(file(), 0o600);
    const missing = await at(['ls', '--profile', 'prod']);
    expect([missing.exit, missing.stderr]).toEqual([EXIT.USAGE, expect.stringContaining('Available: dev, other')]);
  });

  it('are used and removed by name', async () => {
    await at(['profile', 'use', 'other']);
    expect((await at(['profile', 'ls', '-o', 'json'])).stdout).toContain('"current": true');
    await at(['profile', 'rm', 'other']);
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual({ profiles: { dev: { url, token: 'secret-key' } } });
  });
});

describe('revoking a key', () => {
  const asked: string[] = [];
  const server = createServer(({ method, url }, response) => {
    asked.push(`${method} ${url}`);
    response.setHeader('content-type', 'application/json').end('{}');
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const keys = (args: readonly string[], typed?: string) => {
    asked.length = 0;
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return runHere(['keys', ...args, '--url', url], { stdin: typed ?? 'k1\n', terminal: typed !== undefined });
  };

  it('needs its id again: as a flag, or typed at a terminal', async () => {
    for (const [args, typed] of [
      [['revoke', 'k1']],
      [['revoke', 'k1', '--confirm', 'k2']],
      [['revoke', 'k1'], 'y\n'],
      [['revoke', 'k1'], ''],
    ] as const) {
      const { exit, stderr } = await keys(args, typed);
      expect([exit, stderr]).toEqual([EXIT.USAGE, expect.stringContaining('task-chain keys revoke k1 --confirm k1')]);
      expect(asked).toEqual([]);
    }
    for (const [args, typed] of [[['revoke', 'k1', '--confirm', 'k1']], [['revoke', 'k1'], 'k1\n']] as const) {
      const { exit, stdout } = await keys(args, typed);
      expect([exit, stdout]).toEqual([EXIT.OK, expect.stringContaining('task-chain keys restore k1')]);
      expect(asked).toEqual(['DELETE /api/v1/keys/k1?confirm=k1']);
    }
  });

  it('can be restored', async () => {
    expect(await keys(['restore', 'k1'])).toMatchObject({ exit: EXIT.OK, stdout: 'k1 is restored.\n' });
    expect(asked).toEqual(['POST /api/v1/keys/k1/restore']);
  });
});

describe('the artifacts of a task', () => {
  it('are listed with the site where each lies', async () => {
    const file = { media_type: 'text/csv', size_bytes: 9, sha256: 'f00', party: 'bank-a', reference: 'r' };
    const items = [
      { ...file, name: 'bank-a/rows.csv', at_site: 'bank-a' },
      { ...file, name: 'bank-a/more.csv', at_site: null },
    ];
    const server = createServer((_, response) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ items })),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { stdout } = await runHere(['artifacts', 'ls', CHAIN, 'match', '--url', url]);
    server.closeAllConnections();
    server.close();
    expect(stdout.split('\n').map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['NAME', 'PARTY', 'SITE', 'BYTES', 'TYPE', 'SHA-256'],
      ['bank-a/rows.csv', 'bank-a', 'bank-a', '9', 'text/csv', 'f00'],
      ['bank-a/more.csv', 'bank-a', expect.not.stringContaining('bank') as unknown, '9', 'text/csv', 'f00'],
      [''],
    ]);
  });
});

describe('completion', () => {
  const complete = async (...words: string[]) =>
    (await runHere(['complete', '--', ...words])).stdout.split('\n').filter(Boolean);

  it('offers commands, flags and their values', async () => {
    expect(await complete('re')).toEqual(['results', 'resume', 'retry', 'resolve']);
    expect(await complete('keys', '')).toEqual(['ls', 'create', 'revoke', 'restore']);
    expect(await complete('retry', '--')).toEqual(
      expect.arrayContaining(['--from', '--dry-run', '--profile', '--help']),
    );
    expect(await complete('ls', '-o', '')).toEqual(['table', 'wide', 'json', 'yaml', 'name', 'jsonpath=']);
    expect(await complete('keys', 'create', 'x', '--role', 'a')).toEqual(['author', 'admin']);
    expect(await complete('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });

  it('offers nothing, so that the shell offers files, where a file is wanted or no server answers', async () => {
    expect(await complete('create', '')).toEqual([]);
    expect(await complete('--url', 'http://127.0.0.1:1', 'show', '')).toEqual([]);
  });

  it('prints a script for each shell', async () => {
    for (const shell of ['bash', 'zsh', 'fish'])
      expect((await runHere(['completion', shell])).stdout).toContain('task-chain complete --');
  });
});

describe('the graph of a file', () => {
  const stdin = JSON.stringify({
    chain_name: 'x',
    tasks: [
      { task_id: 'a', task_type: 'psi', task_params: {} },
      { task_id: 'b', task_type: 'report', task_params: {} },
    ],
  });

  it('is drawn without a server, in each form', async () => {
    const drawn = async (...flags: string[]) => (await runHere(['graph', '-', ...flags], { stdin })).stdout;
    expect(await drawn()).toContain('    t0["a<br/>psi"]\n');
    expect(await drawn('--dot')).toContain('  "a" -> "b" [penwidth=3];');
    expect(await drawn('--svg')).toMatch(/^<svg /);
    expect(JSON.parse(await drawn('-o', 'json'))).toMatchObject({
      edges: [{ from: 'a', to: 'b' }],
      critical_path: ['a', 'b'],
    });
  });

  it('is refused with the place of a cycle', async () => {
    const cycle = stdin.replace('"psi"', '"psi","depends_on":["b"]');
    const { exit, stderr } = await runHere(['graph', '-'], { stdin: cycle });
    expect([exit, stderr]).toEqual([
      EXIT.INVALID,
      expect.stringMatching(/stdin:1:\d+: CYCLE These tasks wait for each other/),
    ]);
  });
});

describe('a server that', () => {
  const answering = async (status: number, body: object, args: readonly string[], stdin = '') => {
    const server = createServer((_request, response) => {
      response.writeHead(status, { 'content-type': 'application/problem+json', 'x-request-id': 'req-1' });
      response.end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      return await runHere([...args, '--url', `http://127.0.0.1:${port}`], { stdin });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  };

  it('warns of a chain has that printed', async () => {
    const message = 'Task "fit": it takes some 31,260 rounds between its sites.';
    const found = {
      ...{ valid: true, errors: [], chain_type: 'chain', total_tasks: 1, levels: [['fit']], critical_path: ['fit'] },
      ...{ approvals: [], at_sites: ['fit'], warnings: [{ message }] },
    };
    const { exit, stdout } = await answering(200, found, ['validate', '-'], '{}');
    expect([exit, stdout]).toEqual([EXIT.OK, expect.stringContaining(`\nwarning: ${message}\n`)]);
  });

  it('makes a mistake is reported with the request that its log names', async () => {
    const { exit, stderr } = await answering(500, { code: 'INTERNAL', status: 500, detail: 'oops' }, ['ls']);
    expect([exit, stderr]).toEqual([EXIT.UNAVAILABLE, expect.stringContaining('under the request req-1')]);
  });

  it('is not ours is reported as that', async () => {
    const { exit, stderr } = await answering(418, { hello: 'world' }, ['ls']);
    expect([exit, stderr]).toEqual([EXIT.INVALID, expect.stringContaining('does not look like the API')]);
  });

  it('is not there is reported with what to do', async () => {
    const { exit, stderr } = await runHere(['ls', '--url', 'http://127.0.0.1:1']);
    expect([exit, stderr]).toEqual([
      EXIT.UNAVAILABLE,
      expect.stringMatching(/cannot be reached:[^]*hint: Is the server running/),
    ]);
    const json = await runHere(['ls', '--url', 'http://127.0.0.1:1', '-o', 'json']);
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { exit_code: EXIT.UNAVAILABLE } });
  });
});
