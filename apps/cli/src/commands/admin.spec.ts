import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { EXIT } from '../exit-codes.js';
import { fakeApi } from '../fake-api-for-tests.js';

const created_at = '2026-01-31T12:00:00.000Z';
const webhook = {
  webhook_id: 'webhook-1',
  url: 'https://h.example/\u202e',
  events: [],
  enabled: true,
  disabled_reason: null,
  created_at,
};
const tenant = {
  tenant_id: 'acme',
  name: 'Acme',
  enabled: true,
  weight: 1,
  max_running_chains: 5,
  max_waiting_tasks: null,
  max_creates_per_minute: null,
  max_artifact_bytes: null,
  default_engine: null,
  allowed_engines: ['native'],
  created_at,
};
const row = {
  seq: 7,
  at: created_at,
  actor: 'admin key',
  address: '::1',
  request_id: 'r',
  action: 'cancelChain',
  target: 'c',
  details: { note: 'n' },
  hash: 'ff',
};
const secret = { name: 'token', task_types: ['*'], keys: [], created_at, updated_at: created_at, updated_by: 'me' };
const delivery = {
  id: 3,
  message_id: 'msg',
  event_type: 'chain.success',
  payload: {},
  status: 'PENDING',
  tries: 1,
  response_status: null,
  error: 'no\u0007',
  created_at,
  delivered_at: null,
  next_attempt_at: null,
};
const { asked, run } = fakeApi({
  'GET /webhooks': { items: [webhook] },
  'POST /webhooks': { ...webhook, secret: 'whsec_x' },
  'DELETE /webhooks/webhook-1': { dry_run: false, restorable_until: created_at, webhook },
  'POST /webhooks/webhook-1/restore': webhook,
  'GET /webhooks/webhook-1/deliveries': { items: [delivery], next_before: null },
  'POST /webhooks/webhook-1/deliveries/3/replay': delivery,
  'GET /tenants': { items: [tenant] },
  'GET /tenant': { ...tenant, use: { running_chains: 2 } },
  'POST /tenants': tenant,
  'PATCH /tenants/acme': tenant,
  'GET /audit': (query: URLSearchParams) => ({ items: query.get('before') === '1' ? [] : [row], next_before: null }),
  'GET /secrets': { items: [secret] },
  'POST /secrets/token/restore': secret,
});
const folder = mkdtempSync(join(tmpdir(), 'task-chain-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));
const says = async (...args: string[]) => {
  const { exit, stdout, stderr } = await run(args);
  expect([args, exit, stderr]).toEqual([args, EXIT.OK, '']);
  return stdout;
};

describe('webhooks', () => {
  it('are listed, shown, created, removed and restored', async () => {
    expect(await says('webhooks', 'ls')).toMatch(/\nwebhook-1 +all +yes +\d+d +https:\/\/h\.example\/\ufffd\n/);
    expect(await says('webhooks', 'describe', 'webhook-1')).toMatch(/events +all\n/);
    expect((await run(['webhooks', 'show', 'other'])).exit).toBe(EXIT.NOT_FOUND);
    expect(await says('webhooks', 'create', 'https://h.example/', '--event', 'chain.failure')).toContain('whsec_x');
    expect(asked[0]![1]).toEqual({ url: 'https://h.example/', events: ['chain.failure'] });
    const out = join(folder, 'secret');
    expect(await says('webhooks', 'create', 'https://h.example/', '-O', out)).not.toContain('whsec_x');
    expect([readFileSync(out, 'utf8'), statSync(out).mode & 0o777]).toEqual(['whsec_x\n', 0o600]);
    expect(await says('webhooks', 'rm', 'webhook-1', '--confirm', 'webhook-1')).toContain('webhooks restore webhook-1');
    expect(await says('webhooks', 'restore', 'webhook-1')).toBe('webhook-1 is restored.\n');
    expect(await says('webhooks', 'deliveries', 'webhook-1')).toMatch(
      /\n3 +chain\.success +PENDING +1 +- +\d+d +no\ufffd\n/,
    );
    expect(await says('webhooks', 'replay', 'webhook-1', '3', '-o', 'name')).toBe('3\n');
  });
});

describe('tenants', () => {
  it('are listed, shown, created and changed', async () => {
    expect(await says('tenants', 'ls')).toMatch(/\nacme +yes +1 +\d+d +Acme\n/);
    expect(await says('tenants', 'show')).toMatch(/max_waiting_tasks +none\n[^]*used running_chains +2\n/);
    expect(await says('tenants', 'show', 'acme')).toMatch(/max_running_chains +5\n/);
    expect((await run(['tenants', 'show', 'other'])).exit).toBe(EXIT.NOT_FOUND);
    await says('tenants', 'create', 'acme', '--name', 'Acme', '--max-running-chains', '5');
    expect(asked[0]![1]).toEqual({ tenant_id: 'acme', name: 'Acme', max_running_chains: 5 });
    await says('tenants', 'set', 'acme', '--disable', '--max-running-chains', 'none');
    expect(asked).toEqual([['PATCH /tenants/acme', { enabled: false, max_running_chains: null }]]);
    expect((await run(['tenants', 'set', 'acme', '--max-waiting-tasks', 'few'])).exit).toBe(EXIT.USAGE);
  });

  it('have engines, which none takes away', async () => {
    expect(await says('tenants', 'show', 'acme')).toMatch(/default_engine +none\nallowed_engines +native\n/);
    const set = async (...flags: string[]) => {
      await says('tenants', 'set', 'acme', ...flags);
      return asked[0]![1];
    };
    const both = { default_engine: 'secretflow', allowed_engines: ['native', 'secretflow'] };
    expect(await set('--default-engine', 'secretflow', '--allowed-engines', 'native', 'secretflow')).toEqual(both);
    expect(await set('--default-engine', 'none', '--allowed-engines', 'none')).toEqual({
      default_engine: null,
      allowed_engines: null,
    });
    // The API says what is wrong with it.
    expect(await set('--allowed-engines', 'none', 'native')).toEqual({ allowed_engines: ['none', 'native'] });
  });
});

describe('the audit log', () => {
  it('is listed, and shown by number', async () => {
    expect(await says('audit', 'ls', '--actor', 'admin key', '-n', '5')).toMatch(
      /\n7 +\d+d +cancelChain +c +admin key\n/,
    );
    expect(asked[0]![0]).toBe('GET /audit?actor=admin%20key&limit=5');
    expect(await says('audit', 'show', '7')).toMatch(/details +\{"note":"n"\}\n/);
    expect(asked[0]![0]).toBe('GET /audit?before=8&limit=1');
    expect((await run(['audit', 'show', '6'])).exit).toBe(EXIT.NOT_FOUND);
  });
});

describe('secrets', () => {
  it('are shown without their value, and restored', async () => {
    expect(await says('secrets', 'show', 'token')).toMatch(/keys +admins\n/);
    expect((await run(['secrets', 'show', 'other'])).exit).toBe(EXIT.NOT_FOUND);
    expect(await says('secrets', 'restore', 'token')).toMatch(/name +token\n/);
  });
});
