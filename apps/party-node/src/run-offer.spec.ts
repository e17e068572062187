import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TLSSocket } from 'node:tls';
import { afterAll, expect, test } from '@jest/globals';
import Database from 'libsql';
import { NodeFolder } from './node-folder.js';
import { OfferedSite, RUN } from './offered-site-for-tests.js';
import { failedOf, runOffer, type FromRun } from './run-offer.js';

const work = await mkdtemp(join(tmpdir(), 'run-offer-'));
afterAll(() => rm(work, { recursive: true, force: true }));

/** What SQLite throws where its file cannot grow. */
function full(): unknown {
  const db = new Database(':memory:');
  try {
    db.exec('CREATE TABLE rows (row TEXT)');
    db.pragma('max_page_count = 2');
    db.prepare('INSERT INTO rows VALUES (?)').run('x'.repeat(20_000));
    return undefined;
  } catch (error) {
    return error;
  } finally {
    db.close();
  }
}

test('a store that has no room left is a full disk, and is tried again', () => {
  expect(failedOf(full(), '/site')).toEqual({
    code: 'DISK_FULL',
    message: 'The site has no room on the disk (SQLITE_FULL). The task is tried again when there may be.',
    retryable: true,
  });
});

test('an unforeseen error says nothing of the folder, nor of what was in it', () => {
  expect(failedOf(new TypeError('/site/data/bank-a/secret.csv'), '/site')).toEqual({
    code: 'TASK_ERROR',
    message: 'The run ended with an unforeseen TypeError: see the log of the site.',
    retryable: true,
  });
});

test('a run that a person has refused meanwhile does not begin', async () => {
  const site = await OfferedSite.make(work);
  try {
    await site.go(RUN);
    await site.approvals('refuse', site.store.find(RUN)!.hash!);
    const said: FromRun[] = [];
    await runOffer(site.folder.path, RUN, '', new AbortController().signal, (message) => said.push(message));
    expect(said).toEqual([{ kind: 'failed', failed: expect.objectContaining({ code: 'SITE_REFUSED' }) as unknown }]);
    expect(site.store.hasBegun(RUN)).toBe(false);
  } finally {
    await site.close();
  }
});

test('what a site signs counts as long as the decision of its person', async () => {
  const site = await OfferedSite.make(work);
  const bob = new NodeFolder(join(work, 'bob'));
  const fingerprint = await bob.init({ name: 'bob', dealer: false });
  const server = createServer({ ...(await bob.identity()), requestCert: true, rejectUnauthorized: false });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  await site.folder.write({ ...(await site.folder.read()), peers: { bob: { fingerprint, address } } });
  const stop = new AbortController();
  try {
    await site.go(RUN);
    const came = once(server, 'secureConnection') as Promise<[TLSSocket]>;
    const ran = runOffer(site.folder.path, RUN, '', stop.signal, () => undefined);
    const [socket] = await came;
    socket.on('error', () => undefined);
    let heard = Buffer.alloc(0);
    while (heard.length < 4 || heard.length < 4 + heard.readUInt32BE()) {
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      heard = Buffer.concat([heard, chunk]);
    }
    const { accept } = JSON.parse(heard.subarray(4, 4 + heard.readUInt32BE()).toString('utf8')) as { accept: string };
    const said = JSON.parse(Buffer.from(accept.split('.')[1]!, 'base64url').toString('utf8')) as { expires: string };
    const { at } = site.store.lastDecision(site.store.find(RUN)!.hash!)!;
    expect(Date.parse(said.expires) - Date.parse(at)).toBe(7 * 24 * 3_600_000);
    stop.abort(new Error('the test is over'));
    socket.destroy();
    await ran;
  } finally {
    server.close();
    await site.close();
  }
});
