import { createPrivateKey } from 'node:crypto';
import { createServer as createTcpServer } from 'node:net';
import { connect } from 'node:tls';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { CompactSign } from 'jose/jws/compact/sign';
import { freePort } from '#libs/local-postgres';
import { sign } from './accept.js';
import { acceptOf, framed, Liar, type Greeting, type Lie } from './hostile-for-tests.js';
import { makeIdentity, ownFingerprint, type Identity } from './identity.js';
import { meet, type Met } from './meet.js';
import type { Meeting, Peer } from './meeting.js';
import type { PeerFault } from './peer-fault.js';

const TASK = `sha256:${'0'.repeat(64)}`;
const OTHER_TASK = `sha256:${'1'.repeat(64)}`;
const DATA = `sha256:${'d'.repeat(64)}`;
let a: Identity, b: Identity, c: Identity, mallory: Identity;
const logs: string[] = [];
let stop = new AbortController();

beforeAll(async () => {
  [a, b, c, mallory] = (await Promise.all(['a', 'b', 'c', 'b'].map(makeIdentity))) as [
    Identity,
    Identity,
    Identity,
    Identity,
  ];
});
afterEach(() => {
  stop.abort(new Error('the test is over'));
  stop = new AbortController();
  logs.length = 0;
});

const at = (port: number) => ({ host: '127.0.0.1', port });
const peer = (identity: Identity, port?: number): Peer => ({
  fingerprint: ownFingerprint(identity),
  address: port === undefined ? undefined : at(port),
});
const meeting = (member: string, identity: Identity, peers: Record<string, Peer>, more: Partial<Meeting> = {}) =>
  meet({
    member,
    identity,
    task: TASK,
    data: DATA,
    peers: new Map(Object.entries(peers)),
    waitMs: 60_000,
    signal: stop.signal,
    log: (message) => logs.push(message),
    ...more,
  });
const faultOf = (met: Promise<Met>): Promise<Pick<PeerFault, 'code' | 'member' | 'message'>> =>
  met.then(
    () => {
      throw new Error('they met');
    },
    (error: PeerFault) => ({ code: error.code, member: error.member, message: error.message }),
  );
const end = (...all: Met[]): void => {
  for (const { connections } of all) for (const socket of connections.values()) socket.destroy();
};
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
};
/** All reads of a socket, until it ends. */
const readOf = async (met: Met, member: string): Promise<string> => {
  let text = '';
  for await (const chunk of met.connections.get(member)!) text += String(chunk);
  return text;
};

/** Two members that are what they say. */
async function pair(more: Partial<Meeting> = {}): Promise<[Met, Met]> {
  const port = await freePort();
  return Promise.all([
    meeting('a', a, { b: peer(b, port) }, more),
    meeting('b', b, { a: peer(a) }, { listen: at(port), ...more }),
  ]);
}

