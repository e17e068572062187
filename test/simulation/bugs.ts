/**
 * Known bugs that can be planted in the model, to show that the simulation finds them. The last two once
 * stood in the statements.
 */
export const BUGS = {
  'no-fencing': 'a report counts for whatever attempt its task is in',
  'no-version-check': 'a save does not look at the version it was decided on',
  'counter-off-by-one': 'a save counts one success too many when a task ends beside another',
  'lost-lease-not-resent': 'a QUEUED task whose job is gone only has its lease renewed',
  'run-not-checked': 'the first run of an attempt is not remembered',
  'sent-before-commit': 'jobs are sent before the save that dispatches them',
  'torn-read-not-repeated': 'a decision that stands on a torn read is taken for a fault',
  'promoted-without-admission': 'a task whose backoff is over is held although its chain has a place for it',
  'approvals-never-expire': 'a task for which no approval comes waits for ever',
  'result-kept-by-retry': 'a rerun keeps the result of the run before it',
} as const;
export type Bug = keyof typeof BUGS;
