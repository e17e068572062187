import type { DryRunQueryDto } from '../http/dry-run-query.dto.js';

/** The body of a control call with the `dry_run` of its query, which counts more. */
export function withDryRun<T extends object>(body: T, { dry_run: dryRun }: DryRunQueryDto): T {
  return dryRun === undefined ? body : { ...body, dry_run: dryRun };
}
