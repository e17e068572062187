import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decide, dispatch, evolve, promote } from './decide.js';
import type { Decision } from './decision.js';
import type { ChainEvent } from './events.js';
import { expectCounted, frozen, sampleChain, type SampleTask } from './sample-chain-for-tests.js';
import type { ChainState, Task } from './state.js';
import { isChainTerminal, isControlHold, isInFlight, isTerminal } from './states.js';
import { CHAIN_ENDS } from './task-settings.js';
import { TRIGGER_RULES, type TriggerRule } from './trigger-rules.js';

const SIZE = 6;

const rule: fc.Arbitrary<TriggerRule> = fc.oneof(
  { weight: 3, arbitrary: fc.constant('all_success' as const) },
  { weight: 2, arbitrary: fc.constantFrom(...TRIGGER_RULES) },
  { weight: 1, arbitrary: fc.constant({ at_least: 1 }) },
);
const sampleTask = (position: number): fc.Arbitrary<SampleTask> =>
  fc.record({
    after: fc.subarray([...Array(position).keys()], { maxLength: Math.min(3, position) }),
    triggerRule: rule,
    tolerable: fc.boolean(),
    priority: fc.integer({ min: 1, max: 3 }),
    endChain: fc.option(fc.record({ when: fc.constant('true'), status: fc.constantFrom(...CHAIN_ENDS) }), { freq: 2 }),
    retry: fc.record({ maxRetries: fc.nat(2), onExhausted: fc.constantFrom('fail', 'pause') }),
  });
const chain: fc.Arbitrary<ChainState> = fc
  .tuple(
    fc.integer({ min: 1, max: SIZE }).chain((size) => fc.tuple(...[...Array(size).keys()].map(sampleTask))),
    fc.record({
      maxParallel: fc.constantFrom(null, 1, 2),
      stopOnError: fc.boolean(),
      approvalMs: fc.constantFrom(1_000, 600_000),
    }),
  )
  .map(([tasks, options]) => sampleChain(tasks, options));

/** A step by numbers: what it is follows from the state that it meets, so that any sequence makes sense. */
const step = fc.record({ kind: fc.nat(40), place: fc.nat(SIZE - 1), n: fc.nat(1_000) });
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
const steps = fc.array(step, { minLength: 20, maxLength: 80, size: 'max' });
const RUNS = { numRuns: 150 };

/** Reports of the own and of other attempts and runs, losses, time-outs and all commands. */
function eventOf({ kind, place, n }: Step, { tasks, chain: { totalTasks } }: ChainState): ChainEvent {
  const position = place % totalTasks;
  const task = tasks.get(position)!;
  // Mostly of the own attempt, sometimes stale, now and then of the future.
  const attempt = task.attempt + [0, 0, 0, 0, 0, 0, -1, -1, 1][n % 9]!;
  const runId = `${task.taskId}.${attempt}${n % 7 === 0 ? 'x' : ''}`;
  const error = { code: 'TASK_ERROR', message: 'failed' };
  const from = n % 5 === 0 ? undefined : n % 5 < 3 ? [position] : [position, n % totalTasks];
  switch (kind) {
    case 0:
      return n % 4 === 0 ? { kind: 'CancelChain' } : { kind: 'ResumeChain' };
    case 1:
      return { kind: 'PauseChain' };
    case 2:
    case 3:
      return { kind: 'ResumeChain' };
    case 4:
    case 5:
    case 22:
    case 23:
    case 24:
      return { kind: 'RetryChain', includeDownstream: n % 2 === 0, from };
    case 6:
      return { kind: 'SkipTask', position };
    case 7:
      return { kind: 'ResolveTask', position, endsChain: n % 3 === 0 };
    case 8:
      return { kind: 'SetPriority', priority: 1 + (n % 10), ...(n % 2 === 0 ? { position } : {}) };
    case 9:
      return { kind: 'ChainTimedOut' };
    case 11:
      return { kind: 'TaskConditionFalse', position, attempt };
    case 12:
      return { kind: 'TaskQueueTimedOut', position, attempt, error: { ...error, code: 'TIMEOUT_QUEUE' }, random: 0 };
    case 13:
    case 14:
      return { kind: 'TaskLost', position, attempt, runId: n % 2 === 0 ? null : runId };
    case 15:
    case 16:
    case 17:
      return { kind: 'TaskStarted', position, attempt, runId };
    case 18:
    case 19:
    case 20:
      return { kind: 'TaskFailed', position, attempt, runId, error, retryable: n % 4 !== 0, random: 0 };
    case 21:
      return { kind: 'ExecuteChain' };
    case 25:
    case 26:
    case 27: {
      const approval = { code: 'APPROVAL_REQUIRED', message: 'an owner must decide' };
      return { kind: 'TaskFailed', position, attempt, runId, error: approval, retryable: false, random: 0 };
    }
    case 28: {
      const decision = (['approve', 'approve', 'refuse', 'withdraw'] as const)[n % 4]!;
      return { kind: 'DecideApproval', position, decision, words: 'decided' };
    }
    case 29:
      return { kind: 'ApprovalTimedOut', position };
    case 30:
    case 31:
    case 32:
      return n % 3 === 0
        ? { kind: 'TaskHeld', position, attempt, hold: 'CHILD', until: null }
        : { kind: 'TaskHeld', position, attempt, hold: 'WAIT', until: n * 20_000 };
    case 34:
    case 35:
      return { kind: 'TaskTurned', position, attempt, until: n % 2 === 0 ? null : n * 20_000 };
    case 33:
      return { kind: 'HoldTimedOut', position };
    default:
      return {
        ...{ kind: 'TaskSucceeded', position, attempt, endsChain: n % 3 === 0 },
        runId: isControlHold(task.hold) ? null : runId,
      };
  }
}

