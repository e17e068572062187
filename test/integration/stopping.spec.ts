import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { withConnection } from '#libs/local-postgres';
import { chain, describeSystem, eventually, liveEvents, SIGNED, task } from './system/index.js';

describeSystem('the end of the API', 'postgres', { apps: ['api'] }, (check) => {
  check('answers what is in flight, refuses what comes after, and waits for nobody who idles', async (system) => {
    const { api, databaseUrl } = system;
    const app = system.app('api');
    const id = await api.create(chain([task('a')]));
    const { hostname, port } = new URL(api.url);
    const open = (): Socket => connect(Number(port), hostname).setEncoding('utf8');
    const idle = open();
    idle.write('GET /health/live HTTP/1.1\r\nHost: api\r\n\r\n');
    await eventually('an answer on the connection that then idles', () => (idle.read() as string | null) ?? undefined);
    const stream = liveEvents(`${api.url}/api/v1/chains/${id}/events`);
    await stream.next();

    let ended: Promise<void> | undefined;
    let asked = 0;
    let answers = '';
    await withConnection(databaseUrl, async (client) => {
      await client.query('BEGIN');
      await client.query('LOCK TABLE task_chains IN EXCLUSIVE MODE');
      const busy = open().on('data', (text: string) => (answers += text));
      const body = JSON.stringify(chain([task('b')]));
      const signed = `Authorization: ${SIGNED.authorization}\r\n`;
      const head = `POST /api/v1/chains HTTP/1.1\r\nHost: api\r\n${signed}Content-Type: application/json\r\n`;
      busy.write(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
      await eventually('the new chain waits for the table', async () => {
        const { rows } = await client.query('SELECT FROM pg_locks WHERE NOT granted');
        return rows.length > 0 ? true : undefined;
      });
      asked = performance.now();
      ended = app.stop();
      for await (const _event of stream); // The stream ends with the API, cleanly.
      busy.write('GET /health/live HTTP/1.1\r\nHost: api\r\n\r\n');
      await delay(300);
      await client.query('COMMIT');
    });
    await ended;
    expect(performance.now() - asked).toBeLessThan(5_000);
    const [first, second] = answers.split(/(?=HTTP\/1\.1 )/);
    expect(first).toMatch(/^HTTP\/1\.1 201 /);
    expect(second).toMatch(/^HTTP\/1\.1 503 /);
    expect(second).toMatch(/^retry-after: 2\r$/im);
    expect(second).toMatch(/^connection: close\r$/im);
    expect(second).toContain('"code":"UNAVAILABLE"');
  });
});
