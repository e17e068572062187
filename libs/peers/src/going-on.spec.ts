import { createHash, createPrivateKey, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTcp, createServer as createTcpServer } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { freePort } from '#libs/local-postgres';
import { TcpProxy } from '#libs/testing';
import { sign, type Resume } from './accept.js';
import { channelOf } from './handshake.js';
import { makeIdentity, ownFingerprint, type Identity } from './identity.js';
import { receiveJson, sendJson } from './json-lines.js';
import { meet, type Met } from './meet.js';
import type { Meeting, Peer } from './meeting.js';
import type { ResumableConnection, ResumeBounds } from './resumable-connection.js';
import { holdTimeouts } from './timeouts-for-tests.js';

let a: Identity, b: Identity, c: Identity, mallory: Identity;
const logs: string[] = [];
const undo: (() => unknown)[] = [];
/** Aborted as a test ends, also one that has waited too long. */
let over = new AbortController();

beforeAll(async () => {
  [a, b, c, mallory] = (await Promise.all(['a', 'b', 'c', 'a'].map(makeIdentity))) as [
    Identity,
    Identity,
    Identity,
    Identity,
  ];
});
afterEach(async () => {
  over.abort();
  over = new AbortController();
  for (const step of undo.splice(0).reverse()) await step();
  logs.length = 0;
});

const at = (port: number) => ({ host: '127.0.0.1', port });
const peer = (identity: Identity, port?: number): Peer => ({
  fingerprint: ownFingerprint(identity),
  address: port === undefined ? undefined : at(port),
});
const until = async (holds: () => boolean): Promise<void> => {
  const { signal } = over;
  while (!holds()) await delay(5, undefined, { signal });
};
const said = (words: string): number => logs.filter((line) => line.includes(words)).length;
const meeting = async (
  member: string,
  identity: Identity,
  peers: Record<string, Peer>,
  more: Partial<Meeting>,
): Promise<Met> => {
  const met = await meet({
    ...{
      member,
      identity,
      task: `sha256:${'0'.repeat(64)}`,
      data: `sha256:${'d'.repeat(64)}`,
      peers: new Map(Object.entries(peers)),
    },
    ...{
      waitMs: 60_000,
      signal: new AbortController().signal,
      log: (message) => void logs.push(`${member}: ${message}`),
    },
    ...more,
  });
  undo.push(() => [...met.connections.values()].forEach((each) => void each.destroy()));
  return met;
};

interface Run {
  readonly session: string;
  /** Where b listens. */
  readonly port: number;
  readonly proxy: TcpProxy;
  readonly ofA: ResumableConnection;
  readonly ofB: ResumableConnection;
}

/** a, b and c, who have met: a reaches b over a proxy. */
async function begin(resume: Partial<ResumeBounds> = {}): Promise<Run> {
  const [port, ofC] = [await freePort(), await freePort()];
  const proxy = await TcpProxy.start(port);
  undo.push(() => proxy.stop());
  const [atA, atB] = await Promise.all([
    meeting('a', a, { b: peer(b, proxy.port), c: peer(c, ofC) }, { resume }),
    meeting('b', b, { a: peer(a), c: peer(c, ofC) }, { resume, listen: at(port) }),
    meeting('c', c, { a: peer(a), b: peer(b) }, { resume, listen: at(ofC) }),
  ]);
  return { session: atA.session, port, proxy, ofA: atA.connections.get('b')!, ofB: atB.connections.get('a')! };
}

const hears = async ({ ofA, ofB }: Run): Promise<void> => {
  const text = randomBytes(8).toString('hex');
  const heard = once(ofB, 'data');
  ofA.write(text);
  expect(String((await heard)[0])).toBe(text);
};

