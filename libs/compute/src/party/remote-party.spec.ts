import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { DealerDone } from '../contract/site.js';
import type { JsonObject, TaskFailure, TaskRun } from '../contract/task-type.js';
import { NEUTRAL } from './party-link.js';
import type { Outside } from './party-outcome.js';
import type { PartyUrl } from './party-program.js';
import type * as Programs from './programs-for-tests.js';
import { RemoteParty } from './remote-party.js';
import { runAtSite } from './run-at-site-for-tests.js';
import { runParties } from './run-parties.js';
import { TestSites } from './sites-for-tests.js';
import { streamTransport } from './transport.js';

const program: PartyUrl<typeof Programs> = new URL('./programs-for-tests.js', import.meta.url);
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sites-'));
  for (const party of ['alice', 'bob']) {
    await mkdir(join(folder, party, 'data', party), { recursive: true });
    await mkdir(join(folder, party, 'artifacts'), { recursive: true });
    await writeFile(join(folder, party, 'data', party, 'own.txt'), `of ${party}`);
  }
});
afterEach(() => rm(folder, { recursive: true, force: true }));

type Acts = Record<string, JsonObject>;

/** A member's site takes part: it knows the arguments of all, and has the files of its own party alone. */
function takePart(
  sites: TestSites,
  party: string,
  acts: Acts,
  more: Partial<TaskRun> = {},
  resultOf?: string,
  outside?: Outside,
) {
  const run = { ...runAtSite(folder, sites, party), ...more };
  const { [NEUTRAL]: dealer, ...parties } = acts;
  return runParties({
    ...{ program, parties, run },
    ...(resultOf !== undefined && { resultOf }),
    ...(outside && { outside }),
    ...(dealer && { neutral: { program, args: dealer } }),
  });
}
const failureOf = (work: Promise<unknown>): Promise<Pick<TaskFailure, 'code' | 'message' | 'retryable'>> =>
  work.then(
    () => {
      throw new Error('it succeeded');
    },
    (error: TaskFailure) => ({ code: error.code, message: error.message, retryable: error.retryable }),
  );
