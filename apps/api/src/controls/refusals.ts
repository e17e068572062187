import type { OperatorCommand } from '#libs/chain-engine';
import type { Refusal } from '#libs/chain-domain';
import { Problem } from '../http/problem.js';

/** When each command is possible, for the detail of a 409. */
const POSSIBLE: Readonly<Record<OperatorCommand['kind'], string>> = {
  ExecuteChain: 'Only a PENDING chain can be started.',
  CancelChain: 'A chain that has ended cannot be cancelled.',
  PauseChain: 'Only a RUNNING chain can be paused.',
  ResumeChain: 'Only a PAUSED chain can be resumed.',
  RetryChain: 'A chain that has not been started cannot be retried.',
  SkipTask: 'Only an unfinished task of a RUNNING or PAUSED chain can be skipped.',
  ResolveTask: 'Only an unfinished task of a RUNNING or PAUSED chain can be resolved.',
  DecideApproval: 'Only a task of a RUNNING or PAUSED chain can be decided on.',
  AnswerSignOff: 'Only what a task asks now can be answered: it does not ask, asks anew since, or its time is over.',
  SetPriority: 'The priority cannot be changed once the chain has ended.',
};

/** The refusal of a command as a problem, with the status that blocked it. */
export function refusalProblem(refusal: Refusal, { kind }: OperatorCommand): Problem {
  const state = { chain_status: refusal.status };
  switch (refusal.refused) {
    case 'CHAIN_STATE_CONFLICT':
      return new Problem('CHAIN_STATE_CONFLICT', `The chain is ${refusal.status}. ${POSSIBLE[kind]}`, { state });
    case 'CHAIN_COMPENSATED': {
      const detail =
        'Another chain undoes what this one did (compensated_by), so that it cannot go on: create it anew.';
      return new Problem('CHAIN_STATE_CONFLICT', detail, { state });
    }
    case 'CHILD_ENDED': {
      const detail = 'The chain is the child of another one, and has ended: retry the task of its parent.';
      return new Problem('CHAIN_STATE_CONFLICT', detail, { state });
    }
    case 'SIGN_OFF_REQUIRED': {
      const detail = `Task ${refusal.taskId} is answered by those whom it names alone. It can be skipped.`;
      return new Problem('TASK_STATE_CONFLICT', detail, { state: { ...state, task_id: refusal.taskId } });
    }
    case 'NOTHING_TO_RETRY': {
      const detail = `The chain is ${refusal.status} and has no task that failed, was cancelled or skipped.`;
      return new Problem('CHAIN_STATE_CONFLICT', detail, { state });
    }
    case 'TASK_STATE_CONFLICT': {
      const { taskId, taskStatus } = refusal;
      return new Problem('TASK_STATE_CONFLICT', `Task ${taskId} is ${taskStatus}. ${POSSIBLE[kind]}`, {
        state: { ...state, task_id: taskId, task_status: taskStatus },
      });
    }
  }
}
