import type { Socket } from 'node:net';
import { STATUS_CODES } from 'node:http';
import { Problem, toProblemDocument } from './problem.js';

/** Answers what Node's parser refuses, of which there is no request: as a problem too. Pass it as Fastify's `clientErrorHandler`. */
export function answerUnreadable(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const { status, ...document } = toProblemDocument(problemOf(error.code), '');
  const body = JSON.stringify({ ...document, status });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.destroySoon();
}

function problemOf(code: string | undefined): Problem {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new Problem('REQUEST_TIMEOUT', 'The request did not arrive completely in time.');
  if (code === 'HPE_HEADER_OVERFLOW')
    return new Problem('HEADERS_TOO_LARGE', 'All headers together may have at most 16 KiB.');
  return new Problem('BAD_REQUEST', 'The request is not valid HTTP.');
}
