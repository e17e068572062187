import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import Database from 'libsql';
import { canonicalJson } from '#libs/consent';
import { NodeFolder } from './node-folder.js';
import type { Entry } from './site-log.js';
import { SiteStore, withStore, type Offer, type Prepared } from './site-store.js';
import { command } from './sites-for-tests.js';

const work = await mkdtemp(join(tmpdir(), 'site-store-'));
afterAll(() => rm(work, { recursive: true, force: true }));

const RUN = '00000000-0000-4000-8000-000000000001';
const HASH = `sha256:${'a'.repeat(64)}`;
let folder: NodeFolder;
let store: SiteStore;
beforeEach(async () => {
  folder = new NodeFolder(await mkdtemp(join(work, 'site-')));
  await folder.init({ name: 'alice', dealer: false });
  store = SiteStore.open(folder.path);
});
afterEach(() => store.close());

const log = (...args: string[]) => command(['log', ...args, '--folder', folder.path]);
/** As who has the file changes it, past all rules. */
function change(sql: string): void {
  const db = new Database(join(folder.path, 'site.db'));
  db.exec(sql);
  db.close();
}
const decide = (reason: string): void =>
  store.decide({ hash: HASH, decision: 'refuse', runs: [RUN], again: false, reason, at: new Date().toISOString() });

describe('the log of a site', () => {
  test('has an entry for each thing that was done, in one chain', async () => {
    decide('not now');
    expect(store.begin(RUN, HASH)).toBe(true);
    const offer: Offer = { run: RUN, hash: HASH, received: '2026-01-01', state: 'RUNNING' };
    store.put(offer);
    // What never began at this site is not told: a control plane could fill the log with it.
    const other = { ...offer, run: RUN.replace('1', '2') };
    for (const state of ['WAITING', 'REFUSED', 'ENDED'] as const) store.put({ ...other, state });
    const failed = { state: 'FAILED', code: 'EMPTY_TABLE' } as const;
    store.put({ ...offer, ...failed, answer: { run: RUN, ...failed, message: 'no row', retryable: false } });
    const fingerprint = `sha256:${'b'.repeat(64)}`;
    await command(['peers', 'add', 'bob', fingerprint, '--folder', folder.path]);
    await command(['peers', 'rm', 'bob', '--folder', folder.path]);
    const entries = (await log('ls')).out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(entries).toMatchObject([
      { seq: 1, action: 'decided', details: { task: HASH, decision: 'refuse', runs: [RUN], reason: 'not now' } },
      { seq: 2, action: 'began', details: { run: RUN, task: HASH } },
      { seq: 3, action: 'ended', details: { run: RUN, task: HASH, state: 'FAILED', code: 'EMPTY_TABLE' } },
      { seq: 4, action: 'peer added', details: { name: 'bob', fingerprint } },
      { seq: 5, action: 'peer removed', details: { name: 'bob', fingerprint } },
    ]);
    const { out } = await log('verify');
    expect(out).toBe(`5 entries, head ${(entries[4] as { hash: string }).hash}\n`);
    expect((await log('ls', '--last', '1')).out).toContain('"seq":5');
    expect((await log('ls', '--last', 'x')).code).toBe(2);
  });

  test('shows where an entry was changed, taken out, put in or moved', async () => {
    for (const reason of ['one', 'two', 'three']) decide(reason);
    expect((await log('verify')).code).toBe(0);
    change(`CREATE TABLE kept AS SELECT * FROM log`);
    for (const [at, sql] of [
      [2, `UPDATE log SET details = replace(details, 'two', 'six') WHERE seq = 2`],
      [1, `UPDATE log SET at = '2020-01-01T00:00:00.000Z' WHERE seq = 1`],
      [3, `UPDATE log SET action = 'joined' WHERE seq = 3`],
      [2, `DELETE FROM log WHERE seq = 2`],
      [1, `DELETE FROM log WHERE seq = 1`],
      [2, `DELETE FROM log WHERE seq = 2; UPDATE log SET seq = 2 WHERE seq = 3`],
    ] as const) {
      change(sql);
      const { code, err } = await log('verify');
      expect([code, err]).toEqual([2, `Entry ${at} does not follow on the one before: the log was changed there.\n`]);
      change(`DELETE FROM log; INSERT INTO log SELECT * FROM kept`);
    }
    expect((await log('verify')).code).toBe(0);
  });

  test('shows an entry that was made anew with its hash: the next one does not follow on it', async () => {
    for (const reason of ['one', 'two', 'three']) decide(reason);
    const [first, { hash: _, ...second }] = store.entries(3) as [Entry, Entry];
    const forged = { ...second, details: { ...second.details, reason: 'six' } };
    const hash = createHash('sha256')
      .update(canonicalJson({ ...forged, before: first.hash }))
      .digest('hex');
    change(`UPDATE log SET details = '${JSON.stringify(forged.details)}', hash = 'sha256:${hash}' WHERE seq = 2`);
    expect(store.check()).toMatchObject({ entries: 2, broken: 3 });
  });

  test('shows that its end was cut off to who has noted the head', async () => {
    for (const reason of ['one', 'two']) decide(reason);
    const { head } = store.check();
    decide('three');
    expect((await log('verify', '--head', head)).code).toBe(0);
    change(`DELETE FROM log WHERE seq > 1`);
    expect((await log('verify')).code).toBe(0);
    const { code, err } = await log('verify', '--head', head);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('the log was cut off') as unknown });
  });
});

