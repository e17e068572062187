import { HOLD_TIME_S, LONGEST_HOLD_S } from './control-types.js';
import { isObject } from './strict-json.js';

/** The name of a signal. */
export const SIGNAL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** The key by which a signal finds its task has at most so many characters. */
export const MAX_SIGNAL_KEY = 255;

/** What a task waits for that waits for a signal. `schema`: what the payload must be. */
export interface AwaitedSignal {
  readonly name: string;
  readonly key: string;
  readonly schema?: object;
}

/** Reads the parameters of a `signal`, whose references are resolved: what it waits for and how long (ms), or what is wrong. */
export function readSignal(
  params: unknown,
): { readonly awaits: AwaitedSignal; readonly forMs: number } | { readonly fault: string } {
  const config = isObject(params) ? params['task_config'] : undefined;
  const { name, key: given, timeout = HOLD_TIME_S, schema } = isObject(config) ? config : {};
  if (typeof name !== 'string' || !SIGNAL_NAME.test(name)) {
    return { fault: 'must have a name of 1 to 64 letters, digits and . _ -' };
  }
  // A reference may lead to a number.
  const key = Number.isSafeInteger(given) ? String(given) : given;
  if (typeof key !== 'string' || key.length === 0 || key.length > MAX_SIGNAL_KEY) {
    return { fault: `must have a key of 1 to ${MAX_SIGNAL_KEY} characters` };
  }
  if (typeof timeout !== 'number' || !(timeout > 0 && timeout <= LONGEST_HOLD_S)) {
    return { fault: `must have a timeout of up to ${LONGEST_HOLD_S} seconds` };
  }
  return { awaits: { name, key, ...(isObject(schema) && { schema }) }, forMs: timeout * 1_000 };
}
