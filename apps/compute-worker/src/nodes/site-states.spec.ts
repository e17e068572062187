import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { SiteOfRun } from '#libs/repositories';
import { NEUTRAL } from '#libs/compute';
import { artifactsHash, fingerprintOf, membersHash, resultHash, signVote, type Vote } from '#libs/peers';
import { judgeSites, voteFault } from './site-states.js';

const site = (party: string, state: SiteOfRun['state'], more: Partial<SiteOfRun> = {}): SiteOfRun => ({
  ...{ run: 'r', party, dealer: false, fingerprint: '', state, answer: null, vote: null, fraction: 0, stage: null },
  ...{ is_here: true, counts: true, version: 3, ...more },
});
const artifact = (name: string) => ({ name, mediaType: 'text/csv', sizeBytes: 9, sha256: 'a'.repeat(64) });
const prepared = (party: string, result: object | null, ...names: string[]): SiteOfRun =>
  site(party, 'PREPARED', {
    answer: JSON.stringify({ run: 'r', state: 'PREPARED', result, artifacts: names.map(artifact) }),
  });
const failed = (party: string, code: string, retryable = false): SiteOfRun =>
  site(party, 'FAILED', { answer: JSON.stringify({ run: 'r', state: 'FAILED', code, message: 'why', retryable }) });
const failure = (code: string, retryable = false) =>
  expect.objectContaining({
    kind: 'failed',
    error: expect.objectContaining({ code, retryable }) as unknown,
  }) as unknown;

describe('a run at sites', () => {
  test('waits until all have accepted and are here, however long some are away', () => {
    expect(judgeSites([site('a', 'ACCEPTED'), site('b', 'OFFERED', { is_here: false, version: null })])).toEqual({
      kind: 'wait',
    });
    expect(judgeSites([site('a', 'ACCEPTED'), site('b', 'ACCEPTED', { is_here: false })])).toEqual({ kind: 'wait' });
    expect(judgeSites([site('a', 'ACCEPTED'), site('b', 'ACCEPTED')])).toEqual({ kind: 'go' });
  });

  test('runs as the slowest does, and is lost with one that is away', () => {
    const under = [
      site('a', 'RUNNING', { fraction: 0.7, stage: 'x' }),
      site('b', 'RUNNING', { fraction: 0.2, stage: 'y' }),
    ];
    expect(judgeSites(under)).toEqual({ kind: 'running', fraction: 0.2, stage: 'y' });
    expect(judgeSites([under[0]!, site('b', 'GO')])).toEqual({ kind: 'running', fraction: 0, stage: 'begins' });
    const lost = judgeSites([under[0]!, site('b', 'GO', { is_here: false })]);
    expect(lost).toEqual(failure('PARTY_LOST', true));
    expect(lost).toMatchObject({ lost: true });
    // One that is prepared has nothing to lose any more.
    const left = { ...prepared('b', {}), is_here: false };
    expect(judgeSites([under[0]!, left])).toMatchObject({ kind: 'running' });
  });

  test.each(['LOST', 'CANCELLED', 'DONE'] as const)('is lost where the site of one is %s, not waited for', (state) => {
    for (const other of [site('a', 'ACCEPTED'), site('a', 'RUNNING'), prepared('a', {})])
      expect(judgeSites([other, site('b', state)])).toEqual(failure('PARTY_LOST', true));
    expect(judgeSites([failed('a', 'FILE_NOT_FOUND'), site('b', state)])).toEqual(failure('FILE_NOT_FOUND'));
  });

  test('fails as a site says, and by what it says itself before what others lost by it', () => {
    const refusal = { answer: JSON.stringify({ run: 'r', state: 'REFUSED', reason: 'not this week' }) };
    const refused = judgeSites([site('a', 'ACCEPTED'), site('b', 'REFUSED', refusal)]);
    expect(refused).toEqual(failure('SITE_REFUSED'));
    expect(refused).toMatchObject({ error: { message: 'The site of b refused the task: not this week' } });
    expect(judgeSites([failed('a', 'PARTY_LOST', true), failed('b', 'FILE_NOT_FOUND')])).toEqual(
      failure('FILE_NOT_FOUND'),
    );
    expect(judgeSites([failed('a', 'PARTY_LOST', true), site('b', 'RUNNING')])).toEqual(failure('PARTY_LOST', true));
    expect(judgeSites([site('a', 'ACCEPTED', { counts: false }), site('b', 'ACCEPTED')])).toEqual(
      failure('SITE_UNAVAILABLE'),
    );
  });

  test('is offered to no site that speaks an older protocol, and names both versions', () => {
    const verdict = judgeSites([site('a', 'ACCEPTED'), site('b', 'OFFERED', { version: 2 })]);
    expect(verdict).toEqual(failure('SITE_UNAVAILABLE'));
    expect((verdict as { error: Error }).error.message).toMatch(/speaks version 2 .* from version 3 on/);
  });

  test('has the result on which all parties agree, and the files of each', () => {
    const dealer = { ...prepared('lab', null), dealer: true };
    expect(
      judgeSites([prepared('a', { x: 1, y: 2 }, 'a/t.csv'), prepared('b', { y: 2, x: 1 }, 'b/t.csv'), dealer]),
    ).toEqual({
      kind: 'prepared',
      outcome: { result: { x: 1, y: 2 }, artifacts: [artifact('a/t.csv'), artifact('b/t.csv')] },
    });
    expect(judgeSites([prepared('a', { x: 1 }), prepared('b', { x: 2 })])).toEqual(failure('PROTOCOL_VIOLATION'));
    expect(judgeSites([prepared('a', null), prepared('b', null)])).toEqual(failure('PROTOCOL_VIOLATION'));
    expect(judgeSites([prepared('a', {}, 'b/t.csv'), prepared('b', {})])).toEqual(failure('PROTOCOL_VIOLATION'));
    expect(judgeSites([prepared('a', { x: 'x'.repeat(70_000) }), prepared('b', { x: 'x'.repeat(70_000) })])).toEqual(
      failure('RESULT_TOO_LARGE'),
    );
    // Whatever was stored is looked at before anything that cannot read it.
    for (const result of ['{"x":"\\ud800"}', `${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)}`]) {
      const answer = `{"run":"r","state":"PREPARED","result":${result},"artifacts":[]}`;
      expect(judgeSites([site('a', 'PREPARED', { answer }), prepared('b', {})])).toEqual(failure('INVALID_RESULT'));
    }
  });
});

