import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runTask, type TaskParams, type TaskRunResult } from '#libs/compute';
import { freePort } from '#libs/local-postgres';
import { meet } from '#libs/peers';
import { TcpProxy, TestOwner } from '#libs/testing';
import { commitmentTo } from './commitment.js';
import { NodeFolder } from './node-folder.js';
import { takePart } from './run-task.js';
import { withStore } from './site-store.js';
import { hashOf, readTask } from './task-file.js';
import { backUp, command, TestSites, type Ran, type Running } from './sites-for-tests.js';

let sites: TestSites;
/** From alice to bob. */
let way: TcpProxy;
const ROWS = 400;
/** The same in every run. */
const value = (row: number, column: number): number => ((row * (7 + 4 * column) + 3 * column) % 101) / 101;
const aligned = Array.from({ length: ROWS }, (_, row) => [0, 1, 2].map((column) => value(row, column)));

beforeAll(async () => {
  sites = await TestSites.make();
  way = await TcpProxy.start(await sites.portOf('bob'));
  await sites.command('alice', 'peers', 'rm', 'bob');
  await sites.add('alice', 'bob', '--address', `127.0.0.1:${way.port}`);
  await sites.table('alice', 'keys.csv', [['id', 'v'], ...Array.from({ length: ROWS }, (_, i) => [i, `a${i}`])]);
  await sites.table('bob', 'keys.csv', [['id', 'w'], ...Array.from({ length: ROWS }, (_, i) => [i + 150, `b${i}`])]);
  const label = aligned.map(([x, , z]) => (x! + z! > 1 ? 1 : 0));
  await sites.table('alice', 'rows.csv', [['x', 'y'], ...aligned.map(([x], row) => [x, label[row]])]);
  for (const [at, party] of ['alice', 'bob'].entries())
    await sites.table(party, 'shard.csv', [['p', 'q', 'y'], ...aligned.map(([p, q], row) => [p! + at, q, label[row]])]);
  await sites.table('bob', 'rows.csv', [['p', 'q'], ...aligned.map(([, p, q]) => [p, q])]);
});
afterAll(async () => {
  await way.stop();
  await sites.remove();
});

const parties = { sf_init_config: { parties: ['alice', 'bob'] } };
const taskOf = (task_type: string, task_config: object, task_id = task_type): object => ({
  chain_id: 'joint',
  task_id,
  task_type,
  task_params: { ...parties, task_config },
});
const psiTask = (out: string, task_id = 'psi') =>
  taskOf(
    'psi',
    {
      keys: { alice: ['id'], bob: ['id'] },
      input_paths: { alice: 'keys.csv', bob: 'keys.csv' },
      output_paths: { alice: out, bob: out },
    },
    task_id,
  );
const TASKS: Readonly<Record<string, object>> = {
  psi: psiTask('matched.csv'),
  psi_count: taskOf('psi_count', {
    keys: { alice: ['id'], bob: ['id'] },
    input_paths: { alice: 'keys.csv', bob: 'keys.csv' },
    receiver: 'alice',
  }),
  ss_lr: taskOf('ss_lr', {
    features: { alice: ['x'], bob: ['p', 'q'] },
    label: 'y',
    label_party: 'alice',
    train_data: { alice: 'rows.csv', bob: 'rows.csv' },
    params: { epochs: 2, batch_size: 100 },
  }),
  federated_training: taskOf('federated_training', {
    train_data: { alice: 'shard.csv', bob: 'shard.csv' },
    ...{ features: ['p', 'q'], label: 'y', params: { rounds: 5 } },
  }),
};
const WITH_DEALER = ['ss_lr'];

/** Starts the run of a task at sites, in a process each. */
function startAll(task: { path: string; hash: string }, ...names: string[]): Running[] {
  return names.map((name) => sites.start(name, 'run', task.path, '--accept', task.hash));
}
const endOf = (all: readonly Running[]): Promise<Ran[]> => Promise.all(all.map(({ ended }) => ended));

/** Ends of runs whose connections between alice and bob are cut, each once more when it goes on again, five times. */
async function cutAgainAndAgain(running: readonly Running[]): Promise<Ran[]> {
  const [alice] = running as [Running];
  await alice.said('started');
  for (let cut = 1; cut <= 5; cut += 1) {
    way.cutAll();
    await alice.said('goes on with bob', cut);
  }
  return endOf(running);
}

