import {
  CHAIN_ENDS,
  CHILD_CHAIN,
  DEFAULT_RETRY_POLICY,
  FOR_EACH,
  HOLD_TIME_S,
  TRIGGER_RULES,
} from '#libs/chain-domain';
import type { EndChain, RetryPolicy, TriggerRule } from '#libs/chain-domain';
import type { NewChain, NewTask, Repeat } from '#libs/chain-engine';
import { sampleNewChain } from '#libs/testing';
import { Random } from './random.js';

export interface ChainSpec {
  readonly id: string;
  readonly made: NewChain;
}

/** What a schedule starts from: it follows from the seed. */
export interface Scenario {
  readonly seed: number;
  readonly chains: readonly ChainSpec[];
  readonly listeners: number;
  readonly workers: number;
  /** Runs that a worker may have at once. */
  readonly slots: number;
  /** Random steps before the faults cease. */
  readonly steps: number;
  readonly faults: boolean;
  /** Operators speak at random moments. */
  readonly operators: boolean;
  /** Keys of signals that tasks wait for. */
  readonly signals: readonly string[];
}

export interface ScenarioOptions {
  readonly faults?: boolean;
  readonly operators?: boolean;
}

const WITHOUT_TIME_OUT_S = 1e6;
/** The name of all signals. */
export const SIGNAL = 'go';
const SIGNAL_KEYS: readonly string[] = ['a', 'b'];
/** Conditions of a task that is skipped when it is sent, and of one whose job cannot be made. */
const GATES = [['false'], ['1 / 0 == 1']];

/** A random scenario: one or two chains of up to 8 tasks each, planned by the real planner. */
export function scenarioOf(seed: number, options: ScenarioOptions = {}): Scenario {
  const random = new Random(seed);
  const faults = options.faults ?? random.chance(0.9);
  const operators = options.operators ?? random.chance(0.8);
  const count = random.chance(0.65) ? 1 : 2;
  const chains = Array.from({ length: count }, (_, i) => randomChain(`c${i}`, random, faults || operators));
  const signals = seed % 16 === 7 ? SIGNAL_KEYS : [];
  return {
    seed,
    signals,
    chains:
      seed % 4 === 3
        ? chains.map((chain) => (signals.length > 0 ? withSignals : withControls)(chain, new Random(seed + 0xc0)))
        : seed % 4 === 1
          ? chains.map((chain) => withCollectors(chain, new Random(seed + 0xf0)))
          : seed % 16 === 14
            ? chains.map((chain) => withLists(chain, new Random(seed + 0x115)))
            : seed % 4 === 2
              ? chains.map((chain) => withChildren(chain, new Random(seed + 0xc4), faults || operators))
              : seed % 8 === 4
                ? chains.map((chain) => withUndoing(chain, new Random(seed + 0xdd)))
                : chains,
    listeners: 1 + random.int(3),
    workers: 1 + random.int(3),
    slots: 1 + random.int(2),
    steps: 120 + random.int(600),
    faults,
    operators,
  };
}

function randomChain(id: string, random: Random, rough: boolean): ChainSpec {
  const size = 1 + random.int(random.chance(0.5) ? 4 : 8);
  const density = random.next();
  const parents = Array.from({ length: size }, (_, position) =>
    Array.from({ length: position }, (_, before) => before).filter(() => random.chance(density * 0.8)),
  );
  const grouped = random.chance(0.15);
  // Of its own, so that it leaves all else as it was.
  const endings = new Random(size * 1_000 + Math.trunc(density * 1_000));
  const sample = sampleNewChain(parents);
  return {
    id,
    made: {
      ...sample,
      chainName: id,
      stopOnError: random.chance(0.4),
      timeoutSeconds: rough && random.chance(0.15) ? 2 + random.int(60) : WITHOUT_TIME_OUT_S,
      approvalTimeoutSeconds: rough && size % 3 === 0 ? 2 : 20,
      execute: false,
      maxParallel: random.chance(0.4) ? 1 + random.int(3) : null,
      tasks: sample.tasks.map((task) => ({
        ...task,
        taskType: random.chance(0.8) ? 'fast' : 'slow',
        priority: 1 + random.int(10),
        triggerRule: randomRule(random, task.predecessors.length),
        retryPolicy: randomRetry(random),
        timeoutSeconds: rough && random.chance(0.2) ? 3 + random.int(10) : null,
        queueTimeoutSeconds: rough && random.chance(0.15) ? 2 + random.int(10) : null,
        tolerable: random.chance(0.15),
        concurrency: grouped && random.chance(0.5) ? { key: 'alone', limit: 1 } : null,
        endChain: endings.chance(0.08) ? randomEnd(endings, task.taskId) : null,
        conditions: !rough || random.chance(0.92) ? [] : random.pick(GATES),
      })),
    },
  };
}

