import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { isMap } from '../contract/json-values.js';
import { EngineNotReady } from '../contract/task-type.js';
import { KUSCIA_API, type KusciaAccess } from './kuscia-settings.js';

/** Kuscia's own codes, as its API gives them in `status.code`. */
export const CODES = {
  invalid: 11_100,
  notAllowed: 11_102,
  create: 11_201,
  query: 11_202,
  cancel: 11_209,
  noDomain: 11_305,
  grant: 11_700,
  noSource: 11_806,
} as const;

const MOST_BYTES = 4 * 1024 * 1024;
/** What Node says of a server's certificate that the CA does not vouch for. */
const UNTRUSTED =
  /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_(VERIFY|GET)_\w+|CERT_\w+|ERR_TLS_CERT_ALTNAME_INVALID)$/;
/** What it says where the server does not take the client's. */
const UNWELCOME = /^(ERR_SSL_\w*(ALERT|HANDSHAKE)\w*|EPROTO)$/;

/** Kuscia answered, and did not do it. Its text may quote parameters: nothing shows it. */
export class KusciaRefusal extends Error {
  readonly #said: string;

  constructor(
    readonly code: number,
    said: string,
  ) {
    super(`Kuscia refused it with code ${code}.`);
    this.#said = said;
  }

  says(what: RegExp): boolean {
    return what.test(this.#said);
  }
}

/** A job, as far as the engine looks at it. */
export interface FarJobStatus {
  readonly state: string;
  readonly errMsg: string;
  /** 0..1 of its task. */
  readonly progress: number;
  /** What the job was made with. */
  readonly inputConfig: string | undefined;
  /** Of the parties of its task: the state of each, by domain. */
  readonly domains: ReadonlyMap<string, string>;
}

/** What the files held as they were read. */
interface Link {
  readonly agent: Agent;
  readonly token: string;
  readonly files: string;
}

/**
 * The API of a Kuscia node or master, over HTTPS with both certificates and a token. Each method throws EngineNotReady where the settings do not fit, {@link KusciaRefusal} where
 * Kuscia refuses, and any other error where it does not answer. Files that have changed are read again where Kuscia refuses what they held.
 */
export class KusciaApi {
  private link: Promise<Link> | undefined;
  private readonly agents: Agent[] = [];

  constructor(
    private readonly access: KusciaAccess,
    private readonly commandMs: number,
  ) {}

  /** Whether the API is ready. */
  async isReady(): Promise<boolean> {
    const data = await this.post('/healthZ', {});
    return isMap(data) && data.ready === true;
  }

  /** Makes a job. Returns false where one of its id is there already. */
  async createJob(job: object): Promise<boolean> {
    try {
      await this.post('/api/v1/job/create', job);
      return true;
    } catch (error) {
      if (error instanceof KusciaRefusal && error.code === CODES.create && error.says(/already exists/)) return false;
      throw error;
    }
  }

  /** Undefined where there is none of this id. */
  async queryJob(id: string): Promise<FarJobStatus | undefined> {
    return this.orMissing(CODES.query, async () => statusOf(await this.post('/api/v1/job/query', { job_id: id })));
  }

  /** Ends a job for good: one that was merely stopped could be started again. Returns false where there is none of this id. */
  async cancelJob(id: string, reason: string): Promise<boolean> {
    const cancelled = await this.orMissing(CODES.cancel, async () => {
      await this.post('/api/v1/job/cancel', { job_id: id, reason });
      return true;
    });
    return cancelled ?? false;
  }

  /** Makes a table known, or says anew what is known of it. */
  async registerTable(table: object): Promise<void> {
    await this.post('/api/v1/domaindata/create', table);
  }

  /** Lets another domain know of a table. */
  async grantTable(grant: object): Promise<void> {
    try {
      await this.post('/api/v1/domaindatagrant/create', grant);
    } catch (error) {
      // That it is there has no code of its own.
      if (!(error instanceof KusciaRefusal && error.code === CODES.grant && error.says(/is exist/))) throw error;
    }
  }

  /** Whether the API knows the domain. */
  async hasDomain(id: string): Promise<boolean> {
    try {
      await this.post('/api/v1/domain/query', { domain_id: id });
      return true;
    } catch (error) {
      if (error instanceof KusciaRefusal && error.code === CODES.noDomain) return false;
      throw error;
    }
  }

  close(): void {
    const destroy = (): void => this.agents.forEach((agent) => agent.destroy());
    // One that is about to be made is destroyed as well.
    void this.link?.catch(() => undefined).then(destroy);
    destroy();
  }

  private async orMissing<T>(code: number, ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      // The code stands for every error of the request: what lacks is in the text alone.
      if (error instanceof KusciaRefusal && error.code === code && error.says(/not found/)) return undefined;
      throw error;
    }
  }

  /** What stands in `data` of the answer. */
  private async post(path: string, body: object): Promise<unknown> {
    const link = await this.linked();
    try {
      return await this.asked(link, path, body);
    } catch (error) {
      if (!(error instanceof EngineNotReady)) throw error;
      // A run may last for hours, and somebody may have put another token or certificate there.
      this.link = undefined;
      const now = await this.linked();
      if (now.files === link.files) throw error;
      return this.asked(now, path, body);
    }
  }