const after = (state: ChainState, decision: Decision): ChainState => {
  const next = { chain: state.chain, tasks: new Map(state.tasks) };
  evolve(next, decision);
  return frozen(next);
};

/** What the dispatcher does beside `decide`: sends what is ready, and promotes what is due. */
function machinery(state: ChainState, now: number, n: number): ChainState {
  let next = state;
  if (state.chain.status !== 'RUNNING') return next;
  for (const task of state.tasks.values()) {
    const { position } = task;
    if (task.status === 'READY' && task.hold === null && (n + position) % 2 === 0) {
      next = after(next, dispatch(next, position, now));
    } else if (task.status === 'RETRYING' && task.hold === null && n % 3 === 0) {
      next = after(next, promote(next, position, Math.max(now, task.nextAttemptAt!)));
    }
  }
  return next;
}

/** Plays steps, with the machinery between them, and shows each event to `law` before it is taken. */
function play(
  first: ChainState,
  all: readonly Step[],
  law: (before: ChainState, event: ChainEvent, now: number) => void,
) {
  let now = 1_000_000;
  let state = after(first, decide(first, { kind: 'ExecuteChain' }, now) as Decision);
  for (const one of all) {
    state = machinery(state, (now += 500), one.n);
    const event = eventOf(one, state);
    law(state, event, now);
    const decision = decide(state, event, now);
    if (!('refused' in decision)) state = after(state, decision);
  }
}

const law = (check: (before: ChainState, event: ChainEvent, now: number) => void) =>
  fc.assert(
    fc.property(chain, steps, (first, all) => play(first, all, check)),
    RUNS,
  );

/** The state after an event; the same one where it is refused. */
function outcome(state: ChainState, event: ChainEvent, now: number): ChainState {
  const decision = decide(state, event, now);
  return 'refused' in decision ? state : after(state, decision);
}

