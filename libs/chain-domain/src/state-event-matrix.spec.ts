import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { decide, dispatch, promote } from './decide.js';
import { FOR_EACH } from './control-types.js';
import { Draft } from './draft.js';
import type { ChainCommand, ChainEvent, TaskEvent } from './events.js';
import { sampleChain, T0, type SampleTask } from './sample-chain-for-tests.js';
import type { Chain, ChainState } from './state.js';
import { CHAIN_STATUSES, TASK_STATUSES, type ChainStatus, type TaskStatus } from './states.js';
import { CHAIN_ENDS, type ChainEnd } from './task-settings.js';
import { mayMove, TASK_CAUSES, TASK_TRANSITIONS, type TaskCause } from './transitions.js';

const SNAPSHOT = new URL('../../../../libs/chain-domain/src/state-event-matrix.snap.md', import.meta.url);
const ARCHITECTURE = new URL('../../../../ARCHITECTURE.md', import.meta.url);
// eslint-disable-next-line no-restricted-properties -- a switch of this test alone
const UPDATE = process.env['UPDATE_SNAPSHOTS'] === '1';

/** The attempt that every task of the matrix is in. */
const ATTEMPT = 2;
const ENDED_LONG_AGO = { failures: 1, firstQueuedAt: T0 - 10_000 };

/** Every status of a task with every hold it may have, in the chain status that goes with it. */
const TASK_STATES: Record<string, { task: Partial<SampleTask>; chain?: ChainStatus }> = {
  PENDING: { task: { status: 'PENDING' } },
  READY: { task: { status: 'READY' } },
  'READY, held: MAX_PARALLEL': { task: { status: 'READY', hold: 'MAX_PARALLEL' } },
  'READY, held: CHAIN_PAUSED': { task: { status: 'READY', hold: 'CHAIN_PAUSED' }, chain: 'PAUSED' },
  QUEUED: { task: { status: 'QUEUED' } },
  'RUNNING run r1': { task: { status: 'RUNNING', runId: 'r1' } },
  'RUNNING run r1, chain paused': { task: { status: 'RUNNING', runId: 'r1' }, chain: 'PAUSED' },
  RETRYING: { task: { status: 'RETRYING', nextAttemptAt: T0 + 500, runId: 'r1' } },
  'RETRYING, held: RETRIES_EXHAUSTED': {
    task: { status: 'RETRYING', hold: 'RETRIES_EXHAUSTED', runId: 'r1' },
    chain: 'PAUSED',
  },
  'RETRYING, held: APPROVAL': {
    task: { status: 'RETRYING', hold: 'APPROVAL', nextAttemptAt: T0 + 500, runId: 'r1' },
  },
  'RETRYING, held: WAIT': { task: { status: 'RETRYING', hold: 'WAIT', nextAttemptAt: T0 + 500 } },
  'RETRYING, held: CHILD': { task: { status: 'RETRYING', hold: 'CHILD', nextAttemptAt: null } },
  'RETRYING, held: SIGNAL': { task: { status: 'RETRYING', hold: 'SIGNAL', nextAttemptAt: T0 + 500 } },
  'RETRYING, held: SIGN_OFF': {
    task: { status: 'RETRYING', hold: 'SIGN_OFF', taskType: 'sign_off', nextAttemptAt: T0 + 500 },
  },
  'SUCCESS by run r1': { task: { status: 'SUCCESS', runId: 'r1' } },
  'FAILURE of run r1': { task: { status: 'FAILURE', runId: 'r1' } },
  SKIPPED: { task: { status: 'SKIPPED', skipReason: 'CONDITION' } },
  CANCELLED: { task: { status: 'CANCELLED', runId: 'r1' } },
};