/** One that always holds by the result of its task, one that never does, or one that fails the task. */
function randomEnd(random: Random, taskId: string): EndChain {
  const when = random.pick([`tasks.${taskId}.result != ""`, `tasks.${taskId}.result == ""`, '1 / 0 == 1']);
  return { when, status: random.pick(CHAIN_ENDS) };
}

/** The chain with some of its tasks in the place of the listeners, which open them. */
function withControls({ id, made }: ChainSpec, random: Random): ChainSpec {
  const tasks = made.tasks.map((task) => {
    if (random.chance(0.5)) return task;
    const seconds = random.pick([0, 1, 5, 20]);
    const unlimited = { timeoutSeconds: null, queueTimeoutSeconds: null, concurrency: null, endChain: null };
    if (random.chance(0.5)) return { ...task, taskType: 'wait', params: { task_config: { seconds } }, ...unlimited };
    const timeout = random.pick([2, 20, HOLD_TIME_S]);
    const params = { task_config: { question: 'Now?', who: ['role:viewer'], timeout } };
    return { ...task, taskType: 'sign_off', params, ...unlimited };
  });
  return { id, made: { ...made, tasks } };
}

/** The chain with some of its tasks waiting for signals: some for a time, some until one comes. */
function withSignals({ id, made }: ChainSpec, random: Random): ChainSpec {
  const tasks = made.tasks.map((task) => {
    if (random.chance(0.4)) return task;
    const timeout = random.pick([2, 20, HOLD_TIME_S]);
    const unlimited = { timeoutSeconds: null, queueTimeoutSeconds: null, concurrency: null, endChain: null };
    const params = { task_config: { name: SIGNAL, key: random.pick(SIGNAL_KEYS), timeout } };
    return { ...task, taskType: 'signal', params, ...unlimited };
  });
  return { id, made: { ...made, timeoutSeconds: WITHOUT_TIME_OUT_S, tasks } };
}

/** The chain with some of its tasks as those that a `for_each` leaves to collect results: listeners open them. */
function withCollectors({ id, made }: ChainSpec, random: Random): ChainSpec {
  const tasks = made.tasks.map((task): NewTask => {
    const items = task.predecessors.length;
    if (items === 0 || random.chance(0.4)) return task;
    const params = { items, ...(random.chance(0.5) && { at_least: 1 + random.int(items) }) };
    const unlimited = { timeoutSeconds: null, queueTimeoutSeconds: null, concurrency: null };
    return {
      ...task,
      ...unlimited,
      taskType: FOR_EACH,
      params,
      triggerRule: 'none_failed_min_one_success',
      endChain: null,
    };
  });
  return { id, made: { ...made, tasks } };
}

/** The chain with some of its tasks as those that run other chains, and these perhaps too. */
function withChildren({ id, made }: ChainSpec, random: Random, rough: boolean, generation = 1): ChainSpec {
  const tasks = made.tasks.map((task): NewTask => {
    if (random.chance(generation === 1 ? 0.5 : 0.8)) return task;
    const unlimited = { timeoutSeconds: null, queueTimeoutSeconds: null, concurrency: null, endChain: null };
    const inner = randomChain(`${id}.${task.taskId}`, random, rough);
    const { made: chain } = generation === 1 ? withChildren(inner, random, rough, 2) : inner;
    const retryPolicy = DEFAULT_RETRY_POLICY;
    return {
      ...task,
      ...unlimited,
      retryPolicy,
      taskType: CHILD_CHAIN,
      params: {},
      child: { chain, open: {}, repeat: randomRepeat(random) },
    };
  });
  return { id, made: { ...made, tasks } };
}

