import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { makeKusciaCertificates } from '#libs/testing';
import { failureOfJob } from './job-end.js';
import { KusciaApi, KusciaRefusal, type FarJobStatus } from './kuscia-api.js';
import type { KusciaAccess } from './kuscia-settings.js';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const folder = mkdtempSync(join(tmpdir(), 'hostile-kuscia-'));
const PATIENT_MS = 30_000;
const IMPATIENT_MS = 400;
let server: Server;
let access: KusciaAccess;
let answer: Answer;
let asked = 0;
let api: KusciaApi;

const json = (response: ServerResponse, value: unknown): void =>
  void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
const healthy: Answer = (response) => json(response, { status: {}, data: { ready: true } });
/** What the API makes of an answer. */
async function meets(made: Answer, commandMs = PATIENT_MS): Promise<unknown> {
  answer = made;
  api = new KusciaApi(access, commandMs);
  return api.isReady().catch((error: unknown) => error);
}

beforeAll(async () => {
  const { ca, server: own, client } = await makeKusciaCertificates(folder);
  const [cert, key, authority] = [own.cert, own.key, ca].map((path) => readFileSync(path));
  server = createServer({ cert, key, ca: authority, requestCert: true }, (request, response) => {
    asked += 1;
    request.resume().on('end', () => answer(response, request));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const token = join(folder, 'token');
  writeFileSync(token, ' first\n');
  const endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  access = { endpoint, ca, ...client, token };
});
afterEach(() => api.close());
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
  rmSync(folder, { recursive: true });
});

describe('answers that are none', () => {
  test.each<[string, Answer, string, number?]>([
    ['that never comes', () => undefined, 'did not answer in time', IMPATIENT_MS],
    [
      'that drips without an end',
      (response) => {
        const drip = setInterval(() => response.write(' '), 50);
        response.on('close', () => clearInterval(drip));
      },
      '',
      IMPATIENT_MS,
    ],
    [
      'that breaks off',
      (response) => {
        response.writeHead(200, { 'content-length': 100 });
        response.write('{"status":{}');
        setTimeout(() => response.destroy(), 50);
      },
      '',
    ],
    ['that is cut off, and says so', (response) => void response.writeHead(200).end('{"status":{"co'), 'no status'],
    ['of another kind', (response) => void response.writeHead(200).end('<html>hidden</html>'), 'no status'],
    ['without a status', (response) => json(response, { data: { ready: true } }), 'no status'],
    ['whose code is a text', (response) => json(response, { status: { code: '0' }, data: {} }), 'no status'],
    [
      'that leads elsewhere',
      (response) => void response.writeHead(307, { location: access.endpoint }).end(),
      'HTTP 307',
    ],
    ['of a gateway', (response) => void response.writeHead(502).end('hidden'), 'HTTP 502'],
  ])(
    'an answer %s is an error that another try may change, and is not quoted',
    async (...[_, made, message, commandMs]) => {
      const error = await meets(made, commandMs);
      expect(error).toBeInstanceOf(Error);
      expect(error).not.toHaveProperty('retryable');
      expect((error as Error).message).toContain(message);
      expect((error as Error).message).not.toContain('hidden');
    },
  );

  test('an answer that is too large is cut off', async () => {
    const part = Buffer.alloc(1024 * 1024, ' ');
    let sent = 0;
    const error = await meets((response) => {
      response.on('close', () => (sent = Infinity));
      const more = (): void => {
        while (sent < 64 && response.write(part)) sent += 1;
        sent += 1;
        if (sent < 64) response.once('drain', more);
      };
      more();
    });
    expect(error).toMatchObject({ message: 'Kuscia answered with too much.' });
  });
});

test('another server at the endpoint is no API', async () => {
  const error = await meets((response) => void response.writeHead(404).end('hidden'));
  expect(error).toMatchObject({ code: 'ENGINE_NOT_READY', mend: expect.stringContaining('must be the HTTP port') });
  expect((error as Error).message).not.toMatch(/hidden|127\.0\.0\.1/);
});

test('what Kuscia says of a refusal stays with it', async () => {
  const error = await meets((response) => json(response, { status: { code: 11_100, message: 'row 7: hidden' } }));
  expect(error).toBeInstanceOf(KusciaRefusal);
  expect([error, (error as Error).message, (error as KusciaRefusal).says(/hidden/)]).toEqual([
    expect.objectContaining({ code: 11_100 }),
    'Kuscia refused it with code 11100.',
    true,
  ]);
  expect(JSON.stringify([error, { ...(error as Error) }, Object.values(error as Error)])).not.toContain('hidden');
});

test('the server must have the name that is asked for, or that server_name says', async () => {
  const named = async (serverName: string): Promise<unknown> => {
    answer = healthy;
    api = new KusciaApi({ ...access, serverName }, PATIENT_MS);
    const found = await api.isReady().catch((error: unknown) => error);
    api.close();
    return found;
  };
  const before = asked;
  expect(await named('kuscia.example.com')).toMatchObject({
    ...{
      code: 'ENGINE_NOT_READY',
      message: expect.stringMatching(/KUSCIA_API.*ALTNAME/),
      mend: expect.stringContaining('"server_name"'),
    },
  });
  // No token goes to a server of another name.
  expect(asked).toBe(before);
  expect(await meets(healthy)).toBe(true);
});

test('a token that was replaced counts at once, and one that was not is asked for once', async () => {
  const told: unknown[] = [];
  const takes =
    (right: string): Answer =>
    (response, request) => {
      told.push(request.headers.token);
      if (request.headers.token === right) healthy(response, request);
      else response.writeHead(401).end();
    };
  expect(await meets(takes('first'))).toBe(true);
  writeFileSync(access.token, 'second');
  expect(await api.isReady()).toBe(true);
  answer = takes('second');
  expect(await api.isReady()).toBe(true);
  expect(told).toEqual(['first', 'first', 'first', 'second']);
  answer = takes('third');
  const error = await api.isReady().catch((failure: unknown) => failure);
  expect(error).toMatchObject({ code: 'ENGINE_NOT_READY', message: expect.not.stringContaining('second') });
  expect(told).toHaveLength(5);
});

describe('a job as a hostile server tells it', () => {
  const told = async (data: unknown): Promise<FarJobStatus> => {
    answer = (response) => json(response, { status: {}, data });
    api = new KusciaApi(access, PATIENT_MS);
    return (await api.queryJob('tc-x'))!;
  };

  test.each([null, 7, [], { status: [] }, { status: { tasks: 7 }, tasks: {} }, { status: { tasks: [null] } }])(
    'has no state where it has no form (%j)',
    async (data) => {
      expect(await told(data)).toEqual({
        ...{ state: '', errMsg: '', progress: 0, inputConfig: undefined, domains: new Map() },
      });
    },
  );

  test('has a progress from 0 to 1, and no names but those of its parties in a failure', async () => {
    const task = {
      ...{ progress: 7, err_msg: ['x'] },
      parties: [
        { domain_id: 'alice', state: 'Failed', err_msg: 'hidden' },
        { domain_id: 'hidden', state: 'Failed' },
      ],
    };
    const status = await told({ status: { state: 'Failed', tasks: [task] } });
    expect(status.progress).toBe(0);
    const failure = failureOfJob(status, new Set(['alice', 'bob']));
    expect(failure.details).toEqual({ error_type: 'OTHER', state: 'Failed', domains: ['alice'] });
    expect(JSON.stringify([failure, failure.message])).not.toContain('hidden');
  });
});
