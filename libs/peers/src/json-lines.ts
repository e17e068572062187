import type { Duplex } from 'node:stream';

/** Longest message of a handshake, bytes. */
const HANDSHAKE_BYTES = 64 * 1024;
const LENGTH_BYTES = 4;

/** Sends a message: its length (4 bytes, big-endian), and JSON. */
export function sendJson(stream: Duplex, message: unknown): void {
  const body = Buffer.from(JSON.stringify(message));
  const head = Buffer.alloc(LENGTH_BYTES);
  head.writeUInt32BE(body.byteLength);
  stream.write(Buffer.concat([head, body]));
}

/**
 * The next message; undefined if it is no JSON or too long. What comes after it stays in the stream. Rejects when the stream ends first.
 */
export async function receiveJson(stream: Duplex, mostBytes = HANDSHAKE_BYTES): Promise<unknown> {
  const bytes = (await take(stream, LENGTH_BYTES)).readUInt32BE();
  if (bytes === 0 || bytes > mostBytes) return undefined;
  try {
    return JSON.parse((await take(stream, bytes)).toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Takes so many bytes out of a stream that nobody else reads. */
function take(stream: Duplex, bytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const found = stream.read(bytes) as Buffer | null;
      if (found?.byteLength === bytes) return finish(() => resolve(found));
      if (found !== null || stream.destroyed) finish(() => reject(new Error('the connection ended')));
    };
    const ended = (): void => finish(() => reject(new Error('the connection ended')));
    const finish = (settle: () => void): void => {
      stream.off('readable', look).off('end', ended).off('close', ended);
      settle();
    };
    stream.on('readable', look).on('end', ended).on('close', ended);
    look();
  });
}
