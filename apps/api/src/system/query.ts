import { Problem } from '../input/problem.js';

/** A whole number of the query, or `fallback` where it is not given. Throws INVALID_QUERY. */
export function wholeNumber(
  query: Readonly<Record<string, unknown>>,
  name: string,
  fallback: number,
  min: number,
  max: number,
): number {
  const value = query[name];
  if (value === undefined) return fallback;
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : NaN;
  if (number >= min && number <= max) return number;
  const message = `A whole number from ${min} to ${max}.`;
  throw new Problem('INVALID_QUERY', `${name}: ${message}`, {
    errors: [{ code: 'INVALID_VALUE', pointer: `/${name}`, message }],
  });
}
