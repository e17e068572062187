import { isObject } from '#libs/chain-domain';

/** Seconds of a number or of a `timedelta`. */
export function secondsOf(value: unknown): number | undefined {
  const says = plain(value);
  return typeof says === 'number' ? says : undefined;
}

/** Without the wrapping of its types. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value)) return value;
  if (Object.hasOwn(value, '__type') && Object.hasOwn(value, '__var')) return plain(value['__var']);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

export const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value).length === 0);
