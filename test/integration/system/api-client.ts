import { eventually, PATIENCE_MS } from './within.js';

/** The admin key of the systems under test. */
export const TEST_API_KEY = 'the-admin-key-of-tests-and-of-nothing-else';
/** The header of a request in its name. */
export const SIGNED = { authorization: `Bearer ${TEST_API_KEY}` };

/** What the API says of a task, as far as tests look at it. */
export interface TaskAnswer {
  task_id: string;
  task_name: string;
  task_request_id: string;
  execution_mode: string;
  depends_on: string[];
  is_callback: boolean;
  hold: string | null;
  status: string;
  level: number;
  attempt: number;
  failures: number;
  losses: number;
  worker_id: string | null;
  skip_reason: string | null;
  queued_at: string | null;
  started_at: string | null;
  completed_at: string | null;
  progress: number;
  result: { task_id: string; attempt: number; inputs: Record<string, unknown>; result: unknown } | null;
  error: { code: string; message: string; details?: Record<string, unknown> } | null;
  waiting: { code: string; message: string } | null;
  priority: number;
  child_chain_id: string | null;
}

/** What the API says of a chain, as far as tests look at it. */
export interface ChainAnswer {
  chain_id: string;
  chain_name: string;
  chain_type: string;
  description: string | null;
  status: string;
  version: number;
  total_tasks: number;
  completed_tasks: number;
  failed_tasks: number;
  skipped_tasks: number;
  cancelled_tasks: number;
  progress: number;
  started_at: string;
  completed_at: string;
  error: { code: string; message: string; details?: Record<string, unknown> } | null;
  compensates: string | null;
  parent_chain_id: string | null;
  parent_task_id: string | null;
  parent_turn: number | null;
  compensated_by: string | null;
  tasks: TaskAnswer[];
}

/** An attempt in a task's history. */
export interface AttemptAnswer {
  attempt: number;
  worker_id: string | null;
  started_at: string;
  finished_at: string;
  outcome: string;
  error: { code: string } | null;
}

/** The body of an error (RFC 9457). */
export interface ProblemAnswer {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: string;
  errors?: { code: string; pointer?: string; message: string }[];
}

/** An answer, read to its end. */
export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The text parsed; undefined where it is no JSON. */
  readonly body: T;
}

export interface RequestOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, unless it is a text or bytes already. */
  readonly body?: unknown;
}

const OVER = new Set(['SUCCESS', 'FAILURE', 'CANCELLED']);

/** Speaks to the API as any client does: HTTP and nothing else. */
export class ApiClient {
  /** `key`: whom it signs in as. */
  constructor(
    readonly url: string,
    private readonly key = TEST_API_KEY,
  ) {}

  /** `path` below /api/v1, unless it begins with two slashes: then below the root. */
  async call<T = ProblemAnswer>(path: string, options: RequestOptions = {}): Promise<Answer<T>> {
    const { method = 'GET', headers = {}, body } = options;
    const raw = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(path.startsWith('//') ? this.url + path.slice(1) : `${this.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: (raw ? body : JSON.stringify(body)) as string | undefined,
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: parse(text) as T };
  }

  /** As `call`, with an answer of this status; rejects with the answer otherwise. */
  async expect<T>(status: number, path: string, options: RequestOptions = {}): Promise<T> {
    const answer = await this.call<T>(path, options);
    if (answer.status !== status)
      throw new Error(`${options.method ?? 'GET'} ${path} answered ${answer.status}: ${answer.text.slice(0, 2_000)}`);
    return answer.body;
  }

  async create(chain: object, headers: Record<string, string> = {}): Promise<string> {
    const options = { method: 'POST', body: chain, headers };
    return (await this.expect<{ chain_id: string }>(201, '/chains', options)).chain_id;
  }

  /** Creates and starts a chain. */
  start(chain: object): Promise<string> {
    return this.create({ ...chain, execute: true });
  }

  chain(chainId: string): Promise<ChainAnswer> {
    return this.expect<ChainAnswer>(200, `/chains/${chainId}`);
  }

  /** The chain once it has ended. */
  ended(chainId: string, ms = PATIENCE_MS): Promise<ChainAnswer> {
    return this.until(chainId, 'it has ended', (chain) => OVER.has(chain.status), ms);
  }

  /** Creates and starts a chain and waits for its end. */
  async run(chain: object): Promise<ChainAnswer> {
    return this.ended(await this.start(chain));
  }

  /** The chain once `holds`. */
  async until(
    chainId: string,
    what: string,
    holds: (chain: ChainAnswer) => boolean,
    ms = PATIENCE_MS,
  ): Promise<ChainAnswer> {
    let last: ChainAnswer | undefined;
    return eventually(
      `${chainId}: ${what}`,
      async () => {
        last = await this.chain(chainId);
        return holds(last) ? last : undefined;
      },
      ms,
      () => ({
        status: last?.status,
        error: last?.error,
        tasks: last?.tasks.slice(0, 20).map((task) => [task.task_id, task.status, task.attempt, task.error?.code]),
      }),
    );
  }

  /** The chain once this task has this status. */
  untilTask(chainId: string, taskId: string, status: string): Promise<ChainAnswer> {
    const holds = (chain: ChainAnswer) => taskOf(chain, taskId).status === status;
    return this.until(chainId, `${taskId} is ${status}`, holds);
  }

  /** The chain that the task runs. */
  async untilChild(chainId: string, taskId: string): Promise<string> {
    const runs = (chain: ChainAnswer) => taskOf(chain, taskId).hold === 'CHILD';
    return taskOf(await this.until(chainId, `${taskId} runs a chain`, runs), taskId).child_chain_id!;
  }

  async attempts(chainId: string, taskId: string): Promise<AttemptAnswer[]> {
    return (await this.expect<{ items: AttemptAnswer[] }>(200, `/chains/${chainId}/tasks/${taskId}/attempts`)).items;
  }
}

/** A task of an answer by its id. */
export function taskOf(chain: ChainAnswer, taskId: string): TaskAnswer {
  const task = chain.tasks.find((each) => each.task_id === taskId);
  if (task === undefined) throw new Error(`${chain.chain_id} has no task ${taskId}`);
  return task;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