describe('members whose connection is cut', () => {
  test('go on where they were, however often', async () => {
    const { proxy, ofA, ofB } = await begin();
    const digest = (of: ResumableConnection): Promise<string> => {
      const hash = createHash('sha256');
      of.on('data', (chunk: Buffer) => void hash.update(chunk));
      return new Promise((resolve) => of.once('end', () => resolve(hash.digest('hex'))));
    };
    const heard = [digest(ofB), digest(ofA)];
    const sent = [createHash('sha256'), createHash('sha256')] as const;
    for (let round = 0; round < 8; round += 1) {
      for (const [index, of] of [ofA, ofB].entries()) {
        const bytes = randomBytes(700_000);
        sent[index]!.update(bytes);
        of.write(bytes);
      }
      const before = said('goes on with');
      proxy.cutAll();
      await until(() => said('goes on with') >= before + 2);
    }
    for (const of of [ofA, ofB]) of.end();
    expect(await Promise.all(heard)).toEqual(sent.map((hash) => hash.digest('hex')));
  });

  test('go on for as long as the run lasts', async () => {
    const run = await begin();
    undo.push(holdTimeouts());
    run.proxy.cutAll();
    await until(() => said('goes on with') >= 2);
    const cuts = said('was cut');
    jest.advanceTimersByTime(60_000);
    await hears(run);
    expect(said('was cut')).toBe(cuts);
  });

  test('find one that is half open, and go on', async () => {
    const run = await begin({ beatMs: 20, silentMs: 200 });
    run.proxy.swallow();
    await hears(run);
    expect(said('b: goes on with a')).toBe(1);
  });

  test('say nothing to another key that answers there, and go on once the right one is back', async () => {
    const run = await begin();
    const { port } = run.proxy;
    await run.proxy.stop();
    let heard = '';
    const sockets: TLSSocket[] = [];
    const wrong = createServer({ ...mallory, requestCert: true, rejectUnauthorized: false }, (socket) => {
      sockets.push(socket.on('error', () => undefined).on('data', (chunk: Buffer) => (heard += String(chunk))));
    });
    undo.push(() => void sockets.forEach((each) => each.destroy()));
    await once(wrong.listen(port, '127.0.0.1'), 'listening');
    // It hears something, or a says why it does not go on.
    await until(() => heard !== '' || said('a: does not reach b yet') > 0);
    wrong.close();
    expect([heard, said('a: does not reach b yet: another key answers') > 0]).toEqual(['', true]);
    await Promise.all(sockets.map((each) => each.closed || once(each, 'close')));
    expect([heard, said('goes on with')]).toEqual(['', 0]);
    const back = createTcpServer((socket) => {
      const onward = connectTcp(at(run.port)).on('error', () => void socket.destroy());
      socket.on('error', () => void onward.destroy()).pipe(onward);
      onward.pipe(socket);
    });
    undo.push(() => back.close());
    await once(back.listen(port, '127.0.0.1'), 'listening');
    await hears(run);
    expect(said('a: goes on with b')).toBe(1);
  });

  test('lose the run where nobody comes in time, and listen no longer', async () => {
    const { proxy, ofA, ofB, port } = await begin({ resumeMs: 300 });
    const stranger = connectTcp(at(port)).on('error', () => undefined);
    const strangerEnds = new Promise((resolve) => stranger.once('close', () => resolve('ended')));
    await once(stranger, 'connect');
    proxy.cut();
    const closed = [ofA, ofB].map((each) => new Promise((resolve) => each.once('close', resolve)));
    await Promise.all(closed);
    for (const each of [ofA, ofB]) expect(each.errored).toMatchObject({ code: 'PARTY_LOST' });
    for (const step of undo.splice(1).reverse()) await step();
    // Nor does it wait 10 s for who has connected and says nothing.
    expect(await Promise.race([strangerEnds, delay(5_000, 'open', { ref: false })])).toBe('ended');
    // Once the last connection has closed, also that to c.
    const refusal = async (): Promise<unknown> => {
      const socket = connect({ ...at(port), rejectUnauthorized: false });
      const error = await new Promise((resolve) => socket.once('error', resolve).once('close', resolve));
      return (error as NodeJS.ErrnoException).code;
    };
    while ((await refusal()) !== 'ECONNREFUSED');
  });

  test('meet for another run by hand, though the one before is not over at one of them', async () => {
    const { port, ofA, ofB } = await begin();
    ofA.destroy();
    await new Promise((resolve) => ofB.once('close', resolve));
    // b still has its connection to c, and listens.
    const again = meeting('a', a, { b: peer(b, port) }, {});
    await until(() => said('to come for this run') > 0);
    const other = meeting('b', b, { a: peer(a) }, { listen: at(port) });
    await until(() => said('where another run or program listens') > 0);
    for (const step of undo.splice(1).reverse()) await step();
    const [one, two] = await Promise.all([again, other]);
    expect(one.session).toBe(two.session);
  });
});