const temporaries = async (): Promise<string[]> =>
  (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.tmp'));
const both = (acts: (party: string) => JsonObject): Acts => ({ alice: acts('alice'), bob: acts('bob') });

describe('parties at sites of their own', () => {
  test('exchange messages, and both sites have the values of both and what crossed', async () => {
    const sites = new TestSites(['alice', 'bob']);
    const acts = both(() => ({ act: 'exchange' }));
    const [atAlice, atBob] = await Promise.all([takePart(sites, 'alice', acts), takePart(sites, 'bob', acts)]);
    const values = ({ parties }: typeof atAlice) => Object.entries(parties).map(([name, { value }]) => [name, value]);
    expect(values(atAlice)).toEqual([
      ['alice', { greeting: { hello: 'bob' }, bytes: [1, 2, 3], env: 0 }],
      ['bob', { greeting: { hello: 'alice' }, bytes: [1, 2, 3], env: 0 }],
    ]);
    expect(values(atBob)).toEqual(values(atAlice));
    const [alice, bob] = [sites.crossed['alice-bob']!, sites.crossed['bob-alice']!];
    expect(alice.sentBytes).toBeGreaterThan(0);
    expect([alice.sentSha256, alice.sentBytes]).toEqual([bob.receivedSha256, bob.receivedBytes]);
    expect([bob.sentSha256, bob.sentBytes]).toEqual([alice.receivedSha256, alice.receivedBytes]);
  });

  test('have a dealer at a site of its own, which gets no value of theirs', async () => {
    const sites = new TestSites(['alice', 'bob', NEUTRAL]);
    const toDealer = streamTransport(await sites.end(NEUTRAL, 'alice'));
    const heard: string[] = [];
    const acts = { ...both(() => ({ act: 'dealt' })), [NEUTRAL]: { act: 'deal' } };
    (await sites.end(NEUTRAL, 'alice')).on('data', (chunk: Buffer) => heard.push(chunk.toString('latin1')));
    const [atAlice, , atDealer] = await Promise.all([
      takePart(sites, 'alice', acts),
      takePart(sites, 'bob', acts),
      takePart(sites, NEUTRAL, acts).catch((error: unknown) => error),
    ]);
    expect(atDealer).toBeInstanceOf(DealerDone);
    expect(atAlice.parties.alice?.value).toEqual({ to: 'alice' });
    expect(heard.join('')).toContain('"kind":"done","value":null');
    toDealer.close();
  });

  test('write at their own sites alone, and only once all are done', async () => {
    const sites = new TestSites(['alice', 'bob']);
    const acts = both((party) => ({ act: 'write', target: 'out.txt', text: `by ${party}` }));
    await Promise.all([takePart(sites, 'alice', acts), takePart(sites, 'bob', acts)]);
    for (const party of ['alice', 'bob'])
      expect(await readFile(join(folder, party, 'data', party, 'out.txt'), 'utf8')).toBe(`by ${party}`);
    expect(await readdir(join(folder, 'alice/data'))).toEqual(['alice']);
  });

  test('keep no file of a run that failed elsewhere, and hear its code and words', async () => {
    const sites = new TestSites(['alice', 'bob']);
    const acts = both((party) => ({ act: 'write', target: 'out.txt', text: 'x', fail: party === 'bob' && 'failure' }));
    const [atAlice, atBob] = await Promise.all([
      failureOf(takePart(sites, 'alice', acts)),
      failureOf(takePart(sites, 'bob', acts)),
    ]);
    expect(atBob).toEqual({ code: 'TOLD_TO', message: 'told to fail', retryable: true });
    expect(atAlice).toEqual({ code: 'TOLD_TO', message: 'The site of bob says: told to fail', retryable: true });
    expect(await readdir(join(folder, 'alice/data/alice'))).toEqual(['own.txt']);
    expect(await temporaries()).toEqual([]);
  });

  test('say so where one came to more than a site tells another', async () => {
    const sites = new TestSites(['alice', 'bob']);
    await writeFile(join(folder, 'alice/data/alice/own.txt'), 'x'.repeat(1024 * 1024));
    const acts = both(() => ({ act: 'read', path: 'own.txt' }));
    const [atAlice, atBob] = await Promise.all([
      failureOf(takePart(sites, 'alice', acts)),
      failureOf(takePart(sites, 'bob', acts)),
    ]);
    expect([atAlice.code, atBob.code]).toEqual(['RESULT_TOO_LARGE', 'RESULT_TOO_LARGE']);
    expect(atBob.message).toContain('The site of alice says: What alice came to is over');
  });

  test('open no file of another party, whatever the task says', async () => {
    const sites = new TestSites(['alice', 'bob']);
    await mkdir(join(folder, 'alice/data/bob'));
    await writeFile(join(folder, 'alice/data/bob/own.txt'), 'left here');
    const acts = both(() => ({ act: 'read', path: '../bob/own.txt' }));
    const failures = await Promise.all([
      failureOf(takePart(sites, 'alice', acts)),
      failureOf(takePart(sites, 'bob', acts)),
    ]);
    expect(failures.map(({ code }) => code)).toEqual(['PATH_OUTSIDE_ROOT', 'PATH_OUTSIDE_ROOT']);
  });

  test('hear that another site was stopped', async () => {
    const sites = new TestSites(['alice', 'bob']);
    const stop = new AbortController();
    const acts = both(() => ({ act: 'wait' }));
    const started = (level: string, message: string): void =>
      void (/^started/.test(message) && stop.abort(new Error()));
    const [atAlice] = await Promise.all([
      failureOf(takePart(sites, 'alice', acts)),
      failureOf(takePart(sites, 'bob', acts, { signal: stop.signal, log: started })),
    ]);
    expect(atAlice).toMatchObject({ code: 'PARTY_LOST', retryable: true });
  });

  test('carry more than memory may hold, to one that reads slowly', async () => {
    const sites = new TestSites(['alice', 'bob']);
    const acts = both(() => ({ act: 'flood', chunks: 300, chunkBytes: 1024 * 1024 }));
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers)), 20);
    const [atAlice] = await Promise.all([takePart(sites, 'alice', acts), takePart(sites, 'bob', acts)]);
    clearInterval(watch);
    expect(atAlice.parties.bob?.value).toBe(300 * 1024 * 1024);
    expect(most - before).toBeLessThan(150 * 1024 * 1024);
  });

  test('may have an engine that starts first: what that one sends is kept for the own one', async () => {
    const sites = new TestSites(['alice', 'bob']);
    const socket = await sites.end('bob', 'alice');
    socket.resume();
    const bob = streamTransport<object>(socket, 1);
    bob.post({ kind: 'dial', id: 1 });
    bob.post({ kind: 'piece', id: 1, back: false, body: Buffer.from('early') });
    bob.post({ kind: 'outside' });
    let heard = '';
    const engine: Outside = async (_signal, _progress, tunnels) => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const dialled = once(server, 'connection') as Promise<[Socket]>;
      await tunnels!.get('bob')!.open((server.address() as AddressInfo).port);
      const [line] = await dialled;
      const [body] = (await once(line, 'data')) as [Buffer];
      heard = body.toString();
      line.destroy();
      server.close();
      bob.post({ kind: 'finished' });
      bob.post({ kind: 'done', value: null, own: null, sentBytes: 0 });
    };
    await takePart(
      sites,
      'alice',
      both(() => ({ act: 'outside' })),
      {},
      undefined,
      engine,
    );
    expect(heard).toBe('early');
  });

  test('run no program of a site that has no part in the task', async () => {
    const acts = both(() => ({ act: 'end' }));
    const failures = await Promise.all(
      ['carol', NEUTRAL].map((other) => failureOf(takePart(new TestSites(['alice', 'bob', other]), other, acts))),
    );
    expect(failures.map(({ code }) => code)).toEqual(['INVALID_PARAMS', 'INVALID_PARAMS']);
  });
});

