import { Worker } from 'node:worker_threads';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { TenantEngines } from '#libs/compute';
import { APP_CONFIG, type AppConfig } from '#libs/platform';
import type { LargeBody } from '../../http/large-body.js';
import { unavailable } from '../../http/problem-from-error.js';
import { Problem } from '../../http/problem.js';
import type { ValidationDto } from '../validation.dto.js';
import type { CreateRequest, Creation } from './create-from.js';
import type { Author } from './read-chain-of.js';
import type { ThreadAnswer, ThreadData, ThreadRequest, Work } from './large-chains-thread.js';

const THREADS = 2;
/** Large bodies of one caller at once. */
const PER_CALLER = 2;
/** Large bodies of all callers at once: each is in memory. */
const MOST = 16;

interface Pending {
  readonly actor: string | null;
  readonly thread: Worker;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * Reads, plans and stores chains of large bodies in threads, each with its own connection: 10 MiB would hold up all other
 * requests of the main thread. The threads start with the first large body.
 */
@Injectable()
export class LargeChains implements OnApplicationShutdown {
  private readonly threads: Worker[] = [];
  private readonly pending = new Map<number, Pending>();
  private last = 0;

  constructor(@Inject(APP_CONFIG) private readonly config: AppConfig) {}

  /** As `createFrom`. Throws also TOO_MANY_REQUESTS and UNAVAILABLE where too many are at work. */
  create(body: LargeBody, tenant: string, request: CreateRequest): Promise<Creation> {
    return this.run(body, request.caller.actor, { kind: 'create', tenant, request });
  }

  /** As `validationOf`, with the problems of `create`. */
  validate(body: LargeBody, tenant: string, engines: TenantEngines | undefined, user: Author): Promise<ValidationDto> {
    return this.run(body, user.actor, { kind: 'validate', tenant, engines, user });
  }

  async onApplicationShutdown(): Promise<void> {
    const ends = this.threads.map((thread) => new Promise((resolve) => thread.once('exit', resolve)));
    for (const thread of this.threads) thread.postMessage('stop');
    await Promise.all(ends);
  }

  private run<T>({ bytes }: LargeBody, actor: string | null, work: Work): Promise<T> {
    const own = [...this.pending.values()].filter((each) => each.actor === actor).length;
    if (own >= PER_CALLER) {
      throw new Problem(
        'TOO_MANY_REQUESTS',
        `The API is reading ${own} of your large bodies, and ${PER_CALLER} is the limit: try again when one is answered.`,
        { headers: { 'Retry-After': '1' } },
      );
    }
    if (this.pending.size >= MOST) throw unavailable();
    const thread = this.idlest();
    const id = ++this.last;
    // Bytes that share their memory with others cannot be moved.
    const moved = bytes.byteLength === bytes.buffer.byteLength ? bytes : Buffer.from(bytes);
    const answer = new Promise<T>((resolve, reject) => {
      this.pending.set(id, { actor, thread, resolve: (value) => resolve(value as T), reject });
    });
    const transfer = moved.byteLength === moved.buffer.byteLength ? [moved.buffer as ArrayBuffer] : [];
    thread.postMessage({ id, bytes: moved, work } satisfies ThreadRequest, transfer);
    return answer;
  }

  private idlest(): Worker {
    const load = (thread: Worker) => [...this.pending.values()].filter((each) => each.thread === thread).length;
    const [least] = [...this.threads].sort((a, b) => load(a) - load(b));
    if (least !== undefined && (load(least) === 0 || this.threads.length >= THREADS)) return least;
    return this.startThread();
  }

  private startThread(): Worker {
    const { databaseUrl, diagnosticTasks, scriptTasks, secretflowPython, celery, kuscia, engineDefault } = this.config;
    const { secretflowComponentsPython, secretflowComponents } = this.config;
    const components = { secretflowComponentsPython, secretflowComponents };
    const catalogue = { diagnosticTasks, scriptTasks, secretflowPython, celery, kuscia, ...components, engineDefault };
    const workerData: ThreadData = { databaseUrl, catalogue };
    // eslint-disable-next-line no-restricted-syntax -- a thread, not BullMQ's class.
    const thread = new Worker(new URL('./large-chains-thread.js', import.meta.url), { workerData });
    thread.on('message', (answer: ThreadAnswer) => this.settle(answer));
    const lose = (cause?: Error): void => {
      const at = this.threads.indexOf(thread);
      if (at >= 0) this.threads.splice(at, 1);
      for (const [id, each] of this.pending) {
        if (each.thread !== thread) continue;
        this.pending.delete(id);
        each.reject(unavailable(cause));
      }
    };
    thread.on('error', lose);
    thread.on('exit', () => lose());
    this.threads.push(thread);
    return thread;
  }

  private settle({ id, problem, value }: ThreadAnswer): void {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    if (problem === undefined) pending?.resolve(value);
    else pending?.reject(new Problem(problem.code, problem.detail, { ...problem, cause: problem.cause }));
  }
}