/** The task `a` in that state, its child `b`, and `c` that runs, so that the chain does not end. */
function stateOf(name: string, more: Partial<SampleTask> = {}, chain: Partial<Chain> = {}): ChainState {
  const { task, chain: status = 'RUNNING' } = TASK_STATES[name]!;
  const parents = { pending: 1, succeeded: 0, failed: 0, skipped: 0 };
  // A task that is still PENDING waits for `c`.
  const a: SampleTask = { attempt: ATTEMPT, ...ENDED_LONG_AGO, ...task, ...more, after: name === 'PENDING' ? [2] : [] };
  const limit = task.hold === 'MAX_PARALLEL' ? 1 : null;
  const clock = status === 'PAUSED' ? { timeLeftMs: 1_000 } : { deadlineAt: T0 + 1_000 };
  return sampleChain([a, { after: [0], parents }, { status: 'RUNNING', attempt: 1, runId: 'c1' }], {
    ...{ status, maxParallel: limit },
    ...clock,
    ...chain,
  });
}

/** What an event makes of task `a`, in a few words; what else changes stands behind it. */
function cell(state: ChainState, event: ChainEvent, namesAll = false): string {
  const decision = decide(state, event, T0);
  if ('refused' in decision) return `refused: ${decision.refused}`;
  const words: string[] = decision.disposition === 'ACCEPTED' ? [] : [decision.disposition];
  for (const [position, task] of [...decision.changed].sort(([x], [y]) => x - y)) {
    const was = state.tasks.get(position)!;
    const moved = was.status !== task.status || was.hold !== task.hold;
    const reason = task.skipReason === null ? '' : `: ${task.skipReason}`;
    const held = task.hold === null ? '' : `, held: ${task.hold}`;
    if (moved) words.push(`${position === 0 && !namesAll ? '' : `${task.taskId} `}→ ${task.status}${reason}${held}`);
    else if (position === 0) words.push(was.priority === task.priority ? 'set back' : `priority ${task.priority}`);
  }
  if (decision.chain.status !== state.chain.status) words.push(`chain ${decision.chain.status}`);
  if (decision.chain.epoch !== state.chain.epoch) words.push('new epoch');
  for (const effect of decision.effects) {
    if (effect.kind === 'AbortTask') words.push(`abort ${'abc'[effect.position]}.${effect.attempt}`);
  }
  return words.join('; ') || '–';
}

function table(corner: string, rows: readonly string[], columns: Record<string, (row: string) => string>): string {
  const names = Object.keys(columns);
  const lines = [`| ${corner} | ${names.join(' | ')} |`, `| --- | ${names.map(() => '---').join(' | ')} |`];
  for (const row of rows) lines.push(`| ${row} | ${names.map((name) => columns[name]!(row)).join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}

const error = { code: 'TASK_ERROR', message: 'failed' };
type Kind = TaskEvent['kind'];

/** An event of task `a`, in an attempt, by a run where it names one. */
function eventOf(kind: Kind, attempt: number, runId: string | null): TaskEvent {
  const named = { position: 0, attempt };
  switch (kind) {
    case 'TaskStarted':
      return { kind, ...named, runId: runId! };
    case 'TaskSucceeded':
      return { kind, ...named, runId };
    case 'TaskFailed':
      return { kind, ...named, runId, error, retryable: false, random: 0 };
    case 'TaskLost':
      return { kind, ...named, runId };
    case 'TaskQueueTimedOut':
      return { kind, ...named, error: { ...error, code: 'TIMEOUT_QUEUE' }, random: 0 };
    case 'TaskHeld':
      return { kind, ...named, hold: 'WAIT', until: T0 + 500 };
    case 'TaskTurned':
      return { kind, ...named, until: T0 + 500 };
    case 'TaskConditionFalse':
      return { kind, ...named };
  }
}

/** Kinds of events, and the runs that they may name. */
const RUNS: Record<Kind, readonly (string | null)[]> = {
  TaskStarted: ['r1', 'r2'],
  TaskSucceeded: ['r1', 'r2', null],
  TaskFailed: ['r1', 'r2', null],
  TaskLost: ['r1', 'r2', null],
  TaskQueueTimedOut: [null],
  TaskHeld: [null],
  TaskTurned: [null],
  TaskConditionFalse: [null],
};

function eventTables(): string {
  const parts: string[] = [];
  for (const [kind, runs] of Object.entries(RUNS) as [Kind, readonly (string | null)[]][]) {
    const columns: Record<string, (row: string) => string> = {};
    const add = (name: string, attempt: number, run: string | null) =>
      void (columns[name] = (row) => cell(stateOf(row), eventOf(kind, attempt, run)));
    add('attempt before', ATTEMPT - 1, runs[0]!);
    for (const run of runs) add(`own attempt, ${run === null ? 'no run named' : `run ${run}`}`, ATTEMPT, run);
    add('attempt to come', ATTEMPT + 1, runs[0]!);
    parts.push(`### ${kind}\n\n${table('task `a` is', Object.keys(TASK_STATES), columns)}`);
  }
  return parts.join('\n');
}

