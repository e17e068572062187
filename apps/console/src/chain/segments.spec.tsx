import { expect, test } from '@jest/globals';
import type { AttemptDto, LiveTask } from '#client';
import { lastAttempt, segmentOf } from './segments.js';

const at = (second: number) => new Date(second * 1_000).toISOString();
const times = (queued: number | null, started: number | null, completed: number | null) => ({
  ...{ queued_at: queued === null ? null : at(queued), started_at: started === null ? null : at(started) },
  completed_at: completed === null ? null : at(completed),
});
const task = (status: string, ...[queued, started, completed]: Parameters<typeof times>) =>
  ({ status, attempt: 1, ...times(queued, started, completed) }) as LiveTask;

test.each([
  ['is queued until now', task('QUEUED', 1, null, null), [1, 9, 9]],
  ['runs until now', task('RUNNING', 1, 3, null), [1, 3, 9]],
  ['ran until it ended', task('SUCCESS', 1, 3, 4), [1, 3, 4]],
  ['never ran, and was only queued', task('CANCELLED', 1, null, 4), [1, 4, 4]],
  // The end of its attempt is not known here: it does not grow on.
  ['waits to be tried again', task('RETRYING', 1, 3, null), [1, 3, 3]],
  ['was sent by a clock that is ahead', task('RUNNING', 20, 20, null), [20, 20, 20]],
  ['ran without a queue', task('SUCCESS', null, 3, 4), [3, 3, 4]],
])('the last attempt of a task that %s', (_, of, [queued, started, ended]) => {
  const found = lastAttempt(of, 9_000)!;
  expect([found.queued, found.started, found.ended]).toEqual([queued! * 1_000, started! * 1_000, ended! * 1_000]);
});

test('a task that was never tried has no bar, and neither has an attempt whose end is unknown', () => {
  expect(lastAttempt(task('PENDING', null, null, null), 9_000)).toBeUndefined();
  const tried = (finished: number | null) =>
    ({
      ...{ attempt: 2, outcome: 'FAILURE', error: null, run_id: null, worker_id: null },
      ...times(1, null, null),
      finished_at: finished === null ? null : at(finished),
    }) as AttemptDto;
  expect(segmentOf(tried(null))).toEqual([]);
  expect(segmentOf(tried(5))).toEqual([
    { attempt: 2, outcome: 'FAILURE', queued: 1_000, started: 5_000, ended: 5_000 },
  ]);
});