describe('a site that does not keep to the protocol', () => {
  /** What comes of it at alice, whose program waits for a message, when bob's site does this. */
  async function comesTo(
    lie: (socket: Socket, post: (message: object) => void) => void,
    act = 'wait',
    resultOf?: string,
  ) {
    const sites = new TestSites(['alice', 'bob']);
    const socket = await sites.end('bob', 'alice');
    socket.resume();
    const transport = streamTransport(socket, 1);
    lie(socket, (message) => transport.post(message));
    return failureOf(
      takePart(
        sites,
        'alice',
        both(() => ({ act })),
        {},
        resultOf,
      ),
    );
  }
  const bytes = (...numbers: number[]): Buffer => Buffer.from(numbers);

  for (const [what, lie] of [
    ['sends a frame over 1 MiB', (socket) => socket.write(bytes(0, 16, 0, 1))],
    ['sends a frame of 4 GiB', (socket) => socket.write(bytes(255, 255, 255, 255))],
    ['sends what is no JSON', (socket) => socket.write(bytes(0, 0, 0, 6, 0, 0, 0, 2, 1, 1))],
    ['sends no message', (_, post) => post({})],
    ['names a temporary file', (_, post) => post({ kind: 'temporary', path: '/etc/passwd' })],
    ['names a written file', (_, post) => post({ kind: 'written', file: { temporary: '/a', final: '/b' } })],
    ['fills in a ledger', (_, post) => post({ kind: 'opened', entry: {} })],
    ['writes into the log', (_, post) => post({ kind: 'log', level: 'info', message: 'all is well' })],
    ['ends without a value', (_, post) => post({ kind: 'done', own: null, sentBytes: 0 })],
    ['has made negative progress', (_, post) => post({ kind: 'progress', fraction: 'all', stage: '' })],
    ['fails with no code', (_, post) => post({ kind: 'failed', failure: { code: '', message: '', details: {} } })],
    ['gives no text to keep', (_, post) => post({ kind: 'mark', mark: 7 })],
    ['gives a long text to keep', (_, post) => post({ kind: 'mark', mark: 'x'.repeat(1_025) })],
    [
      'gives texts to keep without end',
      (_, post) => {
        for (let each = 0; each <= 8_000; each += 1) post({ kind: 'mark', mark: 'x' });
      },
    ],
    ['sends a piece of its line as text', (_, post) => post({ kind: 'line', body: 'text' })],
    ['sends a piece of its line without bytes', (_, post) => post({ kind: 'line' })],
    [
      'goes on after its end',
      (_, post) => {
        post({ kind: 'finished' });
        post({ kind: 'line', body: bytes(1) });
      },
    ],
    [
      'says that it is done, and has sent nothing',
      (_, post) => post({ kind: 'done', value: 1, own: null, sentBytes: 0 }),
    ],
    ['dials an engine where none runs', (_, post) => post({ kind: 'dial', id: 1 })],
    ['has an engine that is over where none runs', (_, post) => post({ kind: 'over' })],
    ['waits for what does not run here', (_, post) => post({ kind: 'outside' })],
    // The program's process finds these.
    ['puts a frame of 4 GiB into its line', (_, post) => post({ kind: 'line', body: bytes(255, 255, 255, 255) })],
    [
      'puts a message without a body into its line',
      (_, post) => post({ kind: 'line', body: bytes(0, 0, 0, 6, 0, 0, 0, 2, 123, 125) }),
    ],
  ] as [string, Parameters<typeof comesTo>[0]][]) {
    test(`${what}: its name is in the failure`, async () => {
      const { code, message, retryable } = await comesTo(lie);
      expect({ code, retryable }).toEqual({ code: 'PROTOCOL_VIOLATION', retryable: false });
      expect(message).toContain('bob');
    });
  }

  const done = (value: number): object => ({ kind: 'done', value, own: null, sentBytes: 0 });
  test.each<[string, readonly object[]]>([
    ['says twice that its program has sent all', [{ kind: 'finished' }, { kind: 'finished' }]],
    ['says twice what it came to', [{ kind: 'finished' }, done(1), done(2)]],
    ['goes on after what it came to', [{ kind: 'finished' }, done(1), { kind: 'line', body: bytes(1) }]],
    [
      'sends a long line after what it came to',
      [{ kind: 'finished' }, done(1), { kind: 'done', pad: 'x'.repeat(2 ** 20) }],
    ],
  ])('%s: the run ends, and its name is in the failure', async (_, messages) => {
    const { code, message } = await comesTo((__, post) => messages.forEach(post));
    expect(code).toBe('PROTOCOL_VIOLATION');
    expect(message).toMatch(/The process of party bob sent what (is no message|cannot be read)/);
  });

  for (const [what, lie] of [
    ['before its first frame', (socket) => socket.destroy()],
    ['in the middle of a frame', (socket) => socket.end(bytes(0, 0, 0, 9, 0, 0))],
    [
      'in the middle of a message of its program',
      (socket, post) => {
        post({ kind: 'line', body: bytes(0, 0, 0, 9, 0) });
        socket.end();
      },
    ],
  ] as [string, Parameters<typeof comesTo>[0]][]) {
    test(`is cut off ${what}: it is lost, and another try may help`, async () => {
      expect(await comesTo(lie)).toMatchObject({ code: 'PARTY_LOST', retryable: true });
      expect(await temporaries()).toEqual([]);
    });
  }

  for (const value of [null, 7, [], 'x', { reference: 7 }, { reference: ['x'] }]) {
    test(`came to ${JSON.stringify(value)} where the own program came to a map: no file is kept`, async () => {
      const { code, message } = await comesTo((_, post) => {
        post({ kind: 'finished' });
        post({ kind: 'done', value, own: null, sentBytes: 0 });
      }, 'write');
      expect({ code, message }).toEqual({
        code: 'PROTOCOL_VIOLATION',
        message: expect.stringContaining('party bob says that it came to') as unknown,
      });
      expect((await readdir(folder, { recursive: true })).filter((name) => name.includes('out.txt'))).toEqual([]);
    });
  }

  for (const resultOf of [undefined, 'bob']) {
    test(`came to what is nested too deeply${resultOf ? ', and makes the result' : ''}: its name is in the failure`, async () => {
      let value: unknown = 7;
      for (let level = 0; level < 32; level += 1) value = { reference: value };
      const { code, message } = await comesTo(
        (_, post) => {
          post({ kind: 'finished' });
          post({ kind: 'done', value: { reference: 'x', more: value }, own: null, sentBytes: 0 });
        },
        resultOf ? 'end' : 'write',
        resultOf,
      );
      expect([code, message]).toEqual(['PROTOCOL_VIOLATION', expect.stringContaining('party bob says') as unknown]);
    });
  }

  test('came to nothing, where the result is made of its value alone', async () => {
    const { code, message } = await comesTo(
      (_, post) => {
        post({ kind: 'finished' });
        post({ kind: 'done', value: null, own: null, sentBytes: 0 });
      },
      'end',
      'bob',
    );
    expect([code, message]).toEqual(['PROTOCOL_VIOLATION', expect.stringContaining('party bob says') as unknown]);
  });

  test('may come to nothing, where the result is made of the own value', async () => {
    const sites = new TestSites(['alice', 'bob']);
    const acts = { alice: { act: 'write', text: 'x' }, bob: { act: 'end' } };
    const [{ parties }] = await Promise.all([
      takePart(sites, 'alice', acts, {}, 'alice'),
      takePart(sites, 'bob', acts, {}, 'alice'),
    ]);
    expect([parties.alice!.value === null, parties.bob!.value]).toEqual([false, null]);
  });

  test('may have come to what makes no result: the files wait for that under their temporary names', async () => {
    const sites = new TestSites(['alice', 'bob']);
    const acts = { alice: { act: 'write', text: 'x' }, bob: { act: 'end' } };
    const held: string[] = [];
    const hold = (files: readonly { final: string }[]): void => void held.push(...files.map(({ final }) => final));
    await Promise.all([takePart(sites, 'alice', acts, { hold }, 'alice'), takePart(sites, 'bob', acts, {}, 'alice')]);
    expect(held.map((each) => basename(each))).toEqual(['out.txt']);
    expect(await temporaries()).toHaveLength(1);
    expect((await readdir(folder, { recursive: true })).filter((name) => basename(name) === 'out.txt')).toEqual([]);
  });

  test('has no say over a terminal by the words of its failure', async () => {
    const failure = { code: 'A', message: '\u001b[2Jgone\u0007', retryable: false, details: { places: ['x'] } };
    const { message } = await comesTo((_, post) => post({ kind: 'failed', failure }));
    expect(message).toBe('The site of bob says:  [2Jgone ');
  });

  test('has the newest mark of this site before what is said after it, once, and gives its own to keep', async () => {
    const sites = new TestSites(['alice', 'bob']);
    const [near, far] = [await sites.end('alice', 'bob'), await sites.end('bob', 'alice')];
    const kept: string[] = [];
    let own: string | undefined;
    const marks = { own: () => own, keep: (member: string, mark: string) => void kept.push(`${member} ${mark}`) };
    const remote = new RemoteParty('bob', near, () => undefined, marks);
    const theirs = streamTransport(far);
    const heard: unknown[] = [];
    const all = new Promise<void>((resolve) =>
      theirs.onMessage((message) => {
        const { kind, mark, body } = message as { kind: string; mark?: string; body?: Uint8Array };
        heard.push(mark ?? (body ? Buffer.from(body).toString() : kind));
        if (kind === 'finished') resolve();
      }),
    );
    const lines = new TestSites(['x', 'y']);
    const program = await lines.end('y', 'x');
    remote.join(await lines.end('x', 'y'));
    const say = async (text: string): Promise<void> => {
      program.write(text);
      while (heard.at(-1) !== text) await new Promise((resolve) => setImmediate(resolve));
    };
    await say('one');
    own = 'm1';
    await say('two');
    await say('three');
    own = 'm2';
    theirs.post({ kind: 'mark', mark: 'of bob' } as never);
    program.end();
    await all;
    expect(heard).toEqual(['one', 'm1', 'two', 'three', 'm2', 'finished']);
    while (kept.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(kept).toEqual(['bob of bob']);
    remote.process.stop();
    theirs.close();
    await remote.process.ended;
  });

  test('gives more marks to keep the longer a run goes on, and no more than that', async () => {
    let now = 5;
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => now);
    try {
      const sites = new TestSites(['alice', 'bob']);
      const [near, far] = [await sites.end('alice', 'bob'), await sites.end('bob', 'alice')];
      const kept: string[] = [];
      const wrong = jest.fn();
      const marks = { own: () => undefined, keep: (_: string, mark: string) => void kept.push(mark) };
      const remote = new RemoteParty('bob', near, () => undefined, marks);
      remote.process.transport.onMessage(wrong);
      remote.join(await new TestSites(['x', 'y']).end('x', 'y'));
      const theirs = streamTransport(far);
      const give = async (count: number): Promise<void> => {
        const [before, faults] = [kept.length, wrong.mock.calls.length];
        for (let each = 0; each < count; each += 1) theirs.post({ kind: 'mark', mark: 'x' } as never);
        while (kept.length < before + count && wrong.mock.calls.length === faults)
          await new Promise((resolve) => setImmediate(resolve));
      };
      await give(5_000);
      expect([kept.length, wrong.mock.calls.length]).toEqual([5_000, 0]);
      now += 100_000;
      await give(100);
      expect([kept.length, wrong.mock.calls.length]).toEqual([5_100, 0]);
      await give(1);
      expect([kept.length, wrong.mock.calls.length]).toEqual([5_100, 1]);
      remote.process.stop();
      theirs.close();
      await remote.process.ended;
    } finally {
      clock.mockRestore();
    }
  });

  test('hears nothing once the records that its marks are of cannot be read', async () => {
    const sites = new TestSites(['alice', 'bob']);
    const [near, far] = [await sites.end('alice', 'bob'), await sites.end('bob', 'alice')];
    const own = (): string => {
      throw new Error('EIO');
    };
    const remote = new RemoteParty('bob', near, () => undefined, { own, keep: () => undefined });
    remote.join(await new TestSites(['x', 'y']).end('x', 'y'));
    let heard = 0;
    far.on('data', (chunk: Buffer) => (heard += chunk.byteLength));
    remote.tell({ kind: 'done', value: 7 } as never);
    const { how } = (await remote.process.ended) as { how: string };
    expect([how, heard]).toEqual([expect.stringContaining('the records here cannot be read (EIO)'), 0]);
  });

  test.each([
    ['a value', 'done', 54_000, 2_000],
    ['a failure', 'failed', 4_000, 2_000],
  ])('has time to hear %s, and no more', async (_, kind, open, over) => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    try {
      const sites = new TestSites(['alice', 'bob']);
      const [near] = [await sites.end('alice', 'bob'), await sites.end('bob', 'alice')];
      const remote = new RemoteParty('bob', near, () => undefined);
      remote.join(await new TestSites(['x', 'y']).end('x', 'y'));
      remote.tell({ kind } as never);
      remote.process.stop();
      jest.advanceTimersByTime(open);
      expect(near.destroyed).toBe(false);
      jest.advanceTimersByTime(over);
      expect(near.destroyed).toBe(true);
    } finally {
      jest.useRealTimers();
    }
  });

  test('is lost when it is silent for 60 s, and not before', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    try {
      const sites = new TestSites(['alice', 'bob']);
      const [near, far] = [await sites.end('alice', 'bob'), await sites.end('bob', 'alice')];
      const remote = new RemoteParty('bob', near, () => undefined);
      remote.join(await new TestSites(['x', 'y']).end('x', 'y'));
      jest.advanceTimersByTime(59_000);
      expect(near.destroyed).toBe(false);
      jest.advanceTimersByTime(6_000);
      expect(await remote.process.ended).toEqual({ kind: 'lost', how: 'its site was silent for 60 s' });
      far.destroy();
    } finally {
      jest.useRealTimers();
    }
  });
});