describe('the laws of decide', () => {
  it('I1: what is terminal stays so within its epoch', () =>
    law((before, event, now) => {
      const next = outcome(before, event, now);
      if (next.chain.epoch > before.chain.epoch) return expect(event.kind).toBe('RetryChain');
      for (const [position, task] of before.tasks) {
        if (isTerminal(task.status)) expect(next.tasks.get(position)).toBe(task);
      }
      if (isChainTerminal(before.chain.status)) expect(next.chain).toBe(before.chain);
    }));

  it('I3, I7: what is not accepted changes nothing, and what is accepted is not accepted again', () =>
    law((before, event, now) => {
      const decision = decide(before, event, now);
      if ('refused' in decision) return;
      const next = after(before, decision);
      if (decision.disposition !== 'ACCEPTED') {
        expect(decision.changed.size + decision.effects.length).toBe(0);
        expect(decision.chain).toBe(before.chain);
      } else if ('attempt' in event) {
        expect(decide(next, event, now)).not.toMatchObject({ disposition: 'ACCEPTED' });
      } else if (event.kind !== 'RetryChain') {
        expect(outcome(next, event, now)).toEqual(next);
      }
    }));

  it('I4: counters equal a recount', () => law((before, event, now) => expectCounted(outcome(before, event, now))));

  it('I5: a running chain has something that moves it, and holds nobody for whom there is room', () =>
    law((before, event, now) => {
      const { chain, tasks } = outcome(before, event, now);
      const all = [...tasks.values()];
      if (chain.maxParallel !== null) expect(chain.admittedTasks).toBeLessThanOrEqual(chain.maxParallel);
      if (chain.status === 'PAUSED') expect(all.filter((t) => t.status === 'READY' && t.hold === null)).toEqual([]);
      if (isChainTerminal(chain.status)) expect(all.filter((t) => !isTerminal(t.status))).toEqual([]);
      if (chain.status !== 'RUNNING') return;
      const waits = all.some(
        ({ status, hold, nextAttemptAt }) =>
          status === 'RETRYING' &&
          (hold === 'CHILD' || ((!hold || hold === 'APPROVAL' || isControlHold(hold)) && nextAttemptAt !== null)),
      );
      expect(chain.admittedTasks > 0 || waits).toBe(true);
      if (chain.maxParallel === null || chain.admittedTasks < chain.maxParallel) {
        expect(all.filter((t) => t.status === 'READY' && t.hold !== null)).toEqual([]);
      }
    }));

  it('I11: a control task is opened once in each attempt, and what no worker runs no run can end', () =>
    law((before, event, now) => {
      if (!('attempt' in event)) return;
      const was = before.tasks.get(event.position)!;
      const task = outcome(before, event, now).tasks.get(event.position)!;
      if (event.kind === 'TaskHeld' && task !== was) {
        expect([was.status, was.attempt, task.status, task.hold]).toEqual([
          ...['QUEUED', event.attempt, 'RETRYING', event.hold],
        ]);
      }
      const ends = event.kind === 'TaskSucceeded' || event.kind === 'TaskFailed';
      if (event.kind === 'TaskTurned' && was.hold === 'CHILD') return;
      if (isControlHold(was.hold) && (!ends || event.runId !== null)) expect(task).toBe(was);
    }));

  it('the clock of a running chain stands while only what waits outside can move it, and in no other', () =>
    law((before, event, now) => {
      const { chain, tasks } = outcome(before, event, now);
      if (chain.status !== 'RUNNING') return;
      const all = [...tasks.values()];
      const moves = all.some((t) => isInFlight(t.status) || (['READY', 'RETRYING'].includes(t.status) && !t.hold));
      expect([chain.deadlineAt === null, chain.timeLeftMs !== null]).toEqual([!moves, !moves]);
    }));

  it('a chain fails with an error, and with none does it succeed', () =>
    law((before, event, now) => {
      const { status, error, failedTasks, toleratedTasks, endedBy } = outcome(before, event, now).chain;
      if (status === 'FAILURE') expect(error).not.toBeNull();
      if (status === 'SUCCESS') expect([error, endedBy ?? failedTasks]).toEqual([null, endedBy ?? toleratedTasks]);
    }));

  it('I10: a success ends its chain exactly where its end_chain holds, and with that status', () =>
    law((before, event, now) => {
      const decision = decide(before, event, now);
      const next = outcome(before, event, now);
      const { endedBy, status } = next.chain;
      if (endedBy !== null) {
        const by = [...next.tasks.values()].find(({ taskId }) => taskId === endedBy);
        expect(by).toMatchObject({ status: 'SUCCESS', endChain: { status } });
      }
      if ((event.kind !== 'TaskSucceeded' && event.kind !== 'ResolveTask') || 'refused' in decision) return;
      if (decision.disposition !== 'ACCEPTED') return;
      const { taskId, endChain } = next.tasks.get(event.position)!;
      expect(endedBy).toBe(event.endsChain && endChain !== null ? taskId : null);
    }));

  it('I6: a rerun touches the chosen tasks and their descendants alone', () =>
    law((before, event, now) => {
      if (event.kind !== 'RetryChain') return;
      const decision = decide(before, event, now);
      if ('refused' in decision) return;
      const chosen = [...before.tasks.values()].filter(({ position, status, taskId }) =>
        event.from === undefined
          ? ['FAILURE', 'CANCELLED', 'SKIPPED'].includes(status) || taskId === before.chain.endedBy
          : event.from.includes(position),
      );
      const reached = new Set<number>();
      const visit = (task: Task): void => {
        reached.add(task.position);
        for (const position of task.successors) visit(before.tasks.get(position)!);
      };
      chosen.forEach(visit);
      for (const [position, task] of decision.changed) {
        // A place that the rerun frees may go to a task that was held for want of one.
        const admitted = { ...before.tasks.get(position), hold: null };
        if (!reached.has(position))
          expect([before.tasks.get(position)!.hold, task]).toEqual(['MAX_PARALLEL', admitted]);
      }
    }));

  it('I9: an attempt only grows, by one, as it is sent', () =>
    law((before, event, now) => {
      const next = outcome(before, event, now);
      for (const [position, task] of next.tasks) {
        expect(task.attempt).toBe(before.tasks.get(position)!.attempt);
        if (task.status !== 'READY' || task.hold !== null) continue;
        expect(dispatch(next, position, now).changed.get(position)!.attempt).toBe(task.attempt + 1);
      }
    }));

  it('a repair changes nothing in a state that keeps the invariants', () =>
    law((before, event, now) => {
      const next = outcome(before, event, now);
      const repaired = decide(next, { kind: 'RepairChain' }, now) as Decision;
      expect([...repaired.changed, ...repaired.effects]).toEqual([]);
      expect(repaired.chain).toBe(next.chain);
    }));

  it('decide leaves its input as it is', () =>
    law((before, event, now) => {
      const tasks = [...before.tasks];
      decide(before, event, now); // All of it is frozen: a write would throw.
      expect([...before.tasks]).toEqual(tasks);
    }));

  it('a task in flight that is set back, skipped, resolved or cancelled gets a stop signal', () =>
    law((before, event, now) => {
      const decision = decide(before, event, now);
      if ('refused' in decision || 'attempt' in event) return;
      const aborted = decision.effects.flatMap((e) => (e.kind === 'AbortTask' ? [e.position] : []));
      const moved = [...decision.changed.values()].filter(
        ({ position, status }) => isInFlight(before.tasks.get(position)!.status) && !isInFlight(status),
      );
      expect(aborted.sort()).toEqual(moved.map(({ position }) => position).sort());
    }));
});