/** The same task with the parties' processes on one machine, on copies of both tables. */
async function locally(task: object): Promise<{ outcome: TaskRunResult; folder: string }> {
  const folder = join(sites.path, `local-${(task as { task_id: string }).task_id}`);
  for (const party of ['alice', 'bob']) {
    await mkdir(join(folder, 'data', party), { recursive: true });
    for (const name of ['keys.csv', 'rows.csv', 'shard.csv'])
      await writeFile(join(folder, 'data', party, name), await sites.read(party, 'data', party, name));
  }
  const { task_type, task_id, task_params } = task as {
    task_type: string;
    task_id: string;
    task_params: TaskParams;
  };
  const outcome = await runTask(task_type, {
    chainId: 'joint',
    taskId: task_id,
    attempt: 1,
    requestId: 'r',
    params: task_params,
    inputs: {},
    dataRoot: join(folder, 'data'),
    artifactRoot: join(folder, 'artifacts'),
    signal: new AbortController().signal,
    progress: () => undefined,
    log: () => undefined,
  });
  return { outcome, folder };
}
const recordsOf = async (site: string): Promise<Record<string, unknown>[]> => {
  const names = (await readdir(join(sites.path, site, 'runs'))).sort();
  return Promise.all(names.map(async (name) => JSON.parse(await sites.read(site, 'runs', name)) as never));
};

const HASH = /^sha256:[0-9a-f]{64}$/;
interface CrossedEntry {
  readonly task: string;
  readonly session?: string;
  readonly crossed: Readonly<Record<string, { readonly sent: string; readonly received: string }>>;
}
/** What the log of a site says that crossed in the runs of a task. */
const crossedAt = async (site: string, id: string): Promise<readonly CrossedEntry[]> => {
  const hashes = (await recordsOf(site)).filter(({ task }) => (task as { task_id: string }).task_id === id);
  const entries = await withStore(join(sites.path, site), (store) => store.entriesOf('crossed'));
  const found = entries.map(({ details }) => details as unknown as CrossedEntry);
  return found.filter(({ task }) => hashes.some(({ hash }) => hash === task));
};

/** What a signed accept says. */
const signedIn = (jws: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(jws.split('.')[1]!, 'base64url').toString('utf8')) as Record<string, unknown>;

