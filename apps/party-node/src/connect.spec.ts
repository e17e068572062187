import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Authority, makeRequest, readRequest, UplinkServer, type UplinkCaller, type UplinkCode } from '#libs/peers';
import { keepConnected, type Connection } from './connect.js';
import { NodeFolder } from './node-folder.js';
import { command, startCommand } from './sites-for-tests.js';

const DAY_MS = 86_400_000;
const subject = { tenant: 'default', name: 'bank-a' };
let work: string;
let authority: Authority;
let folder: NodeFolder;
let server: UplinkServer;
let admitted: UplinkCaller[];
let refused: UplinkCode | undefined;
/** What happens when the control plane looks the site up. */
let asked: () => Promise<void>;
let stop: AbortController;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'connect-'));
  authority = await Authority.of(randomBytes(32));
});
afterAll(() => rm(work, { recursive: true, force: true }));

const certificate = async (endsIn: number): Promise<string> => {
  const asked = await readRequest(await makeRequest(await folder.identity(), subject));
  return authority.admit(asked!, Date.now() - 30 * DAY_MS + endsIn);
};
const admit = async (endsIn: number): Promise<void> =>
  folder.admit(
    { url: 'http://127.0.0.1:1', tenant: 'default', authority: authority.fingerprint },
    await certificate(endsIn),
    authority.cert,
  );
const listen = (port = 0): Promise<UplinkServer> =>
  UplinkServer.listen({
    authority,
    host: '127.0.0.1',
    port,
    admission: {
      admit: async (caller) => {
        await asked();
        if (refused === undefined) admitted.push(caller);
        return refused;
      },
      hold: () => Promise.resolve(new Map()),
      release: () => Promise.resolve(),
      mayMeet: () => Promise.resolve([]),
    },
    offers: {
      offers: () => Promise.resolve(new Map()),
      task: () => Promise.resolve(undefined),
      votes: () => Promise.resolve(undefined),
      answer: () => Promise.resolve(false),
    },
    onRefused: () => undefined,
    onFault: () => undefined,
  });

beforeEach(async () => {
  folder = new NodeFolder(await mkdtemp(join(work, 'site-')));
  await folder.init({ name: 'bank-a', dealer: false });
  await admit(30 * DAY_MS);
  [admitted, refused, asked, stop] = [[], undefined, () => Promise.resolve(), new AbortController()];
  server = await listen();
});
afterEach(async () => {
  stop.abort();
  await server.close();
});

/** Starts to keep the connection. `said` resolves once it has said that, so many times. */
function start(more: Partial<Connection> = {}) {
  const log: string[] = [];
  const looks = new Set<() => void>();
  const ended = keepConnected({
    folder,
    address: { host: '127.0.0.1', port: server.port },
    software: '1.0.0',
    signal: stop.signal,
    log(message) {
      log.push(message);
      for (const look of looks) look();
    },
    times: { firstWait: 20, longestWait: 50 },
    ...more,
  });
  const said = (text: string, times = 1): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => void (log.filter((each) => each.includes(text)).length >= times && resolve());
      looks.add(look);
      look();
      void ended.then(() => reject(new Error(log.join())), reject);
    });
  return { log, ended, said };
}

