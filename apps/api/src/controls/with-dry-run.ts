import { Problem } from '../http/problem.js';

/** The body of a control call with the `dry_run` of its query, which counts more. Throws INVALID_QUERY. */
export function withDryRun<T extends object>(body: T, query: Readonly<Record<string, unknown>>): T {
  const value = query['dry_run'];
  if (value === undefined) return body;
  if (value === 'true' || value === '') return { ...body, dry_run: true };
  if (value === 'false') return { ...body, dry_run: false };
  const message = 'true or false.';
  throw new Problem('INVALID_QUERY', `dry_run: ${message}`, {
    errors: [{ code: 'INVALID_VALUE', pointer: '/dry_run', message }],
  });
}
