import { expect, jest, test } from '@jest/globals';
import type { Logger } from '#libs/platform';
import type { TaskJob } from '#libs/queues';
import type { Database, NodeOfferRepository, SiteOfRun } from '#libs/repositories';
import { SiteRuns } from './site-runs.js';

const job = {
  taskRequestId: 't',
  attempt: 1,
  params: { sf_init_config: { parties: ['a', 'b'] } },
} as unknown as TaskJob;
const done = (run: string, answer: string): SiteOfRun[] =>
  ['a', 'b'].map((party) => ({
    ...{ run, party, dealer: false, state: 'DONE', answer, fraction: 1, stage: null },
    ...{ is_here: true, counts: true, version: 2 },
  }));

test('a run at sites that cannot be judged fails by itself, and no other one with it', async () => {
  jest.useFakeTimers();
  try {
    const names = ['broken', 'whole'];
    const whole = JSON.stringify({ run: 'whole', state: 'DONE', result: { x: 1 }, artifacts: [] });
    const offers = {
      offer: async () => ({ run: names.shift(), missing: [] }),
      sitesOf: async () => [...done('broken', '{'), ...done('whole', whole)],
    } as unknown as NodeOfferRepository;
    const runs = new SiteRuns({} as Database, offers, { warn: () => undefined } as unknown as Logger);
    const events = { signal: new AbortController().signal, begin: () => undefined, progress: () => undefined };
    const ends = Promise.allSettled([runs.run(job, events), runs.run(job, events)]);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await ends).toMatchObject([
      { status: 'rejected', reason: { name: 'SyntaxError' } },
      { status: 'fulfilled', value: { result: { x: 1 } } },
    ]);
  } finally {
    jest.useRealTimers();
  }
});
