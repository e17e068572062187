import type { SkipReason } from './states.js';

/** When a task with parents may start, from what its parents came to. */
export const TRIGGER_RULES = [
  'all_success',
  'all_done',
  'all_failed',
  'one_success',
  'one_failed',
  'none_failed',
  'none_failed_min_one_success',
  'always',
] as const;
/** A named rule, or a quorum that starts at the k-th success. */
export type TriggerRule = (typeof TRIGGER_RULES)[number] | { readonly at_least: number };

/**
 * What a task's parents have come to so far. A parent skipped because something above it failed counts as failed,
 * so that a failure is not hidden by the tasks in between.
 */
export interface ParentCounts {
  readonly pending: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
}

/** `run`: may start now. `wait`: not certain yet. Otherwise the rule can never hold: skip for this reason. */
export type Verdict = 'run' | 'wait' | SkipReason;

/** A rule fires as soon as it is certain, and so does its opposite. A task without parents runs whatever its rule. */
export function judge(rule: TriggerRule, parents: ParentCounts): Verdict {
  const { pending, succeeded, failed, skipped } = parents;
  if (pending + succeeded + failed + skipped === 0) return 'run';
  const never: SkipReason = failed > 0 ? 'UPSTREAM_FAILED' : skipped > 0 ? 'UPSTREAM_SKIPPED' : 'TRIGGER_RULE';
  const atEnd = (holds: boolean): Verdict => (pending > 0 ? 'wait' : holds ? 'run' : never);
  if (typeof rule === 'object') {
    if (succeeded >= rule.at_least) return 'run';
    return succeeded + pending < rule.at_least ? never : 'wait';
  }
  switch (rule) {
    case 'all_success':
      return failed + skipped > 0 ? never : atEnd(true);
    case 'all_done':
      return atEnd(true);
    case 'all_failed':
      return succeeded + skipped > 0 ? never : atEnd(true);
    case 'one_success':
      return succeeded > 0 ? 'run' : atEnd(false);
    case 'one_failed':
      return failed > 0 ? 'run' : atEnd(false);
    case 'none_failed':
      return failed > 0 ? never : atEnd(true);
    case 'none_failed_min_one_success':
      return failed > 0 ? never : atEnd(succeeded > 0);
    case 'always':
      return 'run';
  }
}