function failureTable(): string {
  const event = { ...eventOf('TaskFailed', ATTEMPT, 'r1'), retryable: true } as ChainEvent;
  const settings: Record<string, [Partial<SampleTask>, Partial<Chain>]> = {
    'no try left': [{}, {}],
    'a try left': [{ retry: { maxRetries: 5 } }, {}],
    'no try left, then pause': [{ retry: { onExhausted: 'pause' } }, {}],
    'no try left, tolerable': [{ tolerable: true }, {}],
    'no try left, stop_on_error': [{}, { stopOnError: true }],
    'no try left, tolerable, stop_on_error': [{ tolerable: true }, { stopOnError: true }],
    'lost too often': [{ losses: 5 }, {}],
    'an approval is required': [{}, {}],
    'an approval is required and came meanwhile': [{ approvedAttempt: ATTEMPT }, {}],
  };
  const lost = eventOf('TaskLost', ATTEMPT, null);
  const required = { ...event, error: { ...error, code: 'APPROVAL_REQUIRED' } } as ChainEvent;
  const given = (name: string): ChainEvent =>
    name === 'lost too often' ? lost : name.startsWith('an approval') ? required : event;
  const columns = Object.fromEntries(
    Object.entries(settings).map(([name, [task, chain]]) => [
      name,
      (row: string) => cell(stateOf(row, task, chain), given(name)),
    ]),
  );
  return table('task `a` is', ['QUEUED', 'RUNNING run r1', 'RUNNING run r1, chain paused'], columns);
}

/** A success of a task with `end_chain`, given by a worker or an operator; and the retry of what it ended. */
function endTable(): string {
  const success = eventOf('TaskSucceeded', ATTEMPT, 'r1');
  const ends = (status: ChainEnd) => ({ endChain: { when: 'true', status } });
  const columns: Record<string, (row: string) => string> = {
    'it does not hold': (row) => cell(stateOf(row, ends('SUCCESS')), success),
  };
  for (const status of CHAIN_ENDS) {
    columns[`it holds: ${status}`] = (row) =>
      cell(stateOf(row, ends(status)), { ...success, endsChain: true } as ChainEvent);
  }
  columns['it holds, by an operator'] = (row) =>
    cell(stateOf(row, ends('SUCCESS')), { kind: 'ResolveTask', position: 0, endsChain: true });
  columns['RetryChain from the breakpoint, of a chain that it ended'] = (row) =>
    cell(stateOf(row, ends('SUCCESS'), { status: 'SUCCESS', endedBy: 'a' }), {
      kind: 'RetryChain',
      includeDownstream: true,
    });
  return table(
    'task `a` is',
    ['QUEUED', 'RUNNING run r1', 'RUNNING run r1, chain paused', 'SUCCESS by run r1'],
    columns,
  );
}

