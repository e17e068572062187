import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { command } from './sites-for-tests.js';

let work: string;
let invitation: string;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'admission-'));
  invitation = join(work, 'invitation');
  await writeFile(invitation, `tci_default.bank-a.party.${'s'.repeat(43)}.${'a'.repeat(64)}\n`);
});
afterAll(() => rm(work, { recursive: true, force: true }));

const joinAt = (url: string, folder: string) => command(['join', url, '--invitation', invitation, '--folder', folder]);

describe('a site', () => {
  test('sends no token over plain HTTP, but to this machine', async () => {
    const folder = join(work, 'bank-a');
    for (const host of ['chains.example.com', '127.0.0.1.example.com', 'localhost@10.0.0.1', '[::2]', '10.127.0.1']) {
      const { code, err } = await joinAt(`http://${host}:1`, folder);
      expect({ host, code, err }).toEqual({
        host,
        code: 2,
        err: expect.stringContaining('Use the https://') as unknown,
      });
    }
    expect(existsSync(folder)).toBe(false);
    for (const url of ['http://localhost:1', 'http://127.8.0.1:1', 'http://[::1]:1', 'https://127.0.0.1:1/']) {
      const { err } = await joinAt(url, folder);
      expect({ url, err }).toEqual({ url, err: expect.stringContaining('does not answer') as unknown });
    }
    const path = join(folder, 'node.json');
    const file = JSON.parse(await readFile(path, 'utf8')) as object;
    const control_plane = { url: 'http://10.0.0.1:1', tenant: 'default', authority: `sha256:${'a'.repeat(64)}` };
    await writeFile(path, JSON.stringify({ ...file, control_plane }));
    const renewed = await command(['renew', '--folder', folder]);
    expect(renewed).toMatchObject({ code: 2, err: expect.stringContaining('Use the https://') as unknown });
  });
});
