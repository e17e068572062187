import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { checkTaskParams } from '../catalogue/check-params.js';
import { takesSecret } from '../catalogue/secret-params.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { PartyContext } from '../party/party-program.js';
import { runHttp } from './http-run.js';

type Config = Record<string, unknown>;

let folder: TestFolder;
let server: Server;
let base: string;
let asked: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[];
let answer: (response: ServerResponse) => void;

beforeAll(async () => {
  folder = await testFolder();
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      asked.push({ method: request.method!, url: request.url!, headers: request.headers, body });
      answer(response);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await folder.remove();
});
beforeEach(() => {
  asked = [];
  answer = (response) => response.end();
});

const call = (config: Config, more: Partial<TaskRun> = {}): Promise<TaskRunResult> =>
  runHttp(folder.run({ url: `${base}/orders?id=7`, ...config }, { callsToPrivate: true, ...more }));

describe('an http task', () => {
  test('sends what its parameters say, and a key that is its attempt', async () => {
    answer = (response) => {
      response.writeHead(201, { 'content-type': 'application/json; charset=utf-8' });
      response.end('{"order":{"id":7,"名":"订单"}}');
    };
    const body = { rows: 3, ids: ['a'] };
    const { result, artifacts } = await call(
      { method: 'POST', headers: { Authorization: 'Bearer 12345678' }, body },
      { attempt: 2 },
    );
    expect(result).toEqual({
      status: 201,
      content_type: 'application/json; charset=utf-8',
      body: { order: { id: 7, 名: '订单' } },
    });
    expect(artifacts).toEqual([]);
    expect(asked).toEqual([
      {
        method: 'POST',
        url: '/orders?id=7',
        body: JSON.stringify(body),
        headers: expect.objectContaining({
          authorization: 'Bearer 12345678',
          'content-type': 'application/json',
          'idempotency-key': '00000000-0000-4000-8000-000000000001.2',
        }),
      },
    ]);
  });

  test('sends text as text, with the type that a header gives', async () => {
    await call({ method: 'PUT', body: 'a,b\n', headers: { 'Content-Type': 'text/csv' } });
    expect(asked[0]).toMatchObject({
      method: 'PUT',
      body: 'a,b\n',
      headers: { 'content-type': 'text/csv', 'content-length': '4' },
    });
  });

  const json = { 'content-type': 'application/json' };
  test.each([
    ['nothing', json, '', null],
    ['text', { 'content-type': 'text/plain' }, 'done', 'done'],
    ['text that says it is JSON', json, '{"a":', '{"a":'],
    ['JSON that PostgreSQL cannot hold', json, '{"a":"\\u0000"}', '{"a":"\\u0000"}'],
    ['a number that would be rounded', json, '[12345678901234567890]', '[12345678901234567890]'],
    ['NUL', { 'content-type': 'text/plain' }, 'a\0b', 'a\uFFFDb'],
    ['a problem', { 'content-type': 'application/problem+json' }, '{"status":409}', { status: 409 }],
  ])('returns an answer of %s', async (_what, headers, text, body) => {
    answer = (response) => response.writeHead(200, headers).end(text);
    expect((await call({})).result).toMatchObject({ status: 200, body });
  });

  test.each([
    [404, {}, false],
    [429, {}, true],
    [503, {}, true],
    [200, { expect_status: [202] }, false],
  ])('fails on a status of %i where %j expects another', async (status, config, retryable) => {
    answer = (response) => response.writeHead(status).end('secret text');
    await expect(call(config)).rejects.toMatchObject({
      code: 'HTTP_STATUS',
      retryable,
      details: { status },
      message: expect.not.stringMatching(/secret|orders/),
    });
  });

  test('takes a status as a success that it expects', async () => {
    answer = (response) => response.writeHead(404).end();
    expect((await call({ expect_status: [200, 404] })).result).toMatchObject({ status: 404 });
  });

  test('follows no redirect', async () => {
    answer = (response) => response.writeHead(302, { location: `${base}/elsewhere` }).end();
    await expect(call({})).rejects.toMatchObject({
      code: 'HTTP_STATUS',
      message: expect.stringContaining('Redirects'),
    });
    expect(asked).toHaveLength(1);
  });

  test('fails where there is no answer in time, and where nobody listens', async () => {
    answer = (response) => response.writeHead(200).write('half');
    await expect(call({ timeout_ms: 300 })).rejects.toMatchObject({ code: 'HTTP_UNREACHABLE', retryable: true });
    await expect(call({ url: 'http://127.0.0.1:1/' })).rejects.toMatchObject({ code: 'HTTP_UNREACHABLE' });
  });

  test('takes no answer beyond its limit', async () => {
    answer = (response) => response.end('x'.repeat(1_000_000));
    await expect(call({})).rejects.toMatchObject({ code: 'RESPONSE_TOO_LARGE', retryable: false });
  });

  test('calls no private address unless the operator allows it', async () => {
    const outside = { callsToPrivate: false };
    const refused = { code: 'ADDRESS_NOT_ALLOWED', retryable: false };
    const { port } = new URL(base);
    for (const url of [base, `http://localhost:${port}/`, `http://[::1]:${port}/`, `http://2130706433:${port}/`])
      await expect(call({ url }, outside)).rejects.toMatchObject(refused);
    expect(asked).toEqual([]);
  });

  test('calls no name that leads to a private address, nor one of which an address does', async () => {
    jest.unstable_mockModule('node:dns', () => ({
      lookup: (name: string, _options: object, callback: (error: null, found: object[]) => void): void =>
        callback(null, [
          ...(name.startsWith('both.') ? [{ address: '93.184.216.34', family: 4 }] : []),
          { address: '127.0.0.1', family: 4 },
        ]),
    }));
    const { run } = await import('./call.js');
    const config = { method: 'GET', headers: {}, body: null, expected: null, timeoutMs: 5_000, idempotencyKey: 'k.1' };
    const { port } = new URL(base);
    for (const host of ['inside.example', 'both.example']) {
      const args = { ...config, url: `http://${host}:${port}/`, toPrivate: false };
      const answer = run({ progress: () => undefined } as Partial<PartyContext> as PartyContext, args);
      await expect(answer).rejects.toMatchObject({ code: 'ADDRESS_NOT_ALLOWED', retryable: false });
    }
    expect(asked).toEqual([]);
  });

  test.each(['ftp://example.com/', 'nothing', 'http://user:pass@example.com/'])('does not call %s', async (url) => {
    await expect(call({ url })).rejects.toMatchObject({ code: 'INVALID_PARAMS' });
  });
});