const ANSWER = { kind: 'AnswerSignOff', position: 0, asked: ATTEMPT, words: 'no' } as const;
const COMMANDS: Record<string, ChainCommand> = {
  SkipTask: { kind: 'SkipTask', position: 0 },
  ResolveTask: { kind: 'ResolveTask', position: 0 },
  SetPriority: { kind: 'SetPriority', position: 0, priority: 9 },
  'RetryChain of a': { kind: 'RetryChain', from: [0], includeDownstream: false },
  'RetryChain of a and what follows': { kind: 'RetryChain', from: [0], includeDownstream: true },
  'RetryChain from the breakpoint': { kind: 'RetryChain', includeDownstream: true },
  CancelChain: { kind: 'CancelChain' },
  PauseChain: { kind: 'PauseChain' },
  ResumeChain: { kind: 'ResumeChain' },
  'ChainTimedOut, due': { kind: 'ChainTimedOut' },
  'DecideApproval, approve': { kind: 'DecideApproval', position: 0, decision: 'approve', words: '' },
  'DecideApproval, refuse': { kind: 'DecideApproval', position: 0, decision: 'refuse', words: 'no' },
  'DecideApproval, withdraw': { kind: 'DecideApproval', position: 0, decision: 'withdraw', words: 'no' },
  'ApprovalTimedOut, not due': { kind: 'ApprovalTimedOut', position: 0 },
  'ApprovalTimedOut, due': { kind: 'ApprovalTimedOut', position: 0 },
  'AnswerSignOff, approve': { ...ANSWER, decision: 'approve' },
  'AnswerSignOff, reject': { ...ANSWER, decision: 'reject' },
  'AnswerSignOff, of the attempt before': { ...ANSWER, asked: ATTEMPT - 1, decision: 'approve' },
  'AnswerSignOff, late': { ...ANSWER, decision: 'approve' },
  'HoldTimedOut, not due': { kind: 'HoldTimedOut', position: 0 },
  'HoldTimedOut, due': { kind: 'HoldTimedOut', position: 0 },
  RepairChain: { kind: 'RepairChain' },
};

function commandTable(): string {
  const columns = Object.fromEntries(
    Object.entries(COMMANDS).map(([name, command]) => {
      const late = name === 'ChainTimedOut, due' ? { deadlineAt: T0 } : {};
      const chain = (row: string) => (TASK_STATES[row]!.chain === 'PAUSED' ? {} : late);
      const waits = (row: string) => /(APPROVAL|WAIT|SIGNAL|SIGN_OFF)$/.test(row);
      const isDue = (row: string) => /TimedOut, due|, late/.test(name) && waits(row);
      const task = (row: string) => (isDue(row) ? { nextAttemptAt: T0 } : {});
      return [name, (row: string) => cell(stateOf(row, task(row), chain(row)), command)];
    }),
  );
  return table('task `a` is', Object.keys(TASK_STATES), columns);
}

/** The end of a child that leaves 300 ms to the chain, and retries of a child. */
function childTable(): string {
  const left = { leftMs: 300 };
  const clock = (row: string, event: ChainEvent, chain: Partial<Chain> = {}): string => {
    const state = stateOf(row, {}, chain);
    const decision = decide(state, event, T0);
    const { deadlineAt, timeLeftMs } = 'refused' in decision ? state.chain : decision.chain;
    return `${cell(state, event)}; ${deadlineAt === null ? `stands at ${timeLeftMs}` : `${deadlineAt - T0} left`}`;
  };
  const success = { ...eventOf('TaskSucceeded', ATTEMPT, null), ...left } as ChainEvent;
  const failed = { ...eventOf('TaskFailed', ATTEMPT, null), ...left } as ChainEvent;
  const retry = { kind: 'RetryChain', includeDownstream: true } as const;
  const ended = { status: 'FAILURE', hasParent: true } as const;
  return table('task `a` is', ['RETRYING, held: CHILD', 'QUEUED', 'FAILURE of run r1'], {
    'its child succeeded': (row) => clock(row, success),
    'its child failed': (row) => clock(row, failed),
    'another turn begins': (row) =>
      clock(row, { kind: 'TaskTurned', position: 0, attempt: ATTEMPT, until: null, ...left }),
    'its child failed, stop_on_error': (row) => clock(row, failed, { stopOnError: true }),
    'RetryChain of a child that has ended': (row) => cell(stateOf(row, {}, ended), retry),
    'the same by its parent': (row) => cell(stateOf(row, {}, ended), { ...retry, byParent: true }),
  });
}

