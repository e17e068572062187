import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { canonicalTask, type Statement, type TaskStatement } from '#libs/consent';
import { createHash } from 'node:crypto';
import { runTask } from '#libs/compute';
import { itUnless } from '#libs/testing';
import { EXIT } from '../exit-codes.js';
import { PROJECT } from '../project.js';
import { runHere } from '../shell-for-tests.js';
import { ServerForTests } from './server-for-tests.js';
import { makePair } from './signing-key.js';

const CHAIN = 'chain-00000000-0000-4000-8000-000000000000';
const TABLE = 'id,a\n1,\n2,4\n';
const RECIPIENT = 'age1qtfw50puce2vh2gthyz6scnteddde83pvunkz9qkpu68f0h0r59q2t5qha';
const POLICY = 'expires_at: 2999-01-01T00:00:00Z\nrules:\n  - { effect: allow, task_types: [fillna] }\n';

let work: string;
let server: ServerForTests;
beforeEach(async () => {
  work = mkdtempSync(join(tmpdir(), 'task-chain-owner-'));
  mkdirSync(join(work, 'data', 'alice'), { recursive: true });
  writeFileSync(join(work, 'data', 'alice', 'c.csv'), TABLE);
  server = await ServerForTests.start();
});
afterEach(() => {
  server.close();
  rmSync(work, { recursive: true });
});

const at = (...parts: string[]) => join(work, ...parts);
const key = () => at('alice', 'alice.key');
const data = () => at('data', 'alice');
const cli = (args: readonly string[], typed?: string, env = {}) =>
  runHere([...args, '--url', server.url], { stdin: typed ?? '', terminal: typed !== undefined, env });
/** Its answer as JSON. */
async function done<T>(...args: string[]): Promise<T> {
  const { exit, stdout, stderr } = await cli([...args, '-o', 'json']);
  if (exit !== 0) throw new Error(`${args.join(' ')} ended with ${exit}: ${stderr}`);
  return JSON.parse(stdout) as T;
}
const keygen = (party: string, ...flags: string[]) =>
  done<{ kid: string; key_file: string }>('parties', 'keygen', party, '--out', at(party), ...flags);
const claim = (file = key()) => cli(['parties', 'claim', 'alice', '--key', file, '--folder', data()]);
const register = (...flags: string[]) =>
  cli(['datasets', 'register', 'alice/customers', '--file', 'c.csv', '--folder', data(), ...flags]);
const setPolicy = (signer: string[]) => {
  writeFileSync(at('policy.yaml'), POLICY);
  return cli(['policies', 'set', 'alice/customers', '--file', at('policy.yaml'), ...signer]);
};

/** The task that the tests run, as a worker of alice would. */
function taskOf(task_id = 'fill'): TaskStatement {
  const config = {
    input_data: { alice: 'dataset:alice/customers@1' },
    columns: { alice: ['a'] },
    method: 'constant',
    value: 0,
  };
  const params = { sf_init_config: { parties: ['alice'], address: 'local' }, task_config: config };
  return { chain_id: CHAIN, task_id, task_type: 'fillna', proposer: null, params, from: {} };
}
const hashOf = (task: TaskStatement) => `sha256:${createHash('sha256').update(canonicalTask(task)).digest('hex')}`;
/** Runs it by these statements; `SUCCESS`, or the code of its failure. */
async function outcome(statements: readonly (string | Statement)[] = server.sent, task = taskOf()): Promise<string> {
  const params = task.params as never;
  const run = {
    chainId: task.chain_id,
    taskId: task.task_id,
    attempt: 1,
    requestId: 'r1',
    params,
    inputs: {},
    dataRoot: at('data'),
    artifactRoot: at('artifacts'),
    consent: { task, byAdmin: false, statements: { alice: statements }, params },
    signal: new AbortController().signal,
    progress: () => undefined,
    log: () => undefined,
  };
  return runTask('fillna', run).then(
    () => 'SUCCESS',
    (error: { code: string }) => error.code,
  );
}

