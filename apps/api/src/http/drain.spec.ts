import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createLogger, readAppConfig } from '#libs/platform';
import { Databases, type Database } from '#libs/repositories';
import { createTestDatabase, type TestDatabase } from '#libs/testing';
import { createApp } from '../create-app.js';

const ADMIN_API_KEY = 'the-admin-key-of-this-test-and-of-nothing-else';
const SIGNED = { authorization: `Bearer ${ADMIN_API_KEY}` };
const BODY = JSON.stringify({
  chain_name: 'in flight',
  tasks: [{ task_id: 'a', task_type: 'diagnostic', task_params: { task_config: {} } }],
});
const SELECT = { name: '', text: 'SELECT 1 AS one' };

describe('the shutdown of the API', () => {
  let database: TestDatabase;
  let app: NestFastifyApplication;
  let port: number;
  let reads: Database;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  async function start(): Promise<void> {
    const config = readAppConfig({ DATABASE_URL: database.url, ADMIN_API_KEY });
    app = await createApp(config, createLogger('api', 'silent'));
    await app.listen(0, '127.0.0.1');
    ({ port } = app.getHttpServer().address() as AddressInfo);
    ({ reads } = app.get(Databases).forTenant('default'));
  }

  /** A request whose body is outstanding. `100 Continue` says that the API has begun with it. */
  async function inFlight(): Promise<Socket> {
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    const headers = `Host: api\r\nAuthorization: ${SIGNED.authorization}\r\nContent-Type: application/json\r\n`;
    const length = `Content-Length: ${Buffer.byteLength(BODY)}\r\nExpect: 100-continue\r\n`;
    socket.write(`POST /api/v1/chains HTTP/1.1\r\n${headers}${length}\r\n`);
    const [text] = (await once(socket, 'data')) as [string];
    expect(text).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    return socket;
  }

  /** Resolves once the port refuses connections. */
  async function refused(): Promise<void> {
    for (;;) {
      const answer = await fetch(`http://127.0.0.1:${port}/health/live`).catch((error: Error) => error);
      if (answer instanceof Error && (answer.cause as { code?: string }).code === 'ECONNREFUSED') return;
    }
  }

  test('ends streams, refuses what is new, answers what is in flight, and then closes the database', async () => {
    await start();
    const stream = await fetch(`http://127.0.0.1:${port}/api/v1/events`, {
      headers: { ...SIGNED, accept: 'text/event-stream' },
    });
    expect(stream.status).toBe(200);
    const busy = await inFlight();

    let isClosed = false;
    const closed = app.close().then(() => (isClosed = true));
    await stream.text(); // It ends cleanly: a stream that is cut throws.
    await refused();
    expect(isClosed).toBe(false);
    await expect(reads.query(SELECT)).resolves.toEqual([{ one: 1 }]);

    let text = '';
    busy.on('data', (part: string) => (text += part));
    busy.write(`${BODY}GET /health/live HTTP/1.1\r\nHost: api\r\n\r\n`);
    await once(busy, 'close');
    const [created, late] = text.split(/(?=HTTP\/1\.1 )/);
    expect(created).toMatch(/^HTTP\/1\.1 201 /);
    expect(late).toMatch(/^HTTP\/1\.1 503 /);
    expect(late).toMatch(/^content-type: application\/problem\+json/im);
    expect(late).toContain('"code":"UNAVAILABLE"');

    await closed;
    await expect(reads.query(SELECT)).rejects.toThrow();
  });

  test('cuts a request that is not finished by the deadline', async () => {
    await start();
    const slow = await inFlight();
    const ended = once(slow, 'close');
    await app.close();
    await ended;
    await expect(reads.query(SELECT)).rejects.toThrow();
  });
});
