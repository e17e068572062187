import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { parseStrictJson } from '#libs/chain-domain';
import { isPrivateHost, publicLookup } from '#libs/network';
import { TaskFailure, type Json } from '../contract/task-type.js';
import type { PartyProgram } from '../party/party-program.js';

export interface CallArgs {
  readonly url: string;
  readonly method: string;
  readonly headers: { readonly [name: string]: string };
  readonly body: { readonly text: string } | { readonly json: Json } | null;
  /** Statuses that are a success; null for 200 to 299. */
  readonly expected: readonly number[] | null;
  readonly timeoutMs: number;
  readonly idempotencyKey: string;
  /** Whether private addresses may be called. */
  readonly toPrivate: boolean;
}

export interface CallValue {
  readonly status: number;
  readonly content_type: string | null;
  /** Parsed where it is JSON, else text; null where it is empty. */
  readonly body: Json;
}

/** Most of an answer's body, bytes: it is part of the task's result. */
const MAX_BODY = 48 * 1024;

/** What another try may mend: the service is busy or down. */
const AGAIN = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * Sends one request and reads its answer. Throws TaskFailure INVALID_PARAMS, ADDRESS_NOT_ALLOWED, HTTP_UNREACHABLE, HTTP_STATUS or
 * RESPONSE_TOO_LARGE. Messages name the host alone: a path or a header may hold what is nobody's.
 */
export const run: PartyProgram<CallArgs, CallValue> = async (context, args) => {
  const url = urlOf(args.url);
  if (!args.toPrivate && isPrivateHost(url)) throw notAllowed(url);
  context.progress(0, `calling ${url.host}`);
  const { status, type, bytes } = await send(url, args, () => context.progress(0.5, 'reading the answer'));
  const isExpected = args.expected?.includes(status) ?? (status >= 200 && status <= 299);
  if (!isExpected) {
    const redirect =
      status >= 300 && status <= 399 ? ' Redirects are not followed: name the address that it leads to.' : '';
    throw new TaskFailure('HTTP_STATUS', `${url.host} answered ${status}.${redirect}`, AGAIN.has(status), { status });
  }
  return { status, content_type: type, body: bodyOf(bytes, type) };
};

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new TaskFailure('INVALID_PARAMS', 'url is no http or https address.');
  if (url.username !== '' || url.password !== '')
    throw new TaskFailure(
      'INVALID_PARAMS',
      'url holds a user or a password: put a secret in the header authorization.',
    );
  return url;
}

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly bytes: Buffer;
}

async function send(url: URL, args: CallArgs, onAnswer: () => void): Promise<Answer> {
  const payload = payloadOf(args.body);
  const signal = AbortSignal.timeout(args.timeoutMs);
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
        method: args.method,
        agent: false,
        signal,
        ...(!args.toPrivate && { lookup: publicLookup() }),
        headers: {
          'user-agent': 'task-chain/1',
          accept: 'application/json, */*;q=0.5',
          ...(payload && { 'content-type': payload.type, 'content-length': payload.bytes.length }),
          ...lowerCased(args.headers),
          'idempotency-key': args.idempotencyKey,
        },
      });
      request.on('response', resolve);
      request.on('error', reject);
      request.end(payload?.bytes);
    });
    onAnswer();
    return {
      status: response.statusCode!,
      type: response.headers['content-type'] ?? null,
      bytes: await read(url, response),
    };
  } catch (error) {
    if (error instanceof TaskFailure) throw error;
    throw failureOf(url, args.timeoutMs, signal.aborted, error as NodeJS.ErrnoException);
  }
}

async function read(url: URL, response: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BODY) {
      response.destroy();
      const message = `${url.host} answered more than ${MAX_BODY} bytes; ask it for less.`;
      throw new TaskFailure('RESPONSE_TOO_LARGE', message, false, { limit_bytes: MAX_BODY });
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function failureOf(url: URL, timeoutMs: number, isLate: boolean, error: NodeJS.ErrnoException): TaskFailure {
  if (error.code === 'ERR_INVALID_CHAR')
    return new TaskFailure(
      'INVALID_PARAMS',
      'A header holds a character that headers cannot hold, such as a line break.',
    );
  // `publicLookup` says so; every other fault of a lookup has a code.
  if (error.code === undefined && error.message.includes('private address')) return notAllowed(url);
  const why = isLate ? `no whole answer within ${timeoutMs} ms` : (error.code ?? 'the connection failed');
  return new TaskFailure('HTTP_UNREACHABLE', `${url.host} could not be called: ${why}.`, true);
}

function notAllowed(url: URL): TaskFailure {
  return new TaskFailure(
    'ADDRESS_NOT_ALLOWED',
    `${url.hostname} leads to a private address, which http tasks may not call; the operator allows it by HTTP_TASK_ALLOW_PRIVATE=on.`,
  );
}

function payloadOf(body: CallArgs['body']): { readonly type: string; readonly bytes: Buffer } | null {
  if (body === null) return null;
  if ('text' in body) return { type: 'text/plain; charset=utf-8', bytes: Buffer.from(body.text) };
  return { type: 'application/json', bytes: Buffer.from(JSON.stringify(body.json)) };
}

function bodyOf(bytes: Buffer, type: string | null): Json {
  if (bytes.length === 0) return null;
  const isJson = /^application\/([\w.-]+\+)?json\b/i.test(type ?? '');
  const parsed = isJson ? parseStrictJson(bytes) : undefined;
  // What is no JSON that can be stored comes as text, in which PostgreSQL holds no NUL.
  return parsed?.ok ? (parsed.value as Json) : bytes.toString('utf8').replaceAll('\0', '\uFFFD');
}

/** A header that the caller names takes the place of ours. */
function lowerCased(headers: CallArgs['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
