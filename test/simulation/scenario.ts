import { plan } from '#libs/dag-planner';
import { DEFAULT_SETTINGS, TRIGGER_RULES } from '#libs/chain-domain';
import type { Chain, RetryPolicy, Task, TriggerRule } from '#libs/chain-domain';
import { Random } from './random.js';

/** What becomes of a dispatched task when its job is made: sent, its `when` is false, or its parameters do not resolve. */
export type Gate = 'open' | 'closed' | 'broken';

/** A task beside what `decide` knows of it. Times in ms. */
export interface TaskSpec {
  readonly task: Task;
  readonly predecessors: readonly number[];
  readonly gate: Gate;
  readonly timeoutMs: number | null;
  readonly queueTimeoutMs: number | null;
}

export interface ChainSpec {
  readonly id: string;
  readonly chain: Chain;
  readonly tasks: readonly TaskSpec[];
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
}

export interface ScenarioOptions {
  readonly faults?: boolean;
  readonly operators?: boolean;
}

const WITHOUT_TIME_OUT = 1e9;

/** A random scenario: one or two chains of up to 8 tasks each, planned by the real planner. */
export function scenarioOf(seed: number, options: ScenarioOptions = {}): Scenario {
  const random = new Random(seed);
  const faults = options.faults ?? random.chance(0.9);
  const operators = options.operators ?? random.chance(0.8);
  const count = random.chance(0.8) ? 1 : 2;
  return {
    seed,
    chains: Array.from({ length: count }, (_, i) => randomChain(`c${i}`, random, faults || operators)),
    listeners: 1 + random.int(3),
    workers: 1 + random.int(3),
    slots: 1 + random.int(2),
    steps: 40 + random.int(260),
    faults,
    operators,
  };
}

function randomChain(id: string, random: Random, rough: boolean): ChainSpec {
  const size = 1 + random.int(random.chance(0.5) ? 4 : 8);
  const density = random.next();
  const nodes = Array.from({ length: size }, (_, position) => ({
    id: `t${position}`,
    dependsOn: Array.from({ length: position }, (_, before) => before)
      .filter(() => random.chance(density * 0.8))
      .map((before) => `t${before}`),
  }));
  const planned = plan(nodes);
  if (!planned.ok) throw new Error('the planner refuses a faultless graph');
  const { predecessors, successors } = planned.plan;
  return {
    id,
    chain: {
      status: 'PENDING',
      epoch: 1,
      totalTasks: size,
      completedTasks: 0,
      failedTasks: 0,
      skippedTasks: 0,
      cancelledTasks: 0,
      toleratedTasks: 0,
      admittedTasks: 0,
      maxParallel: random.chance(0.4) ? 1 + random.int(3) : null,
      stopOnError: random.chance(0.4),
      timeoutMs: rough && random.chance(0.15) ? 2_000 + random.int(60_000) : WITHOUT_TIME_OUT,
      deadlineAt: null,
      approvalMs: rough && size % 3 === 0 ? 2_000 : 20_000,
      timeLeftMs: null,
      error: null,
    },
    tasks: predecessors.map((before, position) => ({
      predecessors: before,
      gate: !rough || random.chance(0.92) ? 'open' : random.pick<Gate>(['closed', 'broken']),
      timeoutMs: rough && random.chance(0.2) ? 3_000 + random.int(10_000) : null,
      queueTimeoutMs: rough && random.chance(0.15) ? 2_000 + random.int(10_000) : null,
      task: {
        position,
        taskId: `t${position}`,
        taskType: random.chance(0.8) ? 'fast' : 'slow',
        status: 'PENDING',
        attempt: 0,
        runId: null,
        failures: 0,
        losses: 0,
        parents: { pending: before.length, succeeded: 0, failed: 0, skipped: 0 },
        triggerRule: randomRule(random, before.length),
        retry: randomRetry(random),
        priority: 1 + random.int(10),
        successors: successors[position]!,
        ...DEFAULT_SETTINGS,
        tolerable: random.chance(0.15),
        hold: null,
        firstQueuedAt: null,
        skipReason: null,
        nextAttemptAt: null,
        approvedAttempt: null,
        error: null,
      },
    })),
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
