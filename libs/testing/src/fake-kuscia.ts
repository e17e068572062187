import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { strangeIn } from './kuscia-requests.js';
import { makeKusciaCertificates, type KusciaCertificates } from './kuscia-certificates.js';
import RECORDED from './kuscia-answers.json' with { type: 'json' };

const TOKEN = '0123456789abcdef0123456789abcdef';
const MS = 1_000;

type Body = Readonly<Record<string, unknown>>;
type Name = keyof typeof RECORDED.answers;

/** A job that the fake plays. */
interface PlayedJob {
  readonly body: Body;
  /** What it does: see {@link FakeKuscia.plan}. */
  readonly step: readonly string[];
  readonly since: number;
  /** What an order has made of it. */
  forced?: 'Cancelled' | 'Suspended';
}

/**
 * A FAKE of KusciaAPI, for tests alone: it computes nothing. Its answers are those that Kuscia's own server gave (`kuscia-answers.json` says which), over mutual TLS and a token as there. It is
 * stricter than that one: it refuses what the published messages do not have, tables that are not registered or not granted, and outputs that are there already.
 */
export class FakeKuscia {
  /** Each request that was taken: its path and body. */
  readonly requests: { readonly path: string; readonly body: Body }[] = [];
  private readonly jobs = new Map<string, PlayedJob>();
  private tables = new Map<string, Body>();
  private grants = new Set<string>();
  private readonly sockets = new Set<Socket>();
  /** What it takes as its token. */
  token = TOKEN;
  /** Whether it takes requests and answers none. */
  isSilent = false;
  /** Sources of tables that its nodes have. */
  readonly sources = new Set(['default-data-source']);
  private steps: string[] = [];
  private refused: string | undefined;
  private server: Server | undefined;
  private port = 0;

  private constructor(
    private readonly folder: string,
    private readonly files: KusciaCertificates,
    private readonly domains: readonly string[],
  ) {}

  static async start(...domains: readonly string[]): Promise<FakeKuscia> {
    const folder = await mkdtemp(join(tmpdir(), 'fake-kuscia-'));
    const fake = new FakeKuscia(folder, await makeKusciaCertificates(join(folder, 'certs')), domains);
    await writeFile(join(folder, 'token'), TOKEN);
    await fake.back();
    return fake;
  }

  /** How it is reached: the endpoint, and files. */
  get access(): { endpoint: string; ca: string; cert: string; key: string; token: string } {
    const { ca, client } = this.files;
    return { endpoint: `https://127.0.0.1:${this.port}`, ca, ...client, token: join(this.folder, 'token') };
  }

  /** A value of KUSCIA_API: parties that are called as their domains. */
  get setting(): string {
    const parties = Object.fromEntries(this.domains.map((domain) => [domain, { domain, folder: domain }]));
    return JSON.stringify({ ...this.access, initiator: this.domains[0], app_image: 'secretflow-image', parties });
  }

  /**
   * What the next jobs do, one each: `run 2` computes for so many seconds, `fail text` fails with this text at the first domain, `odd Name` comes to a state that nobody knows, `reject` is refused by
   * a node, `stubborn 60` does not end when it is cancelled. Before it, `mute` makes the job and does not answer. Nothing: `run 0`.
   */
  plan(...steps: readonly string[]): void {
    this.steps = [...steps];
    this.requests.length = 0;
  }

