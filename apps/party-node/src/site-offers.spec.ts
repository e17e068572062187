import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { canonicalTask } from '#libs/consent';
import { runOffer, type FromRun } from './run-offer.js';
import { changesOf, EARLIER, LATER, OfferedSite, RUN, taskOf } from './offered-site-for-tests.js';
import { command } from './sites-for-tests.js';
import { offeredTask } from './task-file.js';

const work = await mkdtemp(join(tmpdir(), 'site-offers-'));
afterAll(() => rm(work, { recursive: true, force: true }));

const both = { alice: 'a.csv', bob: 'b.csv' };
const TRAINING = {
  ...{ chain_id: 'chain-1', task_id: 'train', task_type: 'ss_lr' },
  task_params: {
    sf_init_config: { parties: ['alice', 'bob'], address: 'node', dealer: 'lab' },
    task_config: {
      ...{ train_data: both, features: { alice: ['x'], bob: ['z'] }, label: 'y', label_party: 'alice' },
      ...{ model_output: both, params: { epochs: 1, learning_rate: 0.1, reg_type: 'logistic' } },
    },
  },
};

let site: OfferedSite;
beforeEach(async () => {
  site = await OfferedSite.make(work);
});
afterEach(() => site.close());

describe('an offer', () => {
  test('waits for a person, who sees it in words, and whose accept is told and lasts', async () => {
    site.offer(RUN);
    const hash = await site.waiting();
    expect(site.said).toEqual([]);
    const { out } = await site.approvals('show', hash);
    expect(out).toContain('(psi) of alice, bob');
    expect(out).toContain('Purpose, as the task states it: "common customers"');
    expect((await site.approvals('accept', hash)).code).toBe(0);
    await site.until(() => site.said.length >= 1);
    expect(site.said).toEqual([{ run: RUN, state: 'ACCEPTED' }]);
    // The answer was lost: it is said again, by another process too.
    site.hear([RUN, 'OFFERED']);
    await site.until(() => site.said.length >= 2);
    await site.close();
    site.said.splice(0);
    await site.open();
    site.offer(RUN);
    await site.until(() => site.said.length >= 1);
    expect(site.said).toEqual([{ run: RUN, state: 'ACCEPTED' }]);
    expect(site.started).toEqual([]);
    expect(site.store.entries(9).map(({ action }) => action)).toEqual(['decided']);
  });

  test('with a site whose key nobody here has written down waits, and says whom to ask', async () => {
    const peers = async (...args: string[]) => command(['peers', ...args, '--folder', site.folder.path]);
    for (const [known, role, task] of [
      ['bob', 'party', taskOf()],
      ['lab', 'dealer', TRAINING],
    ] as const) {
      const fingerprint = `sha256:${Buffer.alloc(32, known).toString('hex')}`;
      await peers('rm', known);
      // A party of that name is no dealer, and a dealer no party.
      if (role === 'dealer') await peers('add', known, fingerprint);
      site.offer(RUN, task);
      const hash = await site.waiting();
      const adding = `task-chain-node peers add ${known} <fingerprint>${role === 'dealer' ? ' --dealer' : ''}`;
      expect((await site.approvals('show', hash)).out).toContain(`of which this site has no key yet`);
      expect((await site.approvals('show', hash)).out).toContain(adding);
      for (const again of [[], ['--again']]) {
        const { code, err } = await site.approvals('accept', hash, ...again);
        expect([code, err]).toEqual([2, expect.stringContaining(`no key of the ${role} ${known}`)]);
        expect(err).toContain(adding);
      }
      expect([site.said, site.store.find(RUN)?.state]).toEqual([[], 'WAITING']);
      await peers('rm', known);
      expect((await peers('add', known, fingerprint, ...(role === 'dealer' ? ['--dealer'] : []))).code).toBe(0);
      expect((await site.approvals('show', hash)).out).toContain(`by its key ${fingerprint}`);
    }
  });

  test('shows no line and no order of its own making, and its JSON stays the same', async () => {
    const other = `sha256:${'0'.repeat(64)}`;
    const purpose = `x\nTo take part: approvals accept ${other}\u2028\u202e\u{e0041}`;
    site.offer(RUN, { ...taskOf('\u202e.csv'), purpose });
    const hash = await site.waiting();
    const { out } = await site.approvals('show', hash);
    expect(out.split('\n').filter((line) => line.startsWith('To take part'))).toEqual([
      `To take part: approvals accept ${hash}`,
    ]);
    expect(out).toContain('\\u2028\\u202e\\udb40\\udc41');
    expect(out).not.toMatch(/[\p{Cf}\p{Zl}]/u);
    expect(out).toContain('"alice": "\\u202e.csv"');
    const refused = await command(['approvals', 'show', 'x\ny', '--folder', site.folder.path]);
    expect(refused.err).toContain('x\\u000ay');
  });

  test('is run once all have accepted, its result told until that is heard, and its files named once it counts', async () => {
    site.offer(RUN);
    await site.approvals('accept', await site.waiting());
    site.take({ kind: 'offers', offers: [{ run: RUN, state: 'GO', relay: 'relay.example:7444' }] });
    await site.until(() => site.started.length >= 1);
    expect(site.started[0]!.relay).toBe('relay.example:7444');
    const final = await site.prepare(RUN);
    site.started[0]!.end('PREPARED');
    await site.until(() => site.said.at(-1)?.state === 'PREPARED');
    const told = site.store.prepared(RUN)!.answer;
    expect(told).toMatchObject({ run: RUN, result: { count: 3 }, artifacts: [{ name: 'alice/t.csv', sizeBytes: 5 }] });
    expect(site.said.at(-1)).toEqual(told);
    site.said.splice(0);
    site.hear([RUN, 'RUNNING']);
    await site.until(() => site.said.length >= 1);
    expect(site.said).toEqual([told]);
    const shown = async () =>
      (await site.approvals('show', /sha256:\S+/.exec((await site.approvals('ls')).out)![0])).out;
    expect(await shown()).not.toContain('"count"');
    expect(existsSync(final)).toBe(false);
    await site.commit(RUN, await site.vote(RUN));
    await site.untilState(RUN, 'DONE');
    expect(await readFile(final, 'utf8')).toBe('id\n1\n');
    // What this party alone has is here, and was not told.
    expect(await shown()).toContain('"own": 7');
    expect(JSON.stringify(told)).not.toContain('own');
    expect(site.started).toHaveLength(1);
  });

  test('that is another task after it was accepted waits anew, and is not run', async () => {
    site.offer(RUN);
    const hash = await site.waiting();
    await site.approvals('accept', hash);
    await site.until(() => site.said.length >= 1);
    site.take({ kind: 'task', run: RUN, task: taskOf('salaries.csv') });
    site.hear([RUN, 'ACCEPTED']);
    const other = await site.waiting();
    expect(other).not.toBe(hash);
    await site.until(() => site.log.join().includes('an accept of that does not count'));
    site.hear([RUN, 'GO']);
    await site.until(() => site.said.length >= 2);
    expect(site.said[1]).toMatchObject({ run: RUN, state: 'FAILED', code: 'SITE_REFUSED', retryable: false });
    expect(site.started).toEqual([]);
  });

  test('of which any field has changed after it was accepted is not run, in this run or in a later one', async () => {
    const task = taskOf();
    const changed = changesOf(task);
    expect(changed.map(([field]) => field)).toEqual([
      ...['chain_id', 'task_id', 'task_type', 'purpose'],
      ...['parties.0', 'parties.1', 'address'].map((each) => `task_params.sf_init_config.${each}`),
      ...['keys.alice.0', 'keys.bob.0', 'input_paths.alice', 'input_paths.bob'].map(
        (each) => `task_params.task_config.${each}`,
      ),
    ]);
    for (const [field, other] of changed) {
      const at = await OfferedSite.make(work);
      at.offer(RUN, task);
      await at.approvals('accept', await at.waiting(), '--again');
      await at.until(() => at.said.length >= 1);
      at.take({ kind: 'task', run: RUN, task: other });
      at.take({ kind: 'task', run: LATER, task: other });
      at.hear([RUN, 'GO'], [LATER, 'OFFERED']);
      await at.idle();
      at.hear([RUN, 'GO'], [LATER, 'GO']);
      await at.until(() =>
        [RUN, LATER].every((run) =>
          at.said.some((said) => said.run === run && ['FAILED', 'REFUSED'].includes(said.state)),
        ),
      );
      const accepted = at.said.filter(({ state }) => state === 'ACCEPTED').map(({ run }) => run);
      expect([field, at.started, accepted]).toEqual([field, [], [RUN]]);
      await at.close();
    }
  });

  test('is accepted with what made the files that it reads: those of another task wait anew', async () => {
    const input = 'artifact:chain-1/prep/alice/t.csv';
    site.offer(RUN, taskOf(input));
    const hash = await site.waiting();
    const early = await site.approvals('accept', hash);
    expect(early).toMatchObject({
      code: 2,
      err: expect.stringContaining(`${input}, which does not lie here`) as unknown,
    });
    const made = await site.layInput();
    expect((await site.approvals('show', hash)).out).toContain('what chain-1/prep made: nothing here');
    made('1');
    // What an owner who approves the task once signs.
    const from = { prep: `sha256:${'1'.repeat(64)}` };
    const signed = createHash('sha256').update(canonicalTask({ ...offeredTask(taskOf(input)).statement, from }));
    const { out } = await site.approvals('show', hash);
    expect(out).toContain(`what chain-1/prep made: ${from.prep}`);
    expect(out).toContain(`as your statements judge it: sha256:${signed.digest('hex')}\n`);
    expect(await site.approvals('accept', hash, '--again')).toMatchObject({ code: 0 });
    await site.until(() => site.said.length >= 1);
    expect(site.said).toEqual([{ run: RUN, state: 'ACCEPTED' }]);
    made('2');
    await site.until(() => site.said.length >= 2);
    expect(site.said[1]).toMatchObject({ state: 'REFUSED', reason: expect.stringContaining('made anew') as unknown });
    site.offer(LATER, taskOf(input));
    expect(await site.waiting()).toBe(hash);
    // A run looks again: nothing in between counts.
    const said: FromRun[] = [];
    site.store.put({ ...site.store.find(LATER)!, state: 'RUNNING' });
    await runOffer(site.folder.path, LATER, '127.0.0.1:1', new AbortController().signal, (each) => said.push(each));
    expect(said).toMatchObject([{ kind: 'failed', failed: { code: 'SITE_REFUSED' } }]);
    made('1');
    await site.approvals('accept', hash);
    await runOffer(site.folder.path, LATER, '127.0.0.1:1', new AbortController().signal, (each) => said.push(each));
    // It begins, and misses the other site.
    const message = expect.stringContaining('no address of bob') as unknown;
    expect(said.at(-1)).toMatchObject({ kind: 'failed', failed: { code: 'SITE_NOT_READY', message } });
  });

  test('that an earlier version took in is accepted after an update, with what made the files that it reads', async () => {
    const task = taskOf('artifact:chain-1/prep/bob/t.csv');
    const { hash } = offeredTask(task);
    await site.close();
    await site.open();
    site.store.keepMade('chain-1/prep', { task: hash, session: 's', files: {} });
    const before = { hash, task, received: '2026-01-01' };
    site.store.put({ ...before, run: EARLIER, state: 'FAILED' });
    site.store.put({ ...before, run: RUN, state: 'WAITING' });
    site.store.put({ ...before, run: LATER, state: 'WAITING' });
    // Accepted with the command of this version while the process of the earlier one went on.
    expect(await site.approvals('accept', hash)).toMatchObject({ code: 0 });
    expect(site.store.decided({ hash, run: RUN, makers: ['chain-1/prep'] })!.from).toEqual({ prep: hash });
    site.store.put({ ...before, run: LATER, state: 'ACCEPTED', answer: { run: LATER, state: 'ACCEPTED' } });
    await site.close();
    await site.open();
    site.hear([RUN, 'OFFERED'], [LATER, 'ACCEPTED']);
    await site.until(() => site.said.length >= 1);
    expect(site.said).toEqual([{ run: RUN, state: 'ACCEPTED' }]);
    expect(site.store.find(LATER)!.state).toBe('ACCEPTED');
  });

  test('is not run because the control plane says that somebody has accepted it', async () => {
    site.take({ kind: 'task', run: RUN, task: taskOf() });
    site.hear([RUN, 'GO']);
    await site.until(() => site.said.length >= 1);
    expect(site.said[0]).toMatchObject({ state: 'FAILED', code: 'SITE_REFUSED' });
    expect(site.started).toEqual([]);
  });

  test('is refused by a person, also after an accept, and by the site where it is none of its tasks', async () => {
    site.offer(RUN);
    const hash = await site.waiting();
    await site.approvals('accept', hash);
    await site.until(() => site.said.length >= 1);
    await site.approvals('refuse', hash, '--reason', 'not this week');
    await site.until(() => site.said.length >= 2);
    expect(site.said[1]).toEqual({ run: RUN, state: 'REFUSED', reason: 'not this week' });
    const ofOthers = JSON.parse(JSON.stringify(taskOf()).replaceAll('alice', 'carol')) as object;
    for (const [task, reason] of [
      [ofOthers, 'alice has no part in the task.'],
      [taskOf('a.csv', { parties: ['bob', 'carol'] }), '/task_params'],
      [{ ...taskOf(), task_type: 'http' }, '/task_type'],
      [taskOf('a.csv', { address: 'local' }), 'sf_init_config.address'],
      [taskOf('artifact:other/t/alice/x.csv'), 'no artifact of another chain'],
      [{ ...taskOf(), more: 1 }, 'additional properties'],
    ] as const) {
      site.said.splice(0);
      site.offer(LATER, task);
      await site.until(() => site.said.length >= 1);
      expect(site.said[0]).toMatchObject({ state: 'REFUSED', reason: expect.stringContaining(reason) as unknown });
      site.hear();
      await site.until(() => site.log.at(-1)?.includes('is over') ?? false);
    }
  });

  test('is stopped by a person who refuses it as it runs, but not once it is prepared', async () => {
    await site.go(RUN);
    const hash = site.store.find(RUN)!.hash!;
    expect((await site.approvals('refuse', hash, '--reason', 'wrong table')).err).toBe('Refused 1 that wait or run.\n');
    await site.until(() => site.said.at(-1)?.state === 'FAILED');
    const message = 'A person refused the task while it ran: wrong table';
    expect(site.said.at(-1)).toMatchObject({ code: 'SITE_REFUSED', message, retryable: false });
    site.hear();
    await site.go(LATER);
    await site.prepare(LATER);
    await site.approvals('refuse', hash);
    await site.until(() => site.started[1]!.stopped);
    await site.until(() => site.said.at(-1)?.state === 'PREPARED');
  });

  test('that is withdrawn ends here: what waits is forgotten, what runs is stopped', async () => {
    site.offer(RUN);
    const hash = await site.waiting();
    site.hear();
    await site.until(() => site.log.at(-1)?.includes('withdrawn') ?? false);
    expect((await site.approvals('ls')).out).toBe('');
    expect(await site.approvals('accept', hash)).toMatchObject({ code: 2 });
    site.offer(RUN);
    await site.approvals('accept', await site.waiting());
    site.hear([RUN, 'GO']);
    await site.until(() => site.started.length >= 1);
    site.hear();
    await site.until(() => site.started[0]!.stopped);
    await site.untilState(RUN, 'ENDED');
    expect(site.said.map(({ state }) => state)).not.toContain('PREPARED');
  });

  test('that an old connection ends late runs on, and one that ended here is told as lost', async () => {
    site.offer(RUN);
    await site.approvals('accept', await site.waiting());
    site.hear([RUN, 'GO']);
    await site.until(() => site.started.length >= 1);
    const before = site.connection;
    site.connect();
    await site.offers.receive(before, { kind: 'offers', offers: [] });
    site.hear([RUN, 'GO']);
    await site.until(() => site.said.filter(({ state }) => state === 'RUNNING').length >= 2);
    expect(site.started[0]!.stopped).toBe(false);
    site.hear();
    await site.untilState(RUN, 'ENDED');
    site.hear([RUN, 'RUNNING']);
    await site.until(() => site.said.at(-1)?.state === 'FAILED');
    expect(site.said.at(-1)).toMatchObject({ run: RUN, code: 'PARTY_LOST', retryable: true });
  });

  test('begins nothing on a new connection that has listed nothing yet', async () => {
    site.offer(RUN);
    const hash = await site.waiting();
    site.hear([RUN, 'OFFERED']);
    site.connect();
    await site.approvals('accept', hash);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(site.said).toEqual([]);
    site.hear([RUN, 'OFFERED']);
    await site.until(() => site.said.length >= 1);
  });

  test('of the same task again needs another accept, unless the accept was for that as well', async () => {
    site.offer(RUN);
    const hash = await site.waiting();
    await site.approvals('accept', hash);
    await site.until(() => site.said.length >= 1);
    site.hear();
    site.offer(LATER);
    expect(await site.waiting()).toBe(hash);
    await site.approvals('accept', hash, '--again');
    await site.until(() => site.said.length >= 2);
    site.hear();
    site.offer(RUN);
    await site.until(() => site.said.length >= 3);
    expect(site.said[2]).toEqual({ run: RUN, state: 'ACCEPTED' });
    // Of another task it says nothing.
    site.offer(LATER, taskOf('salaries.csv'));
    expect(await site.waiting()).not.toBe(hash);
  });

  test('that is gone shows the accept of its later runs, which is taken back nevertheless', async () => {
    const isGone = (run: string): Promise<void> =>
      site.until(() => site.log.at(-1)?.includes(`${run} is over, or was withdrawn`) ?? false);
    site.offer(RUN);
    const hash = await site.waiting();
    const { err } = await site.approvals('accept', hash, '--again');
    const { at } = site.store.lastDecision(hash)!;
    const ends = new Date(Date.parse(at) + 7 * 24 * 3_600_000).toISOString();
    expect(err).toBe(`Accepted for 1 that wait, and for all later runs of this very task until ${ends}.\n`);
    const { out } = await site.approvals('show', hash);
    expect(out).toContain(`Every later run is accepted until ${ends}. To take that back: approvals refuse ${hash}\n`);
    await site.until(() => site.said.length >= 1);
    site.hear();
    await isGone(RUN);
    expect((await site.approvals('ls')).out).toBe(`STANDING  ${hash}  chain-1/match  every later run until ${ends}\n`);
    for (const decision of ['show', 'accept'])
      expect((await site.approvals(decision, hash)).err).toContain(`is accepted until ${ends}. To take that back`);
    const taken = await site.approvals('refuse', hash);
    expect(taken).toMatchObject({ code: 0, err: 'Refused 0 that wait or run. Later runs are no longer accepted.\n' });
    expect((await site.approvals('ls')).out).toBe('');
    expect((await site.approvals('refuse', hash)).err).toContain('No task with the hash');
    site.offer(LATER);
    expect(await site.waiting()).toBe(hash);
    // An accept for one run as well: the control plane may offer that again.
    await site.approvals('accept', hash);
    site.hear();
    await isGone(LATER);
    expect((await site.approvals('refuse', hash)).err).toBe('Refused 0 that wait or run.\n');
    site.offer(LATER);
    expect(await site.waiting()).toBe(hash);
  });

  test('is accepted for so many runs together, and then waits anew', async () => {
    site.offer(RUN);
    const hash = await site.waiting();
    for (const most of ['0', '1.5', 'many', '1001'])
      expect((await site.approvals('accept', hash, '--again', '--most', most)).err).toContain('is 1 to 1000');
    expect((await site.approvals('accept', hash, '--most', '2')).err).toContain('goes with an accept of later runs');
    const ls = async (): Promise<string> => (await site.approvals('ls')).out;
    // What began before does not count.
    site.store.begin(EARLIER, hash);
    expect((await site.approvals('accept', hash, '--again', '--most', '2')).err).toContain(', 2 more at most.');
    await site.until(() => site.said.length >= 1);
    site.store.begin(RUN, hash);
    expect((await site.approvals('show', hash)).out).toContain(', 1 more at most. To take that back');
    expect(await ls()).toMatch(/^STANDING .*, 1 more at most$/m);
    site.hear();
    site.offer(LATER);
    await site.until(() => site.said.length >= 2);
    expect(site.said[1]).toEqual({ run: LATER, state: 'ACCEPTED' });
    // Another task that begins does not count either.
    site.store.begin(RUN.replace('0', 'e'), `sha256:${'0'.repeat(64)}`);
    expect(site.store.decided({ run: RUN.replace('0', 'f'), hash })).toMatchObject({ most: 2 });
    site.store.begin(LATER, hash);
    expect(site.store.decided({ run: LATER, hash })).toMatchObject({ most: 2 });
    expect(await ls()).not.toContain('STANDING');
    site.hear();
    site.offer(RUN.replace('0', 'f'));
    expect(await site.waiting()).toBe(hash);
    await site.approvals('accept', hash, '--again', '--most', '1');
    await site.until(() => site.said.length >= 3);
  });

  test('that a killed process ran is told as lost by the next one', async () => {
    site.offer(RUN);
    await site.approvals('accept', await site.waiting());
    site.hear([RUN, 'GO']);
    await site.until(() => site.started.length >= 1);
    // As SIGKILL leaves it.
    const before = site.store.find(RUN)!;
    await site.offers.close();
    site.store.put(before);
    site.store.close();
    site.said.splice(0);
    await site.open();
    site.hear([RUN, 'RUNNING']);
    await site.until(() => site.said.length >= 1);
    expect(site.said[0]).toMatchObject({ state: 'FAILED', code: 'PARTY_LOST', retryable: true });
    expect(site.started).toHaveLength(1);
  });

  test('is ended and told on a full disk, and kept once there is room', async () => {
    site.offer(RUN);
    await site.approvals('accept', await site.waiting());
    site.hear([RUN, 'GO']);
    await site.until(() => site.started.length >= 1);
    site.full = true;
    site.take({ kind: 'task', run: LATER, task: taskOf('c.csv') });
    site.hear([LATER, 'OFFERED']);
    await site.until(() => site.started[0]!.stopped);
    site.hear([LATER, 'OFFERED'], [RUN, 'RUNNING']);
    await site.until(() => site.said.at(-1)?.state === 'FAILED');
    expect(site.said.at(-1)).toMatchObject({ run: RUN, code: 'PARTY_LOST' });
    // The task was sent once.
    site.full = false;
    await site.untilState(RUN, 'FAILED');
    await site.untilState(LATER, 'WAITING');
    expect(site.log.filter((line) => line.includes('ENOSPC')).length).toBeLessThan(3);
  });

  test('is not begun on a full disk, nor by a site that was stopped meanwhile', async () => {
    site.offer(RUN);
    await site.approvals('accept', await site.waiting());
    await site.until(() => site.said.length >= 1);
    site.full = true;
    site.hear([RUN, 'GO']);
    await site.until(() => site.said.length >= 2);
    expect(site.said[1]).toMatchObject({ state: 'FAILED', code: 'SITE_NOT_READY' });
    site.full = false;
    site.offer(LATER, taskOf('c.csv'));
    await site.approvals('accept', await site.waiting());
    await site.until(() => site.said.at(-1)?.state === 'ACCEPTED');
    let closed: Promise<void> | undefined;
    site.onPut = ({ state }) => {
      if (state === 'RUNNING') closed = site.offers.close();
    };
    site.hear([LATER, 'GO']);
    await site.until(() => closed !== undefined);
    await closed;
    expect(site.started).toEqual([]);
  });

  test('is not run again by a second offer of it, though an accept for all later runs is there', async () => {
    site.offer(RUN);
    const hash = await site.waiting();
    await site.approvals('accept', hash, '--again');
    await site.until(() => site.said.length >= 1);
    const says: FromRun[] = [];
    const runOnce = () =>
      runOffer(site.folder.path, RUN, 'nowhere', new AbortController().signal, (said) => void says.push(said));
    await runOnce();
    await runOnce();
    // The first one began, and lacked the address of bob. It needs no relay.
    const failed = says.flatMap((said) => (said.kind === 'failed' ? [said.failed] : []));
    const lacks = { code: 'SITE_NOT_READY', message: expect.stringContaining('bob') as unknown };
    expect(failed).toMatchObject([lacks, { code: 'SITE_REFUSED' }]);
    // The site has forgotten the offer, as it does with old ones.
    site.hear();
    await site.until(() => site.log.at(-1)?.includes('withdrawn') ?? false);
    site.said.splice(0);
    site.offer(RUN);
    await site.until(() => site.said.length >= 1);
    expect(site.said[0]).toMatchObject({ state: 'REFUSED', reason: expect.stringContaining('before') as unknown });
    site.hear([RUN, 'GO']);
    await site.until(() => site.said.at(-1)?.state === 'FAILED');
    expect(site.started).toEqual([]);
  });

  test('needs an accept of the last 7 days, also one for all later runs', async () => {
    site.offer(RUN);
    const hash = await site.waiting();
    await site.approvals('accept', hash, '--again');
    await site.until(() => site.said.length >= 1);
    const at = new Date(Date.now() - 7 * 24 * 3_600_000 - 1_000).toISOString();
    site.store.decide({ ...site.store.decided({ run: RUN, hash })!, at });
    await site.until(() => site.said.length >= 2);
    expect(site.said[1]).toMatchObject({ state: 'REFUSED', reason: expect.stringContaining('7 days') as unknown });
    expect((await site.approvals('ls')).out).not.toContain('STANDING');
    site.offer(LATER);
    expect(await site.waiting()).toBe(hash);
  });

  test('that is no task leaves little here, however many come', async () => {
    const noise = 'x'.repeat(1_000);
    const runs = Array.from({ length: 203 }, (_, at) => RUN.replace(/.{3}$/, String(at + 100)));
    const [old, now] = [runs.slice(0, 200), runs.slice(200)];
    for (const run of old) site.store.put({ run, received: '2026-01-01', state: 'REFUSED' });
    for (const run of now) site.take({ kind: 'task', run, task: { noise } });
    await site.until(() => site.log.filter((line) => line.startsWith('refused run')).length === now.length);
    expect(site.mostOffers).toBeLessThanOrEqual(201);
    expect(site.mostBytes).toBeLessThan(1_000);
  });

  test('is accepted with the runs that wait then, and with later ones by --again alone', async () => {
    site.offer(RUN);
    const hash = await site.waiting();
    await site.approvals('accept', hash);
    await site.until(() => site.said.length >= 1);
    expect(site.store.decided({ run: LATER, hash })).toBeUndefined();
    site.offer(LATER);
    expect(await site.waiting()).toBe(hash);
    const says: FromRun[] = [];
    await runOffer(
      site.folder.path,
      LATER,
      '127.0.0.1:1',
      new AbortController().signal,
      (said) => void says.push(said),
    );
    const message = 'Nobody at this site has accepted the task of this run.';
    expect(says.at(-1)).toMatchObject({ kind: 'failed', failed: { code: 'SITE_REFUSED', message } });
    await site.approvals('accept', hash, '--again');
    for (const run of [RUN, LATER, RUN.replace('0', 'f')])
      expect(site.store.decided({ run, hash })).toMatchObject({ decision: 'accept' });
  });

  test('is accepted beside one that runs, whose accept stays', async () => {
    site.offer(RUN);
    const hash = await site.waiting();
    await site.approvals('accept', hash);
    site.hear([RUN, 'GO']);
    await site.until(() => site.started.length >= 1);
    site.take({ kind: 'task', run: LATER, task: taskOf() });
    site.hear([RUN, 'RUNNING'], [LATER, 'OFFERED']);
    await site.waiting();
    await site.approvals('accept', hash);
    for (const run of [RUN, LATER]) expect(site.store.decided({ run, hash })).toMatchObject({ decision: 'accept' });
  });

  test('one at a time is run, in the order of the control plane', async () => {
    site.take({ kind: 'task', run: RUN, task: taskOf() });
    site.take({ kind: 'task', run: LATER, task: taskOf('c.csv') });
    site.hear([RUN, 'OFFERED'], [LATER, 'OFFERED']);
    for (let accepted = 1; accepted <= 2; accepted++) {
      await site.approvals('accept', await site.waiting());
      await site.until(() => site.said.length >= accepted);
    }
    site.hear([LATER, 'GO'], [RUN, 'GO']);
    await site.until(() => site.started.length >= 1);
    site.hear([LATER, 'RUNNING'], [RUN, 'GO']);
    site.started[0]!.end({ code: 'EMPTY_TABLE', message: 'no row', retryable: false });
    await site.until(() => site.started.length >= 2);
    expect(site.started.map(({ run }) => run)).toEqual([LATER, RUN]);
    expect(site.said).toContainEqual({
      run: LATER,
      ...{ state: 'FAILED', code: 'EMPTY_TABLE', message: 'no row', retryable: false },
    });
  });
});