describe('members of a task', () => {
  test('of two runs of one task do not meet, and wait for each other', async () => {
    const port = await freePort();
    const cancel = new AbortController();
    const other = meeting('a', a, { b: peer(b, port) }, { run: 'first', signal: cancel.signal });
    const waiting = meeting('b', b, { a: peer(a) }, { listen: at(port), run: 'second' });
    await until(() => logs.filter((line) => line.includes('to come for this run')).length >= 2);
    const met = await Promise.all([waiting, meeting('a', a, { b: peer(b, port) }, { run: 'second' })]);
    cancel.abort(new Error('cancelled'));
    await expect(other).rejects.toThrow('cancelled');
    end(...met);
  });

  test('come for a run while the other site waits in one without them, and try until that is over', async () => {
    const port = await freePort();
    const cancel = new AbortController();
    const more = { listen: at(port), run: 'first', signal: cancel.signal };
    const other = meeting('b', b, { c: peer(c) }, more).catch(() => undefined);
    const waiting = meeting('a', a, { b: peer(b, port) }, { run: 'second' });
    await until(() => logs.some((line) => line.includes('cut during the greeting')));
    cancel.abort(new Error('cancelled'));
    await other;
    end(...(await Promise.all([waiting, meeting('b', b, { a: peer(a) }, { listen: at(port), run: 'second' })])));
  });

  test('give back what they keep for each other, each its own, before anybody has all accepts', async () => {
    const port = await freePort();
    const took: unknown[] = [];
    const returned = (member: string, held: unknown): void => void took.push([member, held]);
    const held = new Map(Object.entries({ a: 'of a', b: 'of b', c: 'of c' }));
    end(
      ...(await Promise.all([
        meeting('a', a, { b: peer(b, port) }, { returned, held: new Map() }),
        meeting('b', b, { a: peer(a) }, { listen: at(port), returned, held }),
      ])),
    );
    expect(took.sort()).toEqual([
      ['a', null],
      ['b', 'of a'],
    ]);
    const next = await freePort();
    const refuses = (): never => {
      throw new Error('older');
    };
    const ofA = meeting('a', a, { b: peer(b, next) }, { returned: refuses });
    const ofB = faultOf(meeting('b', b, { a: peer(a) }, { listen: at(next) }));
    await expect(ofA).rejects.toThrow('older');
    expect(await ofB).toMatchObject({ code: 'PARTY_LOST', member: 'a' });
  });

  test('read what earlier tasks made in the same runs, or neither begins', async () => {
    const meetWith = async (ofA: Record<string, string>, ofB: Record<string, string>): Promise<Promise<Met>[]> => {
      const port = await freePort();
      return [
        meeting('a', a, { b: peer(b, port) }, { run: 'first', inputs: ofA }),
        meeting('b', b, { a: peer(a) }, { listen: at(port), run: 'first', inputs: ofB }),
      ];
    };
    // Each has what the other took no part in, too.
    end(...(await Promise.all(await meetWith({ match: 's1', own: 's2' }, { match: 's1', theirs: 's3' }))));
    const [ofA, ofB] = await meetWith({ match: 's1' }, { match: 's2' });
    const first = await Promise.race([faultOf(ofA!), faultOf(ofB!)]);
    expect(first.message).toContain('has what match made in another run than this side');
  });

  test('that were given two tasks under one run are told', async () => {
    const port = await freePort();
    const fault = await Promise.race([
      faultOf(meeting('a', a, { b: peer(b, port) }, { run: 'first', task: OTHER_TASK })),
      faultOf(meeting('b', b, { a: peer(a) }, { listen: at(port), run: 'first' })),
    ]);
    expect(fault).toMatchObject({ code: 'PROTOCOL_VIOLATION', message: expect.stringContaining('task') as unknown });
  });

  test('meet over TLS 1.3, name the run alike, and give each other what they send afterwards', async () => {
    const [first, second] = await pair();
    expect(first.session).toBe(second.session);
    expect(first.accepts).toEqual(second.accepts);
    expect([...first.accepts.keys()]).toEqual(['a', 'b']);
    first.connections.get('b')!.end('x'.repeat(100_000));
    second.connections.get('a')!.end('of b');
    expect([await readOf(second, 'a'), await readOf(first, 'b')]).toEqual(['x'.repeat(100_000), 'of b']);
  });

  test('name each run anew', async () => {
    const runs = [await pair(), await pair()];
    expect(runs[0]![0].session).not.toBe(runs[1]![0].session);
    end(...runs.flat());
  });

  test('of three meet in pairs, in whatever order they come', async () => {
    const [ofB, ofC] = [await freePort(), await freePort()];
    const all = await Promise.all([
      meeting('c', c, { a: peer(a), b: peer(b) }, { listen: at(ofC) }),
      meeting('a', a, { b: peer(b, ofB), c: peer(c, ofC) }),
      meeting('b', b, { a: peer(a), c: peer(c, ofC) }, { listen: at(ofB) }),
    ]);
    expect(new Set(all.map(({ session }) => session)).size).toBe(1);
    expect(all.map(({ connections }) => [...connections.keys()].sort().join())).toEqual(['a,b', 'b,c', 'a,c']);
    end(...all);
  });

  test('that do not come are told by name', async () => {
    const { code, member } = await faultOf(meeting('a', a, { b: peer(b, await freePort()) }, { waitMs: 50 }));
    expect({ code, member }).toEqual({ code: 'PARTY_LOST', member: 'b' });
  });

  test('end at once with the signal, and listen no longer', async () => {
    const port = await freePort();
    const waiting = meeting('b', b, { a: peer(a) }, { listen: at(port) });
    stop.abort(new Error('cancelled'));
    await expect(waiting).rejects.toThrow('cancelled');
    const server = createTcpServer();
    await new Promise<void>((resolve, reject) => server.on('error', reject).listen(port, '127.0.0.1', resolve));
    server.close();
  });
});

