import { describe, expect, it } from '@jest/globals';
import type { WaitingTask } from '#libs/repositories';
import { waitingOf, type Surroundings } from './waiting.js';

const row = (more: Partial<WaitingTask>): WaitingTask =>
  ({
    task_id: 't',
    task_type: 'psi',
    depends_on: [],
    trigger_rule: 'all_success',
    hold: null,
    concurrency_key: null,
    failures: 0,
    next_attempt_at: null,
    ...more,
  }) as WaitingTask;
const around = (more: Partial<Surroundings> = {}): Surroundings => ({
  chain: { chain_id: 'c', status: 'RUNNING', max_parallel: 2, admitted_tasks: 2 },
  statusOf: (id) => ({ a: 'SUCCESS', b: 'RUNNING' })[id] ?? 'PENDING',
  queues: { ahead: new Map([['t', 1]]), counted: new Map([['psi', 1_000]]), slots: new Map([['psi', 4]]) },
  ...more,
});

describe('why a task waits', () => {
  for (const [name, task, surroundings, expected] of [
    [
      'its chain',
      { status: 'PENDING' },
      { chain: { chain_id: 'c', status: 'PENDING', max_parallel: null, admitted_tasks: 0 } },
      {
        code: 'CHAIN_NOT_STARTED',
      },
    ],
    [
      'its parents',
      { status: 'PENDING', depends_on: ['a', 'b', 'c'] },
      {},
      {
        code: 'WAITING_FOR_PARENTS',
        message: 'waits for b, c',
        parents: ['b', 'c'],
      },
    ],
    [
      'a quorum',
      { status: 'PENDING', depends_on: ['a', 'b', 'c'], trigger_rule: { at_least: 2 }, succeeded_dependencies: 1 },
      {},
      { message: 'waits for 2 of 3 to succeed, 1 did; not finished: b, c' },
    ],
    [
      'its group',
      { status: 'READY', concurrency_key: 'k', concurrency_limit: 3 },
      {},
      { code: 'CONCURRENCY_KEY', limit: 3 },
    ],
    ['a pause', { status: 'READY', hold: 'CHAIN_PAUSED' }, {}, { code: 'CHAIN_PAUSED' }],
    ['a limit', { status: 'READY', hold: 'MAX_PARALLEL' }, {}, { code: 'MAX_PARALLEL', limit: 2, going: 2 }],
    [
      'an operator',
      { status: 'RETRYING', hold: 'RETRIES_EXHAUSTED', failures: 3 },
      {},
      {
        code: 'RETRIES_EXHAUSTED',
        message: expect.stringContaining('failed 3 times'),
      },
    ],
    [
      'an owner',
      {
        status: 'RETRYING',
        hold: 'APPROVAL',
        next_attempt_at: '1970-01-08T00:00:00.000Z',
        error: { code: 'APPROVAL_REQUIRED', message: 'no policy', details: { party: 'bank-b', task: 'sha256:1' } },
      },
      {},
      {
        code: 'APPROVAL',
        message: 'waits until party bank-b approves it, at most until 1970-01-08T00:00:00.000Z: no policy',
        party: 'bank-b',
        until: '1970-01-08T00:00:00.000Z',
      },
    ],
    [
      'a time',
      { status: 'RETRYING', hold: 'WAIT', next_attempt_at: '1970-01-01T00:00:00.000Z' },
      {},
      { code: 'WAIT', message: 'waits until 1970-01-01T00:00:00.000Z', until: '1970-01-01T00:00:00.000Z' },
    ],
    [
      'a signal',
      {
        ...{ status: 'RETRYING', hold: 'SIGNAL', next_attempt_at: '1970-01-01T00:00:00.000Z' },
        awaits: { name: 'file-arrived', key: 'a' },
      },
      {},
      {
        code: 'SIGNAL',
        message:
          'waits for the signal file-arrived with the key "a", at most until 1970-01-01T00:00:00.000Z: POST /signals',
        until: '1970-01-01T00:00:00.000Z',
        signal: { name: 'file-arrived', key: 'a' },
      },
    ],
    [
      'a person',
      {
        ...{ status: 'RETRYING', hold: 'SIGN_OFF', next_attempt_at: '1970-01-01T00:00:00.000Z' },
        awaits: { question: 'May it?', who: ['oidc:alice', 'role:admin'] },
      },
      {},
      {
        code: 'SIGN_OFF',
        message: 'waits until oidc:alice or role:admin signs it off, at most until 1970-01-01T00:00:00.000Z: May it?',
        until: '1970-01-01T00:00:00.000Z',
        who: ['oidc:alice', 'role:admin'],
      },
    ],
    [
      'the listener to open it',
      { status: 'QUEUED', task_type: 'wait' },
      {},
      { code: 'WAITING_FOR_ROOM', message: 'the status listener opens it next' },
    ],
    [
      'its next try',
      { status: 'RETRYING', failures: 1, next_attempt_at: '1970-01-01T00:00:00.000Z' },
      {},
      {
        code: 'BACKOFF',
        until: '1970-01-01T00:00:00.000Z',
      },
    ],
    ['a worker', { status: 'READY', task_type: 'none' }, {}, { code: 'NO_WORKER' }],
    [
      'room',
      { status: 'READY' },
      {},
      {
        code: 'WAITING_FOR_ROOM',
        message: 'waits for room in the queue of type psi: 1 task ahead, 4 slots at the workers',
        ahead: 1,
      },
    ],
    ['a slot', { status: 'QUEUED' }, {}, { code: 'IN_QUEUE', ahead: 1 }],
    [
      'many others',
      { status: 'READY', task_id: 'far' },
      {},
      {
        message: expect.stringContaining('at least 1000 tasks ahead'),
        ahead: 1_000,
        ahead_at_least: true,
      },
    ],
    [
      'a slot, though it left the queue as it was counted',
      { status: 'QUEUED', task_id: 'gone' },
      {},
      { message: 'sent, waits in the queue of type psi: 4 slots at the workers' },
    ],
    [
      'room, though it left the queue as it was counted',
      { status: 'READY', task_id: 'gone' },
      { queues: { ahead: new Map(), counted: new Map(), slots: new Map([['psi', 4]]) } },
      { message: 'waits for room in the queue of type psi: 4 slots at the workers' },
    ],
  ] as [string, Partial<WaitingTask>, Partial<Surroundings>, object][]) {
    it(name, () => expect(waitingOf(row(task), around(surroundings))).toMatchObject(expected));
  }

  it('nothing: it runs or has ended', () => {
    for (const status of ['RUNNING', 'SUCCESS', 'SKIPPED']) expect(waitingOf(row({ status }), around())).toBeNull();
  });
});