describe('a connection of a run is not given to', () => {
  /** Connects to b with a key. Resolves once b has closed it, with all that b said. */
  const comes = async (
    run: Run,
    identity: Identity,
    greeting: (channel: string, resume: Resume) => Promise<unknown>,
  ): Promise<string> => {
    const socket = connect({ ...identity, ...at(run.port), rejectUnauthorized: false });
    socket.on('error', () => undefined);
    let heard = '';
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await once(socket, 'secureConnect');
    const channel = channelOf(socket);
    const right: Resume = {
      ...{ kind: 'resume', session: run.session, member: 'a', to: ownFingerprint(b), channel, next: run.ofA.expects },
    };
    socket.on('data', (chunk) => (heard += String(chunk)));
    sendJson(socket, await greeting(channel, right));
    await closed;
    return heard;
  };
  const by = (identity: Identity, said: Resume): Promise<string> => sign(said, createPrivateKey(identity.key));

  test('a stranger, who hears nothing', async () => {
    const run = await begin();
    expect(await comes(run, mallory, async (_, right) => ({ resume: await by(mallory, right) }))).toBe('');
    await hears(run);
  });

  test.each<[string, () => Identity, (right: Resume) => Promise<unknown>]>([
    ['another member of the run, in the name of this one', () => c, async (right) => by(c, right)],
    ['the key of the member for another session', () => a, async (right) => by(a, { ...right, session: 'other' })],
    ['the key of the member in another name', () => a, async (right) => by(a, { ...right, member: 'c' })],
    ['what was signed for another site', () => a, async (right) => by(a, { ...right, to: ownFingerprint(c) })],
    [
      'what was signed for another connection',
      () => a,
      async (right) => by(a, { ...right, channel: randomBytes(32).toString('hex') }),
    ],
    ['the key of the member by a signature of another key', () => a, async (right) => by(mallory, right)],
    ['what is signed as something else', () => a, async (right) => by(a, { ...right, kind: 'proof' as 'resume' })],
    ['who names no frame', () => a, async (right) => by(a, { ...right, next: 'all' as never })],
    ['who signs nothing', () => a, async () => undefined],
  ])('%s: the one before stays', async (_, identity, greeting) => {
    const run = await begin();
    await comes(run, identity(), async (__, right) => ({ resume: await greeting(right) }));
    expect(logs.filter((line) => line.includes('goes on with'))).toEqual([]);
    await hears(run);
    expect(run.ofB.isCut).toBe(false);
  });

  test('one that its site has given up for another, which it is not asked about any more', async () => {
    const run = await begin();
    const comesSilently = async (): Promise<TLSSocket> => {
      const socket = connect({ ...a, ...at(run.port), rejectUnauthorized: false });
      socket.on('error', () => undefined);
      await once(socket, 'secureConnect');
      await receiveJson(socket);
      return socket;
    };
    const former = await comesSilently();
    const ended = new Promise((resolve) => former.once('close', resolve));
    const newer = await comesSilently();
    // At once, and not after the 10 s that a greeting may take.
    expect(await Promise.race([ended.then(() => 'ended'), delay(5_000, 'open', { ref: false })])).toBe('ended');
    expect(newer.destroyed).toBe(false);
    newer.destroy();
    await hears(run);
  });

  test('a newer connection, before that is proven', async () => {
    const run = await begin();
    const socket: TLSSocket = connect({ ...a, ...at(run.port), rejectUnauthorized: false });
    socket.on('error', () => undefined);
    await once(socket, 'secureConnect');
    await receiveJson(socket); // b has taken it, and waits for a word.
    await hears(run);
    const channel = channelOf(socket);
    const { session, ofA } = run;
    const resume: Resume = {
      ...{ kind: 'resume', session, member: 'a', to: ownFingerprint(b), channel, next: ofA.expects },
    };
    sendJson(socket, { resume: await by(a, resume) });
    // Proven, it takes the place of the older one, and the other end of that connects anew.
    await until(() => said('a: goes on with b') === 1);
    await hears(run);
    socket.destroy();
  });
});
