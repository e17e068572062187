import { describe, expect, it } from '@jest/globals';
import { EXIT } from '../exit-codes.js';
import { fakeApi } from '../fake-api-for-tests.js';

const id = 'chain-375bfb25-0000-4000-8000-000000000000';
const changed = { chain_id: id, dry_run: false, status: 'RUNNING', tasks: [] };
const page = (next_cursor: string | null, outcome: string) => ({
  dry_run: true,
  done: outcome === 'done' ? 1 : 0,
  refused: outcome === 'done' ? 0 : 1,
  not_found: 0,
  results: [{ chain_id: id, outcome, status: 'RUNNING', tasks_changed: 2, detail: null }],
  next_cursor,
});
const pages = [page('more', 'done'), page(null, 'done')];
const { asked, run } = fakeApi({
  [`POST /chains/${id}/priority`]: changed,
  [`POST /chains/${id}/tasks/a/resolve`]: changed,
  'POST /chains/bulk/retry': () => pages.shift()!,
  'POST /chains/bulk/cancel': page(null, 'refused'),
});

describe('many chains', () => {
  it('are chosen by flags in place of an id', async () => {
    const { exit, stdout } = await run([
      'retry',
      '--status',
      'FAILURE',
      '--created-from',
      '2026-01-31T00:00:00Z',
      '--dry-run',
    ]);
    expect([exit, stdout]).toEqual([
      EXIT.OK,
      expect.stringMatching(/dry run: 2 chains would change, 0 would be refused\nCHAIN[^]*RUNNING +2 +-\n/),
    ]);
    const filter = { status: 'FAILURE', created_from: '2026-01-31T00:00:00Z' };
    expect(asked).toEqual([
      ['POST /chains/bulk/retry', { dry_run: true, filter }],
      ['POST /chains/bulk/retry', { dry_run: true, filter, cursor: 'more' }],
    ]);
    expect((await run(['cancel', '--by', 'me', '-l', 'env=prod'])).exit).toBe(EXIT.CONFLICT);
    expect(asked).toEqual([['POST /chains/bulk/cancel', { filter: { created_by: 'me', labels: 'env=prod' } }]]);
    for (const args of [
      ['retry'],
      ['retry', id, '--status', 'FAILURE'],
      ['retry', '--status', 'FAILURE', '--from', 'a'],
    ])
      expect([args, (await run(args)).exit]).toEqual([args, EXIT.USAGE]);
    expect(asked).toEqual([]);
  });
});

describe('a task', () => {
  it('is resolved with a result, and gets a priority', async () => {
    const args = ['resolve', id, 'a', '--file', '-', '--note', 'by hand'];
    expect((await run(args, { stdin: '{"rows": 7}' })).exit).toBe(EXIT.OK);
    expect(asked).toEqual([[`POST /chains/${id}/tasks/a/resolve`, { note: 'by hand', result: { rows: 7 } }]]);
    await run(['priority', id, '9', '--dry-run']);
    expect(asked).toEqual([[`POST /chains/${id}/priority`, { dry_run: true, priority: 9 }]]);
    expect((await run(['priority', id, 'urgent'])).exit).toBe(EXIT.USAGE);
  });
});