describe('an owner', () => {
  it('makes a key, claims a folder, registers a table and sets a policy, and the worker runs what it allows', async () => {
    await keygen('alice');
    expect(await claim()).toMatchObject({ exit: 0, stdout: expect.stringContaining('alice is registered') });
    expect(await claim()).toMatchObject({ exit: 0, stdout: expect.not.stringContaining('alice is registered') });
    expect([...server.parties]).toEqual(['alice']);
    expect(readdirSync(join(data(), '.party')).sort()).toEqual(['hash.key', 'owner.json', 'result.key']);
    expect(await outcome()).toBe('DATASET_UNKNOWN');
    expect(await register('--key', key())).toMatchObject({
      exit: 0,
      stdout: 'dataset:alice/customers@1 is registered: 2 rows, 2 columns\n',
    });
    expect(await outcome()).toBe('APPROVAL_REQUIRED');
    expect((await setPolicy(['--key', key()])).exit).toBe(0);
    expect(await outcome()).toBe('SUCCESS');
    expect((await cli(['policies', 'show', 'alice/customers'])).stdout).toContain('expires_at: 2999-01-01T00:00:00Z');

    const { d } = JSON.parse(readFileSync(key(), 'utf8')) as { d: string };
    expect(server.bodies.join('\n')).not.toContain(d);
    const { stdout } = await cli(['datasets', 'ls']);
    expect(stdout).toContain('dataset:alice/customers@1');
  });

  it('names versions, and takes one back and offers it again', async () => {
    await keygen('alice');
    await claim();
    await register('--key', key());
    expect(await register('--key', key())).toMatchObject({
      exit: 0,
      stdout: 'The same table is already registered as dataset:alice/customers@1.\n',
    });
    expect(server.sent).toHaveLength(1);
    await setPolicy(['--key', key()]);
    expect((await cli(['datasets', 'rm', 'alice/customers@1', '--key', key()])).exit).toBe(0);
    expect(await outcome()).toBe('DATASET_UNKNOWN');
    expect((await cli(['datasets', 'show', 'alice/customers@1'])).stdout).toMatch(/state +removed[^]*id +integer/);
    expect((await cli(['datasets', 'restore', 'alice/customers@1', '--key', key()])).exit).toBe(0);
    expect(await outcome()).toBe('SUCCESS');
    writeFileSync(join(data(), 'c.csv'), `${TABLE}3,5\n`);
    expect(await outcome()).toBe('DATASET_CHANGED');
    expect((await register('--key', key())).stdout).toContain('customers@2');
  });

  it('who trusts the operator signs nothing', async () => {
    await keygen('alice', '--approvals', 'server');
    await claim();
    expect((await register()).stderr).toContain('--unsigned <party>');
    expect((await register('--unsigned', 'alice')).exit).toBe(0);
    await setPolicy(['--unsigned', 'alice']);
    expect(server.sent.every((each) => typeof each !== 'string')).toBe(true);
    expect(await outcome()).toBe('SUCCESS');
  });
});

itUnless(
  process.getuid?.() !== 0 && 'only root claims for another user',
  'root claims for the user whose folder it is',
  async () => {
    await keygen('alice');
    chownSync(data(), 65_534, 65_534);
    expect((await claim()).exit).toBe(0);
    for (const name of ['', 'owner.json', 'hash.key', 'result.key']) {
      const { uid, gid } = statSync(join(data(), '.party', name));
      expect([name, uid, gid]).toEqual([name, 65_534, 65_534]);
    }
  },
);