  private linked(): Promise<Link> {
    this.link ??= this.connect().catch((error: unknown) => {
      this.link = undefined;
      throw error;
    });
    return this.link;
  }

  private async asked({ agent, token }: Link, path: string, body: object): Promise<unknown> {
    const { http, text } = await this.send(agent, token, path, JSON.stringify(body)).catch((error: unknown) => {
      throw this.meaning(error as NodeJS.ErrnoException);
    });
    if (http === 401)
      throw this.unready('refuses the token of "token"', `put the one of that node into ${this.access.token}`);
    if (http === 404) throw this.unready(`has no ${path}`, '"endpoint" must be the HTTP port of its API');
    if (http !== 200) throw new Error(`Kuscia answered with HTTP ${http}.`);
    const answer = jsonOf(text);
    const status = isMap(answer) && isMap(answer.status) ? answer.status : undefined;
    // Its JSON leaves out what is zero.
    const { code = 0, message = '' } = status ?? {};
    if (status === undefined || typeof code !== 'number') throw new Error('Kuscia answered with no status.');
    if (code !== 0) throw new KusciaRefusal(code, String(message));
    return isMap(answer) ? answer.data : undefined;
  }

  private send(agent: Agent, token: string, path: string, body: string): Promise<{ http: number; text: string }> {
    return new Promise((resolve, reject) => {
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        Token: token,
      };
      const sent = request(new URL(path, this.access.endpoint), { agent, method: 'POST', headers }, (answer) => {
        const parts: Buffer[] = [];
        let bytes = 0;
        answer.on('data', (part: Buffer) => {
          bytes += part.length;
          parts.push(part);
          if (bytes > MOST_BYTES) answer.destroy(new Error('Kuscia answered with too much.'));
        });
        answer.on('error', reject);
        answer.on('end', () => {
          clearTimeout(timer);
          resolve({ http: answer.statusCode!, text: Buffer.concat(parts).toString() });
        });
      });
      const timer = setTimeout(() => sent.destroy(new Error('Kuscia did not answer in time.')), this.commandMs);
      sent.on('close', () => clearTimeout(timer));
      sent.on('error', reject);
      sent.end(body);
    });
  }

  private async connect(): Promise<Link> {
    const read = async (member: 'ca' | 'cert' | 'key' | 'token'): Promise<string> => {
      const path = this.access[member];
      try {
        return await readFile(path, 'utf8');
      } catch (error) {
        const { code = 'unknown' } = error as NodeJS.ErrnoException;
        throw this.unready(`cannot be asked: what "${member}" names cannot be read (${code})`, `it is ${path}`);
      }
    };
    const [ca, cert, key, token] = await Promise.all([read('ca'), read('cert'), read('key'), read('token')]);
    const { serverName: servername } = this.access;
    const agent = new Agent({ ca, cert, key, keepAlive: true, maxSockets: 4, ...(servername && { servername }) });
    this.agents.push(agent);
    return { agent, token: token.trim(), files: JSON.stringify([ca, cert, key, token]) };
  }

  private meaning(error: NodeJS.ErrnoException): Error {
    const { code = '' } = error;
    if (UNTRUSTED.test(code)) {
      const why = code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? ', or set "server_name" to the name in it' : '';
      return this.unready(
        `has a certificate that is not of "ca" (${code})`,
        `name its CA instead of ${this.access.ca}${why}`,
      );
    }
    if (UNWELCOME.test(code))
      return this.unready(
        `does not take the certificate of "cert" and "key" (${code})`,
        `name one that its CA has signed, and that has not ended, instead of ${this.access.cert}`,
      );
    if (/^ERR_OSSL/.test(code))
      return this.unready(
        'cannot be asked: "ca", "cert" and "key" name no PEM files that belong together',
        `they are ${[this.access.ca, this.access.cert, this.access.key].join(', ')}`,
      );
    return error;
  }

  private unready(what: string, how: string): EngineNotReady {
    return new EngineNotReady(
      `Kuscia of ${KUSCIA_API} ${what}. The log of the worker says where, and so does "npm run doctor".`,
      `Kuscia of ${KUSCIA_API} at ${this.access.endpoint} ${what}: ${how}`,
    );
  }
}

/** Undefined for none: what a parser says of a text would quote it. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function statusOf(data: unknown): FarJobStatus {
  const job = isMap(data) ? data : {};
  const status = isMap(job.status) ? job.status : {};
  const first = (list: unknown): Record<string, unknown> => {
    const [each] = Array.isArray(list) ? (list as unknown[]) : [];
    return isMap(each) ? each : {};
  };
  const task = first(status.tasks);
  const parties = (Array.isArray(task.parties) ? (task.parties as unknown[]) : []).filter(isMap);
  const { progress } = task;
  const { task_input_config: inputConfig } = first(job.tasks);
  return {
    state: typeof status.state === 'string' ? status.state : '',
    errMsg: [status.err_msg, task.err_msg, ...parties.map((each) => each.err_msg)]
      .filter((each) => typeof each === 'string')
      .join('\n'),
    progress: typeof progress === 'number' && progress >= 0 && progress <= 1 ? progress : 0,
    inputConfig: typeof inputConfig === 'string' ? inputConfig : undefined,
    domains: new Map(parties.map(({ domain_id: domain, state }) => [String(domain), String(state)])),
  };
}
