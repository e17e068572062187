import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { expect } from 'expect';
import { engineQueries, webhooks } from '#libs/repositories';
import { Database } from '#libs/repositories';
import { createTestDatabase, type TestDatabase } from '#libs/testing';
import { deliverWebhooks } from './deliver.js';
import { isPrivateAddress, publicLookup } from './private-addresses.js';
import { sign } from './signature.js';

test('signs as the example of Standard Webhooks', () => {
  const body = '{"test": 2432232314}';
  expect(sign('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, body)).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  );
});

test('knows private addresses, also mapped ones', () => {
  for (const address of [
    '127.0.0.1',
    '10.1.2.3',
    '169.254.169.254',
    '192.168.0.1',
    '100.64.0.1',
    '::1',
    'fd00::1',
    'fe80::1',
    '::ffff:127.0.0.1',
    '0.0.0.0',
    'nonsense',
  ]) {
    expect([address, isPrivateAddress(address)]).toEqual([address, true]);
  }
  for (const address of ['93.184.216.34', '2606:4700::1111', '172.32.0.1']) {
    expect([address, isPrivateAddress(address)]).toEqual([address, false]);
  }
});

test('refuses a name that leads to a private address', async () => {
  const error = await new Promise((resolve) => publicLookup('localhost', {}, (fault) => resolve(fault)));
  expect(error).toBeInstanceOf(Error);
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
      response.writeHead(answer).end();
    });
  });
  before(async () => {
    database = await createTestDatabase();
    db = new Database(database.url);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  after(async () => {
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
    await deliverWebhooks(db, true);
    expect(got).toHaveLength(1);
    expect(JSON.parse(got[0]!.body)).toEqual({ type: 'chain.success', data: { chain_id: 'chain-1' } });
    const [failed] = await webhooks.deliveries(db, 'all', Number.MAX_SAFE_INTEGER, 10);
    expect(failed).toMatchObject({ status: 'PENDING', tries: 1, response_status: 500, error: 'answered 500' });
    expect(Date.parse(failed!.next_attempt_at)).toBeGreaterThan(Date.now() + 2_000);
    answer = 204;
    await webhooks.replay(db, 'all', failed!.id);
    await deliverWebhooks(db, true);
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
    await deliverWebhooks(db, false);
    expect(got).toHaveLength(before);
    expect((await webhooks.deliveries(db, 'failures', Number.MAX_SAFE_INTEGER, 1))[0]).toMatchObject({
      status: 'PENDING',
      error: '127.0.0.1 is a private address',
    });
  });

  test('an endpoint that answers 410 is switched off, and what it was still to get keeps nobody waiting', async () => {
    answer = 410;
    await webhooks.insert(db, 'gone', url(), 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', ['chain.cancelled']);
    for (let n = 0; n < 50; n++) await notice('chain.cancelled');
    await deliverWebhooks(db, true);
    const gone = (await webhooks.list(db)).find(({ webhook_id }) => webhook_id === 'gone');
    expect(gone).toMatchObject({ enabled: false, disabled_reason: 'the endpoint answered 410 Gone' });
    const statuses = (await webhooks.deliveries(db, 'gone', Number.MAX_SAFE_INTEGER, 100)).map(({ status }) => status);
    expect(statuses).toEqual(Array(50).fill('FAILED'));
    answer = 200;
    await webhooks.insert(db, 'later', url(), 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', ['chain.timeout']);
    const [old] = await webhooks.deliveries(db, 'gone', Number.MAX_SAFE_INTEGER, 1);
    await webhooks.replay(db, 'gone', old!.id);
    await notice('chain.timeout');
    await deliverWebhooks(db, true);
    expect(await webhooks.deliveries(db, 'later', Number.MAX_SAFE_INTEGER, 1)).toMatchObject([{ status: 'DELIVERED' }]);
  });

  test('a duty has one holder at a time', async () => {
    expect(await engineQueries.holdDuty(db, 'gauges', 'one', 60_000)).toBe(true);
    expect(await engineQueries.holdDuty(db, 'gauges', 'two', 60_000)).toBe(false);
    expect(await engineQueries.holdDuty(db, 'gauges', 'one', 0)).toBe(true);
    expect(await engineQueries.holdDuty(db, 'gauges', 'two', 60_000)).toBe(true);
  });
});