describe('a schedule without faults', () => {
  it('sends each task exactly once, in whatever order they end, and ends in SUCCESS', () => {
    const plain = chain.map(({ chain: { maxParallel }, tasks }) => {
      const made = [...tasks.values()].map((task): SampleTask => ({
        after: [...tasks.values()].filter((p) => p.successors.includes(task.position)).map((p) => p.position),
        triggerRule: task.triggerRule === 'all_done' ? 'all_done' : 'all_success',
      }));
      return sampleChain(made, { maxParallel, stopOnError: true });
    });
    fc.assert(
      fc.property(plain, fc.infiniteStream(fc.nat(100)), (first, numbers) => {
        let state = after(first, decide(first, { kind: 'ExecuteChain' }, 0) as Decision);
        while (state.chain.status === 'RUNNING') {
          const open = [...state.tasks.values()].filter(
            (t) => (t.status === 'READY' && !t.hold) || isInFlight(t.status),
          );
          const task = open[numbers.next().value! % open.length]!;
          const { position, attempt } = task;
          if (task.status === 'READY') state = after(state, dispatch(state, position, 0));
          else state = outcome(state, { kind: 'TaskSucceeded', position, attempt, runId: 'r' }, 0);
        }
        expect(state.chain).toMatchObject({ status: 'SUCCESS', completedTasks: state.tasks.size });
        expect([...state.tasks.values()].map((task) => task.attempt)).toEqual([...state.tasks.values()].map(() => 1));
      }),
    );
  });

  it('I7: reports doubled and in any order end in the same statuses', () => {
    const RULES = ['all_success', 'all_done', 'always', 'one_success', { at_least: 1 }] as const;
    fc.assert(
      fc.property(
        chain,
        fc.array(fc.boolean(), { minLength: SIZE, maxLength: SIZE }),
        fc.infiniteStream(fc.nat(100)),
        fc.infiniteStream(fc.nat(100)),
        (like, fails, one, another) => {
          const all = [...like.tasks.values()];
          const made = all.map((task, i): SampleTask => ({
            after: all.filter((p) => p.successors.includes(task.position)).map((p) => p.position),
            triggerRule: RULES[(i + task.priority) % RULES.length],
            tolerable: task.tolerable,
          }));
          const ends = [one, another].map((numbers) => {
            const first = sampleChain(made);
            let state = after(first, decide(first, { kind: 'ExecuteChain' }, 0) as Decision);
            while (state.chain.status === 'RUNNING') {
              const open = [...state.tasks.values()].filter((t) => t.status === 'READY' || isInFlight(t.status));
              const task = open[numbers.next().value! % open.length]!;
              const { position, attempt } = task;
              if (task.status === 'READY') {
                state = after(state, dispatch(state, position, 0));
                continue;
              }
              const run = { position, attempt, runId: 'r' };
              const error = { code: 'TASK_ERROR', message: 'failed' };
              const report: ChainEvent = fails[position]
                ? { kind: 'TaskFailed', ...run, error, retryable: false, random: 0 }
                : { kind: 'TaskSucceeded', ...run };
              for (let times = 0; times < 2; times++) state = outcome(state, report, 0);
              state = outcome(state, { kind: 'TaskStarted', ...run }, 0);
            }
            return [state.chain.status, ...[...state.tasks.values()].map(({ status }) => status)];
          });
          expect(ends[1]).toEqual(ends[0]);
        },
      ),
    );
  });
});
