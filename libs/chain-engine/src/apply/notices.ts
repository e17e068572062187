import type { Decision, Task } from '#libs/chain-domain';
import type { EventRecord, LoadedChain } from '#libs/repositories';

type Notice = Readonly<Record<string, unknown>>;

/** The webhook payload of a chain that ended. The listener adds the chain's name and a link to each. */
export function endNotice(loaded: LoadedChain, end: EventRecord): Notice {
  const { status } = end.data as { status: string };
  return notice(loaded, `chain.${status.toLowerCase()}`, { ...end.data });
}

/** The webhook payloads of a decision that is about to be applied to `loaded`, but for the end of the chain. */
export function noticesOf(loaded: LoadedChain, { chain, changed, effects }: Decision): Notice[] {
  const { state } = loaded;
  const notices: Notice[] = [];
  for (const [position, task] of changed) {
    const was = state.tasks.get(position);
    if (task.status === 'FAILURE' && was?.status !== 'FAILURE') notices.push(taskNotice(loaded, 'task.failure', task));
    if (task.hold === 'RETRIES_EXHAUSTED' && was?.hold !== task.hold)
      notices.push(taskNotice(loaded, 'chain.held', task));
  }
  for (const effect of effects) {
    if (effect.kind === 'ApprovalAwaited') notices.push(approvalNotice(loaded, changed.get(effect.position)!));
    if (effect.kind === 'SignOffAwaited') notices.push(signOffNotice(loaded, changed.get(effect.position)!));
    if (effect.kind === 'HoldForOperator' && chain.status !== state.chain.status) {
      const message = 'rows of the chain are missing in the database: an operator must look at it';
      notices.push(notice(loaded, 'chain.held', { error: { code: 'ROWS_MISSING', message } }));
    }
  }
  return notices;
}

function taskNotice(loaded: LoadedChain, type: string, { taskId, taskType, attempt, error }: Task): Notice {
  const { code, message } = error ?? {};
  return notice(loaded, type, { task_id: taskId, task_type: taskType, attempt, error: { code, message } });
}

function approvalNotice(loaded: LoadedChain, { taskId, error, nextAttemptAt }: Task): Notice {
  return notice(loaded, 'chain.approval', {
    task_id: taskId,
    party: error?.details?.['party'] ?? null,
    message: error?.message,
    expires_at: new Date(nextAttemptAt! + loaded.lagMs).toISOString(),
  });
}

function signOffNotice(loaded: LoadedChain, { taskId, nextAttemptAt }: Task): Notice {
  const expires_at = new Date(nextAttemptAt! + loaded.lagMs).toISOString();
  return notice(loaded, 'chain.sign_off', { task_id: taskId, expires_at });
}

function notice({ chainId, nowMs, lagMs }: LoadedChain, type: string, data: object): Notice {
  return { type, timestamp: new Date(nowMs + lagMs).toISOString(), data: { chain_id: chainId, ...data } };
}
