import { connect } from 'node:net';

/** What came back. `body` is empty of a stream, which is left after its head. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** A request slower than this has hung, ms: a bulk action may take 20 s. */
const PATIENCE_MS = 30_000;

/**
 * Sends bytes as they are, on a separate connection: what no HTTP client would let through goes too. `head` is one byte a character.
 * Rejects where no answer that can be read came.
 */
export function sendRaw(port: number, head: string, body: Uint8Array, endless: RegExp): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    let head0 = -1;
    socket.setEncoding('latin1').setTimeout(PATIENCE_MS);
    socket.on('timeout', () => socket.destroy(new Error(`no answer within ${PATIENCE_MS} ms`)));
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (head0 < 0) head0 = text.indexOf('\r\n\r\n');
      if (head0 >= 0 && endless.test(text.slice(0, head0))) socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // The answer may come before all is sent.
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
    socket.on('close', () => {
      const answer = parse(text, head0);
      if (answer === undefined) reject(new Error(`no answer: ${JSON.stringify(text.slice(0, 200))}`));
      else resolve(answer);
    });
    socket.write(head, 'latin1');
    socket.write(body);
  });
}

function parse(text: string, end: number): RawAnswer | undefined {
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1];
  if (status === undefined || end < 0) return undefined;
  const lines = text.slice(0, end).split('\r\n').slice(1);
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const raw = text.slice(end + 4);
  const body = headers.get('transfer-encoding') === 'chunked' ? unchunked(raw) : raw;
  return { status: Number(status), headers, body: Buffer.from(body, 'latin1').toString('utf8') };
}

function unchunked(raw: string): string {
  let body = '';
  let at = 0;
  for (;;) {
    const line = raw.indexOf('\r\n', at);
    const size = Number.parseInt(raw.slice(at, line), 16);
    if (line < 0 || !(size > 0)) return body;
    body += raw.slice(line + 2, line + 2 + size);
    at = line + 4 + size;
  }
}
