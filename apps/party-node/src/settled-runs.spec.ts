import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { resultHash } from '#libs/peers';
import { stampOf } from './inputs.js';
import { LATER, OfferedSite, RUN, taskOf } from './offered-site-for-tests.js';

const work = await mkdtemp(join(tmpdir(), 'settled-runs-'));
afterAll(() => rm(work, { recursive: true, force: true }));

let site: OfferedSite;
beforeEach(async () => {
  site = await OfferedSite.make(work);
});
afterEach(() => site.close());

const settled = (): Promise<void> => site.until(() => site.said.some(({ state }) => state === 'SETTLED'));
const told = (text: string): Promise<void> => site.until(() => site.log.some((line) => line.includes(text)));
/** A run that is prepared, which the control plane has heard. */
async function prepared(run = RUN, text?: string): Promise<string> {
  await site.go(run);
  const final = await site.prepare(run, text);
  site.started.at(-1)!.end('PREPARED');
  await site.until(() => site.said.at(-1)?.state === 'PREPARED');
  site.said.splice(0);
  return final;
}
const filesOf = async (final: string): Promise<string[]> => (await readdir(dirname(final))).sort();

describe('a run that is prepared', () => {
  test('keeps its files without their names for as long as nobody says what became of it', async () => {
    const final = await prepared();
    site.hear();
    await told('does not say what became of it');
    site.hear([RUN, 'PREPARED']);
    site.hear();
    await site.close();
    await site.open();
    site.hear();
    await site.untilState(RUN, 'PREPARED');
    expect(await filesOf(final)).toEqual([`.t.csv.${RUN}.held`]);
    expect(site.said).toEqual([]);
  });

  test('has its names once it counts, says so until that is heard, and notes it before', async () => {
    const final = await prepared();
    await site.commit(RUN, await site.vote(RUN));
    await settled();
    expect(await filesOf(final)).toEqual(['t.csv']);
    expect(site.store.made('chain-1/match')).toMatchObject({ session: `session of ${RUN}` });
    site.said.splice(0);
    site.hear([RUN, 'COMMIT']);
    await settled();
    await site.untilState(RUN, 'DONE');
    const actions = site.store.entries(9).map(({ action, details }) => [action, details.state]);
    expect(actions.slice(-2)).toEqual([
      ['prepared', undefined],
      ['ended', 'DONE'],
    ]);
  });

  test('is dropped where it came to nothing', async () => {
    const final = await prepared();
    site.hear([RUN, 'ABORT']);
    await settled();
    await site.untilState(RUN, 'ENDED');
    expect([await filesOf(final), site.store.made('chain-1/match')]).toEqual([[], undefined]);
  });

  test.each<[string, () => Promise<string[]>]>([
    ['nobody else has', async () => []],
    ['another key has', async () => [await site.vote(RUN, {}, generateKeyPairSync('ed25519').privateKey)]],
    ['bob has of another run', async () => [await site.vote(RUN, { run: LATER })]],
    ['bob has of another session', async () => [await site.vote(RUN, { session: 'x' })]],
    ['bob has of another task', async () => [await site.vote(RUN, { task: 'x' })]],
    ['bob has of other members', async () => [await site.vote(RUN, { members: 'x' })]],
    ['bob has of another result', async () => [await site.vote(RUN, { result: resultHash({ count: 4 }) })]],
    ['bob has as alice', async () => [await site.vote(RUN, { member: 'alice' })]],
  ])('does not count because the control plane says so: %s voted', async (_, votes) => {
    const final = await prepared();
    await site.commit(RUN, ...(await votes()));
    await told('bob has not signed what this site has');
    expect(await filesOf(final)).toEqual([`.t.csv.${RUN}.held`]);
    // The log has it once. With the vote the run counts.
    await site.commit(RUN, await site.vote(RUN));
    await settled();
    expect(await filesOf(final)).toEqual(['t.csv']);
    expect(site.log.filter((line) => line.includes('has not signed'))).toHaveLength(1);
  });

  test('that its process left as it was killed is prepared all the same, wherever that was', async () => {
    await site.go(RUN);
    const final = await site.prepare(RUN);
    // Killed before it had moved its file, and `connect` with it.
    await rename(join(dirname(final), `.t.csv.${RUN}.held`), join(dirname(final), `.t.csv.${RUN}.tmp`));
    const before = site.store.find(RUN)!;
    await site.offers.close();
    site.store.put(before);
    site.store.close();
    await site.open();
    site.hear([RUN, 'RUNNING']);
    await site.until(() => site.said.at(-1)?.state === 'PREPARED');
    expect(await filesOf(final)).toEqual([`.t.csv.${RUN}.held`]);
    // Killed as it gave the names: the file has its name, and the store does not know.
    await rename(join(dirname(final), `.t.csv.${RUN}.held`), final);
    await site.commit(RUN, await site.vote(RUN));
    await settled();
    expect(await readFile(final, 'utf8')).toBe('id\n1\n');
    expect(site.store.made('chain-1/match')).toBeDefined();
  });

  test('of which a file is gone does not count in silence', async () => {
    const final = await prepared();
    await rm(join(dirname(final), `.t.csv.${RUN}.held`));
    await site.commit(RUN, await site.vote(RUN));
    await told('which it had prepared, is gone: run the task again');
    await settled();
    await site.untilState(RUN, 'ENDED');
    // Another file under its name is not it.
    await writeFile(final, 'id\n2\n');
    expect(site.store.made('chain-1/match')!.files['alice/t.csv']).not.toBe(stampOf(final));
  });

  test('keeps its files where a person has taken the name, and no later run of its task begins', async () => {
    const final = await prepared();
    await mkdir(final);
    await writeFile(join(final, 'x'), '');
    site.take({ kind: 'task', run: LATER, task: taskOf() });
    site.hear([LATER, 'OFFERED']);
    await site.approvals('accept', await site.waiting());
    await site.until(() => site.said.some(({ state }) => state === 'ACCEPTED'));
    site.said.splice(0);
    const votes = [site.store.prepared(RUN)!.answer.vote, await site.vote(RUN)];
    site.hear([RUN, 'COMMIT'], [LATER, 'ACCEPTED']);
    site.take({ kind: 'votes', run: RUN, votes });
    await told(`run ${RUN}: `);
    site.hear([RUN, 'COMMIT'], [LATER, 'GO']);
    await site.until(() => site.said.length >= 1);
    expect(site.said[0]).toMatchObject({ run: LATER, state: 'FAILED', code: 'SITE_NOT_READY' });
    await rm(final, { recursive: true });
    await site.commit(RUN, await site.vote(RUN));
    await settled();
    expect(await filesOf(final)).toEqual(['t.csv']);
  });

  test('that lost a file before it was told of fails', async () => {
    await site.go(RUN);
    const final = await site.prepare(RUN);
    await rm(join(dirname(final), `.t.csv.${RUN}.held`));
    site.started[0]!.end('PREPARED');
    await site.until(() => site.said.at(-1)?.state === 'FAILED');
    expect(site.store.prepared(RUN)).toBeUndefined();
  });

  test('that goes on as it comes to nothing is stopped, and settled once its process has ended', async () => {
    await site.go(RUN);
    const final = await site.prepare(RUN);
    site.hear([RUN, 'ABORT']);
    await site.until(() => site.started[0]!.stopped);
    await settled();
    expect(await filesOf(final)).toEqual([]);
    await site.untilState(RUN, 'ENDED');
  });

  test('that this site never ran, or has forgotten, is settled at once', async () => {
    site.hear([RUN, 'ABORT'], [LATER, 'COMMIT']);
    await site.until(() => site.said.length >= 2);
    expect(site.said).toEqual([
      { run: RUN, state: 'SETTLED' },
      { run: LATER, state: 'SETTLED' },
    ]);
  });

  test('holds up the next run of its task while the control plane lists it, and goes with that where it does not', async () => {
    const final = await prepared();
    site.take({ kind: 'task', run: LATER, task: site.store.find(RUN)!.task as object });
    site.hear([RUN, 'COMMIT'], [LATER, 'OFFERED']);
    await site.approvals('accept', await site.waiting());
    await site.until(() => site.said.some(({ state }) => state === 'ACCEPTED'));
    site.hear([RUN, 'COMMIT'], [LATER, 'GO']);
    await site.until(() => site.started.length >= 1);
    expect(site.started.map(({ run }) => run)).toEqual([RUN]);
    // As after a restore of its database.
    site.hear([LATER, 'GO']);
    await site.until(() => site.started.length >= 2);
    await site.prepare(LATER, 'id\n2\n');
    site.started[1]!.end('PREPARED');
    await site.until(() => site.said.at(-1)?.state === 'PREPARED');
    expect(await filesOf(final)).toHaveLength(2);
    await site.commit(LATER, await site.vote(LATER));
    await settled();
    expect([await readFile(final, 'utf8'), await filesOf(final)]).toEqual(['id\n2\n', [basename(final)]]);
    expect(existsSync(final)).toBe(true);
    await site.untilState(RUN, 'ENDED');
  });
});
