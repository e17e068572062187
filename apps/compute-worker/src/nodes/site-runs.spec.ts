import { generateKeyPairSync } from 'node:crypto';
import { expect, jest, test } from '@jest/globals';
import type { Logger } from '#libs/platform';
import type { TaskJob } from '#libs/queues';
import type { Database, NodeOfferRepository, SiteOfRun } from '#libs/repositories';
import { artifactsHash, fingerprintOf, membersHash, resultHash, signVote } from '#libs/peers';
import { SiteRuns } from './site-runs.js';

const job = {
  taskRequestId: 't',
  attempt: 1,
  params: { sf_init_config: { parties: ['a', 'b'] } },
} as unknown as TaskJob;
const keys = { a: generateKeyPairSync('ed25519'), b: generateKeyPairSync('ed25519') };
const members = membersHash({ a: fingerprintOf(keys.a.publicKey), b: fingerprintOf(keys.b.publicKey) });
const prepared = (run: string, answer: string, result: object = {}): Promise<SiteOfRun[]> =>
  Promise.all(
    (['a', 'b'] as const).map(async (party) => ({
      ...{ run, party, dealer: false, state: 'PREPARED' as const, answer, fraction: 1, stage: null },
      ...{ is_here: true, counts: true, version: 3, fingerprint: fingerprintOf(keys[party].publicKey) },
      vote: await signVote(
        {
          ...{ kind: 'prepared', member: party, run, session: 's', task: 't', members },
          ...{ result: resultHash(result), files: artifactsHash([]) },
        },
        keys[party].privateKey,
      ),
    })),
  );

test('a run at sites that cannot be judged fails by itself, and no other one with it', async () => {
  jest.useFakeTimers();
  try {
    const names = ['broken', 'unsigned', 'whole'];
    const whole = JSON.stringify({ run: 'whole', state: 'PREPARED', result: { x: 1 }, artifacts: [] });
    const rows = [
      ...(await prepared('broken', '{')),
      ...(await prepared('unsigned', whole, { x: 2 })),
      ...(await prepared('whole', whole, { x: 1 })),
    ];
    const offers = {
      offer: async () => ({ run: names.shift(), missing: [] }),
      sitesOf: async () => rows,
      vote: async () => true,
    } as unknown as NodeOfferRepository;
    const runs = new SiteRuns({} as Database, offers, { warn: () => undefined } as unknown as Logger);
    const events = { signal: new AbortController().signal, begin: () => undefined, progress: () => undefined };
    const ends = Promise.allSettled([runs.run(job, events), runs.run(job, events), runs.run(job, events)]);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await ends).toMatchObject([
      { status: 'rejected', reason: { name: 'SyntaxError' } },
      { status: 'rejected', reason: { code: 'PROTOCOL_VIOLATION' } },
      { status: 'fulfilled', value: { result: { x: 1 } } },
    ]);
  } finally {
    jest.useRealTimers();
  }
});
