import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { identityToRecipient } from 'age-encryption';
import { EXIT } from '../exit-codes.js';
import { runHere } from '../shell-for-tests.js';

const folder = mkdtempSync(join(tmpdir(), 'tc-secrets-'));
const asked: unknown[] = [];
const server = createServer((request, response) => {
  void text(request).then((body) => {
    asked.push([request.method, request.url, body && JSON.parse(body)]);
    const stored = { name: 'token', task_types: ['*'], keys: [], updated_at: '', updated_by: null };
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ ...stored, items: [stored] }));
  });
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});
const secrets = (args: readonly string[], stdin = '') => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return runHere(['secrets', ...args, '--url', url], { stdin });
};

it('makes a pair whose private key its owner alone can read, and replaces none', async () => {
  const out = join(folder, 'secrets.key');
  const made = await secrets(['keygen', '--out', out]);
  const file = readFileSync(out, 'utf8');
  const privateKey = /^AGE-SECRET-KEY-1\S+$/m.exec(file)![0];
  expect(made.exit).toBe(EXIT.OK);
  expect(made.stdout).toContain(await identityToRecipient(privateKey));
  expect(made.stdout).not.toContain(privateKey);
  expect(statSync(out).mode & 0o777).toBe(0o600);
  expect((await secrets(['keygen', '--out', out])).exit).toBe(EXIT.CONFLICT);
  expect(readFileSync(out, 'utf8')).toBe(file);
});

it('stores what standard input says, for the types and keys that are named', async () => {
  const named = ['--type', 'diagnostic', '--key', 'key-1', 'key-2'];
  expect((await secrets(['set', 'token', ...named], 'two\nlines\n')).exit).toBe(EXIT.OK);
  expect((await secrets(['set', 'token', '--admins-only'], 'a value')).exit).toBe(EXIT.OK);
  expect((await secrets(['ls'])).stdout).toMatch(/token +\* +admins/);
  expect((await secrets(['rm', 'token'])).exit).toBe(EXIT.USAGE);
  expect((await secrets(['rm', 'token', '--confirm', 'token'])).stdout).toBe('token is removed.\n');
  const path = '/api/v1/secrets';
  expect(asked).toEqual([
    ['PUT', `${path}/token`, { value: 'two\nlines', task_types: ['diagnostic'], keys: ['key-1', 'key-2'] }],
    ['PUT', `${path}/token`, { value: 'a value', keys: [] }],
    ['GET', path, ''],
    ['DELETE', `${path}/token?confirm=token`, ''],
  ]);
});