describe('a task over sites', () => {
  for (const [type, task] of Object.entries(TASKS)) {
    test(`${type} gives both parties what it gives on one machine, and a dealer nothing`, async () => {
      const names = ['alice', 'bob', ...(WITH_DEALER.includes(type) ? ['lab'] : [])];
      const running = startAll(await sites.task(task, `${type}.json`), ...names);
      const ran = await (WITH_DEALER.includes(type) ? cutAgainAndAgain(running) : endOf(running));
      expect(ran.map(({ code, err }) => [code, code === 0 ? '' : err])).toEqual(names.map(() => [0, '']));
      const { outcome, folder } = await locally(task);
      if (names.length === 3) expect(ran[2]!.out).toBe('');
      // What a receiver alone learns stays at its site.
      for (const [at, party] of ['alice', 'bob'].entries())
        expect(JSON.parse(ran[at]!.out)).toEqual({
          result: outcome.result,
          ...(outcome.partyResults?.[party] && { party_result: outcome.partyResults[party] }),
        });
      if (type !== 'psi') return;
      for (const party of ['alice', 'bob'])
        expect(await sites.read(party, 'data', party, 'matched.csv')).toBe(
          await readFile(join(folder, 'data', party, 'matched.csv'), 'utf8'),
        );
    });
  }

  test('sends no mask key, and not a byte, to another key in the place of a party', async () => {
    const swapped = await TestSites.make();
    try {
      for (const party of ['alice', 'bob'])
        await swapped.table(party, 'shard.csv', [['p', 'q', 'y'], ...aligned.map(([p, q], row) => [p, q, row % 2])]);
      const task = await swapped.task(TASKS.federated_training!);
      // Who answers at bob's address has bob's name, his tables, the accepted task, and a key that nobody has compared.
      await rename(join(swapped.path, 'lab/node.key'), join(swapped.path, 'bob/node.key'));
      await rename(join(swapped.path, 'lab/node.crt'), join(swapped.path, 'bob/node.crt'));
      const [alice] = ['alice', 'bob'].map((name) =>
        swapped.start(name, 'run', task.path, '--accept', task.hash, '--wait', '1'),
      );
      expect(await alice!.ended).toMatchObject({ code: 4, err: expect.stringContaining('PEER_UNKNOWN') as unknown });
      const [record] = await readdir(join(swapped.path, 'alice/runs'));
      expect(JSON.parse(await swapped.read('alice', 'runs', record!))).toMatchObject({ crossed: {} });
    } finally {
      await swapped.remove();
    }
  });

  test('leaves at each site the accepts of all, and of each other one what crossed', async () => {
    const [alice, bob, lab] = await Promise.all(
      ['alice', 'bob', 'lab'].map(async (site) => (await recordsOf(site)).find(({ task }) => isOf(task, 'ss_lr'))!),
    );
    expect(alice).toMatchObject({ outcome: 'SUCCESS', session: bob!['session'] as string });
    expect(alice!['accepts']).toEqual(bob!['accepts']);
    expect(Object.keys(alice!['accepts'] as object)).toEqual(['#neutral', 'alice', 'bob']);
    type Crossed = Record<string, Record<string, unknown>>;
    const crossed = [alice, bob, lab].map((each) => each!['crossed'] as Crossed);
    expect(crossed[0]!['bob']!['sentSha256']).toBe(crossed[1]!['alice']!['receivedSha256']);
    expect(crossed[2]!['alice']!['sentSha256']).toBe(crossed[0]!['#neutral']!['receivedSha256']);
  });

  test('commits each site to the files that it reads, which it alone can show, and the dealer to none', async () => {
    const runs = await Promise.all(['alice', 'bob'].map(recordsOf));
    const seen = new Set<string>();
    for (const [at, party] of ['alice', 'bob'].entries()) {
      const { committed, accepts } = runs[at]!.find(({ task }) => isOf(task, 'ss_lr'))! as unknown as {
        committed: { key: string; files: Record<string, string> };
        accepts: Record<string, string>;
      };
      const rows = await sites.read(party, 'data', party, 'rows.csv');
      expect(committed.files).toEqual({ 'rows.csv': createHash('sha256').update(rows).digest('hex') });
      // The other one keeps what this one has signed, and can hold it to that.
      const kept = runs[1 - at]!.find(({ task }) => isOf(task, 'ss_lr'))!['accepts'] as Record<string, string>;
      expect(kept[party]).toBe(accepts[party]);
      expect(signedIn(kept[party]!)['data']).toBe(commitmentTo(committed.files, committed.key));
      expect(commitmentTo({ 'rows.csv': '0'.repeat(64) }, committed.key)).not.toBe(signedIn(kept[party]!)['data']);
      expect(Object.keys(signedIn(kept['#neutral']!))).not.toContain('data');
      for (const { accepts: of } of runs[at]!)
        if (of) seen.add(String(signedIn((of as typeof accepts)[party]!)['data']));
    }
    // The same files in another run look like others.
    const met = runs.flat().filter(({ accepts }) => accepts !== undefined);
    expect(seen.size).toBe(met.length);
    expect(met.length).toBeGreaterThan(4);
  });

  test('is in the log of each site, with hashes of what crossed that two sites have alike', async () => {
    const [alice, bob, lab] = await Promise.all(['alice', 'bob', 'lab'].map((site) => crossedAt(site, 'ss_lr')));
    expect(alice!.at(-1)).toEqual({
      ...{ task: expect.stringMatching(HASH) as unknown, session: bob!.at(-1)!.session },
      crossed: {
        '#neutral': { sent: lab!.at(-1)!.crossed['alice']!.received, received: lab!.at(-1)!.crossed['alice']!.sent },
        bob: { sent: bob!.at(-1)!.crossed['alice']!.received, received: bob!.at(-1)!.crossed['alice']!.sent },
      },
    });
    const all = Object.values(alice!.at(-1)!.crossed).flatMap(({ sent, received }) => [sent, received]);
    for (const hash of all) expect(hash).toMatch(HASH);
    expect(new Set(all).size).toBe(4);
    const { out } = await sites.command('lab', 'log', 'ls', '--last', '3');
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object),
    ).toMatchObject([
      { action: 'began', details: { by: 'run' } },
      { action: 'crossed' },
      { action: 'ended', details: { by: 'run', state: 'DONE' } },
    ]);
    expect((await sites.command('alice', 'log', 'verify')).code).toBe(0);
  });

  test('that a site ends by a lie is in the log of the other, with its name and the hash of what it sent', async () => {
    const task = await sites.task(psiTask('lied.csv', 'lied'), 'lied.json');
    const folder = new NodeFolder(join(sites.path, 'bob'));
    const port = await sites.portOf('bob');
    const [running, met] = await Promise.all([
      sites.command('alice', 'run', task.path, '--accept', task.hash),
      meet({
        ...{ member: 'bob', identity: await folder.identity(), task: task.hash, data: `sha256:${'0'.repeat(64)}` },
        ...{ peers: new Map([['alice', { fingerprint: sites.fingerprints['alice']! }]]), waitMs: 60_000 },
        ...{ listen: { host: '127.0.0.1', port }, signal: new AbortController().signal, log: () => undefined },
      }).then(({ session, connections }) => {
        const connection = connections.get('alice')!.resume();
        const frame = (message: object, body = Buffer.alloc(0)): Buffer => {
          const head = Buffer.from(JSON.stringify(message));
          const lengths = Buffer.alloc(8);
          lengths.writeUInt32BE(4 + head.byteLength + body.byteLength);
          lengths.writeUInt32BE(head.byteLength, 4);
          return Buffer.concat([lengths, head, body]);
        };
        connection.write(frame({ kind: 'line', body: 'bytes' }, Buffer.from([0, 0])));
        connection.write(frame({ kind: 'temporary', path: '/etc/passwd' }));
        return { session, ended: once(connection, 'close') };
      }),
    ]);
    await met.ended;
    expect(running).toMatchObject({ code: 4, err: expect.stringContaining('PROTOCOL_VIOLATION') as unknown });
    const last = (await crossedAt('alice', 'lied')).at(-1)!;
    expect(last).toEqual({
      ...{ task: task.hash, session: met.session, failed: 'PROTOCOL_VIOLATION' },
      why: 'The process of party bob sent what is no message.',
      crossed: {
        bob: {
          sent: expect.stringMatching(HASH) as unknown,
          received: `sha256:${createHash('sha256')
            .update(Buffer.from([0, 0]))
            .digest('hex')}`,
        },
      },
    });
    expect((await sites.command('alice', 'log', 'verify')).code).toBe(0);
  });

  test('opens scores one by one to who asks at the site of their receiver', async () => {
    await sites.table('alice', 'asked.csv', [['id', 'x'], ...aligned.map(([x], row) => [`C-${row}`, x])]);
    const of = (party: string): string => `artifact:joint/ss_lr/${party}/model.json`;
    const task = taskOf('predict', {
      model: { alice: of('alice'), bob: of('bob') },
      input_data: { alice: 'asked.csv', bob: 'rows.csv' },
      prediction_receiver: 'alice',
      serve: { key: 'id', scores: 10, minutes: 1 },
    });
    const { path, hash } = await sites.task(task, 'serve.json');
    const refused = await sites.command('alice', 'run', path, '--accept', hash);
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('task-chain-node serve') as unknown });
    const other = await sites.task(psiTask('out.csv'), 'no-serve.json');
    const none = await sites.command('alice', 'serve', other.path, '--accept', other.hash);
    expect(none).toMatchObject({ code: 2, err: expect.stringContaining('no task_config.serve') as unknown });

    const port = String(await freePort());
    const running = ['alice', 'bob', 'lab'].map((site) =>
      sites.start(site, 'serve', path, '--accept', hash, '--port', port),
    );
    await running[0]!.said('serving scores');
    const authorization = `Bearer ${await sites.read('alice', 'serve.token')}`;
    const ask = async (what: string, body?: object): Promise<unknown> => {
      const sent = { method: 'POST', headers: { authorization }, body: JSON.stringify(body) };
      return (await fetch(`http://127.0.0.1:${port}/${what}`, sent)).json();
    };
    const scored = (await ask('score', { key: 'C-123' })) as { key: string; prediction: number };
    expect(scored).toEqual({ key: 'C-123', prediction: expect.any(Number) as unknown });
    expect(Number.isInteger(scored.prediction * 1024)).toBe(true);
    expect(await ask('score', { key: 'C-400' })).toMatchObject({ code: 'ROW_UNKNOWN' });
    expect(await ask('end')).toEqual({ ending: true });
    const ran = await endOf(running);
    expect(ran.map(({ code, err }) => [code, code === 0 ? '' : err])).toEqual(ran.map(() => [0, '']));
    expect(JSON.parse(ran[1]!.out)).toMatchObject({ result: { party: 'alice', scores: 1 } });
  });

  test('counts where its record finds no room: its files are there', async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => [i, i]);
    for (const party of ['alice', 'bob']) await sites.table(party, 'more.csv', [['id', 'v'], ...rows]);
    const task = taskOf('psi_count', {
      keys: { alice: ['id'], bob: ['id'] },
      input_paths: { alice: 'more.csv', bob: 'more.csv' },
      receiver: 'alice',
    });
    const [alice, bob] = startAll(await sites.task(task, 'unkept.json'), 'alice', 'bob') as [Running, Running];
    await alice.said('started');
    const runs = join(sites.path, 'alice', 'runs');
    await rename(runs, `${runs}-before`);
    await writeFile(runs, '');
    const ended = await endOf([alice, bob]);
    await rm(runs);
    await rename(`${runs}-before`, runs);
    expect(ended.map(({ code }) => code)).toEqual([0, 0]);
    expect(ended[0]!.err).toContain('the record of the run could not be kept');
  });

  test('ends everywhere, without a file, when one site is killed', async () => {
    const rows = Array.from({ length: 30_000 }, (_, i) => [i, i]);
    for (const party of ['alice', 'bob']) await sites.table(party, 'many.csv', [['id', 'v'], ...rows]);
    const task = taskOf('psi', {
      keys: { alice: ['id'], bob: ['id'] },
      input_paths: { alice: 'many.csv', bob: 'many.csv' },
      output_paths: { alice: 'killed.csv', bob: 'killed.csv' },
    });
    const { path, hash } = await sites.task(task, 'killed.json');
    const bob = sites.start('bob', 'run', path, '--accept', hash);
    const folder = new NodeFolder(join(sites.path, 'alice'));
    let begun!: () => void;
    const started = new Promise<void>((resolve) => (begun = resolve));
    const alice = takePart({
      ...{ folder, file: await folder.read(), task: await readTask(path), waitMs: 60_000 },
      resume: { resumeMs: 300 },
      signal: new AbortController().signal,
      progress: () => undefined,
      log: (message) => message.startsWith('started') && begun(),
    });
    await Promise.all([started, bob.said('started')]);
    bob.process.kill('SIGKILL');
    await expect(alice).rejects.toMatchObject({
      code: 'PARTY_LOST',
      message: 'Party bob was lost: its connection was cut, and did not come again within 0.3 s.',
    });
    const left = await readdir(join(sites.path, 'alice/data/alice'));
    expect(left.filter((name) => /killed|tmp/.test(name))).toEqual([]);
    expect((await recordsOf('alice')).at(-1)).toMatchObject({ outcome: 'PARTY_LOST' });
  });

  test('ends where a table is changed once it was committed to, and leaves no file', async () => {
    const { path, hash } = await sites.task(psiTask('changed.csv'), 'changed.json');
    const bob = sites.start('bob', 'run', path, '--accept', hash);
    const folder = new NodeFolder(join(sites.path, 'alice'));
    const table = join(sites.path, 'alice/data/alice/keys.csv');
    const alice = takePart({
      ...{ folder, file: await folder.read(), task: await readTask(path), waitMs: 60_000 },
      signal: new AbortController().signal,
      progress: () => undefined,
      log: (message) => message.startsWith('all have accepted') && appendFileSync(table, '99999,a\n'),
    });
    await expect(alice).rejects.toThrow('keys.csv was changed while the task ran: run it again.');
    await bob.ended;
    const left = await readdir(join(sites.path, 'alice/data/alice'));
    expect(left.filter((name) => /changed|tmp/.test(name))).toEqual([]);
  });

  test('opens what its owner has signed, and asks for the rest, at the site itself', async () => {
    const owned = await TestSites.make();
    try {
      const keys = [['id', 'v'], ...Array.from({ length: ROWS }, (_, i) => [i, i])];
      await owned.table('alice', 'keys.csv', keys);
      await owned.table('bob', 'keys.csv', keys);
      const owner = await TestOwner.claim(join(owned.path, 'alice/data'), 'alice');
      const dataset = await owner.sign(await owner.dataset('keys', 'keys.csv'));
      const policy = await owner.sign({
        kind: 'policy',
        dataset: 'keys',
        expires_at: '2999-01-01T00:00:00Z',
        rules: [{ effect: 'allow', task_types: ['psi'], with: ['bob'] }],
        sites: 'only',
      } as never);
      const task = await owned.task(
        taskOf('psi', {
          keys: { alice: ['id'], bob: ['id'] },
          input_paths: { alice: 'dataset:alice/keys@1', bob: 'keys.csv' },
        }),
      );
      const runBoth = async ({ path, hash } = task, alice = 'alice'): Promise<Ran> => {
        const all = [alice, 'bob'].map((name) => owned.start(name, 'run', path, '--accept', hash));
        return (await endOf(all))[0]!;
      };
      expect(await runBoth()).toMatchObject({ code: 4, err: expect.stringContaining('DATASET_UNKNOWN') as unknown });
      await writeFile(join(owned.path, 'alice/statements.json'), JSON.stringify([dataset]));
      expect(await runBoth()).toMatchObject({ code: 4, err: expect.stringContaining('APPROVAL_REQUIRED') as unknown });
      await writeFile(join(owned.path, 'alice/statements.json'), JSON.stringify([dataset, policy]));
      await backUp(join(owned.path, 'alice'), join(owned.path, 'backup'));
      // It is the third attempt: what the process of an earlier one left when it was killed goes.
      const tag = createHash('sha256').update('joint/psi').digest('hex').slice(0, 12);
      const folder = join(owned.path, 'alice/artifacts/joint/psi/alice');
      await mkdir(folder, { recursive: true });
      for (const left of [`.intersection.csv.${tag}.2-dead.tmp`, '.lineage.json.2-dead.tmp'])
        await writeFile(join(folder, left), 'rows');
      expect(await runBoth()).toMatchObject({ code: 0 });
      expect((await readdir(folder)).sort()).toEqual(['.lineage.json', 'intersection.csv']);
      // The next task of the chain reads what this one made of the dataset.
      const made = (party: string): string => `artifact:joint/psi/${party}/intersection.csv`;
      const config = { keys: { alice: ['id'], bob: ['id'] }, input_paths: { alice: made('alice'), bob: made('bob') } };
      const next = await owned.task(taskOf('psi', config, 'next'), 'next.json');
      expect(await runBoth(next)).toMatchObject({ code: 0 });
      // What another task, or another run of it, has made counts no more than a file without an origin.
      await withStore(join(owned.path, 'alice'), (store) => {
        const { task: hash, session } = store.made('joint/psi')!;
        expect(session).toMatch(/^sha256:/);
        expect(store.made('joint/next')!.task).toBe(
          hashOf({ ...offeredStatement('next', config), from: { psi: hash } }),
        );
        store.keepMade('joint/psi', { ...store.made('joint/psi')!, task: store.made('joint/next')!.task });
      });
      expect(await runBoth(next)).toMatchObject({ code: 4, err: expect.stringContaining('POLICY_REFUSED') as unknown });
      await withStore(join(owned.path, 'bob'), (store) =>
        store.keepMade('joint/psi', { ...store.made('joint/psi')!, session: 'sha256:other' }),
      );
      const mixed = /PROTOCOL_VIOLATION: The site of bob has what psi made in another run|PARTY_LOST/;
      expect(await runBoth(next)).toMatchObject({ code: 4, err: expect.stringMatching(mixed) as unknown });
      // An older backup of the site brings no budget back: the other site knows how far it went.
      expect(await runBoth(task, 'backup')).toMatchObject({
        code: 4,
        err: expect.stringContaining('RECORDS_OLD') as unknown,
      });
    } finally {
      await owned.remove();
    }
  });
});