/** How the task of a list ends that collects what its instances came to: `a` and `b` are its instances, `d` follows it. */
function collectorTable(): string {
  const collects = { taskId: 'list', taskType: FOR_EACH, triggerRule: 'none_failed_min_one_success' } as const;
  const instance = (other: Partial<SampleTask>): SampleTask[] => [
    { status: 'RUNNING', attempt: 1, runId: 'r1' },
    { attempt: 1, ...other },
  ];
  const collector = (task: SampleTask, instances: readonly SampleTask[]): ChainState => {
    const ended = instances.filter(({ status }) => status !== 'RUNNING' && status !== 'QUEUED');
    const of = (status: TaskStatus, tolerable = false) =>
      ended.filter((each) => each.status === status && (each.tolerable === true) === tolerable).length;
    const parents = {
      pending: instances.length - ended.length,
      succeeded: of('SUCCESS') + of('FAILURE', true),
      failed: of('FAILURE'),
      skipped: of('SKIPPED'),
    };
    const last = { after: [2], parents: { pending: 1, succeeded: 0, failed: 0, skipped: 0 } };
    return sampleChain([...instances, { ...collects, ...task, after: [0, 1], parents }, last], { status: 'RUNNING' });
  };
  const others: Record<string, Partial<SampleTask>> = {
    succeeded: { status: 'SUCCESS' },
    failed: { status: 'FAILURE' },
    'failed, which at_least lets it': { status: 'FAILURE', tolerable: true },
    'was skipped': { status: 'SKIPPED', skipReason: 'CONDITION' },
    runs: { status: 'RUNNING', runId: 'r2' },
  };
  const ends: Record<string, [TaskEvent, Partial<SampleTask>?]> = {
    '`a` succeeds': [{ kind: 'TaskSucceeded', position: 0, attempt: 1, runId: 'r1' }],
    '`a` fails': [{ kind: 'TaskFailed', position: 0, attempt: 1, runId: 'r1', error, retryable: false, random: 0 }],
    '`a` fails, which at_least lets it': [
      { kind: 'TaskFailed', position: 0, attempt: 1, runId: 'r1', error, retryable: false, random: 0 },
      { tolerable: true },
    ],
    'the condition of `a` is false': [
      { kind: 'TaskConditionFalse', position: 0, attempt: 1 },
      { status: 'QUEUED', runId: null },
    ],
  };
  const instances = table('`b`', Object.keys(others), {
    ...Object.fromEntries(
      Object.entries(ends).map(([name, [event, more]]) => [
        name,
        (row: string) => {
          const [a, b] = instance(others[row]!) as [SampleTask, SampleTask];
          return cell(collector({}, [{ ...a, ...more }, b]), event, true);
        },
      ]),
    ),
  });
  const done: SampleTask[] = [
    { status: 'SUCCESS', attempt: 1 },
    { status: 'SUCCESS', attempt: 1 },
  ];
  const at = { position: 2, attempt: 1 };
  const few = { ...error, code: 'TOO_FEW_SUCCEEDED' };
  const openings: Record<string, TaskEvent> = {
    'it collects': { kind: 'TaskSucceeded', ...at, runId: null },
    'too few succeeded': { kind: 'TaskFailed', ...at, runId: null, error: few, retryable: false, random: 0 },
    'its list came out of a result: its child starts': { kind: 'TaskHeld', ...at, hold: 'CHILD', until: null },
    'it collects in an attempt before': { kind: 'TaskSucceeded', ...at, attempt: 0, runId: null },
    'a worker reports a success': { kind: 'TaskSucceeded', ...at, runId: 'r9' },
  };
  const states: Record<string, SampleTask> = {
    QUEUED: { status: 'QUEUED', attempt: 1 },
    'RETRYING, held: CHILD': { status: 'RETRYING', hold: 'CHILD', attempt: 1 },
    SUCCESS: { status: 'SUCCESS', attempt: 1 },
    FAILURE: { status: 'FAILURE', attempt: 1 },
    CANCELLED: { status: 'CANCELLED', attempt: 1 },
  };
  const opened = table(
    '`list` is',
    Object.keys(states),
    Object.fromEntries(
      Object.entries(openings).map(([name, event]) => [
        name,
        (row: string) => cell(collector(states[row]!, done), event, true),
      ]),
    ),
  );
  return `${instances}\n${opened}`;
}