describe('the store of a site', () => {
  test('begins a run once, whichever process does', () => {
    const other = SiteStore.open(folder.path);
    expect([store.begin(RUN, HASH), other.begin(RUN, HASH), store.begin(RUN, HASH)]).toEqual([true, false, false]);
    expect(other.hasBegun(RUN)).toBe(true);
    expect(store.entries(9)).toHaveLength(1);
    other.close();
  });

  test('of an earlier version is brought up, with what it holds, and numbers attempts from then on', () => {
    store.begin(RUN, HASH);
    store.close();
    change(
      'DROP TABLE made; DROP TABLE attempts; DROP TABLE prepared; DROP TABLE marks; DROP INDEX offers_by_state; PRAGMA user_version = 1',
    );
    for (const attempt of [1, 2]) {
      store = SiteStore.open(folder.path);
      expect(store.hasBegun(RUN)).toBe(true);
      expect([store.nextAttempt('chain/task'), store.nextAttempt(`chain/${attempt}`)]).toEqual([attempt, 1]);
      store.close();
    }
    store = SiteStore.open(folder.path);
  });

  test('stays locked for others when it was opened and closed again in the same process', async () => {
    store.begin(RUN, HASH);
    // As a renewal within connect does.
    await withStore(folder.path, (again) => again.note('renewed', {}));
    // Only who is alone may leave the write-ahead log: it would go from under the first one.
    const alone = `const db = new (require('libsql'))(process.argv[1], { timeout: 100 });
      try { console.log(JSON.stringify(db.pragma('journal_mode = DELETE'))); } catch (error) { console.log(error.code); }`;
    const path = join(folder.path, 'site.db');
    const said = execFileSync(process.execPath, ['-e', alone, path], { encoding: 'utf8' });
    expect(said.trim()).toMatch(/SQLITE_BUSY|"wal"/);
    await stat(`${path}-wal`);
    decide('still here');
    const other = SiteStore.open(folder.path);
    expect(other.entries(9)).toHaveLength(3);
    other.close();
  });

  test('keeps what a party has of a run, however many others left nothing', () => {
    const done: Offer = {
      run: RUN,
      hash: HASH,
      received: '2026-01-01',
      state: 'DONE',
      outcome: { result: { count: 3 } },
    };
    store.put(done);
    for (let at = 0; at < 210; at++)
      store.put({ run: RUN.replace(/.{3}$/, String(at + 100)), received: '2026-01-02', state: 'REFUSED' });
    store.prune();
    expect(store.list()).toHaveLength(201);
    expect(store.find(RUN)).toEqual(done);
  });

  test('takes nothing as prepared that runs no longer, or whose file another task is about to write', () => {
    const prepared = (maker: string, final: string): Prepared => ({
      ...{ maker, made: { task: HASH, session: 's', files: {} }, members: {}, outcome: null },
      answer: { run: RUN, state: 'PREPARED', result: null, artifacts: [], vote: 'v' },
      files: [{ temporary: 't', held: 'h', stamp: '1', file: { temporary: 't', final } }],
    });
    const runs = [1, 2, 3].map((at) => RUN.replace(/.$/, String(at)));
    for (const run of runs) store.put({ run, received: '2026-01-01', state: 'RUNNING' });
    store.prepare(runs[0]!, prepared('c/one', 'data/a.csv'));
    expect(() => store.prepare(runs[1]!, prepared('c/two', 'data/a.csv'))).toThrow('written by c/one as well');
    store.prepare(runs[1]!, prepared('c/two', 'data/b.csv'));
    // A later run of the same task takes its place.
    store.prepare(runs[2]!, prepared('c/one', 'data/a.csv'));
    expect(store.preparedOf(['c/one'])).toEqual([runs[0], runs[2]]);
    store.put({ run: RUN, received: '2026-01-01', state: 'FAILED' });
    expect(() => store.prepare(RUN, prepared('c/x', 'data/x.csv'))).toThrow('is over');
  });

  test('finds what is open without the rows of what is over', () => {
    const others = ['DONE', 'ENDED', 'WAITING', 'RUNNING'] as const;
    for (const [at, state] of others.entries())
      store.put({ run: RUN.replace(/.$/, String(at)), received: `2026-01-0${9 - at}`, state });
    expect(store.inStates(['WAITING', 'RUNNING']).map(({ state }) => state)).toEqual(['RUNNING', 'WAITING']);
    const db = new Database(join(folder.path, 'site.db'));
    const plan = db.prepare(
      `EXPLAIN QUERY PLAN SELECT offer FROM offers WHERE offer ->> '$.state' IN ('WAITING', 'RUNNING')`,
    );
    expect(JSON.stringify(plan.all())).toContain('USING INDEX offers_by_state');
    db.close();
  });

  test('is for its owner alone', async () => {
    decide('no');
    for (const name of ['site.db', 'site.db-wal']) expect((await stat(join(folder.path, name))).mode & 0o077).toBe(0);
  });

  test('that is damaged, or of a newer program, is refused in words', async () => {
    change('PRAGMA user_version = 9');
    expect((await log('ls')).err).toContain('is of a newer task-chain-node: update this one.');
    // In a folder that no connection is open to: one that is closed later may write its own pages over these.
    const damaged = new NodeFolder(await mkdtemp(join(work, 'damaged-')));
    await damaged.init({ name: 'alice', dealer: false });
    await writeFile(join(damaged.path, 'site.db'), 'x'.repeat(4096));
    const { code, err } = await command(['log', 'ls', '--folder', damaged.path]);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('is damaged') as unknown });
  });
});
