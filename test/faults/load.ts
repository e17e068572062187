import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { SIGNED, type System } from './system.js';

export interface TaskSpec {
  readonly id: string;
  readonly parents: readonly string[];
  readonly config?: Readonly<Record<string, unknown>>;
}

/** A request body for a chain of diagnostic tasks that starts at once. */
export function chainOf(name: string, tasks: readonly TaskSpec[], execute = true): object {
  return {
    chain_name: name,
    execute,
    tasks: tasks.map(({ id, parents, config }) => ({
      task_id: id,
      task_type: 'diagnostic',
      depends_on: parents,
      task_params: { task_config: config ?? {} },
    })),
  };
}

/** `count` tasks, each after none to three of the six before it; most take some ms, every tenth up to `longestMs`. */
export function randomChain(random: () => number, name: string, count: number, longestMs = 400): object {
  const tasks = Array.from({ length: count }, (_, i): TaskSpec => {
    const parents = new Set<string>();
    for (let n = i === 0 ? 0 : Math.floor(random() * 4); n > 0; n--) {
      parents.add(`t${Math.max(0, i - 1 - Math.floor(random() * 6))}`);
    }
    const delayMs = Math.floor(random() < 0.1 ? random() * longestMs : random() * 30);
    return { id: `t${i}`, parents: [...parents], config: delayMs > 0 ? { delay_ms: delayMs } : {} };
  });
  return chainOf(name, tasks);
}

/** A chain that waits for a signal with this key, and then runs a task. */
export function signalled(key: string): object {
  const wait = { task_id: 'wait', task_type: 'signal', task_params: { task_config: { name: 'go', key } } };
  const after = { task_id: 'after', task_type: 'diagnostic', depends_on: ['wait'], task_params: { task_config: {} } };
  return { chain_name: key, execute: true, tasks: [wait, after] };
}

/** What the names of chains begin with that fail, as they ought to. */
export const UNDONE = 'undone';

/** A chain that fails after two tasks, each of which has a task that undoes it. */
export function undone(n: number): object {
  const step = (id: string, more: object): object => ({ task_id: id, task_type: 'diagnostic', ...more });
  const undo = { task_type: 'diagnostic', task_params: { task_config: {} } };
  const plain = { task_params: { task_config: {} }, compensate_with: undo };
  const fails = { task_params: { task_config: { fail_attempts: 99 } }, retry_policy: { max_retries: 0 } };
  const tasks = [
    step('a', plain),
    step('b', { ...plain, depends_on: ['a'] }),
    step('c', { ...fails, depends_on: ['b'] }),
  ];
  return { chain_name: `${UNDONE} ${n}`, execute: true, tasks };
}

/** A chain one of whose tasks runs another one in three turns, and each of these another one. */
export function turned(n: number): object {
  const run = (id: string, chain: object): object => ({
    ...{ task_id: id, task_type: 'chain', task_params: { task_config: { chain } } },
  });
  const step = {
    task_id: 'step',
    task_type: 'diagnostic',
    task_params: { task_config: { result: ['${params.seen}'] } },
  };
  const inner = { tasks: [{ task_id: 'deep', task_type: 'diagnostic', task_params: { task_config: {} } }] };
  const turn = {
    params: { type: 'object', properties: { seen: { type: 'array', default: [] } } },
    outputs: { seen: '${tasks.step.result.result}' },
    tasks: [step, run('inner', inner)],
  };
  const repeat = { until: 'tasks.turns.result.seen == [[[]]]', max: 5, carry: { seen: 'seen' } };
  return { chain_name: `turned ${n}`, execute: true, tasks: [{ ...run('turns', turn), repeat }] };
}

/** Mostly chains of tasks; some whose tasks run chains, and some that are undone. */
export function anyChain(random: () => number, n: number): object {
  if (n % 8 === 3) return turned(n);
  return n % 8 === 6 ? undone(n) : randomChain(random, `kill ${n}`, 20);
}

/** A schedule that makes one chain, about now; again and again until it is acknowledged. */
export async function createSchedule(system: System, title: string): Promise<string> {
  const tasks = [{ task_id: 'due', task_type: 'diagnostic', task_params: { task_config: {} } }];
  const chain = { chain_name: title, tasks };
  for (let attempt = 0; attempt < 1_000; attempt++) {
    const api = system.apis[attempt % system.apis.length]!;
    // A busy API may look at it when that time is over: each try gives it more.
    const at = new Date(Date.now() + 1_000 * Math.min(attempt + 1, 10)).toISOString();
    const body = JSON.stringify({ title, at, chain });
    const headers = { ...SIGNED, 'content-type': 'application/json', 'idempotency-key': `${title} ${attempt}` };
    const made = await fetch(`${api.url}/api/v1/schedules`, { method: 'POST', headers, body }).catch(() => undefined);
    if (made?.status === 201) return ((await made.json()) as { schedule_id: string }).schedule_id;
    const said = made === undefined ? '' : await made.text();
    if (made !== undefined && made.status < 500 && !said.includes('lies in the past')) {
      throw new Error(`${made.status} ${said}`);
    }
    await delay(50);
  }
  throw new Error('a schedule was never acknowledged');
}

