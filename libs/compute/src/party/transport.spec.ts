import { Duplex, PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { streamTransport, type Message } from './transport.js';

/** Bytes as a transport writes them. */
function framesOf(...messages: Message[]): Buffer {
  const out = new PassThrough();
  const transport = streamTransport(out);
  for (const message of messages) transport.post(message);
  return out.read() as Buffer;
}

/** A transport that is given these chunks: what it received, and why it closed. */
async function received(chunks: readonly Uint8Array[], maxFrameBytes?: number) {
  const messages: unknown[] = [];
  const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  const transport = streamTransport(stream, maxFrameBytes);
  transport.onMessage((message) => messages.push(message));
  const closed = new Promise<string | undefined>((resolve) => transport.onClose(resolve));
  for (const chunk of chunks) stream.push(chunk);
  stream.push(null);
  transport.close();
  return { fault: await closed, messages };
}

describe('a transport over a stream', () => {
  const large = Buffer.alloc(100_000, 7);
  const messages = [
    { kind: 'a', text: 'ü' },
    { kind: 'b', body: '{"x":"ü"}' },
    { kind: 'c', body: Buffer.from([1, 2, 3]) },
    { kind: 'd', body: Buffer.alloc(0) },
    { kind: 'e', body: '' },
    { kind: 'f', body: large },
  ];

  for (const size of [1, 3, 5, 64, 65_536, Infinity]) {
    test(`gives messages back as they were, from chunks of ${size} bytes`, async () => {
      const bytes = framesOf(...messages);
      const chunks = [];
      for (let at = 0; at < bytes.byteLength; at += size) chunks.push(bytes.subarray(at, at + size));
      expect(await received(chunks)).toEqual({ fault: undefined, messages });
    });
  }

  const frame = (announced: number, head: number, rest: string): Buffer => {
    const prefix = Buffer.alloc(8);
    prefix.writeUInt32BE(announced);
    prefix.writeUInt32BE(head, 4);
    return Buffer.concat([prefix, Buffer.from(rest)]);
  };
  for (const [what, bytes, fault] of [
    ['a frame over the limit', frame(2_000, 2, '{}'), 'a frame has a wrong length'],
    ['a frame without a head', frame(3, 0, ''), 'a frame has a wrong length'],
    ['a head that is longer than its frame', frame(6, 3, '{}'), 'the head of a frame is longer than the frame'],
    ['a head that is not JSON', frame(6, 2, '{]'), 'the head of a frame is not JSON'],
    ['a head that is no object', frame(5, 1, '1'), 'the head of a frame is no object'],
  ] as const) {
    test(`closes at ${what}, and reads no further`, async () => {
      const message = { kind: 'a' };
      const good = framesOf(message);
      expect(await received([Buffer.concat([good, bytes, good])], 1_000)).toEqual({ fault, messages: [message] });
    });
  }

  test('has nothing to wait for once the other end is gone', async () => {
    const stream = new Duplex({ read: () => undefined, write: () => undefined });
    const transport = streamTransport(stream);
    transport.post({ body: large });
    expect(transport.unsentBytes()).toBeGreaterThan(large.byteLength);
    stream.destroy();
    expect(transport.unsentBytes()).toBe(0);
    await transport.flushed();
  });
});
