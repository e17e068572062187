import fc from 'fast-check';
import { openDatabase, type Database } from '#libs/repositories';
import { chain, line, SIGNED, SystemUnderTest, task } from '../integration/system/index.js';
import { sendRaw, type RawAnswer } from './raw-http.js';
import { anyRequest, type FuzzRequest } from './requests.js';
import { CHAIN, DELIVERY, KEY, TASK, WEBHOOK } from './values.js';

/** What a campaign came to. It rejects at the first answer that may not be, with the smallest request that gets it. */
export interface Outcome {
  readonly requests: number;
  /** How many answers had this status. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly heapMiB: Growth;
  readonly rssMiB: Growth;
}
/** The least of the API's samples after a tenth to three tenths of the requests, and after the last fifth. */
interface Growth {
  readonly early: number;
  readonly late: number;
}

/** GETs whose answer may go on for ever. */
const ENDLESS = /content-type: text\/event-stream/i;
const STORE_NOTHING = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
const SAMPLES = 100;
const KEPT_CHAINS = 30;

/**
 * A real API whose database holds a chain that ran, chains in other states, a webhook and a key, and which nobody else
 * touches: what is stored after a request, the request stored.
 */
export class Campaign {
  private readonly system = new SystemUnderTest('postgres', { env: { RATE_LIMIT: '0' } });
  private db!: Database;
  private port!: number;
  private readonly chains: string[] = [];
  private readonly known = new Map<string, string>([[TASK, 'a']]);
  private fingerprint!: { name: string; text: string };
  private stored!: string;
  private sent = 0;

  async start(): Promise<void> {
    await this.system.start();
    const { api } = this.system;
    this.port = Number(new URL(api.url).port);
    const ran = await api.run(chain([task('a'), task('b', {}, { depends_on: ['a'] })]));
    for (const name of ['status-listener', 'compute-worker'] as const) await this.system.app(name).stop();
    const cancelled = await api.start(chain([task('a')]));
    await api.expect(200, `/chains/${cancelled}/cancel`, { method: 'POST' });
    this.chains.push(ran.chain_id, cancelled, await api.start(chain([task('a')])), await api.create(chain(line(2))));
    const post = { method: 'POST' } as const;
    const hook = await api.expect<object>(201, '/webhooks', { ...post, body: { url: 'http://hooks.example/' } });
    const key = await api.expect<object>(201, '/keys', { ...post, body: { name: 'k', role: 'viewer' } });
    for (const made of [hook, key]) this.learn(made);
    this.db = (await openDatabase(this.system.databaseUrl, { max: 1 })).forTenant('default');
    const [delivery] = await this.db.query<{ id: number }>(
      {
        name: '',
        text: `INSERT INTO webhook_deliveries (webhook_id, message_id, event_type, payload)
               VALUES ($1, 'msg_1', 'chain.success', '{}') RETURNING id`,
      },
      [this.known.get(WEBHOOK)],
    );
    this.known.set(DELIVERY, String(delivery!.id));
    this.fingerprint = await this.fingerprintOfTables();
    this.stored = await this.look();
  }

  async stop(): Promise<void> {
    await this.db?.close();
    await this.system.stop();
  }

  /** Sends so many requests, one after the other. The same seed makes the same requests. */
  async run(requests: number, seed: number): Promise<Outcome> {
    const statuses: Record<string, number> = {};
    const heap: number[] = [];
    const rss: number[] = [];
    const every = Math.max(1, Math.floor(requests / SAMPLES));
    const property = fc.asyncProperty(anyRequest, async (request) => {
      const answer = await this.send(request);
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
      const complaint = complaintOf(request, answer) ?? (await this.storedBy(request, answer));
      if (complaint !== undefined) throw new Error(`${complaint}: ${answer.status} ${answer.body.slice(0, 1_000)}`);
      if (++this.sent % every > 0) return;
      const figures = (await this.system.api.call('//metrics')).text;
      heap.push(figureOf(figures, 'nodejs_heap_size_used_bytes'));
      rss.push(figureOf(figures, 'process_resident_memory_bytes'));
    });
    try {
      await fc.assert(property, { numRuns: requests, seed });
    } catch (error) {
      const { message, cause } = error as Error & { cause?: Error };
      const lines = this.system.app('api').lines.slice(-10).join('\n');
      throw new Error(`${message}\n${cause?.message}\n${lines}`, { cause });
    }
    return { requests: this.sent, statuses, heapMiB: growthOf(heap), rssMiB: growthOf(rss) };
  }

