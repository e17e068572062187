import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { EXIT } from '../exit-codes.js';
import { fakeApi } from '../fake-api-for-tests.js';
import { runHere } from '../shell-for-tests.js';
import { ageOf } from '../times.js';

const ids = ['375bfb25-0000', '375bfb26-0000', '9c0a4a52-0000'].map((part) => `chain-${part}-4000-8000-000000000000`);
const summary = (chain_id: string, version = 1) => ({
  chain_id,
  version,
  chain_name: 'evil\u001b[31m\u202e',
  chain_type: 'chord',
  status: 'RUNNING',
  completed_tasks: 1,
  total_tasks: 3,
  created_by: 'key:k',
  created_at: new Date(Date.now() - 3 * 3_600_000 - 1_000).toISOString(),
  started_at: null,
  completed_at: null,
});
let version = 0;
const changed = { chain_id: ids[0], dry_run: false, status: 'RUNNING', tasks: [] };
const metrics = {
  window_seconds: 86_400,
  chain_total_count: 0,
  chain_count_by_status: {},
  chain_success_rate: { value: null },
  chain_avg_execution_time: { mean_seconds: null, p50_seconds: null, p95_seconds: null },
  tasks_by_type: [],
  chain_failure_reasons: [],
};
const { asked, run } = fakeApi({
  'GET /chains': () => ({
    items: [summary(ids[0]!, ++version), ...ids.slice(1).map((id) => summary(id))],
    next_cursor: null,
  }),
  ...Object.fromEntries(ids.map((id) => [`POST /chains/${id}/cancel`, { ...changed, chain_id: id }])),
  'GET /chains/metrics': metrics,
});
const folder = mkdtempSync(join(tmpdir(), 'task-chain-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the list', () => {
  it('has an age, and more columns where they are asked for', async () => {
    const plain = await run(['ls']);
    expect(plain.stdout).toMatch(/^CHAIN +STATUS +DONE +TYPE +AGE +NAME\n/);
    expect(plain.stdout).toMatch(/RUNNING +1\/3 +chord +3h +evil\ufffd\[31m\ufffd\n/);
    expect((await run(['list', '-o', 'wide'])).stdout).toMatch(/^CHAIN .* NAME +CREATED +TOOK +BY +PARENT\n[^]* key:k/);
  });

  it('gives ids alone, or parts that a template names', async () => {
    for (const flags of [['-q'], ['-o', 'name'], ['-o', 'jsonpath={range [*]}{.chain_id}{"\\n"}{end}']])
      expect((await run(['ls', ...flags])).stdout).toBe(`${ids.join('\n')}\n`);
    expect((await run(['ls', '-o', 'jsonpath={[0].chain_name}'])).stdout).toBe('evil\ufffd[31m\ufffd\n');
    expect(await run(['ls', '-o', 'jsonpath={..id}'])).toMatchObject({
      exit: EXIT.USAGE,
      stderr: expect.stringContaining('no step'),
    });
  });

  it('is of the children of one chain, which the beginning of its id names', async () => {
    await run(['ls', '--parent', 'chain-9']);
    expect(asked.at(-1)?.[0]).toContain(`parent_chain_id=${ids[2]}`);
  });

  it('goes on with what changes until Ctrl-C', async () => {
    const { exit, stdout } = await run(['ls', '-w', '-q'], { interruptAfterMs: 2_500 });
    expect([exit, stdout]).toEqual([EXIT.INTERRUPTED, `${[...ids, ids[0]].join('\n')}\n`]);
  });

  it('tells ages as kubectl does', () => {
    const now = Date.parse('2026-01-31T12:00:00Z');
    const of = (seconds: number) => ageOf(new Date(now - seconds * 1000).toISOString(), now);
    expect([-5, 90, 600, 7_200, 86_400, 200_000].map(of)).toEqual(['0s', '90s', '10m', '2h', '24h', '2d']);
  });
});

describe('an id', () => {
  it('is enough by its beginning where one alone begins so', async () => {
    expect((await run(['cancel', 'chain-9'])).stdout).toContain(`${ids[2]} is RUNNING`);
    expect((await run(['stop', '@latest'])).stdout).toContain(`${ids[0]} is RUNNING`);
    const both = await run(['cancel', 'chain-375bfb2']);
    expect([both.exit, both.stderr]).toEqual([EXIT.USAGE, expect.stringContaining(`${ids[0]}, ${ids[1]}`)]);
    expect(asked.some(([route]) => route.startsWith('POST'))).toBe(false);
    expect((await run(['cancel', 'chain-0'])).exit).toBe(EXIT.NOT_FOUND);
  });

  it('is whole where an owner signs', async () => {
    for (const text of ['@latest', 'chain-9']) {
      const { exit } = await run(['approvals', 'approve', text, '--yes', '--unsigned', 'bank']);
      expect([exit === EXIT.OK, asked.some(([route]) => route.startsWith('GET /chains?'))]).toEqual([false, false]);
    }
  });

  it('stands in the hint', async () => {
    const { stderr } = await run(['show', ids[0]!, 'a'], {});
    expect(stderr).not.toContain('<chain>');
  });
});

describe('a word', () => {
  it('that is no command is answered with the nearest', async () => {
    for (const [word, meant] of [
      ['retries', 'retry'],
      ['lss', 'ls'],
      ['wathc', 'watch'],
      ['event', 'events'],
      ['explian', 'explain'],
      ['restart', 'retry'],
      ['status', 'show'],
    ]) {
      expect((await runHere([word!])).stderr).toContain(`(Did you mean ${meant}?)`);
    }
    expect((await runHere(['zzzzzz'])).stderr).not.toContain('Did you mean');
    expect((await runHere(['keys', 'creat'])).stderr).toContain('(Did you mean create?)');
  });
});

describe('npm start', () => {
  it('is found in its data folder, and its key goes to it alone', async () => {
    writeFileSync(join(folder, 'url'), 'http://127.0.0.1:1\n');
    writeFileSync(join(folder, 'api-key'), 'the-key\n');
    const env = { DATA_DIR: folder };
    expect((await runHere(['ls'], { env })).stderr).toContain('http://127.0.0.1:1/');
    const { findConnection } = await import('../connection.js');
    const shell = { env: { HOME: folder, ...env } } as never;
    const tokenOf = (url?: string) => findConnection({ url }, shell, (text) => text).token;
    expect([tokenOf(), tokenOf('http://127.0.0.1:1'), tokenOf('http://127.0.0.1:2')]).toEqual([
      'the-key',
      'the-key',
      undefined,
    ]);
  });
});

it('says the window of metrics in words', async () => {
  expect((await run(['metrics'])).stdout).toMatch(/window +24 hours\n/);
  const { stdout } = await run(['metrics'], { env: { LANG: 'zh_CN.UTF-8' } });
  expect(stdout).toMatch(/window +24 小时\n/);
});
