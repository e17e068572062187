import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Campaign } from './campaign.js';

/** The same every time; the long form takes others. */
const SEED = 20_251_126;
const REQUESTS = 1_500;

describe('the API under requests that its document does not foresee', () => {
  const campaign = new Campaign();
  beforeAll(() => campaign.start());
  afterAll(() => campaign.stop());

  it('answers all of them, none with an internal error, and stores nothing of those that it refuses', async () => {
    const { requests, statuses, heapMiB } = await campaign.run(REQUESTS, SEED);
    expect(requests).toBe(REQUESTS);
    // What is sent is neither all junk nor all good.
    for (const status of [200, 201, 400, 404]) expect(statuses[status]).toBeGreaterThan(REQUESTS / 100);
    expect(heapMiB.late).toBeLessThan(heapMiB.early + 30);
  });
});
