import { Agent, request } from 'node:http';

/** A client that holds `connections` open. Plain node:http: it costs a fraction of what fetch does. */
export class HttpClient {
  private readonly agent: Agent;

  constructor(
    private readonly url: string,
    private readonly connections: number,
  ) {
    this.agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Posts each body, at most as many at once as there are connections; the answers in the bodies' order. */
  async postAll<T>(path: string, bodies: readonly string[]): Promise<T[]> {
    const answers = new Array<T>(bodies.length);
    let next = 0;
    const connection = async (): Promise<void> => {
      while (next < bodies.length) {
        const n = next++;
        answers[n] = await this.send<T>('POST', path, bodies[n]);
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.connections, bodies.length) }, connection));
    return answers;
  }

  /** Rejects with the API's own words when it refuses. */
  send<T>(method: string, path: string, body?: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { 'content-type': 'application/json' };
      const sent = request(`${this.url}${path}`, { method, agent: this.agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const { statusCode = 0 } = response;
          if (statusCode < 300) resolve((text === '' ? undefined : JSON.parse(text)) as T);
          else reject(new Error(`${method} ${path} answered ${statusCode}: ${text.slice(0, 1000)}`));
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
