import { expect, test } from '@jest/globals';
import { AnswerQueue } from './answer-queue.js';
import type { SiteAnswer } from './offer-frames.js';

const running = (run: string, fraction: number): SiteAnswer => ({ run, state: 'RUNNING', fraction, stage: 's' });
const accepted = (run: string): SiteAnswer => ({ run, state: 'ACCEPTED' });

/** Stores an answer, and then waits until the test goes on. */
function gate() {
  const stored: SiteAnswer[] = [];
  let go: () => void = () => undefined;
  const store = (answer: SiteAnswer): Promise<void> => {
    stored.push(answer);
    return new Promise((resolve) => (go = resolve));
  };
  const next = async (count: number): Promise<void> => {
    go();
    while (stored.length < count) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (stored.length < count) go();
    }
  };
  return { stored, store, next };
}

test('stores the first answer at once, and of each run the newest of those that came meanwhile', async () => {
  const { stored, store, next } = gate();
  const queue = new AnswerQueue(store, 1);
  for (let at = 0; at <= 10; at += 1) queue.add(running('a', at / 10));
  queue.add(accepted('b'));
  expect(stored).toEqual([running('a', 0)]);
  await next(3);
  expect(stored).toEqual([running('a', 0), running('a', 1), accepted('b')]);
  const done: SiteAnswer = { run: 'a', state: 'PREPARED', result: {}, artifacts: [], vote: 'v' };
  for (const answer of [running('a', 0.5), done, running('a', 1)]) queue.add(answer);
  await next(4);
  expect(stored.at(-1)).toEqual(done);
});

test('keeps 100 runs, and nothing once the connection has ended', async () => {
  const { stored, store, next } = gate();
  const queue = new AnswerQueue(store, 0);
  for (let at = 0; at < 200; at += 1) queue.add(accepted(String(at)));
  for (let count = 2; count <= 101; count += 1) await next(count);
  queue.add(accepted('later'));
  await next(102);
  expect(stored.map(({ run }) => run)).toEqual([...Array.from({ length: 101 }, (_, at) => String(at)), 'later']);
  queue.add(accepted('x'));
  queue.clear();
  await next(102);
  queue.add(accepted('y'));
  await next(103);
  expect(stored.at(-1)).toEqual(accepted('y'));
});

test('stores one answer in each interval', async () => {
  const times: number[] = [];
  const queue = new AnswerQueue(async () => void times.push(performance.now()), 50);
  for (const run of ['a', 'b', 'c']) queue.add(accepted(run));
  while (times.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(times[2]! - times[0]!).toBeGreaterThanOrEqual(95);
});
