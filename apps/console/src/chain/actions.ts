import type { AwaitedSignalDto, BulkDto, ControlDto } from '#client';
import { api } from '../api.js';
import type { Action, Outcome } from './action.js';

export const BULK = ['pause', 'resume', 'retry', 'cancel'] as const;
type Bulk = (typeof BULK)[number];
const SEND = {
  pause: api.pauseChains,
  resume: api.resumeChains,
  retry: api.retryChains,
  cancel: api.cancelChains,
} as const;

/** What a command does to many chains. */
export function bulkAction(name: Bulk, ids: readonly string[]): Action {
  const send = SEND[name].bind(api);
  return {
    name,
    danger: name === 'cancel',
    send: async ({ dry_run, note }) =>
      ofBulk(await send({ body: { ids: [...ids], dry_run, ...(note !== '' && { note }) } })),
  };
}

const ofBulk = ({ results }: BulkDto): Outcome => ({
  lines: results.map(({ chain_id, outcome, status, tasks_changed, detail }) => ({
    key: chain_id,
    what: chain_id,
    to: status ?? undefined,
    more: outcome === 'done' ? { tasks: tasks_changed } : { detail: detail ?? outcome },
  })),
});

const ofControl = ({ status, tasks }: ControlDto): Outcome => ({
  status,
  lines: tasks.map(({ task_id, from, to, priority }) => ({
    key: task_id,
    what: task_id,
    from,
    to,
    ...(from === to && { more: { priority } }),
  })),
});

const note = (text: string): { note?: string } => (text === '' ? {} : { note: text });
/** The commands that a chain in this status takes. */
export function chainActions(chain_id: string, status: string): Action[] {
  const path = { chain_id };
  const one = (name: 'execute' | 'pause' | 'resume' | 'cancel' | 'retry'): Action => ({
    name,
    danger: name === 'cancel',
    send: async ({ dry_run, note: text }) => {
      const body = { dry_run, ...note(text) };
      switch (name) {
        case 'execute':
          return ofControl(await api.executeChain({ path, body }));
        case 'pause':
          return ofControl(await api.pauseChain({ path, body }));
        case 'resume':
          return ofControl(await api.resumeChain({ path, body }));
        case 'cancel':
          return ofControl(await api.cancelChain({ path, body }));
        case 'retry':
          return ofControl(await api.retryChain({ path, body }));
      }
    },
  });
  const priority: Action = {
    name: 'priority',
    asks: 'priority',
    send: async ({ dry_run, note: text, priority: to }) =>
      ofControl(await api.setChainPriority({ path, body: { dry_run, ...note(text), priority: to } })),
  };
  switch (status) {
    case 'PENDING':
      return [one('execute'), priority, one('cancel')];
    case 'RUNNING':
      return [one('pause'), priority, one('cancel')];
    case 'PAUSED':
      return [one('resume'), priority, one('cancel')];
    default:
      return [one('retry')];
  }
}

/** The commands that a task in this status takes; the API refuses what the state of the chain does not allow. */
export function taskActions(chain_id: string, task_id: string, status: string, chainStatus: string): Action[] {
  const path = { chain_id, task_id };
  const retry: Action = {
    name: 'retryTask',
    asks: 'downstream',
    send: async ({ dry_run, note: text, downstream }) =>
      ofControl(await api.retryTask({ path, body: { dry_run, ...note(text), include_downstream: downstream } })),
  };
  const skip: Action = {
    name: 'skip',
    send: async ({ dry_run, note: text }) =>
      ofControl(await api.skipTask({ path, body: { dry_run, note: text || 'skipped in the console' } })),
  };
  const resolve: Action = {
    name: 'resolve',
    asks: 'result',
    needsNote: true,
    send: async ({ dry_run, note: text, result }) =>
      ofControl(await api.resolveTask({ path, body: { dry_run, note: text, result } })),
  };
  const priority: Action = {
    name: 'priority',
    asks: 'priority',
    send: async ({ dry_run, note: text, priority: to }) =>
      ofControl(await api.setTaskPriority({ path, body: { dry_run, ...note(text), priority: to } })),
  };
  const ended = ['SUCCESS', 'FAILURE', 'SKIPPED', 'CANCELLED'].includes(status);
  if (ended) return status === 'SKIPPED' && chainStatus === 'RUNNING' ? [] : [retry];
  const open = chainStatus === 'PENDING' || chainStatus === 'RUNNING' || chainStatus === 'PAUSED';
  return open ? [skip, resolve, priority] : [];
}

/** Sends the signal that a task waits for. */
export function signalAction({ name, key }: AwaitedSignalDto): Action {
  return {
    name: 'signal',
    asks: 'payload',
    isBlind: true,
    send: async ({ result }) => {
      await api.sendSignal({ body: { name, key, payload: result as object } });
      return { lines: [] };
    },
  };
}