const offeredStatement = (task_id: string, task_config: object) => ({
  ...(taskOf('psi', task_config, task_id) as { chain_id: string; task_id: string; task_type: string }),
  ...{ proposer: null, params: { ...parties, task_config } as never, task_params: undefined },
});
const isOf = (task: unknown, type: string): boolean => (task as { task_type: string }).task_type === type;

describe('a person at a site', () => {
  test('runs no task but the one that was accepted', async () => {
    const task = await sites.task(psiTask('out.csv', 'seen'), 'seen.json');
    await writeFile(task.path, (await readFile(task.path, 'utf8')).replace('out.csv', 'other.csv'));
    const { code, err } = await sites.command('alice', 'run', task.path, '--accept', task.hash);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('not the one that you accept') as unknown });
  });

  test('reads the name of the site that was given another task', async () => {
    const mine = await sites.task(psiTask('mine.csv', 'mine'), 'mine.json');
    const theirs = await sites.task(psiTask('theirs.csv', 'mine'), 'theirs.json');
    const [alice, bob] = await endOf([...startAll(mine, 'alice'), ...startAll(theirs, 'bob')]);
    for (const [ran, other] of [
      [alice, 'bob'],
      [bob, 'alice'],
    ] as const) {
      expect(ran!.code).toBe(4);
      expect(ran!.err).toMatch(
        new RegExp(`PROTOCOL_VIOLATION: The site of ${other} has accepted another task|PARTY_LOST`),
      );
    }
    expect(alice!.err + bob!.err).toContain('has accepted another task');
  });

  test('adds keys that were compared: not twice, not the own, none in place of another', async () => {
    const { alice, bob, lab } = sites.fingerprints as Record<'alice' | 'bob' | 'lab', string>;
    for (const [name, fingerprint, words] of [
      ['bob', lab, 'another key'],
      ['bob', bob, 'already'],
      ['robert', bob, 'the key of bob'],
      ['self', alice, 'the key of this site'],
      ['carol', 'sha256:12', '64 hex digits'],
      ['#neutral', `sha256:${'0'.repeat(64)}`, 'must match pattern'],
    ] as const) {
      const { code, err } = await sites.command('alice', 'peers', 'add', name, fingerprint);
      expect({ name, code, err }).toEqual({ name, code: 2, err: expect.stringContaining(words) as unknown });
    }
    const { out } = await sites.command('alice', 'peers', 'ls');
    expect(out.trim().split('\n')).toHaveLength(2);
  });

  test('replaces a key only by hand', async () => {
    const again = await sites.command('lab', 'init', 'lab');
    expect(again).toMatchObject({ code: 2, err: expect.stringContaining('never replaced') as unknown });
    expect((await sites.command('lab', 'fingerprint')).out.trim()).toBe(sites.fingerprints['lab']);
  });

  test('uses no key that others can read', async () => {
    const other = await TestSites.make();
    await chmod(join(other.path, 'alice/node.key'), 0o644);
    const task = await other.task(psiTask('out.csv'));
    const { code, err } = await other.command('alice', 'run', task.path, '--accept', task.hash);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('chmod 600') as unknown });
    await other.remove();
  });

  for (const [what, change, words] of [
    ['a type that is not tested over sites', { task_type: 'script' }, 'pearson_correlation, predict'],
    ['a field that is not known', { depends_on: [] }, 'additional properties'],
    ['an id that leads elsewhere', { chain_id: '../x' }, 'chain_id'],
    ['a reference', { task_params: { ...parties, task_config: { keys: '${tasks.a.result.b}' } } }, 'no references'],
    ['parameters that do not fit', { task_params: { ...parties, task_config: {} } }, '/task_params/task_config'],
    [
      'parties on one machine',
      { task_params: { sf_init_config: { ...parties.sf_init_config, address: 'local' }, task_config: {} } },
      'address',
    ],
  ] as const) {
    test(`hears of ${what}`, async () => {
      const path = join(sites.path, 'wrong.json');
      await writeFile(path, JSON.stringify({ ...psiTask('out.csv'), ...change }));
      const { code, err } = await command(['show', path]);
      expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(words) as unknown });
    });
  }

  test('is shown a task without what a terminal would act on', async () => {
    const path = join(sites.path, 'escape.json');
    await writeFile(path, JSON.stringify({ ...psiTask('out.csv'), purpose: 'a\u001b[2J\u009b8m\rb' }));
    const { code, out } = await command(['show', path]);
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringContaining(String.raw`"a\u001b[2J\u009b8m\rb"`) as unknown,
    });
  });

  test('hears which site is missing', async () => {
    const three = { ...parties, sf_init_config: { parties: ['alice', 'bob', 'carol'] } };
    const files = { alice: 'keys.csv', bob: 'keys.csv', carol: 'keys.csv' };
    const keys = { alice: ['id'], bob: ['id'], carol: ['id'] };
    const config = { keys, input_paths: files };
    const task = await sites.task(
      { ...taskOf('psi', config), task_params: { ...three, task_config: config } },
      'three.json',
    );
    const { code, err } = await sites.command('alice', 'run', task.path, '--accept', task.hash);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('knows no party carol') as unknown });
  });
});
