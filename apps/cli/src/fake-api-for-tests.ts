import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll } from '@jest/globals';
import { runHere, type Ran } from './shell-for-tests.js';

/** Answers by `<method> <path below /api/v1>`: a body, or what makes one of the query. */
type Answers = Readonly<Record<string, object>>;

/** Registers a server of a suite that knows these answers, and 404 for others. Keeps what it was asked: method and path, and the body. */
export function fakeApi(answers: Answers) {
  const asked: [string, unknown][] = [];
  const server = createServer((request, response) => {
    void text(request).then((sent) => {
      const url = new URL(request.url!, 'http://localhost');
      const route = `${request.method} ${url.pathname.replace('/api/v1', '')}`;
      asked.push([`${route}${url.search}`, sent === '' ? undefined : (JSON.parse(sent) as unknown)]);
      const answer = answers[route];
      response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
      const body =
        typeof answer === 'function' ? (answer as (query: URLSearchParams) => object)(url.searchParams) : answer;
      response.end(JSON.stringify(body ?? { status: 404, code: 'NOT_FOUND', detail: 'nothing there' }));
    });
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const run = (args: readonly string[], options?: Parameters<typeof runHere>[1]): Promise<Ran> => {
    asked.length = 0;
    return runHere([...args, '--url', `http://127.0.0.1:${(server.address() as AddressInfo).port}`], options);
  };
  return { asked, run };
}
