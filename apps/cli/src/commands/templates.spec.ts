import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { EXIT } from '../exit-codes.js';
import { fakeApi } from '../fake-api-for-tests.js';

const at = '2026-01-31T12:00:00.000Z';
const template = {
  ...{ template_id: 'template-1', tenant_id: 'acme', title: '风控\u202e', description: 'what for', tags: ['risk'] },
  ...{ shared_with: [], labels: { production: 1 }, default_version: 1, chains: 3, success_rate: 2 / 3 },
  ...{ created_at: at, created_by: 'me', updated_at: at },
};
const version = { number: 2, hash: 'sha256:0', note: 'why', created_at: at, created_by: 'me' };
const diff = {
  ...{ from_version: 1, to_version: 2, same: false, edges: [] },
  chain: [{ part: 'policy', pointer: '/options/timeout', change: 'changed', before: 1, after: 2 }],
  tasks: [
    {
      task_id: 'a',
      task_name: 'a',
      task_type: 'psi',
      change: 'added',
      renamed_from: null,
      likeness: null,
      changes: [],
    },
  ],
};
const chain = { chain_name: 'Mine', tasks: [] };
const CHAIN = 'chain-00000000-0000-4000-8000-000000000000';
const { asked, run } = fakeApi({
  'GET /templates': { items: [template], has_more: false },
  'GET /templates/template-1': template,
  'GET /templates/template-1/versions': { items: [version] },
  'GET /templates/template-1/versions/production': { ...version, chain },
  'GET /templates/template-1/diff': diff,
  [`GET /chains/${CHAIN}/template-diff`]: diff,
  'POST /templates/template-1/copy': { ...template, template_id: 'template-2' },
  'PUT /templates/template-1/labels/production': template,
  'POST /templates/template-1/versions/1/restore': template,
  'DELETE /templates/template-1': { dry_run: false, restorable_until: at, template },
  'POST /templates/template-1/restore': template,
  'POST /templates': template,
  'PUT /templates/template-1': template,
  'POST /templates/template-1/chains': { chain_id: CHAIN },
  'POST /templates/template-1/chains/preview': { version: 1, errors: [], chain, approvals: [] },
  'POST /templates/wrong/chains/preview': {
    ...{ version: 1, chain: null, approvals: [] },
    errors: [{ code: 'REQUIRED', pointer: '/params/x', message: 'is missing' }],
  },
});
const folder = mkdtempSync(join(tmpdir(), 'task-chain-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const says = async (...args: string[]) => {
  const { exit, stdout, stderr } = await run(['templates', ...args]);
  expect([args, exit, stderr]).toEqual([args, EXIT.OK, '']);
  return stdout;
};
const sent = () => asked.at(-1)![1];

describe('templates', () => {
  it('are listed and shown, with their versions', async () => {
    expect(await says('ls', '-q', '风控', '--tag', 'risk')).toMatch(/\ntemplate-1 +1 +3 +66% +\d+d +风控\ufffd\n/);
    expect(await says('show', 'template-1')).toMatch(/labels +production=1\n/);
    expect(JSON.parse(await says('show', 'template-1', 'production'))).toEqual(chain);
    expect(await says('versions', 'template-1')).toMatch(/\n2 +\d+d +me +why\n/);
  });

  it('are compared, as lines, as a picture, as JSON', async () => {
    const lines = 'chain\n    ~ /options/timeout: 1 -> 2\n+ task a (psi)\n';
    expect(await says('diff', 'template-1', '1', '2')).toBe(lines);
    expect(await says('diff', CHAIN, '1')).toBe(lines);
    expect(await says('diff', 'template-1', '--mermaid')).toMatch(
      /^flowchart LR\n {4}t0\["#43; a<br\/>psi"\]:::added\n/,
    );
    expect(JSON.parse(await says('diff', 'template-1', '-o', 'json'))).toEqual(diff);
  });

  it('are copied, labelled, taken back, removed and restored', async () => {
    expect(await says('copy', 'template-1', '--title', 'Mine')).toContain('template-2');
    expect(sent()).toEqual({ title: 'Mine' });
    expect(await says('label', 'template-1', 'production', '1')).toBe('template-1: production=1\n');
    expect(sent()).toEqual({ version: 1 });
    await says('label', 'template-1', 'production', 'none');
    expect(sent()).toEqual({ version: null });
    await says('rollback', 'template-1', '1', '--note', 'why');
    expect(sent()).toEqual({ note: 'why' });
    expect(await says('rm', 'template-1', '--confirm', 'template-1')).toContain('restore template-1');
    await says('restore', 'template-1');
  });

  it('are made of files, of a template or of a chain alone, in JSON and YAML', async () => {
    await says('create', file('t.json', JSON.stringify({ title: 'T', tags: ['x'], chain })), '--note', 'first');
    expect(sent()).toEqual({ title: 'T', tags: ['x'], chain, note: 'first' });
    await says('create', file('c.yaml', 'chain_name: Mine\ntasks: []\n'));
    expect(sent()).toEqual({ title: 'Mine', chain });
    await says('save', 'template-1', file('c.json', JSON.stringify(chain)), '--title', 'New');
    const { title: _title, description, tags, shared_with } = template;
    expect(sent()).toEqual({ title: 'New', description, tags, shared_with, chain });
  });

  it('make chains of values, and show them before', async () => {
    const params = file('params.yaml', 'keys: [id]\nrows: 1\n');
    expect(await says('run', 'template-1', '--params', params, '-p', 'rows=2', '-p', 'name=a=b')).toContain(CHAIN);
    expect(sent()).toEqual({ params: { keys: ['id'], rows: 2, name: 'a=b' }, execute: true });
    await says('run', 'template-1', '--no-execute', '--of', 'production');
    expect(sent()).toEqual({ params: {}, version: 'production', execute: false });
    expect(JSON.parse(await says('run', 'template-1', '--dry-run'))).toEqual(chain);
    const wrong = await run(['templates', 'run', 'wrong', '--dry-run']);
    expect([wrong.exit, wrong.stdout]).toEqual([EXIT.INVALID, expect.stringContaining('REQUIRED')]);
    expect((await run(['templates', 'run', 'template-1', '-p', 'rows'])).exit).toBe(EXIT.USAGE);
  });
});
