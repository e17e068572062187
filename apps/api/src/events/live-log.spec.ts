import { createServer, get } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import type { EventView } from '#libs/repositories';
import type { EventPage, SeenLog } from './event-log.js';
import { EventStream } from './event-stream.js';
import { LiveLog } from './live-log.js';

const KEEP_ALIVE_MS = 50;
const kindOf = (id: number): string => (id % 100 === 0 ? 'ChainFinished' : 'TaskSucceeded');

/** A log that never ends; each event is a kilobyte. */
class EndlessLog implements SeenLog {
  pages = 0;

  async page(after: number, limit: number): Promise<EventPage> {
    this.pages++;
    // As a query does, it lets others have their turn.
    await new Promise(setImmediate);
    const rows = Array.from({ length: limit }, (_, i): EventView => {
      const id = after + i + 1;
      return {
        ...{ id, chain_id: 'c', task_id: null, kind: kindOf(id), disposition: 'ACCEPTED', attempt: null, run_id: null },
        ...{ recorded_at: '1970-01-01T00:00:00.000Z', data: { text: 'x'.repeat(1_000) } },
      };
    });
    return { rows, after: after + limit, more: true };
  }

  follow(look: () => void): () => void {
    const timer = setInterval(look, 5);
    return () => clearInterval(timer);
  }
}

/** Serves the log to one reader, and waits for its stream to be closed at the end. */
async function withServer(
  { kinds, keepAliveMs }: { kinds?: ReadonlySet<string>; keepAliveMs?: number },
  work: (port: number, log: EndlessLog, closed: Promise<void>) => Promise<void>,
): Promise<void> {
  const log = new EndlessLog();
  let tellClosed: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => (tellClosed = resolve));
  const server = createServer((_request, response) => {
    const stream = new EventStream(response, 0, keepAliveMs);
    stream.onClose(tellClosed);
    new LiveLog(log, stream, 0, kinds);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await work((server.address() as AddressInfo).port, log, closed);
    await closed;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('the live log', () => {
  test('does not read on for a reader that takes nothing, and cuts it off', async () => {
    await withServer({ keepAliveMs: KEEP_ALIVE_MS }, async (port, log, closed) => {
      const socket = connect(port, '127.0.0.1').pause();
      socket.on('error', () => undefined);
      socket.write('GET / HTTP/1.1\r\nHost: test\r\n\r\n');
      await closed;
      // What the sockets hold, and one page. It would have been thousands.
      expect(log.pages).toBeLessThan(60);
      const before = log.pages;
      await new Promise((resolve) => setTimeout(resolve, 2 * KEEP_ALIVE_MS));
      expect(log.pages).toBe(before);
      socket.destroy();
    });
  });

  test('gives a reader that follows every event once and in order', async () => {
    await withServer({}, async (port) => {
      const ids = await read(port, 5_000);
      expect(ids).toEqual(Array.from({ length: ids.length }, (_, i) => i + 1));
    });
  });

  test('gives of some kinds those alone', async () => {
    await withServer({ kinds: new Set(['ChainFinished']) }, async (port) => {
      const ids = await read(port, 20);
      expect(ids).toEqual(Array.from({ length: ids.length }, (_, i) => (i + 1) * 100));
    });
  });
});

/** Reads the ids of at least so many events and goes. */
function read(port: number, count: number): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const ids: number[] = [];
    const request = get({ port, host: '127.0.0.1' }, (response) => {
      let rest = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        const blocks = (rest + chunk).split('\n\n');
        rest = blocks.pop()!;
        for (const block of blocks) {
          const id = /^event: event\nid: (\d+)\ndata: /.exec(block)?.[1];
          if (id !== undefined) ids.push(Number(id));
        }
        if (ids.length < count) return;
        resolve(ids);
        request.destroy();
      });
      response.on('close', () => reject(new Error(`the stream ended after ${ids.length} events`)));
    });
    request.on('error', reject);
  });
}