/** Sends the signal, again and again until it is acknowledged. */
export async function sendSignal(system: System, key: string): Promise<void> {
  const body = JSON.stringify({ name: 'go', key });
  for (let attempt = 0; attempt < 1_000; attempt++) {
    const api = system.apis[attempt % system.apis.length]!;
    const headers = { ...SIGNED, 'content-type': 'application/json', 'idempotency-key': key };
    const sent = await fetch(`${api.url}/api/v1/signals`, { method: 'POST', headers, body }).catch(() => undefined);
    if (sent?.status === 201) return;
    await delay(50);
  }
  throw new Error('a signal was never acknowledged');
}

/** Instead of a status: the connection was refused. */
export const REFUSED = -1;

/** What a client saw. */
export interface Answers {
  /** Ids of every 201. */
  readonly acknowledged: string[];
  /** How often each status came; 0 where a connection broke before its answer, REFUSED where there was none. */
  readonly statuses: Map<number, number>;
  /** Answers of 503 without Retry-After. */
  bare503: number;
  /** Milliseconds of each answer. */
  readonly tookMs: number[];
}

export const noAnswers = (): Answers => ({ acknowledged: [], statuses: new Map(), bare503: 0, tookMs: [] });

/** Every answer that is not expected, and every 503 without Retry-After. */
export function wrongAnswers({ statuses, bare503 }: Answers, expected: readonly number[] = [201, 503]): string[] {
  const wrong = [...statuses].filter(([status]) => !expected.includes(status));
  const words = wrong.map(([status, count]) => `${count} answers of ${status === 0 ? 'nothing at all' : status}`);
  if (bare503 > 0) words.push(`${bare503} answers of 503 without Retry-After`);
  return words;
}

/** Creates a chain with an idempotency key, again and again until it is acknowledged. */
export async function createChain(
  system: System,
  body: object,
  answers: Answers,
  key: string = randomUUID(),
): Promise<string> {
  const text = JSON.stringify(body);
  for (let attempt = 0; ; attempt++) {
    const api = system.apis[attempt % system.apis.length]!;
    const started = performance.now();
    let status = 0;
    try {
      const response = await fetch(`${api.url}/api/v1/chains`, {
        method: 'POST',
        headers: { ...SIGNED, 'content-type': 'application/json', 'idempotency-key': key },
        body: text,
        signal: AbortSignal.timeout(30_000),
      });
      const answer = (await response.json()) as { chain_id: string };
      answers.tookMs.push(performance.now() - started);
      status = response.status;
      if (status === 503 && !response.headers.has('retry-after')) answers.bare503++;
      if (status === 201) {
        answers.acknowledged.push(answer.chain_id);
        return answer.chain_id;
      }
      if (status < 500) throw new Error(`${status} ${JSON.stringify(answer)}`);
    } catch (error) {
      if (status !== 0) throw error;
      if (((error as Error).cause as { code?: string } | undefined)?.code === 'ECONNREFUSED') status = REFUSED;
    } finally {
      answers.statuses.set(status, (answers.statuses.get(status) ?? 0) + 1);
    }
    if (attempt > 1_000) throw new Error('a chain was never acknowledged');
    await delay(50);
  }
}

/** Creates chains, `atOnce` at a time, until there are `count` or `signal` fires. */
export async function createMany(
  system: System,
  count: number,
  bodyOf: (n: number) => object,
  answers: Answers,
  { atOnce = 8, signal, pauseMs = 0 }: { atOnce?: number; signal?: AbortSignal; pauseMs?: number } = {},
): Promise<void> {
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < count && signal?.aborted !== true) {
      await createChain(system, bodyOf(next++), answers);
      if (pauseMs > 0) await delay(pauseMs);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, client));
}

/**
 * Reads and steers the chains of `created` as users do, until `signal` fires: a chain, the list, the figures, and a
 * change of priority. Every status is counted in `answers`.
 */
export async function readAndSteer(
  system: System,
  created: Answers,
  answers: Answers,
  signal: AbortSignal,
): Promise<void> {
  for (let turn = 0; !signal.aborted; turn++) {
    const api = system.apis[turn % system.apis.length]!;
    const id = created.acknowledged.at(-1 - (turn % 5));
    const calls: [string, RequestInit][] = [
      ['chains?page_size=20', { headers: SIGNED }],
      ['chains/metrics', { headers: SIGNED }],
    ];
    if (id !== undefined) {
      const body = JSON.stringify({ priority: 1 + (turn % 10) });
      calls.push([`chains/${id}`, { headers: SIGNED }]);
      calls.push([
        `chains/${id}/priority`,
        {
          method: 'POST',
          body,
          headers: { ...SIGNED, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
        },
      ]);
    }
    for (const [path, init] of calls) {
      const started = performance.now();
      let status = 0;
      try {
        const response = await fetch(`${api.url}/api/v1/${path}`, { ...init, signal: AbortSignal.timeout(30_000) });
        await response.arrayBuffer();
        status = response.status;
        if (status === 503 && !response.headers.has('retry-after')) answers.bare503++;
        answers.tookMs.push(performance.now() - started);
      } catch {
        // A connection that broke is counted as 0.
      }
      answers.statuses.set(status, (answers.statuses.get(status) ?? 0) + 1);
    }
    await delay(50);
  }
}
