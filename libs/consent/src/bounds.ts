import type { HoleBounds, ParamBounds } from './statements.js';

/** Whether a value of a task's parameters lies in the bounds of a policy. */
export function isWithin({ min, max, enum: values }: ParamBounds, value: unknown): boolean {
  if (value === undefined) return false;
  if (values !== undefined && !values.includes(value as string)) return false;
  if (min === undefined && max === undefined) return true;
  return typeof value === 'number' && value >= (min ?? -Infinity) && value <= (max ?? Infinity);
}

/** Whether a value lies in the bounds of a place that a standing approval leaves open. */
export function fills({ like, each, ...bounds }: HoleBounds, value: unknown): boolean {
  if (each !== undefined && !(Array.isArray(value) && value.every((item) => fills(each, item)))) return false;
  return isWithin(bounds, value) && (like === undefined || isLike(like, value));
}

const MAX_DIGITS = 15;
const isDigit = (letter: string | undefined): boolean => letter !== undefined && letter >= '0' && letter <= '9';

/** Whether a text is like another, in which each `#` stands for digits. No regular expression: those of strangers may never end. */
function isLike(like: string, value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const [start = '', ...parts] = like.split('#');
  if (!value.startsWith(start)) return false;
  let at = start.length;
  for (const part of parts) {
    const first = at;
    while (at - first < MAX_DIGITS && isDigit(value[at])) at += 1;
    if (at === first || !value.startsWith(part, at)) return false;
    at += part.length;
  }
  return at === value.length;
}
