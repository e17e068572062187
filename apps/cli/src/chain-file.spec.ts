import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runHere } from './shell-for-tests.js';

const YAML = `# two steps
chain_name: 两步
tasks:
  - task_id: a
    task_type: diagnostic
    depends_on: []
    task_params: &params
      task_config: { result: { rows: 7, big: 9007199254740991, word: no } }
  - { task_id: b, task_type: diagnostic, depends_on: [a], task_params: *params }
`;
const check = (stdin: string | Uint8Array) => runHere(['validate', '--offline', '-'], { stdin });
const faultsOf = async (stdin: string | Uint8Array) => {
  const { exit, stdout, stderr } = await check(stdin);
  expect(exit).toBe(3);
  return (stdout + stderr)
    .split('\n')
    .flatMap((line) => /(stdin:\S+): ([A-Z0-9_]+)/.exec(line)?.slice(1).join(' ') ?? []);
};

describe('a chain in a file', () => {
  let folder: string;
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'task-chain-cli-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is YAML or JSON, by its name or its first character', async () => {
    const said = 'valid, sequential: 2 tasks on 2 levels; the longest path: a -> b\n';
    expect(await check(YAML)).toEqual({ exit: 0, stdout: `stdin: ${said}`, stderr: '' });
    const json = JSON.stringify({
      chain_name: 'x',
      tasks: [
        { task_id: 'a', task_type: 't', task_params: {} },
        { task_id: 'b', task_type: 't', task_params: {} },
      ],
    });
    expect((await check(`\ufeff ${json}`)).stdout).toBe(`stdin: ${said}`);
    for (const [name, text] of [
      ['chain.yml', YAML],
      ['chain.json', json],
      ['flow.yaml', json],
    ] as const) {
      const path = join(folder, name);
      writeFileSync(path, text);
      expect((await runHere(['validate', '--offline', path])).stdout).toBe(`${path}: ${said}`);
    }
  });

  it('has its faults reported by line and column, in the order of the file', async () => {
    const wrong = YAML.replace('depends_on: [a]', 'depends_on: [x]').replace(
      'task_type: diagnostic\n',
      'task_typ: t\n',
    );
    expect(await faultsOf(wrong)).toEqual([
      'stdin:4:5 REQUIRED',
      'stdin:5:5 UNKNOWN_FIELD',
      'stdin:9:55 MISSING_DEPENDENCY',
    ]);
    const json =
      '{\n  "chain_name": 7,\n  "tasks": [\n    { "task_id": "a", "task_type": "t", "task_params": {}, "depends_on": ["a"] }\n  ]\n}';
    expect(await faultsOf(json)).toEqual(['stdin:2:3 INVALID_TYPE', 'stdin:4:75 SELF_DEPENDENCY']);
  });

  it('has each key once, in YAML as in JSON', async () => {
    expect(await faultsOf('chain_name: a\ntasks: []\nchain_name: b\n')).toEqual(['stdin:3:1 DUPLICATE_KEY']);
    const { exit, stderr } = await check('{"chain_name": "a",\n "chain_name": "b", "tasks": []}');
    expect([exit, stderr]).toEqual([
      3,
      expect.stringContaining('DUPLICATE_KEY The key "chain_name" comes again at line 2, column 2'),
    ]);
  });

  it('holds no numbers that JSON has not or that would be rounded', async () => {
    const of = (value: string) => faultsOf(`chain_name: x\ntasks:\n  - { n: ${value} }\n`);
    expect(await of('9007199254740993')).toEqual(['stdin:3:10 UNSAFE_INTEGER']);
    expect(await of('.nan')).toEqual(['stdin:3:10 NUMBER_TOO_LARGE']);
    expect(await of('-.inf')).toEqual(['stdin:3:10 NUMBER_TOO_LARGE']);
    expect(await of('1e999')).toEqual(['stdin:3:10 NUMBER_TOO_LARGE']);
  });

  it('keeps the rest of the rules of a body', async () => {
    expect((await check(`a: "x\\0y"\n`)).stderr).toContain('NUL_CHARACTER');
    expect((await check('__proto__: 1\n')).stderr).toContain('FORBIDDEN_KEY');
    expect((await check(Buffer.from([0x61, 0x3a, 0x20, 0xff]))).stderr).toContain('INVALID_UTF8');
    expect((await check(`${'['.repeat(65)}${']'.repeat(65)}`)).stderr).toContain('TOO_DEEP');
    expect((await check('a: 1\n---\nb: 2\n')).stderr).toContain('INVALID_YAML');
    expect((await check('a: !!binary x\n')).stderr).toContain('INVALID_YAML');
    expect((await check('')).stderr).toContain('EMPTY_BODY');
    expect((await check('a: [1\n')).stderr).toMatch(/stdin:2:1: INVALID_YAML/);
  });

  it('is at most 10 MiB, and no more than that by its aliases', async () => {
    const large = await check(`chain_name: ${'x'.repeat(10 * 1024 * 1024)}\n`);
    expect([large.exit, large.stderr]).toEqual([3, expect.stringContaining('larger than the 10 MiB')]);
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x,x]'];
    for (const [name, before] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf', 'hg'])
      bomb.push(`${name}: &${name} [${Array(10).fill(`*${before}`).join()}]`);
    const exploding = await check(`${bomb.join('\n')}\n`);
    expect([exploding.exit, exploding.stderr]).toEqual([3, expect.stringContaining('Excessive alias count')]);
  });

  it('that cannot be read is reported as a wrong command line', async () => {
    const { exit, stderr } = await runHere(['validate', '/nowhere/chain.json']);
    expect([exit, stderr]).toEqual([2, expect.stringContaining('/nowhere/chain.json cannot be read: ENOENT')]);
  });
});