describe('a key that is not the one that was compared', () => {
  test('gets no byte from a member that connects to it, whatever name its certificate has', async () => {
    const liar = new Liar(mallory, acceptOf('b', TASK, { a, b: mallory }), ownFingerprint(a), {});
    const server = await liar.listen();
    const fault = await faultOf(meeting('a', a, { b: peer(b, server.port) }));
    expect(fault).toMatchObject({ code: 'PEER_UNKNOWN', member: 'b' });
    expect(fault.message).toContain(ownFingerprint(mallory));
    expect(liar.heard).toEqual([]);
    server.close();
  });

  test('is closed by a member that listens, which goes on to wait for the right one', async () => {
    const port = await freePort();
    const waiting = meeting('b', b, { a: peer(a) }, { listen: at(port) });
    const liar = new Liar(mallory, acceptOf('a', TASK, { a: mallory, b }), ownFingerprint(b), {});
    await liar.dial(port);
    expect(liar.heard).toEqual([]);
    const met = await Promise.all([waiting, meeting('a', a, { b: peer(b, port) })]);
    expect(logs).toContain(`closed a connection of a key that is not awaited: ${ownFingerprint(mallory)}`);
    end(...met);
  });

  test('is no key at all: the connection is closed', async () => {
    const port = await freePort();
    const waiting = meeting('b', b, { a: peer(a) }, { listen: at(port) });
    waiting.catch(() => undefined);
    await new Promise<void>((resolve) => {
      const again = (): void => {
        const socket = connect({ ...at(port), rejectUnauthorized: false });
        let heard = '';
        socket.on('data', (chunk) => (heard += String(chunk)));
        socket.on('error', (error: NodeJS.ErrnoException) => error.code === 'ECONNREFUSED' && setTimeout(again, 20));
        socket.on('close', () => {
          expect(heard).toBe('');
          if (logs.some((line) => line.endsWith('not awaited: none'))) resolve();
        });
      };
      again();
    });
  });

  test('fills no log, however often it comes', async () => {
    const port = await freePort();
    meeting('b', b, { a: peer(a) }, { listen: at(port) }).catch(() => undefined);
    await until(() => logs.some((line) => line.startsWith('listens at')));
    for (let each = 0; each < 12; each += 1) {
      const socket = connect({ ...at(port), rejectUnauthorized: false }).on('error', () => undefined);
      await new Promise((resolve) => socket.resume().once('close', resolve));
    }
    expect(logs.filter((line) => line.includes('not awaited'))).toHaveLength(10);
  });

  test('that belongs to another member does not stand for the one that is asked for', async () => {
    const port = await freePort();
    // At b the keys of a and c are swapped.
    const swapped = meeting('b', b, { a: peer(c), c: peer(a) }, { listen: at(port) });
    const honest = meeting('a', a, { b: peer(b, port), c: peer(c, await freePort()) });
    honest.catch(() => undefined);
    expect(await faultOf(swapped)).toMatchObject({ code: 'PROTOCOL_VIOLATION', member: 'c' });
  });

  test('older than TLS 1.3 is not spoken', async () => {
    const port = await freePort();
    const waiting = meeting('b', b, { a: peer(a) }, { listen: at(port) });
    waiting.catch(() => undefined);
    const code = await new Promise((resolve) => {
      const again = (): void => {
        connect({ ...a, ...at(port), rejectUnauthorized: false, maxVersion: 'TLSv1.2' }).on(
          'error',
          (error: NodeJS.ErrnoException) =>
            error.code === 'ECONNREFUSED' ? setTimeout(again, 20) : resolve(error.code),
        );
      };
      again();
    });
    expect(code).toMatch(/PROTOCOL_VERSION/);
  });
});