/** Every chain status x every command. In a chain that has ended `a` failed and `b` was skipped. */
function chainTable(): string {
  const commands: Record<string, ChainCommand> = {
    ExecuteChain: { kind: 'ExecuteChain' },
    ...COMMANDS,
    'ChainTimedOut, not due': { kind: 'ChainTimedOut' },
  };
  const columns = Object.fromEntries(
    Object.entries(commands).map(([name, command]) => [
      name,
      (row: string) => cell(chainOf(row as ChainStatus, name === 'ChainTimedOut, due' ? T0 : T0 + 1_000), command),
    ]),
  );
  return table('the chain is', CHAIN_STATUSES, columns);
}

function chainOf(status: ChainStatus, deadline: number): ChainState {
  const a: Record<ChainStatus, SampleTask> = {
    PENDING: { status: 'PENDING' },
    RUNNING: { status: 'READY' },
    PAUSED: { status: 'READY', hold: 'CHAIN_PAUSED' },
    SUCCESS: { status: 'SUCCESS' },
    FAILURE: { status: 'FAILURE' },
    CANCELLED: { status: 'CANCELLED' },
  };
  const ended = status === 'FAILURE' || status === 'CANCELLED';
  const parents = { pending: 1, succeeded: 0, failed: 0, skipped: 0 };
  const b: SampleTask = ended
    ? { after: [0], status: 'SKIPPED', skipReason: 'CHAIN_STOPPED', parents }
    : { after: [0], status: status === 'SUCCESS' ? 'SUCCESS' : 'PENDING', parents };
  return sampleChain([a[status], b], {
    status,
    deadlineAt: status === 'RUNNING' ? deadline : null,
    timeLeftMs: status === 'PAUSED' ? 1_000 : null,
  });
}

function matrix(): string {
  return [
    '<!-- prettier-ignore-start -->\n',
    '# State x event\n',
    'Written by `state-event-matrix.spec.ts` (UPDATE_SNAPSHOTS=1): read its changes before you commit them.\n',
    'Task `a` is in its attempt 2; `b` waits for `a`; `c` runs, so that the chain does not end. A cell says what becomes',
    'of `a`, then of the others and of the chain, then what is aborted. `–`: accepted, and nothing moves.\n',
    '## Reports and time-outs of a task\n',
    eventTables(),
    '## A failure that another try could mend, and a loss\n',
    failureTable(),
    '## A success that may end the chain (`end_chain`)\n',
    endTable(),
    '## Children\n',
    'A child that ended leaves 300 ms of the time of its parent, which has 1,000.\n',
    childTable(),
    '## The task that collects the results of a `for_each`\n',
    'Its instances are `a`, which runs, and `b`; `d` waits for it. Once they have ended it is opened as a control task.\n',
    collectorTable(),
    '## Commands, by the state of the task\n',
    commandTable(),
    '## Commands, by the status of the chain\n',
    'The chain has two tasks, `b` waits for `a`. In one that has ended, `a` ended like the chain.\n',
    chainTable(),
    '<!-- prettier-ignore-end -->\n',
  ].join('\n');
}