describe('a run for which all are prepared', () => {
  const keys = {
    a: generateKeyPairSync('ed25519'),
    b: generateKeyPairSync('ed25519'),
    lab: generateKeyPairSync('ed25519'),
  };
  type Name = keyof typeof keys;
  const result = { x: 1 };
  const known = Object.entries(keys).map(
    ([name, { publicKey }]) => [name === 'lab' ? NEUTRAL : name, publicKey] as const,
  );
  const members = membersHash(Object.fromEntries(known.map(([name, key]) => [name, fingerprintOf(key)])));
  /** Each site with what it has signed. */
  const votedBy = (more: Partial<Record<Name, Partial<Vote>>> = {}, signer: Partial<Record<Name, Name>> = {}) =>
    Promise.all(
      (['a', 'b', 'lab'] as const).map(async (name): Promise<SiteOfRun> => {
        const dealer = name === 'lab';
        const own = dealer ? null : result;
        const vote: Vote = {
          ...{ kind: 'prepared', member: dealer ? NEUTRAL : name, run: 'r', session: 's', task: 't', members },
          ...{ files: artifactsHash([]), result: resultHash(own), ...more[name] },
        };
        return {
          ...{ ...prepared(name, own), dealer, fingerprint: fingerprintOf(keys[name].publicKey) },
          vote: await signVote(vote, keys[signer[name] ?? name].privateKey),
        };
      }),
    );

  test('counts where each has signed the same', async () => expect(await voteFault(await votedBy())).toBeUndefined());

  test.each<[string, string, Partial<Record<Name, Partial<Vote>>>, Partial<Record<Name, Name>>]>([
    ['by the key of another', 'b', {}, { b: 'a' }],
    ['as another', 'b', { b: { member: 'a' } }, {}],
    ['of another run', 'b', { b: { run: 'q' } }, {}],
    ['with a key of a member that it has not joined with', 'a', { a: { members: 'q' } }, {}],
    ['of other files', 'b', { b: { files: 'q' } }, {}],
    ['of no result', 'b', { b: { result: null } }, {}],
    ['of another result', 'a', { a: { result: resultHash({ x: 2 }) } }, {}],
  ])('does not count where one has signed %s', async (_, name, more, signer) => {
    const fault = await voteFault(await votedBy(more, signer));
    expect(fault).toMatchObject({ code: 'PROTOCOL_VIOLATION', retryable: false });
    expect(fault!.message).toContain(`The site of ${name} has not signed`);
  });

  test.each(['session', 'task'])(
    'does not count where they have signed another %s, and nobody is to blame',
    async (field) => {
      const fault = await voteFault(await votedBy({ lab: { [field]: 'q' } }));
      expect(fault!.message).toMatch(/^The sites of a, b, lab have not signed the same run/);
    },
  );

  test('does not count where one has signed nothing', async () => {
    const [a, ...others] = await votedBy();
    for (const vote of ['', 'a.b.c', a!.vote!.slice(1)])
      expect(await voteFault([{ ...a!, vote }, ...others])).toMatchObject({ code: 'PROTOCOL_VIOLATION' });
  });
});
