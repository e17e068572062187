import { Problem } from './problem.js';
import type { RemovalQueryDto } from './dry-run-query.dto.js';

/** How long a removed thing can be restored, ms. */
const RESTORABLE_MS = 24 * 3_600_000;

/** Until when something that is removed now can be restored. */
export const restorableUntil = (): string => new Date(Date.now() + RESTORABLE_MS).toISOString();

/** Whether the request is a dry run. Throws CONFIRMATION_REQUIRED unless it is one or `confirm` repeats the id. */
export function isDryRun({ confirm, dry_run: dryRun }: RemovalQueryDto, id: string): boolean {
  if (dryRun === true) return true;
  if (confirm === id) return false;
  throw new Problem(
    'CONFIRMATION_REQUIRED',
    `Confirm the deletion by ?confirm=${id}, or try a dry run by ?dry_run=true.`,
  );
}
