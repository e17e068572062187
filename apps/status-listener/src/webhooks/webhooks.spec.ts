import { createServer } from 'node:http';
import { isIP, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isPrivateAddress, publicLookup, type Resolve } from '#libs/network';
import { engineQueries, openDatabase, WebhookRepository, type Database } from '#libs/repositories';
import { createTestDatabase, type TestDatabase } from '#libs/testing';
import { deliverWebhooks } from './deliver.js';

const webhooks = new WebhookRepository();

test('knows private addresses, however they are written or wrapped', () => {
  for (const address of [
    ...[
      '127.0.0.1',
      '127.255.255.254',
      '10.1.2.3',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.0.1',
      '0.0.0.0',
      '0.1.2.3',
    ],
    ...['169.254.169.254', '100.64.0.1', '100.127.255.255', '198.18.0.1', '192.0.0.8', '192.0.2.1', '198.51.100.1'],
    ...['203.0.113.1', '192.88.99.1', '224.0.0.1', '240.0.0.1', '255.255.255.255'],
    ...['::', '::1', 'fc00::1', 'fd00::1', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', '2001:db8::1', '100::1'],
    ...['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.0.0.1', '0:0:0:0:0:ffff:a9fe:a9fe', '::127.0.0.1'],
    ...['64:ff9b::7f00:1', '64:ff9b:1::a00:1', '2002:7f00:1::', '2001:0:4136:e378:8000:63bf:3fff:fdd2', '3fff::1'],
    ...['nonsense', '', '2130706433', '0x7f000001', '0177.0.0.1', '127.1', '1.2.3.4.5', ' 8.8.8.8'],
  ]) {
    expect([address, isPrivateAddress(address)]).toEqual([address, true]);
  }
  for (const address of [
    '93.184.216.34',
    '172.32.0.1',
    '100.128.0.1',
    '8.8.8.8',
    '::ffff:8.8.8.8',
    '2606:4700::1111',
    '2a00:1450:4001:81b::200e',
  ]) {
    expect([address, isPrivateAddress(address)]).toEqual([address, false]);
  }
});

test('refuses a name of which one address is private, and knows no name without an address', async () => {
  const refused = (...addresses: string[]): Promise<Error | null> =>
    new Promise((resolve) => {
      const found = addresses.map((address) => ({ address, family: isIP(address) }));
      publicLookup((_name, _options, callback) => callback(null, found))('a.example', {}, resolve);
    });
  expect(await refused('93.184.216.34')).toBeNull();
  expect(await refused('93.184.216.34', '10.0.0.1')).toBeInstanceOf(Error);
  expect(await refused('2606:4700::1111', '::ffff:127.0.0.1')).toBeInstanceOf(Error);
  expect(await refused()).toBeInstanceOf(Error);
  expect(await new Promise((resolve) => publicLookup()('localhost', {}, resolve))).toBeInstanceOf(Error);
});

describe('deliveries', () => {
  let database: TestDatabase;
  let db: Database;
  const got: { id: string; body: string }[] = [];
  let answer = 200;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      got.push({ id: String(request.headers['webhook-id']), body });
      response.writeHead(answer, answer === 307 ? { location: '/again' } : {}).end();
    });
  });
  beforeAll(async () => {
    database = await createTestDatabase();
    db = (await openDatabase(database.url)).forTenant('default');
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await db.close();
    await database.drop();
  });
  const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const notice = async (type: string): Promise<void> => {
    await db.query({ name: '', text: `INSERT INTO outbox (kind, payload) VALUES ('NOTICE', $1::jsonb)` }, [
      JSON.stringify({ type, data: { chain_id: 'chain-1' } }),
    ]);
  };

  test('sends to the endpoints that want it, tries again, and replays with the same id', async () => {
    await webhooks.insert(db, 'all', url(), 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', []);
    await webhooks.insert(db, 'failures', url(), 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', ['chain.failure']);
    answer = 500;
    await notice('chain.success');
    await deliverWebhooks(webhooks, db, true);
    expect(got).toHaveLength(1);
    expect(JSON.parse(got[0]!.body)).toEqual({
      type: 'chain.success',
      data: { chain_id: 'chain-1', link: '/api/v1/chains/chain-1' },
    });
    const [failed] = await webhooks.deliveries(db, 'all', Number.MAX_SAFE_INTEGER, 10);
    expect(failed).toMatchObject({ status: 'PENDING', tries: 1, response_status: 500, error: 'answered 500' });
    expect(Date.parse(failed!.next_attempt_at)).toBeGreaterThan(Date.now() + 2_000);
    answer = 204;
    await webhooks.replay(db, 'all', failed!.id);
    await deliverWebhooks(webhooks, db, true);
    expect(got.map(({ id }) => id)).toEqual([got[0]!.id, got[0]!.id]);
    expect((await webhooks.deliveries(db, 'all', Number.MAX_SAFE_INTEGER, 10))[0]).toMatchObject({
      status: 'DELIVERED',
      error: null,
    });
    expect(await webhooks.deliveries(db, 'failures', Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
  });

  test('makes no connection to a private address unless allowed', async () => {
    const before = got.length;
    await notice('chain.failure');
    await deliverWebhooks(webhooks, db, false);
    expect(got).toHaveLength(before);
    expect((await webhooks.deliveries(db, 'failures', Number.MAX_SAFE_INTEGER, 1))[0]).toMatchObject({
      status: 'PENDING',
      error: '127.0.0.1 is a private address',
    });
  });

  test('no way of writing the own network gets there', async () => {
    const before = got.length;
    const { port } = server.address() as AddressInfo;
    const hosts = ['127.1', '2130706433', '0x7f000001', '0177.0.0.1', '0', '[::1]', '[::ffff:127.0.0.1]', '[::]'];
    hosts.push('localhost', 'LOCALHOST', '127.0.0.1.', '%31%32%37.0.0.1', '１２７.0.0.1', '127。0。0。1');
    for (const [i, host] of hosts.entries()) {
      // As the API reads and stores it.
      const href = new URL(`http://${host}:${port}/`).href;
      await webhooks.insert(db, `odd-${i}`, href, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', ['chain.odd']);
    }
    await notice('chain.odd');
    await deliverWebhooks(webhooks, db, false);
    expect(got).toHaveLength(before);
    for (const i of hosts.keys()) {
      const [row] = await webhooks.deliveries(db, `odd-${i}`, Number.MAX_SAFE_INTEGER, 1);
      expect([hosts[i], row!.error]).toEqual([hosts[i], expect.stringContaining('private address')]);
    }
  });

  test('a name that changes its address between check and connection gains nothing', async () => {
    const before = got.length;
    const { port } = server.address() as AddressInfo;
    let asked = 0;
    // Public whenever somebody looks first, and ours at the next question. No route leads to the public one.
    const rebinding: Resolve = (_name, _options, callback) =>
      callback(null, [asked++ % 2 === 0 ? { address: '2000::1', family: 6 } : { address: '127.0.0.1', family: 4 }]);
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    await webhooks.insert(db, 'rebind', `http://rebind.example:${port}/`, secret, ['chain.rebind']);
    const errors: (string | null)[] = [];
    for (let i = 0; i < 2; i++) {
      await notice('chain.rebind');
      await deliverWebhooks(webhooks, db, false, undefined, rebinding);
      errors.push((await webhooks.deliveries(db, 'rebind', Number.MAX_SAFE_INTEGER, 1))[0]!.error);
    }
    // One question for each try: nothing is asked between the check and the connection.
    expect(asked).toBe(2);
    expect(errors[1]).toBe('rebind.example leads to a private address');
    expect(errors[0]).not.toBe(errors[1]);
    expect(got).toHaveLength(before);
  });

  test('follows no redirect', async () => {
    const before = got.length;
    answer = 307;
    await webhooks.insert(db, 'moved', url(), 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', ['chain.moved']);
    await notice('chain.moved');
    await deliverWebhooks(webhooks, db, true);
    // Once to `all`, once to `moved`, and not a third time to where the answer points.
    expect(got).toHaveLength(before + 2);
    const [row] = await webhooks.deliveries(db, 'moved', Number.MAX_SAFE_INTEGER, 1);
    expect(row).toMatchObject({ status: 'PENDING', response_status: 307, error: 'answered 307' });
  });

  test('one that was deleted receives nothing, comes back within a day, and is forgotten after it', async () => {
    answer = 204;
    const count = got.length;
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    await webhooks.insert(db, 'undo', url(), secret, ['chain.undo']);
    await notice('chain.undo');
    await webhooks.spread(db, 10);
    expect(await webhooks.remove(db, 'undo')).toMatchObject({ webhook_id: 'undo' });
    await notice('chain.undo');
    await deliverWebhooks(webhooks, db, true);
    const received = (): number => got.slice(count).filter(({ body }) => body.includes('chain.undo')).length;
    // `all` alone: twice.
    expect(received()).toBe(2);
    expect((await webhooks.list(db)).some(({ webhook_id }) => webhook_id === 'undo')).toBe(false);
    const [waiting] = await webhooks.deliveries(db, 'undo', Number.MAX_SAFE_INTEGER, 5);
    expect(await webhooks.replay(db, 'undo', waiting!.id)).toBeUndefined();
    expect(await webhooks.restore(db, 'undo')).toMatchObject({ webhook_id: 'undo' });
    await deliverWebhooks(webhooks, db, true);
    expect(received()).toBe(3);
    await webhooks.remove(db, 'undo');
    await engineQueries.forgetWebhooks(db);
    expect(await webhooks.restore(db, 'undo')).toBeDefined();
    await webhooks.remove(db, 'undo');
    await db.query({
      name: '',
      text: `UPDATE webhooks SET deleted_at = now() - interval '25 h' WHERE webhook_id = 'undo'`,
    });
    expect(await webhooks.restore(db, 'undo')).toBeUndefined();
    await engineQueries.forgetWebhooks(db);
    expect(await webhooks.deliveries(db, 'undo', Number.MAX_SAFE_INTEGER, 5)).toEqual([]);
    const rows = await db.query<{ payload: object }>({
      name: '',
      text: `SELECT payload FROM outbox WHERE kind = 'AUDIT'`,
    });
    expect(rows.map(({ payload }) => payload)).toMatchObject([
      { action: 'removeWebhook', target: 'undo', actor: 'retention' },
    ]);
  });

  test('an endpoint that answers 410 is switched off, and what it was still to get keeps nobody waiting', async () => {
    answer = 410;
    await webhooks.insert(db, 'gone', url(), 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', ['chain.cancelled']);
    for (let n = 0; n < 50; n++) await notice('chain.cancelled');
    await deliverWebhooks(webhooks, db, true);
    const gone = (await webhooks.list(db)).find(({ webhook_id }) => webhook_id === 'gone');
    expect(gone).toMatchObject({ enabled: false, disabled_reason: 'the endpoint answered 410 Gone' });
    const statuses = (await webhooks.deliveries(db, 'gone', Number.MAX_SAFE_INTEGER, 100)).map(({ status }) => status);
    expect(statuses).toEqual(Array(50).fill('FAILED'));
    answer = 200;
    await webhooks.insert(db, 'later', url(), 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', ['chain.timeout']);
    const [old] = await webhooks.deliveries(db, 'gone', Number.MAX_SAFE_INTEGER, 1);
    await webhooks.replay(db, 'gone', old!.id);
    await notice('chain.timeout');
    await deliverWebhooks(webhooks, db, true);
    expect(await webhooks.deliveries(db, 'later', Number.MAX_SAFE_INTEGER, 1)).toMatchObject([{ status: 'DELIVERED' }]);
  });
});