describe('the state x event matrix', () => {
  it('is the one that was committed', () => {
    const now = matrix();
    if (UPDATE) writeFileSync(SNAPSHOT, now);
    expect(now).toBe(existsSync(SNAPSHOT) ? readFileSync(SNAPSHOT, 'utf8') : '');
  });

  it('refuses to move a task off the table', () => {
    const state = sampleChain([{}]);
    for (const from of TASK_STATUSES) {
      for (const cause of TASK_CAUSES) {
        for (const to of TASK_STATUSES) {
          const task = { ...state.tasks.get(0)!, status: from };
          const move = () => new Draft(state, T0).move(task, cause, to);
          if (mayMove(from, cause, to)) expect(move().status).toBe(to);
          else expect(move).toThrow(`illegal move of a: ${from} -${cause}-> ${to}`);
        }
      }
    }
  });

  it('leaves a final status by a retry alone', () => {
    for (const status of ['SUCCESS', 'FAILURE', 'SKIPPED', 'CANCELLED'] as const) {
      expect(TASK_TRANSITIONS[status]).toEqual({ Retried: ['PENDING'] });
    }
  });

  it('sends a READY task alone', () => {
    for (const [name, { task }] of Object.entries(TASK_STATES)) {
      const send = () => dispatch(stateOf(name), 0, T0).changed.get(0);
      if (task.status === 'READY' && task.hold === undefined)
        expect(send()).toMatchObject({ status: 'QUEUED', attempt: 3 });
      else expect(send).toThrow(task.hold === undefined ? 'illegal move' : 'is held');
    }
  });
});

describe('the moves beside decide', () => {
  it('promote a RETRYING task that is due, and no other', () => {
    for (const name of Object.keys(TASK_STATES)) {
      const after = (now: number) => promote(stateOf(name), 0, now).changed.get(0);
      if (name === 'RETRYING') {
        expect(after(T0 + 500)).toMatchObject({ status: 'READY', hold: null, nextAttemptAt: null });
        expect(() => after(T0 + 499)).toThrow('a is not due');
      } else expect(() => after(T0 + 500)).toThrow(/^a is (not due|held)/);
    }
  });

  it('hold a promoted task for which the chain has no place', () => {
    const state = stateOf('RETRYING', {}, { maxParallel: 1 });
    expect(promote(state, 0, T0 + 500)).toMatchObject({ chain: { admittedTasks: 1 } });
    expect(promote(state, 0, T0 + 500).changed.get(0)).toMatchObject({ status: 'READY', hold: 'MAX_PARALLEL' });
  });

  it('leave a chain that does not run', () => {
    for (const status of CHAIN_STATUSES) {
      const moves = [
        () => dispatch(stateOf('READY', {}, { status }), 0, T0),
        () => promote(stateOf('RETRYING', {}, { status }), 0, T0 + 500),
      ];
      for (const move of moves) {
        if (status === 'RUNNING') expect(move().disposition).toBe('ACCEPTED');
        else expect(move).toThrow();
      }
    }
  });
});

describe('the lifecycle chart', () => {
  it('of ARCHITECTURE.md is made from the transition table', () => {
    const text = readFileSync(ARCHITECTURE, 'utf8');
    const marked = /<!-- lifecycle -->([^]*?)<!-- \/lifecycle -->/.exec(text)?.[1];
    expect(/```mermaid\n([^]*?)```/.exec(marked!)?.[1]).toBe(lifecycleChart());
  });
});

/** The table as a Mermaid state diagram. */
function lifecycleChart(): string {
  const lines = ['stateDiagram-v2', '    [*] --> PENDING'];
  for (const [from, causes] of Object.entries(TASK_TRANSITIONS)) {
    const targets = new Map<TaskStatus, TaskCause[]>();
    for (const [cause, tos] of Object.entries(causes)) {
      for (const to of tos) targets.set(to, [...(targets.get(to) ?? []), cause as TaskCause]);
    }
    for (const [to, by] of targets) lines.push(`    ${from} --> ${to}: ${by.join(', ')}`);
    if (targets.size === 1 && targets.has('PENDING')) lines.push(`    ${from} --> [*]`);
  }
  return lines.join('\n') + '\n';
}
