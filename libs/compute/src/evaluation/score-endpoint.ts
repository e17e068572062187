import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isMap } from '../contract/json-values.js';
import { TaskFailure } from '../contract/task-type.js';

/** Where the receiver of predictions is asked for them, on 127.0.0.1. */
export interface Endpoint {
  readonly port: number;
  /** The SHA-256, in hex, of the token that askers have. In a list, as rights to files follow from other texts. */
  readonly tokens: readonly [string];
}

/** Why an asker gets no prediction. */
export class ScoreRefused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const PATHS = ['/score', '/end'];
const MOST_BYTES = 4_096;
const MOST_CONNECTIONS = 128;
/** A whole request has to be there in this time. */
const REQUEST_MS = 5_000;
/** How often that is looked at. Node looks each 30 s. */
const CHECK_MS = 1_000;
/** Left to answers that are on their way when it closes. */
const CLOSE_MS = 1_000;

/** What can be asked for. */
interface Asked {
  /** The prediction of a row. Throws ScoreRefused. */
  score(key: string): Promise<number>;
  /** That no more is. */
  end(): void;
}

/**
 * Answers POST /score with the prediction of the row that the body names, and POST /end. Each request carries the token: so neither other users of
 * the machine nor pages in a browser get an answer. Throws TaskFailure SITE_NOT_READY where it cannot listen.
 */
export async function listen(
  party: string,
  { port, tokens: [token] }: Endpoint,
  asked: Asked,
): Promise<{ close(): Promise<void> }> {
  const wanted = Buffer.from(token, 'hex');
  const server = createServer(
    {
      ...{ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, connectionsCheckingInterval: CHECK_MS },
      maxHeaderSize: 8_192,
    },
    (request, response) => void answer(request, response, wanted, asked),
  );
  server.maxConnections = MOST_CONNECTIONS;
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const message = `Party ${party} cannot listen on port ${port} of 127.0.0.1 (${code}): choose another by --port.`;
    throw new TaskFailure('SITE_NOT_READY', message, false, { party });
  }
  return {
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      const last = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
      await closed;
      clearTimeout(last);
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  token: Uint8Array,
  asked: Asked,
): Promise<void> {
  try {
    requireAsker(request, token);
    const body = await bodyOf(request);
    if (request.url === '/end') {
      say(response, 202, 'application/json', { ending: true });
      return asked.end();
    }
    const key = keyIn(body);
    say(response, 200, 'application/json', { key, prediction: await asked.score(key) });
  } catch (error) {
    // A failure of the run ends it, and is told there.
    const { status, code, message } =
      error instanceof ScoreRefused ? error : new ScoreRefused(503, 'ENDED', 'The run has failed: nothing is opened.');
    // What is left of the body is not read.
    if (!request.complete) response.setHeader('connection', 'close');
    if (status === 401) response.setHeader('www-authenticate', 'Bearer');
    if (status === 405) response.setHeader('allow', 'POST');
    say(response, status, 'application/problem+json', { title: message, status, code });
  }
}

function say(response: ServerResponse, status: number, type: string, body: object): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(`${JSON.stringify(body)}\n`);
}

function requireAsker({ headers, method, url }: IncomingMessage, token: Uint8Array): void {
  const [, given] = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(headers.authorization ?? '') ?? [];
  if (given === undefined || !timingSafeEqual(createHash('sha256').update(given).digest(), token))
    throw new ScoreRefused(401, 'TOKEN_WRONG', 'Send the token of this site: Authorization: Bearer <token>.');
  const known = `There is POST ${PATHS.join(' and POST ')} alone.`;
  if (!PATHS.includes(url ?? '')) throw new ScoreRefused(404, 'NOT_FOUND', known);
  if (method !== 'POST') throw new ScoreRefused(405, 'METHOD_UNKNOWN', known);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MOST_BYTES) throw new ScoreRefused(413, 'BODY_TOO_LARGE', `A body has ${MOST_BYTES} bytes at most.`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

function keyIn(body: string): string {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    value = undefined;
  }
  if (isMap(value) && typeof value.key === 'string' && Object.keys(value).length === 1) return value.key;
  throw new ScoreRefused(400, 'BODY_WRONG', 'The body is {"key": "<the key of a row, as a text>"} and no more.');
}
