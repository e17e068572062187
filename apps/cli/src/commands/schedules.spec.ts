import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { EXIT } from '../exit-codes.js';
import { fakeApi } from '../fake-api-for-tests.js';

const at = '2026-01-31T12:00:00.000Z';
const tick = {
  ...{ due_at: at, kind: 'DUE', outcome: 'REFUSED', reason: 'KEY_REFUSED', message: 'The key was revoked' },
  ...{ missed: null, event_id: null, chain_id: null, created_at: at, settled_at: at },
};
const schedule = {
  ...{
    schedule_id: 'schedule-1',
    title: 'Night\u202e',
    description: '',
    cron: '0 2 * * *',
    time_zone: 'Asia/Shanghai',
  },
  ...{ interval: null, at: null, on_dataset: null, on_chain_end: null, on_webhook: false },
  ...{ template_id: 'template-1', version: 'production', chain: null, params: { a: 1 } },
  ...{
    overlap: 'skip',
    catch_up: 1,
    jitter: 0,
    paused: false,
    runs_as: 'key:k',
    next_due_times: [at],
    last_tick: tick,
  },
  ...{ created_at: at, created_by: 'key:k', updated_at: at },
};
const { asked, run } = fakeApi({
  'GET /schedules': { items: [schedule, { ...schedule, paused: true, last_tick: null }], has_more: false },
  'GET /schedules/schedule-1': schedule,
  'GET /schedules/schedule-1/ticks': { items: [tick], next_before: null },
  'POST /schedules': schedule,
  'PUT /schedules/schedule-1': schedule,
  'POST /schedules/preview': { next_due_times: [at], errors: [], chain: { chain_name: 'x' }, approvals: [] },
  'POST /schedules/schedule-1/webhook-secret': {
    schedule_id: 'schedule-1',
    path: '/api/v1/hooks/schedule-1',
    secret: 'whsec_x',
  },
  'POST /schedules/schedule-1/run': { ...tick, outcome: 'WAITING' },
  'POST /schedules/schedule-1/backfill': { dry_run: true, due_times: [at] },
  'POST /schedules/schedule-1/pause': { ...schedule, paused: true },
  'POST /schedules/schedule-1/resume': schedule,
  'POST /schedules/schedule-1/restore': schedule,
  'DELETE /schedules/schedule-1': { dry_run: false, restorable_until: at, schedule },
});
const folder = mkdtempSync(join(tmpdir(), 'task-chain-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));
const says = async (...args: string[]) => {
  const { exit, stdout, stderr } = await run(['schedules', ...args]);
  expect([args, exit, stderr]).toEqual([args, EXIT.OK, '']);
  return stdout;
};

describe('schedules', () => {
  it('are listed and shown, with their ticks and why they made no chain', async () => {
    const listed = await says('ls');
    expect(listed).toMatch(
      /\nschedule-1 +0 2 \* \* \* Asia\/Shanghai +2026-01-31T12:00:00.000Z +REFUSED KEY_REFUSED +Night\ufffd\n/,
    );
    expect(listed).toMatch(/ paused +/);
    expect(await says('show', 'schedule-1')).toMatch(/next +2026-01-31T12:00:00.000Z\n/);
    expect(await says('ticks', 'schedule-1', '-n', '5')).toMatch(/ DUE +REFUSED KEY_REFUSED +.*The key was revoked\n/);
    expect(asked.at(-1)![0]).toBe('GET /schedules/schedule-1/ticks?page_size=5');
  });

  it('are previewed, created and saved of files', async () => {
    const path = join(folder, 's.yaml');
    writeFileSync(path, 'title: Night\ncron: 0 2 * * *\ntemplate_id: template-1\n');
    const body = { title: 'Night', cron: '0 2 * * *', template_id: 'template-1' };
    expect(await says('preview', path)).toBe(`${at}\n{\n  "chain_name": "x"\n}\n`);
    expect(await says('create', path)).toContain('schedule-1');
    await says('save', 'schedule-1', path);
    expect(asked).toEqual([['PUT /schedules/schedule-1', body]]);
  });

  it('are run now, backfilled, paused, resumed, removed and restored', async () => {
    expect(await says('run', 'schedule-1')).toContain('schedules ticks schedule-1');
    expect(await says('backfill', 'schedule-1', '--from', at, '--dry-run')).toBe(`${at}\n`);
    expect(asked).toEqual([['POST /schedules/schedule-1/backfill?dry_run=true', { from: at }]]);
    expect(await says('secret', 'schedule-1')).toBe('whsec_x\nDeliveries go to POST /api/v1/hooks/schedule-1\n');
    await says('pause', 'schedule-1');
    await says('resume', 'schedule-1');
    expect(await says('rm', 'schedule-1', '--confirm', 'schedule-1')).toContain('restore schedule-1');
    await says('restore', 'schedule-1');
  });
});