  private async send({ method, target, headers, body }: FuzzRequest): Promise<RawAnswer> {
    const bytes = body === undefined ? new Uint8Array() : this.bytesOf(this.named(body));
    const lines = [`${method} ${this.named(target)} HTTP/1.1`, 'Host: 127.0.0.1', 'Connection: close'];
    if (!headers.some(([name]) => name === 'Authorization')) lines.push(`Authorization: ${SIGNED.authorization}`);
    for (const [name, value] of headers) lines.push(`${name}: ${this.named(value)}`);
    if (body !== undefined) lines.push(`Content-Length: ${bytes.length}`);
    const answer = await sendRaw(this.port, `${lines.join('\r\n')}\r\n\r\n`, bytes, ENDLESS);
    if (answer.status === 201) this.learn(JSON.parse(answer.body) as object);
    return answer;
  }

  /** UTF-8, or one byte a character where a body is made to be none. */
  private bytesOf(body: string): Uint8Array {
    return Buffer.from(body, /[\x80-\xff]/.test(body) && !/[^\0-\xff]/.test(body) ? 'latin1' : 'utf8');
  }

  private learn(made: object): void {
    const { chain_id: chainId, webhook_id: webhook, key_id: key } = made as Record<string, string | undefined>;
    if (webhook !== undefined) this.known.set(WEBHOOK, webhook);
    if (key !== undefined) this.known.set(KEY, key);
    if (chainId !== undefined) this.chains.push(chainId);
    if (this.chains.length > KEPT_CHAINS) this.chains.splice(1, 1);
  }

  private named(text: string): string {
    if (!text.includes('@')) return text;
    let named = text.replaceAll(CHAIN, () => this.chains[this.sent % this.chains.length]!);
    for (const [placeholder, id] of this.known) named = named.replaceAll(placeholder, id);
    return named;
  }

  /** What is wrong with what the request left behind. */
  private async storedBy({ method, operation }: FuzzRequest, { status }: RawAnswer): Promise<string | undefined> {
    const before = this.stored;
    this.stored = await this.look();
    if (this.stored === before) return undefined;
    if (status >= 400) return `refused, and it changed ${before} to ${this.stored}`;
    return STORE_NOTHING.has(method) || operation === 'validateChain' ? `it read, and stored something` : undefined;
  }

  private async look(): Promise<string> {
    const [row] = await this.db.query<{ seen: string }>(this.fingerprint);
    return row!.seen;
  }

  /** Of each table in the order of their names: its rows and the newest transaction that wrote one of them. */
  private async fingerprintOfTables(): Promise<{ name: string; text: string }> {
    const tables = await this.db.query<{ name: string }>({
      name: '',
      text: `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
              WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
    });
    const parts = tables.map(({ name }) => `(SELECT concat(count(*), ':', max(xmin::text::bigint)) FROM ${name})`);
    return { name: 'fingerprint', text: `SELECT concat_ws(' ', ${parts.join(', ')}) AS seen` };
  }
}

/** What is wrong with an answer by itself. */
function complaintOf({ method }: FuzzRequest, { status, headers, body }: RawAnswer): string | undefined {
  const type = headers.get('content-type') ?? '';
  if (status >= 500) return 'the server blames itself';
  if (method === 'HEAD' || status === 204 || status === 304) return undefined;
  if (status < 400) return /^application\/json/.test(type) && parsed(body) === undefined ? 'no JSON' : undefined;
  if (!type.startsWith('application/problem+json')) return `refused by ${type}`;
  const problem = parsed(body) as { code?: unknown; status?: unknown; detail?: unknown } | undefined;
  if (typeof problem?.code !== 'string' || !/^[A-Z_]+$/.test(problem.code)) return 'a problem without a code';
  return problem.status === status && typeof problem.detail === 'string' ? undefined : 'an incomplete problem';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const figureOf = (metrics: string, name: string): number =>
  Number(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'm').exec(metrics)![1]);

function growthOf(samples: readonly number[]): Growth {
  const least = (from: number, to: number): number => {
    const part = samples.slice(Math.floor(samples.length * from), Math.ceil(samples.length * to));
    return Math.round(Math.min(...part) / 2 ** 20);
  };
  return { early: least(0.1, 0.3), late: least(0.8, 1) };
}