describe('keys', () => {
  it('are private, and none is replaced, printed or read where others may', async () => {
    await keygen('alice');
    expect(statSync(key()).mode & 0o777).toBe(0o600);
    const text = readFileSync(key(), 'utf8');
    const { d } = JSON.parse(text) as { d: string };
    for (const args of [
      ['keygen', 'alice', '--out', at('alice')],
      ['keygen', 'bob', '--out', at('alice')],
    ]) {
      expect((await cli(['parties', ...args])).exit).toBe(EXIT.CONFLICT);
    }
    rmSync(at('alice', '.party', 'owner.json'));
    const again = await cli(['parties', 'keygen', 'alice', '--out', at('alice')]);
    expect([again.exit, again.stderr]).toEqual([EXIT.CONFLICT, expect.stringContaining('A key is never replaced')]);
    expect(readFileSync(key(), 'utf8')).toBe(text);
    chmodSync(key(), 0o640);
    const open = await claim();
    expect([open.exit, open.stderr]).toEqual([EXIT.USAGE, expect.stringContaining(`chmod 600 ${key()}`)]);
    chmodSync(key(), 0o600);
    for (const broken of [
      text.slice(0, -8),
      text.replace(/"d": ".{6}/, '"d": "!'),
      text.replace('Ed25519', 'X25519'),
    ]) {
      writeFileSync(key(), broken);
      const { exit, stderr } = await claim();
      expect([exit, stderr]).toEqual([EXIT.USAGE, expect.stringContaining('holds no private key')]);
      expect(stderr).not.toContain(d.slice(8));
    }
  });

  it('stay out of the folder that workers read, and claim no folder of another owner', async () => {
    await keygen('alice');
    mkdirSync(join(data(), 'keys'));
    writeFileSync(join(data(), 'keys', 'alice.key'), readFileSync(key()), { mode: 0o600 });
    mkdirSync(join(data(), 'keys', '.party'));
    for (const name of ['owner.json', 'hash.key']) {
      writeFileSync(join(data(), 'keys', '.party', name), readFileSync(at('alice', '.party', name)));
    }
    const inside = await claim(join(data(), 'keys', 'alice.key'));
    expect([inside.exit, inside.stderr]).toEqual([EXIT.USAGE, expect.stringContaining('workers read')]);
    expect((await claim()).exit).toBe(0);
    const before = readFileSync(join(data(), '.party', 'owner.json'), 'utf8');
    await done('parties', 'keygen', 'alice', '--out', at('mallory'));
    const other = await claim(at('mallory', 'alice.key'));
    expect([other.exit, other.stderr]).toEqual([EXIT.CONFLICT, expect.stringContaining('has another owner')]);
    expect(readFileSync(join(data(), '.party', 'owner.json'), 'utf8')).toBe(before);
  });

  it('of somebody else sign nothing that counts', async () => {
    await keygen('alice');
    await claim();
    await register('--key', key());
    const datasets = server.sent;
    await done('parties', 'keygen', 'alice', '--out', at('mallory'));
    const ran = await setPolicy(['--key', at('mallory', 'alice.key')]);
    expect(ran.exit).toBe(0);
    expect(await outcome()).toBe('APPROVAL_REQUIRED');
    expect(await outcome(datasets)).toBe('APPROVAL_REQUIRED');
  });

  it('have ids that no command takes for an option', async () => {
    const pairs = await Promise.all(Array.from({ length: 500 }, makePair));
    expect(pairs.filter(({ publicKey }) => publicKey.kid.startsWith('-'))).toEqual([]);
  });

  it('are rotated: both count until the old one is retired', async () => {
    const { kid } = await keygen('alice');
    await claim();
    await register('--key', key());
    await setPolicy(['--key', key()]);
    const { key_file } = await keygen('alice', '--rotate');
    expect(key_file).toBe(at('alice', 'alice-2.key'));
    expect((await claim(key_file)).exit).toBe(0);
    expect(await outcome()).toBe('SUCCESS');
    const old = server.sent;
    expect((await setPolicy(['--key', key_file])).exit).toBe(0);
    expect((await cli(['datasets', 'restore', 'alice/customers@1', '--key', key_file])).exit).toBe(0);
    expect(await outcome()).toBe('SUCCESS');
    await done('parties', 'retire', 'alice', kid, '--out', at('alice'));
    expect((await claim(key())).exit).toBe(EXIT.CONFLICT);
    expect((await claim(key_file)).exit).toBe(0);
    expect(await outcome()).toBe('SUCCESS');
    expect(await outcome(old)).toBe('DATASET_UNKNOWN');
    const last = await cli([
      'parties',
      'retire',
      'alice',
      JSON.parse(readFileSync(key_file, 'utf8')).kid as string,
      '--out',
      at('alice'),
    ]);
    expect([last.exit, last.stderr]).toEqual([EXIT.CONFLICT, expect.stringContaining('the only key')]);
  });
});

describe('help and completion', () => {
  it('end with an example, in both languages', async () => {
    for (const words of [
      ['parties', 'claim'],
      ['datasets', 'register'],
      ['policies', 'set'],
      ['approvals', 'approve'],
    ]) {
      const { stdout } = await cli([...words, '--help'], undefined, { LANG: 'zh_CN.UTF-8' });
      expect(stdout).toMatch(new RegExp(`示例：\n  task-chain ${words.join(' ')} `));
    }
  });

  it('offer parties and datasets', async () => {
    await keygen('alice');
    await claim();
    await register('--key', key());
    const offered = async (...words: string[]) =>
      (await runHere(['complete', '--', ...words], { env: { TASK_CHAIN_URL: server.url } })).stdout;
    expect(await offered('parties', 'show', '')).toBe('alice\n');
    expect(await offered('policies', 'set', 'al')).toBe('alice/customers\n');
    expect(await offered('datasets', 'show', '')).toBe('alice/customers@1\n');
    expect(await offered('approvals', 'w')).toBe('withdraw\n');
  });
});

describe('statements that the server made up', () => {
  it('are not signed when one of them is changed', async () => {
    await keygen('alice');
    const recipients = (...args: string[]) => cli(['parties', 'recipients', 'alice', ...args, '--key', key()]);
    expect((await recipients('add', RECIPIENT)).stdout).toBe(`${RECIPIENT}\n`);
    const own = [...server.stored.values()][0]!;
    const forged = { ...own.statement, recipients: ['age1mallory'], serial: own.statement.serial + 1 } as Statement;
    server.stored.set('party:alice', { statement: forged, signed: own.signed });
    const listed = await recipients('ls');
    expect(listed.stdout).toBe('alice has no recipients.\n');
    expect(listed.stderr).toContain('ignored, because no key of alice signed it: party:alice');
    expect((await recipients('add', RECIPIENT)).stdout).toBe(`${RECIPIENT}\n`);
    expect([...server.stored.values()][0]!.statement).toMatchObject({ recipients: [RECIPIENT] });
    expect((await recipients('rm', RECIPIENT)).stdout).toBe('alice has no recipients.\n');
  });
});

describe('a policy', () => {
  it('is refused with the line of each fault and what to write', async () => {
    writeFileSync(
      at('p.yaml'),
      'expires: 2027-01-01T00:00:00Z\nexpires_at: next year\nrules:\n  - effect: permit\n    task_types: [psi]\n    with: [bank a]\n    params: { method: { enum: [ridge] } }\n    uses: { max: 0, days: 30 }\n    receivers: [bank b]\n    min_rows: 0\nmin_group_rows: 19\neffects_to: [bank c]\ncoefficients_to: [bank d]\n',
    );
    const { exit, stderr } = await cli(['policies', 'set', 'alice/c', '--dry-run', '--file', at('p.yaml')]);
    expect(exit).toBe(EXIT.INVALID);
    for (const line of [
      'p.yaml:1:1: UNKNOWN_FIELD expires is not a known field: a policy has expires_at, rules, budget, min_group_rows, effects_to, coefficients_to, bounds, sites.',
      'p.yaml:2:1: INVALID_FORMAT expires_at is a time in UTC such as 2027-06-30T00:00:00Z.',
      'p.yaml:4:5: INVALID_VALUE effect must be one of allow, ask, refuse.',
      'p.yaml:6:12: INVALID_FORMAT Each entry is the name of a party',
      'p.yaml:7:15: INVALID_FORMAT method is a JSON pointer into task_config such as /method.',
      'p.yaml:8:13: OUT_OF_RANGE max must be 1 or more.',
      'p.yaml:9:17: INVALID_FORMAT Each entry is the name of a party',
      'p.yaml:10:5: OUT_OF_RANGE min_rows must be 1 or more.',
      'p.yaml:11:1: OUT_OF_RANGE min_group_rows must be 20 or more.',
      'p.yaml:12:14: INVALID_FORMAT Each entry is the name of a party',
      'p.yaml:13:19: INVALID_FORMAT Each entry is the name of a party',
    ]) {
      expect(stderr).toContain(line);
    }
    expect(server.bodies).toEqual([]);
  });

  it('of the examples is valid', async () => {
    const args = ['policies', 'set', 'bank-a/customers', '--dry-run', '--file', join(PROJECT, 'examples/policy.yaml')];
    expect(await cli(args)).toMatchObject({ exit: 0, stdout: expect.stringContaining('a valid policy') });
  });

  it('has bounds with room between them', async () => {
    writeFileSync(at('p.yaml'), 'expires_at: 2999-01-01T00:00:00Z\nrules: []\nbounds:\n  age: { min: 9, max: 9 }\n');
    const { exit, stderr } = await cli(['policies', 'set', 'alice/c', '--dry-run', '--file', at('p.yaml')]);
    expect([exit, stderr]).toEqual([EXIT.INVALID, expect.stringContaining('p.yaml:4:3: OUT_OF_RANGE min must be')]);
  });

  it('that is over allows nothing and is not signed', async () => {
    writeFileSync(at('p.json'), '{"expires_at":"2020-01-01T00:00:00Z","rules":[]}');
    const { exit, stderr } = await cli(['policies', 'set', 'alice/c', '--dry-run', '--file', at('p.json')]);
    expect([exit, stderr]).toEqual([
      EXIT.INVALID,
      expect.stringContaining('p.json:1:2: OUT_OF_RANGE expires_at is over'),
    ]);
  });
});

const asked = (task: TaskStatement, more: object = {}) => ({
  chain_id: task.chain_id,
  task_id: task.task_id,
  task_type: task.task_type,
  party: 'alice',
  task: { kind: 'task', ...task },
  hash: hashOf(task),
  reasons: 'customers: the dataset has no policy',
  leaves: 'nothing at all, says the server',
  status: 'RETRYING',
  decision: null,
  ...more,
});

describe('an approval', () => {
  const decide = (decision: string, args: string[] = [], typed?: string) =>
    cli(['approvals', decision, CHAIN, ...args, '--key', key()], typed);
  beforeEach(async () => {
    await keygen('alice');
    await claim();
    await register('--key', key());
    server.approvals = [asked(taskOf()), asked(taskOf('two'))];
    server.bodies.length = 0;
  });

  it('is asked for with the exact task, what leaves and why, and signed for that task alone', async () => {
    const { exit, stdout, stderr } = await decide('approve', ['fill'], 'y\n');
    expect([exit, stderr]).toEqual([0, 'Approve these tasks (1) as alice? [y/N] ']);
    for (const words of [
      `hash: ${hashOf(taskOf())}`,
      'other parties: none',
      'asked because: customers: the dataset has no policy',
      '"value": 0',
    ]) {
      expect(stdout).toContain(words);
    }
    expect(stdout).not.toContain('says the server');
    expect(await outcome()).toBe('SUCCESS');
    expect(await outcome(server.sent, taskOf('two'))).toBe('APPROVAL_REQUIRED');
    expect((await decide('approve', ['-y'])).exit).toBe(0);
    expect(await outcome(server.sent, taskOf('two'))).toBe('SUCCESS');
    expect((await decide('withdraw', ['fill', '-y', '--words', '合同已终止'])).exit).toBe(0);
    expect(await outcome()).toBe('POLICY_REFUSED');
    expect(await outcome(server.sent, taskOf('two'))).toBe('SUCCESS');
  });

  it('needs a person who says yes', async () => {
    for (const typed of [undefined, '', 'n\n', 'yep\n', '\n']) {
      const { exit, stderr } = await decide('approve', [], typed);
      expect([exit, stderr]).toEqual([EXIT.USAGE, expect.stringContaining('Nothing was signed.')]);
    }
    expect(server.bodies).toEqual([]);
  });

  it('is not signed where the server shows one task and means another', async () => {
    const other = taskOf();
    for (const lie of [
      asked(taskOf(), { hash: hashOf(taskOf('two')) }),
      asked(taskOf(), { task: { kind: 'task', ...other, params: {} } }),
      asked({ ...taskOf(), chain_id: 'chain-of-mallory' }),
      asked(taskOf('two'), { task_id: 'fill' }),
      asked(taskOf(), { task: null }),
      asked({ ...taskOf(), from: { two: hashOf(taskOf('three')) } }),
    ]) {
      server.approvals = [lie, asked(taskOf('two'))];
      for (const args of [
        ['approve', '-y'],
        ['refuse', '-y'],
      ]) {
        const { exit, stderr } = await decide(args[0]!, args.slice(1));
        expect([exit, stderr]).toEqual([EXIT.CONFLICT, expect.stringContaining('Nothing was signed.')]);
      }
    }
    expect(server.bodies).toEqual([]);
  });

  it('shows what a terminal would hide', async () => {
    const task = { ...taskOf(), params: { task_config: { a: 'x\u202e\u001b[2K\u200b' } } };
    server.approvals = [asked(task)];
    const { stdout } = await cli(['approvals', 'show', CHAIN, '--party', 'alice']);
    expect(stdout).toContain('"a": "x\\u202e\\u001b[2K\\u200b"');
    expect(stdout).not.toMatch(/[\u202e\u001b\u200b]/);
  });

  it('names tasks that the party takes part in', async () => {
    expect(await decide('refuse', ['three', '-y'])).toMatchObject({
      exit: EXIT.NOT_FOUND,
      stderr: expect.stringContaining('takes no part in a task three'),
    });
    const [refused, expired] = [{ decision: 'refuse' }, { decision: 'approve' }];
    server.approvals = [asked(taskOf(), refused), asked(taskOf('four'), { decision: 'approve', reasons: null })];
    expect((await decide('approve', ['-y'])).exit).toBe(EXIT.NOT_FOUND);
    server.approvals = [asked(taskOf(), refused), asked(taskOf('five'), expired)];
    expect((await decide('approve', ['-y'])).stdout).toMatch(/^five: approve, signed as alice$/m);
    expect((await decide('refuse', ['-y'])).stdout).not.toMatch(/^fill: /m);
    server.approvals = [asked(taskOf(), refused)];
    expect((await decide('refuse', ['-y'])).exit).toBe(EXIT.NOT_FOUND);
    expect((await cli(['approvals', 'ls'])).stdout).toContain('the dataset has no policy');
  });
});

describe('a standing approval', () => {
  const origin = 'schedule:schedule-1';
  const run = (value: number, more: Partial<TaskStatement> = {}): TaskStatement => {
    const { task_config: config, ...others } = taskOf().params as { task_config: object };
    const params = { ...others, task_config: { ...config, value } } as never;
    return { ...taskOf(), params, origin, ...more };
  };
  const cover = (args: string[], typed?: string) => cli(['approvals', 'cover', 'nightly', ...args], typed);
  const ofChain = ['--chain', CHAIN, '--uses', '2'];
  beforeEach(async () => {
    await keygen('alice');
    await claim();
    await register('--key', key());
    server.approvals = [asked(run(1))];
    server.bodies.length = 0;
  });

  it('is shown in words, changed by its owner, and signed for the whole', async () => {
    const params = { properties: { value: { minimum: 1, maximum: 9 } } };
    const { task_config: config } = taskOf().params as { task_config: object };
    const tasks = [{ task_id: 'fill', task_params: { task_config: { ...config, value: '${params.value}' } } }];
    server.chain = { template_id: 'template-1', template_version: 3 };
    server.version = { number: 3, hash: 'sha256:whatever the server says', chain: { params, tasks } };
    const file = at('whole.yaml');
    const { stdout: yaml, stderr } = await cover([...ofChain, '--dry-run', '--key', key()]);
    expect(stderr).toMatch(/made of template-1, version 3, sha256:[0-9a-f]{64}/);
    expect(server.bodies).toEqual([]);
    writeFileSync(file, yaml.replace('max: 9', 'max: 5'));
    const asks = await cover(['--file', file, '--key', key()], 'y\n');
    expect([asks.exit, asks.stderr]).toEqual([0, 'Approve all of this as alice? [y/N] ']);
    for (const words of [
      'covers: all chains of the schedule schedule-1',
      'proposed by: a key of no party',
      'fill (fillna), at most 2 times',
      '/value: 1 or more; 5 or less',
      '"method": "constant"',
    ])
      expect(asks.stdout).toContain(words);
    expect(await outcome(server.sent, run(5))).toBe('SUCCESS');
    expect(await outcome(server.sent, run(6))).toBe('APPROVAL_REQUIRED');
    expect(await outcome(server.sent, run(5, { origin: undefined }))).toBe('APPROVAL_REQUIRED');
    expect((await cli(['approvals', 'covers', 'alice'])).stdout).toMatch(
      /nightly +schedule:schedule-1 +fill x 2 +approve/,
    );
    expect((await cli(['approvals', 'uncover', 'nightly', '--key', key()])).exit).toBe(0);
    expect(await outcome(server.sent, run(4))).toBe('APPROVAL_REQUIRED');
    expect((await cli(['approvals', 'covers', 'alice'])).stdout).toContain('withdraw');
  });

  it('has an example that can be signed', async () => {
    await keygen('bank-a');
    const file = join(PROJECT, 'examples/standing.yaml');
    const { exit, stderr } = await cover(['--file', file, '-y', '--key', at('bank-a', 'bank-a.key')]);
    expect([exit, stderr]).toEqual([0, '']);
  });

  it('needs a person who says yes, one whole, and a server that shows what it means', async () => {
    expect((await cover([...ofChain, '--key', key()])).stderr).toContain('Nothing was signed.');
    expect((await cover(['--chain', CHAIN, '--key', key()])).stderr).toContain('--uses <n>');
    expect((await cover(['--key', key()])).stderr).toContain('Give --chain or --file');
    server.approvals = [asked(run(1), { hash: hashOf(run(2)) })];
    expect((await cover([...ofChain, '-y', '--key', key()])).exit).toBe(EXIT.CONFLICT);
    server.approvals = [asked(run(1)), asked(run(1, { task_id: 'two', origin: undefined }))];
    const { exit, stderr } = await cover([...ofChain, '-y', '--key', key()]);
    expect([exit, stderr]).toEqual([EXIT.NOT_FOUND, expect.stringContaining('they differ in origin')]);
    server.approvals = [];
    expect((await cover([...ofChain, '-y', '--key', key()])).exit).toBe(EXIT.NOT_FOUND);
    writeFileSync(at('w.yaml'), 'expires_at: 2999-01-01T00:00:00Z\norigin: nightly\nproposer: null\ntasks: []\n');
    const wrong = await cover(['--file', at('w.yaml'), '-y', '--key', key()]);
    expect([wrong.exit, wrong.stderr]).toEqual([EXIT.INVALID, expect.stringContaining('w.yaml:2:1: INVALID_FORMAT')]);
    expect((await cli(['approvals', 'uncover', 'nightly', '--key', key()])).exit).toBe(EXIT.NOT_FOUND);
    expect(server.bodies).toEqual([]);
  });
});
