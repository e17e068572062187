import { HOLD_TIME_S, LONGEST_HOLD_S, type ControlType } from './control-types.js';
import type { Draft } from './draft.js';
import type { ChainCommand } from './events.js';
import { failure } from './failure-codes.js';
import { settle } from './settle.js';
import { isObject } from './strict-json.js';

/** The type of tasks that ask somebody. */
export const SIGN_OFF = 'sign_off' satisfies ControlType;
/** Who may answer: a caller by the name that the audit log has, or all of a role and above. */
const SIGNER = /^(admin key|(key|oidc):[^\u0000-\u001f]{1,60}|role:(viewer|operator|author|admin))$/u;
export const MAX_SIGNERS = 50;
export const MAX_QUESTION = 2_000;

/** What a task asks. `form`: what the answer must be; without it there is none beside the decision. */
export interface AwaitedSignOff {
  readonly question: string;
  readonly who: readonly string[];
  readonly form?: object;
}

/** Reads the parameters of a `sign_off`, whose references are resolved: what it asks and for how long (ms), or what is wrong. */
export function readSignOff(
  params: unknown,
): { readonly awaits: AwaitedSignOff; readonly forMs: number } | { readonly fault: string } {
  const config = isObject(params) ? params['task_config'] : undefined;
  const { question, who, timeout = HOLD_TIME_S, form } = isObject(config) ? config : {};
  if (typeof question !== 'string' || question.length === 0 || question.length > MAX_QUESTION) {
    return { fault: `must have a question of 1 to ${MAX_QUESTION} characters` };
  }
  const isSigner = (each: unknown): each is string => typeof each === 'string' && SIGNER.test(each);
  if (!Array.isArray(who) || who.length === 0 || who.length > MAX_SIGNERS || !who.every(isSigner)) {
    return {
      fault: `must have in who 1 to ${MAX_SIGNERS} callers or roles, such as key:<id>, oidc:<subject> or role:operator`,
    };
  }
  if (typeof timeout !== 'number' || !(timeout > 0 && timeout <= LONGEST_HOLD_S)) {
    return { fault: `must have a timeout of up to ${LONGEST_HOLD_S} seconds` };
  }
  return { awaits: { question, who, ...(isObject(form) && { form }) }, forMs: timeout * 1_000 };
}

/** Carries out the answer. Returns false where the task does not ask, asks anew since, or its time is over. */
export function answerSignOff(
  draft: Draft,
  { position, asked, decision, words }: Extract<ChainCommand, { kind: 'AnswerSignOff' }>,
): boolean {
  const task = draft.task(position);
  if (task.hold !== 'SIGN_OFF' || task.attempt !== asked || task.nextAttemptAt! <= draft.now) return false;
  if (decision === 'approve') {
    settle(draft, draft.move(task, 'Succeeded', 'SUCCESS', { nextAttemptAt: null, error: null }));
  } else {
    const error = failure('SIGN_OFF_REJECTED', words || 'whoever was asked did not sign it off');
    settle(draft, draft.move(task, 'Refused', 'FAILURE', { nextAttemptAt: null, error }));
  }
  return true;
}