/** The chain with some of its tasks as those that run an instance for each item of a list, which is perhaps none. */
function withLists({ id, made }: ChainSpec, random: Random): ChainSpec {
  const tasks = made.tasks.map((task): NewTask => {
    if (random.chance(0.4)) return task;
    const items = random.chance(0.1) ? random.pick([null, 'x']) : [7, 5, 3, 1].slice(random.int(5));
    const unlimited = { timeoutSeconds: null, queueTimeoutSeconds: null, concurrency: null, endChain: null };
    const atLeast = random.chance(0.5) ? random.pick([0.5, 1]) : undefined;
    return {
      ...task,
      ...unlimited,
      retryPolicy: DEFAULT_RETRY_POLICY,
      taskType: FOR_EACH,
      params: { task_config: { args: { items } } },
      child: {
        chain: chainOfList(task, random, atLeast),
        open: { item: {}, index: {} },
        forEach: { maxItems: 3, ...(atLeast !== undefined && { atLeast }) },
      },
    };
  });
  return { id, made: { ...made, tasks } };
}

/** The chain of one instance, and of the task that collects its result. */
function chainOfList({ taskId }: NewTask, random: Random, atLeast: number | undefined): NewChain {
  const made = sampleNewChain([[], [0]]);
  const [instance, collector] = made.tasks as [NewTask, NewTask];
  const params = { task_config: { item: '${params.item}', index: '${params.index}' } };
  return {
    ...made,
    chainName: taskId,
    stopOnError: random.chance(0.4),
    timeoutSeconds: WITHOUT_TIME_OUT_S,
    approvalTimeoutSeconds: 20,
    outputs: { results: { task_id: taskId, path: [] } },
    tasks: [
      {
        ...instance,
        ...{ taskId: `${taskId}[0]`, taskName: `${taskId}[0]`, taskType: random.pick(['fast', 'slow']), params },
        retryPolicy: randomRetry(random),
        tolerable: atLeast !== undefined,
      },
      { ...collector, taskId, taskName: taskId, taskType: FOR_EACH, triggerRule: 'none_failed_min_one_success' },
    ],
  };
}

/** The chain, with tasks that undo some of its tasks. */
function withUndoing({ id, made }: ChainSpec, random: Random): ChainSpec {
  const compensation = made.tasks.flatMap(({ taskId, priority }, position) => {
    const undo = { position, taskId, taskName: `undo ${taskId}`, taskType: 'fast', params: {}, priority };
    const settings = { retryPolicy: randomRetry(random), timeoutSeconds: null, referenced: [] };
    return random.chance(0.7) ? [{ ...undo, ...settings }] : [];
  });
  return { id, made: { ...made, compensation } };
}

function randomRepeat(random: Random): Repeat | undefined {
  if (random.chance(0.4)) return undefined;
  return {
    until: random.pick(['true', 'false', 'false', '1 / 0 == 1']),
    max: 1 + random.int(3),
    delayMs: random.pick([0, 0, 1_000]),
    carry: {},
  };
}

function randomRule(random: Random, parents: number): TriggerRule {
  if (parents > 0 && random.chance(0.15)) return { at_least: 1 + random.int(parents) };
  return random.chance(0.5) ? 'all_success' : random.pick(TRIGGER_RULES);
}

function randomRetry(random: Random): RetryPolicy {
  return {
    maxRetries: random.chance(0.4) ? 0 : 1 + random.int(3),
    retryOnFailure: random.chance(0.9),
    backoff: random.chance(0.5) ? 'fixed' : 'exponential',
    delayMs: random.pick([0, 200, 1_000, 3_000]),
    maxDelayMs: 5_000,
    jitter: random.chance(0.5),
    ...(random.chance(0.1) ? { retryOn: ['TASK_ERROR'] } : {}),
    ...(random.chance(0.1) ? { neverRetryOn: ['TIMEOUT_RUN'] } : {}),
    ...(random.chance(0.15) ? { budgetMs: 1_000 + random.int(10_000) } : {}),
    ...(random.chance(0.2) ? { onExhausted: 'pause' as const } : {}),
  };
}