test('a header of two lines is refused, and not shown', async () => {
  const headers = { authorization: 'Bearer 1\r\nhost: elsewhere' };
  await expect(call({ headers })).rejects.toMatchObject({
    code: 'INVALID_PARAMS',
    message: expect.not.stringContaining('Bearer'),
  });
  expect(asked).toEqual([]);
});

describe('the parameters of an http task', () => {
  const faultsOf = (config: Config) =>
    checkTaskParams('http', { task_config: { url: 'https://example.com/', ...config } });

  test('have no header that the system sets, and no body where none is sent', () => {
    expect(faultsOf({ method: 'POST', body: null, headers: { accept: 'text/csv' } })).toEqual([]);
    expect(faultsOf({ headers: { Host: 'x', 'idempotency-key': 'y' }, body: 1 }).map(({ pointer }) => pointer)).toEqual(
      ['/task_config/headers/Host', '/task_config/headers/idempotency-key', '/task_config/body'],
    );
    expect(faultsOf({ headers: { 'a\nb': 'x' } })).toHaveLength(1);
    expect(faultsOf({ url: 'ftp://example.com/' })).toHaveLength(1);
    expect(faultsOf({ url: '${tasks.a.result.url}' })).toEqual([]);
  });

  test('take secrets in headers alone', () => {
    expect(takesSecret('http', ['task_config', 'headers', 'authorization'])).toBe(true);
    expect(takesSecret('http', ['task_config', 'url'])).toBe(false);
    expect(takesSecret('http', ['task_config', 'body'])).toBe(false);
  });
});