describe('a site that is to stay connected', () => {
  test('comes back when the control plane was away, and ends when it is asked to', async () => {
    const { ended, said } = start();
    await said('connected to');
    const { port } = server;
    await server.close();
    await said('ECONNREFUSED', 3);
    server = await listen(port);
    await said('(protocol 1)', 2);
    expect(admitted).toHaveLength(2);
    stop.abort();
    await ended;
  });

  test.each(['UNKNOWN', 'REVOKED'] as const)('ends where a person has to act: %s', async (code) => {
    refused = code;
    await expect(start().ended).rejects.toThrow('refused this site');
  });

  test('ends where its certificate has: EXPIRED', async () => {
    refused = 'EXPIRED';
    asked = () => admit(-1_000);
    await expect(start().ended).rejects.toThrow('refused this site');
  });

  test('goes on with a certificate that something else has renewed', async () => {
    refused = 'EXPIRED';
    const { said, log } = start({ times: { firstWait: 20, longestWait: 50, renewal: 20 } });
    await said('The certificate of this site has ended');
    refused = undefined;
    await said('(protocol 1)');
    const known = admitted.length;
    // The control plane is busy at first.
    refused = 'UNAVAILABLE';
    await admit(30 * DAY_MS - 1_000);
    await said('cannot look sites up now');
    refused = undefined;
    await said('with the new certificate');
    expect(admitted).toHaveLength(known + 1);
    expect(log.filter((each) => each.includes('(protocol 1)'))).toHaveLength(1);
  });

  test('goes on where that may pass', async () => {
    refused = 'UNAVAILABLE';
    const { said } = start();
    await said('cannot look sites up now', 2);
    refused = undefined;
    await said('(protocol 1)');
  });

  test('renews its certificate before that ends, and has the new connection before it ends the old one', async () => {
    await admit(5 * DAY_MS);
    let renewals = 0;
    const renew = async (): Promise<void> => {
      renewals += 1;
      // At first the API is away.
      if (renewals < 3) throw new Error('the API does not answer');
      await admit(30 * DAY_MS);
    };
    const { said, log } = start({ renew, times: { renewal: 20 } });
    await said('with the new certificate');
    expect(admitted).toHaveLength(2);
    expect(server.connections).toBe(1);
    expect(log[0]).toContain('ends in 119 h: the API does not answer');
    expect(log.join()).not.toContain('not connected');
    expect(renewals).toBe(3);
  });

  test('ends when its certificate has, and nobody renews it', async () => {
    await admit(-1_000);
    await expect(start().ended).rejects.toThrow('does not answer');
  });

  test('trusts the authority that it has pinned alone', async () => {
    const other = await Authority.of(randomBytes(32));
    await writeFile(join(folder.path, 'authority.crt'), other.cert);
    const at = `127.0.0.1:${server.port}`;
    const { code, err } = await command(['connect', at, '--folder', folder.path]);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('of another authority') as unknown });
    expect(admitted).toEqual([]);
    await rm(join(folder.path, 'node.json'));
    const site = new NodeFolder(await mkdtemp(join(work, 'new-')));
    await site.init({ name: 'bank-b', dealer: false });
    const { err: said } = await command(['connect', at, '--folder', site.path]);
    expect(said).toContain('This site has not joined');
  });
});

test('a site that stays where a person has to act says so, has let go of its folder, and ends when it is stopped', async () => {
  const site = new NodeFolder(await mkdtemp(join(work, 'site-')));
  await site.init({ name: 'bank-a', dealer: false });
  // That it has not joined is found once it has the folder.
  const connect = startCommand('connect', '127.0.0.1:1', '--stay', '--folder', site.path);
  await connect.said('A person has to act.');
  // The start of another one takes longer than the end of the first would.
  const ended = await startCommand('connect', '127.0.0.1:1', '--folder', site.path).ended;
  expect(ended).toMatchObject({ code: 2, err: expect.stringContaining('has not joined') as unknown });
  expect(connect.process.kill('SIGTERM')).toBe(true);
  const { code, err } = await connect.ended;
  expect([code, err]).toEqual([0, expect.stringContaining('has not joined') as unknown]);
});

test('a site that joins where that is needed does nothing while its certificate counts, and asks once it has ended', async () => {
  const join_ = (url = 'http://127.0.0.1:1') =>
    command(['join', url, '--if-needed', '--invitation', join(work, 'none'), '--folder', folder.path]);
  expect(await join_()).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^It has joined http:\/\/127\.0\.0\.1:1\. Its certificate ends at 20\d\d-/) as unknown,
  });
  expect(await join_('http://127.0.0.1:1/')).toMatchObject({ code: 0 });
  const moved = await join_('http://127.0.0.1:2');
  expect([moved.code, moved.out]).toEqual([2, '']);
  expect(moved.err).toContain('This site has joined http://127.0.0.1:1, not http://127.0.0.1:2.');
  await admit(-1_000);
  expect(await join_()).toMatchObject({ code: 2, err: expect.stringContaining('none cannot be read') as unknown });
  const fresh = ['join', 'https://127.0.0.1:1', '--if-needed', '--invitation', join(work, 'none')];
  expect(await command([...fresh, '--folder', join(work, 'fresh')])).toMatchObject({ code: 2 });
});
