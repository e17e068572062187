import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ownFingerprint } from '#libs/peers';
import { NodeFolder } from './node-folder.js';

let work: string;
let folder: NodeFolder;
let fingerprint: string;
beforeAll(async () => void (work = await mkdtemp(join(tmpdir(), 'node-folder-'))));
afterAll(() => rm(work, { recursive: true, force: true }));
beforeEach(async () => {
  folder = new NodeFolder(await mkdtemp(join(work, 'site-')));
  fingerprint = await folder.init({ name: 'bank-a', dealer: false });
});

const path = (name: string): string => join(folder.path, name);
const temporary = async (): Promise<string[]> => (await readdir(folder.path)).filter((name) => name.endsWith('.tmp'));

describe('the folder of a site', () => {
  test('is made to its end after a start that was cut off, with the key that is there', async () => {
    const init = () => folder.init({ name: 'bank-a', dealer: false });
    for (const cut of [['node.json'], ['node.json', 'node.crt', 'artifacts']]) {
      for (const name of cut) await rm(path(name), { recursive: true });
      expect(await init()).toBe(fingerprint);
    }
    expect(ownFingerprint(await folder.identity())).toBe(fingerprint);
    expect(await folder.read()).toEqual({ version: 1, name: 'bank-a', dealer: false, peers: {} });
    await expect(init()).rejects.toThrow('A key is never replaced');
    await rm(path('node.json'));
    await truncate(path('node.key'), 40);
    await expect(init()).rejects.toThrow('no whole Ed25519 key');
    expect((await stat(path('node.key'))).size).toBe(40);
  });

  test('keeps nothing of a write that failed, and is not held up by one that was cut off', async () => {
    const file = await folder.read();
    await writeFile(path(`node.json.${process.pid}.tmp`), 'of a process of this number that was killed');
    await folder.write({ ...file, listen: '0.0.0.0:7443' });
    expect((await folder.read()).listen).toBe('0.0.0.0:7443');
    await rm(path(`node.json.${process.pid}.tmp`));
    await rm(path('node.json'));
    await mkdir(path('node.json'));
    await expect(folder.write(file)).rejects.toThrow();
    expect(await temporary()).toEqual([]);
  });

  test('has a token of its own, and takes none that others may read or that anybody could guess', async () => {
    const token = await folder.serveToken();
    expect(token).toMatch(/^[\w-]{43}$/);
    await writeFile(path('serve.token'), `${token}\n`);
    expect(await folder.serveToken()).toBe(token);
    await chmod(path('serve.token'), 0o640);
    await expect(folder.serveToken()).rejects.toThrow('can be read by other users');
    await chmod(path('serve.token'), 0o600);
    for (const text of ['', 'short', `${token} ${token}`]) {
      await writeFile(path('serve.token'), text);
      await expect(folder.serveToken()).rejects.toThrow('32 to 512 characters');
    }
  });

  test('has its node.json written by a new certificate only where the control plane is another', async () => {
    const control = { url: 'https://a.example', tenant: 'default', authority: `sha256:${'a'.repeat(64)}` };
    await folder.admit(control, 'first', 'authority');
    const { ino } = await stat(path('node.json'));
    await folder.admit({ ...control }, 'second', 'authority');
    expect((await stat(path('node.json'))).ino).toBe(ino);
    expect(await readFile(path('admission.crt'), 'utf8')).toBe('second');
    await folder.admit({ ...control, url: 'https://b.example' }, 'third', 'authority');
    expect((await folder.read()).control_plane?.url).toBe('https://b.example');
  });
});
