import { Problem } from './problem.js';

/** The query of an operation that removes something. */
export const CONFIRM = {
  name: 'confirm',
  required: false,
  description: 'The id again, as confirmation. Without it only a dry run is accepted.',
  schema: { type: 'string' as const, maxLength: 64 },
};
export const DRY_RUN = {
  name: 'dry_run',
  required: false,
  description: 'true: a dry run, which returns what would be done and does nothing.',
  schema: { type: 'boolean' as const, default: false },
};

/** How long a removed thing can be restored, ms. */
const RESTORABLE_MS = 24 * 3_600_000;

/** Until when something that is removed now can be restored. */
export const restorableUntil = (): string => new Date(Date.now() + RESTORABLE_MS).toISOString();

/** Whether the request is a dry run. Throws CONFIRMATION_REQUIRED unless it is one or `confirm` repeats the id. */
export function isDryRun(query: Readonly<Record<string, unknown>>, id: string): boolean {
  const { confirm, dry_run: dryRun } = query;
  if (dryRun === 'true') return true;
  if (dryRun !== undefined && dryRun !== 'false') {
    throw new Problem('INVALID_QUERY', 'dry_run: true or false.', {
      errors: [{ code: 'INVALID_VALUE', pointer: '/dry_run', message: 'true or false.' }],
    });
  }
  if (confirm === id) return false;
  throw new Problem(
    'CONFIRMATION_REQUIRED',
    `Say again which one is meant, by ?confirm=${id}, or look first by ?dry_run=true.`,
  );
}
