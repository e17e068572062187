import { Pool } from 'undici';

import { SIGNED } from '../test/faults/system.js';

const JSON_BODY = { ...SIGNED, 'content-type': 'application/json' };

/** A client that holds `connections` open. undici costs half of what node:http does, and both cores are shared. */
export class HttpClient {
  private readonly pool: Pool;
  private readonly base: string;

  constructor(
    url: string,
    readonly connections: number,
  ) {
    const { origin, pathname } = new URL(url);
    this.base = pathname;
    this.pool = new Pool(origin, { connections, pipelining: 1 });
  }

  /** Posts each body, at most as many at once as there are connections; the answers in the bodies' order. */
  postAll<T>(path: string, bodies: readonly string[]): Promise<T[]> {
    return Promise.all(bodies.map((body) => this.send<T>('POST', path, body)));
  }

  /** Rejects with the API's own words when it refuses. */
  async send<T>(method: 'GET' | 'POST', path: string, body?: string): Promise<T> {
    const { status, text } = await this.attempt(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path} answered ${status}: ${text.slice(0, 1000)}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  /** The answer, whatever it is. */
  async attempt(
    method: 'GET' | 'POST',
    path: string,
    body?: string,
  ): Promise<{ status: number; text: string; retryAfter: string | string[] | undefined }> {
    const request = { method, path: this.base + path, headers: body === undefined ? SIGNED : JSON_BODY, body };
    const { statusCode, headers, body: answer } = await this.pool.request(request);
    return { status: statusCode, text: await answer.text(), retryAfter: headers['retry-after'] };
  }

  close(): Promise<void> {
    return this.pool.destroy();
  }
}
