import { isObject } from './strict-json.js';

/**
 * Task types that no worker runs: the engine opens such a task itself, in the place where it would send a job. `wait`: until
 * a time, or for a duration. `signal`: until an event from outside. `sign_off`: until somebody whom it names has answered.
 * `for_each`: collects the results of the instances of a task; only the API makes it. `chain`: runs another chain, its child.
 */
export const CONTROL_TYPES = ['wait', 'signal', 'sign_off', 'for_each', 'chain'] as const;
export type ControlType = (typeof CONTROL_TYPES)[number];
/** What a task with `for_each` becomes. */
export const FOR_EACH = 'for_each' satisfies ControlType;
/** Runs another chain, its child. */
export const CHILD_CHAIN = 'chain' satisfies ControlType;

/** The engine opens tasks of this type itself. */
export function isControlType(type: string): type is ControlType {
  return (CONTROL_TYPES as readonly string[]).includes(type);
}

/** The longest time that a control task waits, s: a year. */
export const LONGEST_HOLD_S = 31_536_000;
/** Seconds that a task waits for somebody's word unless it says otherwise, and that a signal waits for its task: a week. */
export const HOLD_TIME_S = 604_800;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;
/** A time with its offset from UTC (RFC 3339), as a pattern of a schema. */
export const TIME_PATTERN = TIME.source;

/** What a `wait` waits for: so long (ms), or until a time (ms since 1970); or what is wrong with its parameters. */
export type Wait = { readonly forMs: number } | { readonly untilMs: number } | { readonly fault: string };

/** Reads the parameters of a `wait`, whose references are resolved. */
export function readWait(params: unknown): Wait {
  const config = isObject(params) ? params['task_config'] : undefined;
  const { seconds, until } = isObject(config) ? config : {};
  if ((seconds === undefined) === (until === undefined)) return { fault: 'takes seconds or until' };
  if (until === undefined) {
    const fits = typeof seconds === 'number' && seconds >= 0 && seconds <= LONGEST_HOLD_S;
    return fits ? { forMs: seconds * 1_000 } : { fault: `must have seconds of 0 to ${LONGEST_HOLD_S}` };
  }
  const untilMs = typeof until === 'string' && TIME.test(until) ? Date.parse(until) : NaN;
  return Number.isNaN(untilMs) ? { fault: 'must have an until such as 2027-01-31T09:00:00+08:00' } : { untilMs };
}
