import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  Authority,
  makeRequest,
  MOST_DECISIONS,
  readRequest,
  UplinkServer,
  type OfferLine,
  type UplinkCode,
} from '#libs/peers';
import { OfferedSite, RUN } from './offered-site-for-tests.js';
import { takeAlone } from './one-connect.js';
import { command, type Ran } from './sites-for-tests.js';

const work = await mkdtemp(join(tmpdir(), 'run-commands-'));
afterAll(() => rm(work, { recursive: true, force: true }));

let site: OfferedSite;
let control: UplinkServer;
/** What the control plane says that it knows of this site, and why it refuses it. */
let known: readonly OfferLine[];
let refused: UplinkCode | undefined;
let final: string;
beforeEach(async () => {
  [known, refused] = [[], undefined];
  site = await OfferedSite.make(work);
  await site.go(RUN);
  const key = `sha256:${'b'.repeat(64)}`;
  final = await site.prepare(RUN, undefined, { bob: key, '#neutral': key });
  site.started[0]!.end('PREPARED');
  await site.untilState(RUN, 'PREPARED');
  const authority = await Authority.of(randomBytes(32));
  const subject = { tenant: 'default', name: 'alice' };
  const request = await readRequest(await makeRequest(await site.folder.identity(), subject));
  const certificate = await authority.admit(request!, Date.now());
  const { fingerprint } = authority;
  await site.folder.admit(
    { url: 'http://127.0.0.1:1', tenant: 'default', authority: fingerprint },
    certificate,
    authority.cert,
  );
  control = await UplinkServer.listen({
    ...{ authority, host: '127.0.0.1', port: 0 },
    admission: {
      admit: () => Promise.resolve(refused),
      hold: () => Promise.resolve(new Map()),
      release: () => Promise.resolve(),
      mayMeet: () => Promise.resolve([]),
    },
    offers: {
      offers: (connections) => Promise.resolve(new Map(connections.map((each) => [each, known]))),
      task: () => Promise.resolve(undefined),
      votes: () => Promise.resolve(undefined),
      answer: () => Promise.resolve(true),
    },
    onRefused: () => undefined,
    onFault: () => undefined,
  });
});
afterEach(async () => {
  await control.close();
  await site.close();
});

const runs = (...args: string[]): Promise<Ran> => command(['runs', ...args, '--folder', site.folder.path]);
const asked = (): readonly string[] => ['--confirm', RUN, '--ask', `127.0.0.1:${control.port}`];
/** Nothing has been dropped. */
function expectHeld(): void {
  expect(site.store.find(RUN)?.state).toBe('PREPARED');
  expect(existsSync(join(dirname(final), `.t.csv.${RUN}.held`))).toBe(true);
}

describe('a run that is prepared', () => {
  test('is listed with its task and the files that wait', async () => {
    const { out } = await runs('ls');
    expect(out).toMatch(
      new RegExp(`^${RUN}  chain-1/match  offered 20\\S+  artifacts/chain-1/match/alice/t\\.csv\\n$`),
    );
  });

  test('is dropped once the control plane says that it does not know it, with an entry in the log', async () => {
    const { code, err } = await runs('drop', RUN, ...asked());
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('run chain-1/match again') as unknown });
    expect(existsSync(join(dirname(final), `.t.csv.${RUN}.held`))).toBe(false);
    expect(existsSync(final)).toBe(false);
    expect(site.store.find(RUN)?.state).toBe('ENDED');
    expect((await runs('ls')).out).toBe('');
    const { hash } = site.store.find(RUN)!;
    expect(site.store.entries(2)).toMatchObject([
      { action: 'dropped', details: { run: RUN, task: hash, maker: 'chain-1/match', asked: true } },
      { action: 'ended', details: { run: RUN, state: 'ENDED' } },
    ]);
    expect((await runs('drop', RUN, ...asked())).err).toContain('No run');
  });

  test.each<OfferLine['state']>(['COMMIT', 'ABORT', 'RUNNING'])(
    'is not dropped while the control plane knows it (%s)',
    async (state) => {
      known = [{ run: RUN, state }];
      const { code, err } = await runs('drop', RUN, ...asked());
      expect({ code, err }).toEqual({
        code: 2,
        err: expect.stringContaining('knows this run: start connect') as unknown,
      });
      expectHeld();
      known = [{ run: RUN.replace('1', '2'), state }];
      expect((await runs('drop', RUN, ...asked())).code).toBe(0);
    },
  );

  test.each([
    ['50 decisions', 50, ['COMMIT', 'ABORT']],
    ['100 runs', 100, ['RUNNING']],
  ] as const)(
    'is not dropped where the control plane lists so many that it may be another: %s',
    async (_, most, states) => {
      const line = (at: number): OfferLine => ({
        run: RUN.replace(/.{3}$/, String(at + 100)),
        state: states[at % states.length]!,
      });
      known = Array.from({ length: most }, (_, at) => line(at));
      const { code, err } = await runs('drop', RUN, ...asked());
      expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('too many runs to tell') as unknown });
      expectHeld();
      known = known.slice(1);
      expect((await runs('drop', RUN, ...asked())).code).toBe(0);
    },
  );

  test('may be beyond as many decisions as the database lists', async () => {
    // Compiled, this file lies in dist/apps/party-node/src.
    const path = new URL('../../../../migrations/0042-votes-of-sites.ts', import.meta.url);
    const migration = await readFile(path, 'utf8');
    expect(/ORDER BY d\.decided_at, d\.run LIMIT (\d+)/.exec(migration)![1]).toBe(String(MOST_DECISIONS));
  });

  test('is not dropped without a word of the risk, without asking, or while connect runs', async () => {
    const first = await runs('drop', RUN);
    expect(first).toMatchObject({ code: 2, err: expect.stringContaining('a mixed set') as unknown });
    expect(first.err).toContain("this site's vote cannot be taken back");
    expect(first.err).toContain('ask the people of bob, the dealer whether');
    const both = await runs('drop', RUN, ...asked(), '--force');
    expect(both).toMatchObject({ code: 2, err: expect.stringContaining('Say --ask') as unknown });
    expect((await runs('drop', RUN, '--confirm', RUN.replace('1', '2'), '--force')).code).toBe(2);
    expect((await runs('drop', RUN, '--confirm', RUN)).err).toContain('may still know the run: --ask');
    const gone = ['--confirm', RUN, '--ask', '127.0.0.1:1'];
    expect((await runs('drop', RUN, ...gone)).err).toContain('127.0.0.1:1 cannot be asked');
    refused = 'REVOKED';
    expect((await runs('drop', RUN, ...asked())).err).toContain('cannot be asked');
    const leave = await takeAlone(site.folder.path);
    expect((await runs('drop', RUN, '--confirm', RUN, '--force')).err).toContain(
      'Another task-chain-node connect runs',
    );
    await leave();
    expectHeld();
    expect(site.store.entries(9).map(({ action }) => action)).not.toContain('dropped');
    expect((await runs('drop', RUN, '--confirm', RUN, '--force')).code).toBe(0);
    expect(site.store.entries(2)[0]).toMatchObject({ action: 'dropped', details: { asked: false } });
  });

  test('leaves a file alone that has taken its name', async () => {
    await writeFile(final, 'own\n');
    expect((await runs('drop', RUN, ...asked())).code).toBe(0);
    expect(await readFile(final, 'utf8')).toBe('own\n');
  });
});