describe('a member with the right key that', () => {
  let before: Greeting;
  /** What comes of it at the member that listens for it. */
  const comesTo = async (lie: Lie): Promise<Pick<PeerFault, 'code' | 'member' | 'message'>> => {
    const port = await freePort();
    const liar = new Liar(a, acceptOf('a', TASK, { a, b }), ownFingerprint(b), lie);
    const fault = faultOf(meeting('b', b, { a: peer(a) }, { listen: at(port) }));
    await liar.dial(port);
    before = liar.greeting!;
    return fault;
  };
  const lies: readonly (readonly [string, Lie, string])[] = [
    ['has accepted another task', { accept: { task: OTHER_TASK } }, 'another task'],
    ['has accepted other members', { accept: { members: {} } }, 'other members'],
    ['speaks in another name', { accept: { member: 'b' } }, 'another name'],
    ['signs something else', { accept: { kind: 'proof' } }, 'another name'],
    ['gives no nonce', { accept: { nonce: 'short' } }, 'no nonce'],
    ['commits to nothing', { accept: { data: undefined } }, 'no commitment'],
    ['commits by something else', { accept: { data: 'customers.csv' } }, 'no commitment'],
    ['says no end of its accept', { accept: { expires: undefined } }, 'has expired'],
    ['says no time as the end', { accept: { expires: 'soon' } }, 'has expired'],
    [
      'has an accept that ended over an hour ago',
      { accept: { expires: new Date(Date.now() - 61 * 60_000).toISOString() } },
      'has expired',
    ],
    ['gives no accept', { greeting: ({ proof }) => ({ protocol: [3, 3], proof }) }, 'no accept'],
    ['gives no proof', { greeting: ({ accept }) => ({ protocol: [3, 3], accept }) }, 'another connection'],
    [
      'gives a proof of another kind',
      { greeting: (right) => ({ ...right, proof: right.accept }) },
      'another connection',
    ],
    ['names no versions', { greeting: (right) => ({ ...right, protocol: 'all' }) }, 'no versions'],
    ['sends a list', { greeting: () => [] }, 'no message'],
    ['sends no JSON', { bytes: Buffer.from('\0\0\0\x03{]}') }, 'no message'],
    ['announces 4 GiB', { bytes: Buffer.from('\xff\xff\xff\xff', 'latin1') }, 'no message'],
    ['shows no accepts', { accepts: () => ({}) }, 'not the one it gave'],
    ['shows its own accept alone', { accepts: (own) => ({ a: own }) }, 'not the one it gave'],
  ];
  for (const [what, lie, words] of lies) {
    test(`${what} is named`, async () => {
      const { code, member, message } = await comesTo(lie);
      expect({ code, member }).toEqual({ code: 'PROTOCOL_VIOLATION', member: 'a' });
      expect(message).toContain(words);
    });
  }

  test('replays the greeting of an earlier run is named', async () => {
    await comesTo({ cut: true });
    const recorded = before;
    expect(await comesTo({ greeting: () => recorded })).toMatchObject({
      code: 'PROTOCOL_VIOLATION',
      member: 'a',
      message: expect.stringContaining('made for another connection') as unknown,
    });
  });

  test('signs with another key is named', async () => {
    const forged = await sign(acceptOf('a', TASK, { a, b }), createPrivateKey(mallory.key));
    const fault = await comesTo({ greeting: (right) => ({ ...right, accept: forged }) });
    expect(fault).toMatchObject({ code: 'PROTOCOL_VIOLATION', member: 'a' });
  });

  test('signs another writing of its accept than the canonical one is named', async () => {
    const written = Buffer.from(JSON.stringify(acceptOf('a', TASK, { a, b }), null, 1));
    const signed = await new CompactSign(written).setProtectedHeader({ alg: 'EdDSA' }).sign(createPrivateKey(a.key));
    const fault = await comesTo({ greeting: (right) => ({ ...right, accept: signed }) });
    expect(fault).toMatchObject({ code: 'PROTOCOL_VIOLATION', member: 'a' });
    expect(fault.message).toContain('no accept that it has signed');
  });

  test('shows a forged accept of another member is named, and not that one', async () => {
    const members = { b, c, z: a };
    const [ofZ, ofB] = [await freePort(), await freePort()];
    const forged = await sign(acceptOf('b', TASK, members), createPrivateKey(mallory.key));
    const liar = (to: Identity, lie: Lie) => new Liar(c, acceptOf('c', TASK, members), ownFingerprint(to), lie);
    // To b it shows nothing, so that b only waits. What is shown is compared by name: b is the first.
    const atZ = faultOf(meeting('z', a, { b: peer(b, ofB), c: peer(c) }, { listen: at(ofZ) }));
    void meeting('b', b, { z: peer(a), c: peer(c) }, { listen: at(ofB) }).catch(() => undefined);
    void liar(a, { accepts: (own) => ({ b: forged, c: own }) }).dial(ofZ);
    void liar(b, {}).dial(ofB);
    const { member, message } = await atZ;
    expect([member, message]).toEqual(['c', expect.stringContaining('an accept of b that is not the one it gave')]);
  });

  test('proves its accept to somebody else over this connection is named', async () => {
    const port = await freePort();
    const liar = new Liar(a, acceptOf('a', TASK, { a, b }), ownFingerprint(mallory), {});
    const fault = faultOf(meeting('b', b, { a: peer(a) }, { listen: at(port) }));
    await liar.dial(port);
    expect(await fault).toMatchObject({ code: 'PROTOCOL_VIOLATION', member: 'a' });
  });

  test('has an accept that ended within the hour meets, as clocks differ', async () => {
    const port = await freePort();
    const expires = new Date(Date.now() - 10 * 60_000).toISOString();
    end(
      ...(await Promise.all([
        meeting('a', a, { b: peer(b, port) }, { expires }),
        meeting('b', b, { a: peer(a) }, { listen: at(port), expires }),
      ])),
    );
  });

  test('is a dealer commits to nothing, and is named where it does', async () => {
    const port = await freePort();
    const [atA, atDealer] = await Promise.all([
      meeting('a', a, { '#neutral': peer(b, port) }),
      meeting('#neutral', b, { a: peer(a) }, { listen: at(port), data: undefined }),
    ]);
    end(atA, atDealer);
    const other = await freePort();
    const members = { '#neutral': b, a };
    const liar = new Liar(b, acceptOf('#neutral', TASK, members), ownFingerprint(a), {});
    const fault = faultOf(meeting('a', a, { '#neutral': peer(b) }, { listen: at(other) }));
    void liar.dial(other);
    expect(await fault).toMatchObject({ code: 'PROTOCOL_VIOLATION', member: '#neutral' });
  });

  test.each([
    ['newer', [4, 5]],
    ['older', [1, 2]],
  ])('speaks %s versions alone is refused with both', async (_, protocol) => {
    const { code, message } = await comesTo({ greeting: (right) => ({ ...right, protocol }) });
    expect(code).toBe('PROTOCOL_UNSUPPORTED');
    expect(message).toContain(`versions ${protocol.join(' to ')}`);
    expect(message).toContain('3 to 3');
  });

  for (const [what, bytes] of [
    ['in the middle of a message', framed({ protocol: [3, 3] }).subarray(0, 10)],
    ['before a message', Buffer.alloc(0)],
  ] as const) {
    test(`cuts the connection ${what} is lost`, async () => {
      expect(await comesTo({ bytes, cut: true })).toMatchObject({ code: 'PARTY_LOST', member: 'a' });
    });
  }

  test('gives two members two accepts is named by both, by the signatures on them', async () => {
    // c tells a and b different things, and shows each what it told it.
    const members = { a, b, c };
    const [ofB, ofA] = [await freePort(), await freePort()];
    const two = [
      new Liar(c, { ...acceptOf('c', TASK, members), nonce: '1'.repeat(64) }, ownFingerprint(a), {}),
      new Liar(c, { ...acceptOf('c', TASK, members), nonce: '2'.repeat(64) }, ownFingerprint(b), {}),
    ];
    const faults = [
      faultOf(meeting('a', a, { b: peer(b, ofB), c: peer(c) }, { listen: at(ofA) })),
      faultOf(meeting('b', b, { a: peer(a), c: peer(c) }, { listen: at(ofB) })),
    ];
    void two[0]!.dial(ofA);
    void two[1]!.dial(ofB);
    const [first, second] = await Promise.all(faults);
    // The one that compares first names c; the other one may hear of the cut before it compares.
    const named = [first, second].filter((fault) => fault!.code === 'PROTOCOL_VIOLATION');
    expect(named.length).toBeGreaterThan(0);
    for (const fault of named) {
      expect(fault!.member).toBe('c');
      expect(fault!.message).toContain('two accepts');
    }
  });
});
