import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { LogView, WantedLines } from '#libs/repositories';
import { TaskChainClient } from '#client';
import { EventStream } from '../events/event-stream.js';
import { LiveTaskLog, type LogStart, type SeenTaskLog } from './live-task-log.js';

const line = (id: number, message = `line ${id}`): LogView => ({
  ...{ id, attempt: 1, logged_at: '1970-01-01T00:00:00.000Z', level: 'info', message },
});

/** A log in memory, as PostgreSQL would answer. */
class KeptLog implements SeenTaskLog {
  rows: LogView[] = [];
  status = 'RUNNING';
  isGone = false;
  readonly asked: WantedLines[] = [];
  states = 0;
  private version = 1;
  private readonly looks = new Set<(version: number | undefined) => void>();

  lines = async (wanted: WantedLines): Promise<LogView[]> => {
    this.asked.push(wanted);
    const { after, limit, newest, except = [] } = wanted;
    const found = this.rows.filter(({ id }) => id > after && !except.includes(id)).sort((a, b) => a.id - b.id);
    return newest ? found.slice(-limit) : found.slice(0, limit);
  };
  state = async () => {
    this.states++;
    return { status: this.status, isOver: this.status === 'SUCCESS' };
  };
  follow(look: (version: number | undefined) => void): () => void {
    this.looks.add(look);
    const timer = setInterval(() => look(this.isGone ? undefined : this.version), 10);
    return () => {
      this.looks.delete(look);
      clearInterval(timer);
    };
  }
  end(): void {
    this.status = 'SUCCESS';
    this.version++;
  }
  get followers(): number {
    return this.looks.size;
  }
}

let close: () => void = () => undefined;
afterEach(() => close());

/** Serves the log as the API does, and gives the client that reads it. */
async function serve(log: KeptLog, breakAfter?: (response: ServerResponse) => void) {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://localhost');
    const number = (name: string) => Number(url.searchParams.get(name) ?? NaN);
    const last = request.headers['last-event-id'] as string | undefined;
    asked.push(last);
    const from: LogStart =
      last === undefined ? { after: number('after') || 0, tail: number('tail') || undefined } : { after: Number(last) };
    new LiveTaskLog(log, new EventStream(response), from);
    breakAfter?.(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  close = () => {
    server.closeAllConnections();
    server.close();
  };
  const client = new TaskChainClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  return { client, asked };
}

describe('the log of a task, live', () => {
  test('gives what is there and what comes, also what is stored late, each once; ends with the task', async () => {
    const log = new KeptLog();
    log.rows = [line(1), line(2), line(4)];
    const { client } = await serve(log);
    const got: number[] = [];
    for await (const { id } of client.watchTaskLogs('c', 't')) {
      got.push(id);
      // Its id was taken before that of line 4, and its transaction ends after it.
      if (id === 4) log.rows.push(line(3), line(5));
      if (id === 5) log.end();
    }
    expect(got).toEqual([1, 2, 4, 3, 5]);
    expect(log.followers).toBe(0);
    // One look at the task at the beginning, and one as its chain changed.
    expect(log.states).toBe(2);
  });

  test('begins with the newest lines where it is asked to, and pages through what is more than a page', async () => {
    const log = new KeptLog();
    log.rows = Array.from({ length: 1_200 }, (_, at) => line(at + 1));
    log.end();
    const { client } = await serve(log);
    const idsOf = async (options: object) => {
      const ids: number[] = [];
      for await (const { id } of client.watchTaskLogs('c', 't', options)) ids.push(id);
      return ids;
    };
    const [all, newest] = await Promise.all([idsOf({}), idsOf({ tail: 3 })]);
    expect(all).toEqual(log.rows.map(({ id }) => id));
    expect(newest).toEqual([1_198, 1_199, 1_200]);
    expect(Math.max(...log.asked.map(({ limit }) => limit))).toBe(100);
    // Ids that are named to the database are few, however long the log.
    expect(Math.max(...log.asked.map(({ except = [] }) => except.length))).toBe(1_000);
  });

  test('goes on past what one stream sends, whatever stands in its lines', async () => {
    const log = new KeptLog();
    // 48 KiB of JSON each, with what a reader of lines could take for an id.
    log.rows = Array.from({ length: 450 }, (_, at) => line(at + 1, `${'\u0001'.repeat(8_000)}\u2028id: 99999\u2028`));
    log.end();
    const { client, asked } = await serve(log);
    const ids: number[] = [];
    for await (const { id } of client.watchTaskLogs('c', 't')) ids.push(id);
    expect(ids).toEqual(log.rows.map(({ id }) => id));
    expect(asked.length).toBeGreaterThan(1);
    for (const last of asked.slice(1)) expect(Number(last)).toBeLessThan(450);
  });

  test('that begins with all there is, as it is less than was asked for, misses no line that is stored late', async () => {
    const log = new KeptLog();
    log.rows = [line(4)];
    const { client } = await serve(log);
    const got: number[] = [];
    for await (const { id } of client.watchTaskLogs('c', 't', { tail: 10 })) {
      got.push(id);
      if (id === 4) log.rows.push(line(3));
      if (id === 3) log.end();
    }
    expect(got).toEqual([4, 3]);
  });

  test('goes on after a break, and tells no line twice', async () => {
    const log = new KeptLog();
    log.rows = [line(1), line(2)];
    const broken: ServerResponse[] = [];
    const { client, asked } = await serve(log, (response) => broken.push(response));
    const got: number[] = [];
    for await (const { id } of client.watchTaskLogs('c', 't')) {
      got.push(id);
      if (id === 2) {
        broken[0]!.destroy();
        log.rows.push(line(3));
      }
      if (id === 3) log.end();
    }
    expect(got).toEqual([1, 2, 3]);
    expect(asked).toHaveLength(2);
    expect(Number(asked[1])).toBeLessThan(3);
  });

  test('ends where the chain is gone, and after 16 MiB, from where the reader goes on', async () => {
    const log = new KeptLog();
    log.rows = Array.from({ length: 2_100 }, (_, at) => line(at + 1, 'x'.repeat(8_192)));
    const { client, asked } = await serve(log);
    let count = 0;
    for await (const { id } of client.watchTaskLogs('c', 't')) {
      count++;
      if (id === 2_100) log.end();
    }
    expect(count).toBe(2_100);
    expect(asked).toHaveLength(2);
    log.isGone = true;
    const gone = new AbortController();
    const read = async () => {
      for await (const _ of client.watchTaskLogs('c', 't', { signal: gone.signal })) break;
    };
    const reading = read();
    while (asked.length < 4) await new Promise((later) => setTimeout(later, 20));
    gone.abort(new Error('seen enough'));
    await expect(reading).rejects.toThrow('seen enough');
  });
});