  /** Jobs by id, with the states that they are in. */
  states(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.jobs.keys()].map((id) => [id, this.stateOf(id)]));
  }

  /** What was asked of a job, without looks at it. */
  asked(...paths: readonly string[]): number {
    return this.requests.filter(({ path }) => paths.includes(path)).length;
  }

  /** Forgets a job, as if somebody had deleted it there. */
  forget(id: string): void {
    this.jobs.delete(id);
  }

  /** Lets a job rest, or go on, as an operator of the nodes may. */
  rests(id: string, isResting: boolean): void {
    const job = this.jobs.get(id)!;
    if (isResting) job.forced = 'Suspended';
    else delete job.forced;
  }

  /** Has the tables and grants of another node from now on, as nodes tell each other of them. */
  sees({ tables, grants }: FakeKuscia): void {
    this.tables = tables;
    this.grants = grants;
  }

  /** Refuses whatever is asked of a job, as Kuscia does where its own store fails, or of a domain, as it does to nodes of others; undefined: of none any more. */
  refuse(id: string | undefined): void {
    this.refused = id;
  }

  /** Ends connections, and takes no new ones. */
  async away(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (!server) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** Until nobody is connected. */
  async quiet(): Promise<void> {
    while (this.sockets.size > 0) await wait(5);
  }

  async back(): Promise<void> {
    const { ca, server: own } = this.files;
    const [cert, key, authority] = [own.cert, own.key, ca].map((path) => readFileSync(path));
    const options = { cert, key, ca: authority, requestCert: true, rejectUnauthorized: true };
    const server = createServer(options, (request, answer) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const { http, body } = this.answer(
          request.headers.token,
          request.method ?? '',
          request.url ?? '',
          Buffer.concat(parts),
        );
        if (this.isSilent) return;
        if (http === 0) return void request.socket.destroy();
        answer.writeHead(http, { 'content-type': 'application/json; charset=utf-8' });
        answer.end(typeof body === 'string' ? body : JSON.stringify(body));
      });
    });
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    // Of a client without a certificate: it has seen the alert.
    server.on('tlsClientError', () => undefined);
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  async stop(): Promise<void> {
    await this.away();
    await rm(this.folder, { recursive: true, force: true });
  }

  private answer(token: unknown, method: string, path: string, bytes: Buffer): { http: number; body: unknown } {
    if (token !== this.token) return this.recorded('unauthorized');
    const body = JSON.parse(bytes.toString()) as Body;
    const strange = method === 'POST' ? strangeIn(path, body) : 'no POST';
    if (strange !== undefined) return { http: 400, body: `The fake of Kuscia refuses ${path}: ${strange}.` };
    this.requests.push({ path, body });
    if (this.refused !== undefined && [body.job_id, body.domain_id].includes(this.refused)) {
      const code = path.startsWith('/api/v1/domain') ? 11_102 : path === '/api/v1/job/create' ? 11_201 : 11_202;
      // Not recorded: its store was never away, and it was its own master.
      return {
        http: 200,
        body: { status: { code, message: 'etcdserver: request timed out', details: [] }, data: null },
      };
    }
    switch (path) {
      case '/healthZ':
        return this.recorded('healthy');
      case '/api/v1/domain/query':
        return this.domains.includes(body.domain_id as string)
          ? this.recorded('domain', body)
          : this.recorded('noDomain', body);
      case '/api/v1/domaindata/create':
        return this.register(body);
      case '/api/v1/domaindatagrant/create':
        return this.grant(body);
      case '/api/v1/job/create':
        return this.create(body);
      case '/api/v1/job/query':
        return this.query(body.job_id as string);
      default:
        return this.cancel(body);
    }
  }

  private register(body: Body): { http: number; body: unknown } {
    const { datasource_id: source = 'default-data-source' } = body;
    if (!this.domains.includes(body.domain_id as string) || !this.sources.has(source as string))
      return this.recorded('noSource', { ...body, datasource_id: source });
    this.tables.set(`${body.domain_id as string}/${body.domaindata_id as string}`, body);
    return this.recorded('registered', body);
  }

  private grant(body: Body): { http: number; body: unknown } {
    const name = `${body.domain_id as string}/${body.domaindata_id as string}`;
    if (!this.tables.has(name)) return { http: 400, body: `The fake of Kuscia has no table ${name} to grant.` };
    const grant = `${name} ${body.grant_domain as string}`;
    if (this.grants.has(grant)) return this.recorded('grantExists', body);
    this.grants.add(grant);
    return this.recorded('granted', body);
  }

  private create(body: Body): { http: number; body: unknown } {
    const id = body.job_id as string;
    if (this.jobs.has(id)) return this.recorded('exists', body);
    const [task] = body.tasks as [Record<string, unknown>];
    const config = JSON.parse(task.task_input_config as string) as Record<string, string[]>;
    const domains = (task.parties as { domain_id: string }[]).map((party) => party.domain_id);
    for (const [at, table] of config.sf_input_ids!.entries()) {
      const owner = domains[at]!;
      const others = domains.filter((each) => each !== owner);
      if (!this.tables.has(`${owner}/${table}`))
        return { http: 400, body: `The fake of Kuscia has no table ${owner}/${table}.` };
      if (!others.every((other) => this.grants.has(`${owner}/${table} ${other}`)))
        return { http: 400, body: `The fake of Kuscia has no grant of ${owner}/${table}.` };
    }
    const step = (this.steps.shift() ?? 'run 0').split(' ');
    const isMute = step[0] === 'mute';
    this.jobs.set(id, { body, step: isMute ? step.slice(1) : step, since: performance.now() });
    return isMute ? { http: 0, body: '' } : this.recorded('created', body);
  }

  private cancel(body: Body): { http: number; body: unknown } {
    const id = body.job_id as string;
    const job = this.jobs.get(id);
    if (!job) return this.recorded('cancelUnknown', body);
    if (job.step[0] !== 'stubborn' && this.stateOf(id) !== 'Succeeded') job.forced = 'Cancelled';
    return this.recorded('cancelled', body);
  }

  private query(id: string): { http: number; body: unknown } {
    const job = this.jobs.get(id);
    if (!job) return this.recorded('unknown', { job_id: id });
    const state = this.stateOf(id);
    const name = (Object.hasOwn(RECORDED.answers, state) ? state : 'Running') as Name;
    const { http, body } = this.recorded(name, job.body) as { http: number; body: { data: QueriedJob } };
    const [task] = body.data.tasks;
    const [own] = job.body.tasks as [{ task_input_config: string; parties: { domain_id: string }[] }];
    task!.task_input_config = own.task_input_config;
    const { status } = body.data;
    status.state = state;
    for (const each of status.tasks ?? []) {
      // Not recorded, as no pod ran: as Kuscia's documentation has them. The first is the one that failed.
      each.parties = own.parties.map(({ domain_id: domain }, at) => {
        const hasFailed = state === 'Failed' && at === 0;
        const err_msg = hasFailed ? job.step.slice(1).join(' ') : '';
        return { domain_id: domain, state: hasFailed ? 'Failed' : 'Succeeded', err_msg, endpoints: [] };
      });
      if (state === 'Failed') each.err_msg = job.step.slice(1).join(' ');
      if (state === 'Running') each.progress = Math.min(0.99, this.partOf(job));
    }
    if (state === 'Failed') status.err_msg = job.step.slice(1).join(' ');
    return { http, body };
  }

  private partOf({ step: [, seconds = '0'], since }: PlayedJob): number {
    return (performance.now() - since) / MS / Math.max(0.001, Number(seconds));
  }

  private stateOf(id: string): string {
    const job = this.jobs.get(id);
    if (!job) return 'none';
    if (job.forced) return job.forced;
    switch (job.step[0]) {
      case 'fail':
        return 'Failed';
      case 'odd':
        return job.step[1] ?? 'Unknown';
      case 'reject':
        return 'ApprovalReject';
      default:
        return this.partOf(job) >= 1 ? 'Succeeded' : 'Running';
    }
  }

  /** An answer as it was recorded, of this request. */
  private recorded(name: Name, request: Body = {}): { http: number; body: unknown } {
    const { http, body } = RECORDED.answers[name] as { http: number; body: unknown };
    const text = JSON.stringify(body).replace(/\{\{(\w+)\}\}/g, (_, key: string) => String(request[key] ?? ''));
    return { http, body: JSON.parse(text) as unknown };
  }
}

interface QueriedJob {
  readonly tasks: { task_input_config: string }[];
  readonly status: {
    state: string;
    err_msg: string;
    readonly tasks?: { err_msg: string; progress: number; parties: unknown[] }[];
  };
}
