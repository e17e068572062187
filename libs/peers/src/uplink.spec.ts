import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectH2, createSecureServer, type ClientHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { connect as connectTcp, createServer as createTcp, type AddressInfo, type Server, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { Authority, CONTROL_PLANE, makeRequest, readRequest } from './authority.js';
import { makeIdentity, ownFingerprint, type Identity } from './identity.js';
import { commonVersion, readRange, type UplinkCode, type VersionRange } from './uplink.js';
import { dial, UplinkFault, type Uplink } from './uplink-client.js';
import type { UplinkCaller, UplinkTimes } from './uplink-options.js';
import { UplinkServer } from './uplink-server.js';

const DAY_MS = 86_400_000;
const LONG = 60_000;
const [authority, other] = [await Authority.of(randomBytes(32)), await Authority.of(randomBytes(32))];
const key = await makeIdentity('bank-a');
const admitted = async (by: Authority, now = Date.now(), name = 'bank-a'): Promise<Identity> => {
  const asked = await readRequest(await makeRequest(key, { tenant: 'default', name }));
  return { key: key.key, cert: await by.admit(asked!, now) };
};
const identity = await admitted(authority);

/** What has to be closed after each test. */
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** A control plane whose sites are those that `refused` does not name, and what it was told. */
class ControlPlane {
  readonly admitted: UplinkCaller[] = [];
  readonly released: string[] = [];
  readonly reasons: string[] = [];
  readonly details: object[] = [];
  asked = 0;
  /** What the database waits for before it answers. */
  looking: Promise<void> | undefined;
  refused: UplinkCode | undefined;
  ended: UplinkCode | 'fault' | undefined;
  server: UplinkServer;

  static async start(times: Partial<UplinkTimes> = {}, versions?: VersionRange): Promise<ControlPlane> {
    const made = new ControlPlane();
    const beat = { everyMs: LONG, withinMs: LONG };
    made.server = await UplinkServer.listen({
      authority,
      host: '127.0.0.1',
      port: 0,
      admission: {
        admit: async (caller) => {
          made.asked += 1;
          await made.looking;
          if (made.refused === undefined) made.admitted.push(caller);
          return made.refused;
        },
        hold: async (connections) => {
          if (made.ended === 'fault') throw new Error('the database does not answer');
          return new Map(made.ended === undefined ? [] : connections.map((each) => [each, made.ended as UplinkCode]));
        },
        release: async (connection) => void made.released.push(connection),
        mayMeet: async (legs) => legs.map(() => false),
      },
      offers: {
        offers: async () => new Map(),
        task: async () => undefined,
        votes: () => Promise.resolve(undefined),
        answer: async () => false,
      },
      onRefused(reason, details) {
        made.reasons.push(reason);
        made.details.push(details);
      },
      onFault: () => undefined,
      times: { greetMs: LONG, beat, holdMs: LONG, offersMs: LONG, unheldMs: LONG, ...times },
      ...(versions && { versions }),
    });
    undo.push(() => made.server.close());
    return made;
  }

  dial(options: Partial<Parameters<typeof dial>[0]> = {}): Promise<Uplink> {
    return dialAt(this.server.port, options);
  }
}

async function dialAt(port: number, options: Partial<Parameters<typeof dial>[0]> = {}): Promise<Uplink> {
  const uplink = await dial({
    address: { host: '127.0.0.1', port },
    identity,
    authority: authority.cert,
    software: '1.2.3',
    signal: new AbortController().signal,
    beat: { everyMs: LONG, withinMs: LONG },
    ...options,
  });
  undo.push(() => uplink.close());
  return uplink;
}

const closed = (end: Socket | ClientHttp2Session): Promise<void> =>
  new Promise((resolve) => {
    if (end.closed && end.destroyed) resolve();
    end.once('close', resolve);
  });
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
};
const faultOf = (work: Promise<unknown>): Promise<UplinkFault> =>
  work.then(
    () => Promise.reject(new Error('it connected')),
    (error: unknown) => error as UplinkFault,
  );

describe('versions', () => {
  test('are ranges, of which both sides use the highest common one', () => {
    expect([readRange('1-1'), readRange('2-9999')]).toEqual([
      { from: 1, to: 1 },
      { from: 2, to: 9_999 },
    ]);
    for (const wrong of ['', '1', '0-1', '2-1', '1-1 ', '1-10000', '-1-1', undefined, ['1-1']])
      expect(readRange(wrong)).toBeUndefined();
    const range = (from: number, to: number) => ({ from, to });
    expect(commonVersion(range(1, 3), range(2, 5))).toBe(3);
    expect(commonVersion(range(4, 5), range(1, 4))).toBe(4);
    expect(commonVersion(range(1, 2), range(3, 4))).toBeUndefined();
  });
});

describe('a site at its control plane', () => {
  test('is known by the key and the name in its certificate, and by what it says of its software', async () => {
    const plane = await ControlPlane.start();
    const uplink = await plane.dial();
    expect(uplink.version).toBe(1);
    expect(plane.admitted).toEqual([
      expect.objectContaining({ tenant: 'default', name: 'bank-a', fingerprint: ownFingerprint(key), version: 1 }),
    ]);
    expect(plane.admitted[0]!.software).toBe('1.2.3');
    expect(plane.server.connections).toBe(1);
    uplink.close();
    await until(() => plane.released.length === 1);
    expect([plane.released, plane.server.connections]).toEqual([[plane.admitted[0]!.connection], 0]);
  });

  test('is refused with both versions where there is no common one', async () => {
    const plane = await ControlPlane.start({}, { from: 2, to: 3 });
    const fault = await faultOf(plane.dial());
    expect(fault.code).toBe('PROTOCOL_UNSUPPORTED');
    expect(fault.message).toContain('speaks versions 2-3 of the protocol with sites, this site 1-1');
    expect(plane.admitted).toEqual([]);
  });

  test('is refused by what the database says, whatever the authority once signed', async () => {
    const plane = await ControlPlane.start();
    for (const code of ['UNKNOWN', 'REVOKED', 'EXPIRED', 'CLOSED', 'UNAVAILABLE'] as const) {
      plane.refused = code;
      expect((await faultOf(plane.dial())).code).toBe(code);
    }
    expect(plane.server.connections).toBe(0);
  });

  test('loses its connection once it is revoked', async () => {
    const plane = await ControlPlane.start({ holdMs: 20 });
    const { ended } = await plane.dial();
    plane.ended = 'REVOKED';
    expect((await ended).code).toBe('REVOKED');
    await until(() => plane.released.length === 1);
    expect(plane.server.connections).toBe(0);
  });

  test('loses its connection when the certificate ends that it showed', async () => {
    const plane = await ControlPlane.start({ holdMs: 20 });
    const soon = await admitted(authority, Date.now() - 30 * DAY_MS + 1_500);
    const { ended } = await plane.dial({ identity: soon });
    expect((await ended).code).toBe('EXPIRED');
  });

  test('is not connected while nobody can say whether it counts', async () => {
    const plane = await ControlPlane.start({ holdMs: 20, unheldMs: 100 });
    plane.ended = 'fault';
    const { ended } = await plane.dial();
    expect((await ended).code).toBe('UNAVAILABLE');
  });

  test('has one connection: a second one takes the place of the first', async () => {
    const plane = await ControlPlane.start();
    const first = await plane.dial();
    const second = await plane.dial();
    expect((await first.ended).code).toBe('REPLACED');
    expect(plane.details).toEqual([expect.objectContaining({ party: 'bank-a', replaced_by: '127.0.0.1' })]);
    expect(plane.reasons).toEqual(['REPLACED']);
    await until(() => plane.released.length === 1);
    expect([plane.released, plane.server.connections]).toEqual([[plane.admitted[0]!.connection], 1]);
    second.close();
  });

  test('is sent to another replica by one that ends', async () => {
    const plane = await ControlPlane.start();
    const { ended } = await plane.dial();
    await plane.server.close();
    expect((await ended).code).toBe('DRAINING');
  });
});

describe('a half-open connection', () => {
  test.each(['control plane', 'site'] as const)('is noticed by the %s', async (side) => {
    const beat = { everyMs: 30, withinMs: 100 };
    const plane = await ControlPlane.start(side === 'site' ? {} : { beat });
    const way = await swallowing(plane.server.port);
    const uplink = await dialAt(way.port, side === 'site' ? { beat } : {});
    await new Promise((resolve) => setTimeout(resolve, 300)); // Some beats are answered.
    expect(plane.server.connections).toBe(1);
    way.swallow();
    if (side === 'site') expect((await uplink.ended).why).toContain('silent');
    else await until(() => plane.server.connections === 0);
    expect(plane.reasons).toEqual(side === 'site' ? [] : ['silent']);
  });
});

describe('who is no site of the authority', () => {
  const options = (who: Partial<Identity>, more: ConnectionOptions = {}): ConnectionOptions => ({
    ...who,
    host: '127.0.0.1',
    ca: authority.cert,
    servername: CONTROL_PLANE,
    ALPNProtocols: ['h2'],
    ...more,
  });
  const cases: Record<string, () => Promise<ConnectionOptions>> = {
    'with a certificate of another authority': async () => options(await admitted(other)),
    'with a self-signed certificate': async () => options(key),
    'without a certificate': async () => options({}),
    'with a certificate that has ended': async () => options(await admitted(authority, Date.now() - 31 * DAY_MS)),
    'with the certificate of the control plane': async () => options(await authority.controlPlane()),
    'over TLS 1.2': async () => options(identity, { maxVersion: 'TLSv1.2' }),
    'without HTTP/2': async () => options(identity, { ALPNProtocols: ['http/1.1'] }),
  };
  test.each(Object.keys(cases))('gets no answer %s', async (name) => {
    const plane = await ControlPlane.start();
    const socket = connectTls({ ...(await cases[name]!()), port: plane.server.port });
    const heard = listenTo(socket);
    socket.once('secureConnect', () => socket.write(PREFACE));
    await closed(socket);
    expect(heard().includes('protocol')).toBe(false);
    expect([plane.admitted, plane.server.connections]).toEqual([[], 0]);
  });

  test('gets no answer in clear', async () => {
    const plane = await ControlPlane.start();
    const socket = connectTcp(plane.server.port, '127.0.0.1');
    const heard = listenTo(socket);
    socket.write('GET /uplink HTTP/1.1\r\nhost: x\r\n\r\n');
    await closed(socket);
    expect(heard()).not.toContain('HTTP/1.1 2');
    expect(plane.reasons).toEqual(['tls']);
  });

  test('holds no connection by silence, and few of one address', async () => {
    const plane = await ControlPlane.start({ greetMs: 300 });
    await plane.dial(); // A site is no stranger: it takes no room of those.
    const sockets = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const socket = connectTcp(plane.server.port, '127.0.0.1');
        socket.on('error', () => undefined);
        await once(socket, 'connect');
        return socket;
      }),
    );
    await Promise.all(sockets.map((socket) => closed(socket)));
    expect(plane.reasons.filter((reason) => reason === 'too many')).toHaveLength(8);
    await plane.dial();
  });
});

describe('a site that does not keep to the protocol', () => {
  const FRAME = { DATA: 0, HEADERS: 1, PRIORITY: 2, RST_STREAM: 3, SETTINGS: 4, PING: 6, CONTINUATION: 9 };
  const [END_STREAM, END_HEADERS] = [1, 4];
  const frame = (type: number, body: Buffer | number, stream = 0, flags = 0): Buffer => {
    const [length, bytes] = typeof body === 'number' ? [body, Buffer.alloc(0)] : [body.byteLength, body];
    const head = Buffer.alloc(9);
    head.writeUIntBE(length, 0, 3);
    head.writeUInt8(type, 3);
    head.writeUInt8(flags, 4);
    head.writeUInt32BE(stream, 5);
    return Buffer.concat([head, bytes]);
  };
  const times = (count: number, each: Buffer): Buffer => Buffer.concat(Array.from({ length: count }, () => each));
  /** HPACK: a literal header without indexing, `a: a…`. */
  const header = (size: number): Buffer => {
    const rest = size - 127;
    const length = [0x7f];
    let left = rest;
    for (; left >= 128; left >>= 7) length.push((left & 127) | 128);
    return Buffer.concat([Buffer.from([0, 1, 0x61, ...length, left]), Buffer.alloc(size, 'a')]);
  };
  /** What ends them: the bounds of node:http2, which gives no reason, or the own ones. All others hold little, until the time to greet ends. */
  const ends: Record<string, string[]> = {
    '10,000 headers': [],
    'continuations without an end': [],
    'settings without an end': ['flood'],
    'pings without an end': ['flood'],
  };
  const attacks: Record<string, Buffer> = {
    'a frame of 16 MiB': frame(FRAME.DATA, 0xffffff, 1),
    'a header of 15 KiB, over and over': Buffer.concat([
      frame(FRAME.HEADERS, header(15_000), 1),
      times(8, frame(FRAME.CONTINUATION, header(15_000), 1)),
    ]),
    '10,000 headers': Buffer.concat([
      frame(FRAME.HEADERS, times(1_000, Buffer.from([0, 1, 0x61, 1, 0x61])), 1),
      times(9, frame(FRAME.CONTINUATION, times(1_000, Buffer.from([0, 1, 0x61, 1, 0x61])), 1)),
    ]),
    'continuations without an end': Buffer.concat([
      frame(FRAME.HEADERS, Buffer.from([0, 1, 0x61, 1, 0x61]), 1),
      times(10_000, frame(FRAME.CONTINUATION, Buffer.alloc(0), 1)),
    ]),
    'settings without an end': times(1_000, frame(FRAME.SETTINGS, Buffer.alloc(0))),
    'pings without an end': times(1_000, frame(FRAME.PING, Buffer.alloc(8))),
    'more settings than one frame may have': frame(FRAME.SETTINGS, Buffer.alloc(6 * 200)),
    'frames of streams that are not open': times(100, frame(FRAME.DATA, Buffer.alloc(8), 3)),
    'no HTTP/2': randomBytes(4_096),
  };
  /** A site that has proven its key, and writes what it wants. */
  const raw = async (plane: ControlPlane, tcp = connectTcp(plane.server.port, '127.0.0.1')): Promise<TLSSocket> => {
    const socket = connectTls({
      ...identity,
      socket: tcp.on('error', () => undefined),
      ca: authority.cert,
      servername: CONTROL_PLANE,
      ALPNProtocols: ['h2'],
    });
    listenTo(socket);
    await once(socket, 'secureConnect');
    socket.write(PREFACE);
    socket.write(frame(FRAME.SETTINGS, Buffer.alloc(0)));
    return socket;
  };
  /** HPACK: literal headers without indexing. */
  const ask = Buffer.concat(
    Object.entries({
      ':method': 'GET',
      ':scheme': 'https',
      ':authority': 'x',
      ':path': '/uplink',
      'task-chain-protocol': '1-1',
    }).flatMap((pair) => [
      Buffer.from([0]),
      ...pair.flatMap((text) => [Buffer.from([text.length]), Buffer.from(text)]),
    ]),
  );
  const request = (stream: number): Buffer => frame(FRAME.HEADERS, ask, stream, END_STREAM | END_HEADERS);
  const rst = (stream: number): Buffer => frame(FRAME.RST_STREAM, Buffer.from([0, 0, 0, 8]), stream);

  test.each(Object.keys(attacks))('is cut off: %s', async (name) => {
    const plane = await ControlPlane.start(ends[name] ? {} : { greetMs: 300 });
    const socket = await raw(plane);
    socket.write(attacks[name]!);
    await closed(socket);
    expect(plane.reasons).toEqual(ends[name] ?? ['silent']);
    expect([plane.admitted, plane.server.connections]).toEqual([[], 0]);
    await plane.dial();
  });

  test('is cut off when it sends frames without end after it is connected', async () => {
    const plane = await ControlPlane.start();
    const socket = await raw(plane);
    socket.write(request(1));
    await until(() => plane.server.connections === 1);
    // Priorities are no ping, no settings, and of no stream that is open.
    socket.write(times(6_000, frame(FRAME.PRIORITY, Buffer.from([0, 0, 0, 0, 1]), 5)));
    await closed(socket);
    expect(plane.reasons).toEqual(['flood']);
  });

  const session = async (plane: ControlPlane): Promise<ClientHttp2Session> => {
    const made = connectH2(`https://127.0.0.1:${plane.server.port}`, {
      ...identity,
      ca: authority.cert,
      servername: CONTROL_PLANE,
    });
    made.on('error', () => undefined);
    undo.push(() => made.destroy());
    await once(made, 'connect');
    return made;
  };
  const good = { ':path': '/uplink', 'task-chain-protocol': '1-1' };

  test('is cut off when it asks nothing', async () => {
    const plane = await ControlPlane.start({ greetMs: 500 });
    await closed(await session(plane));
    expect(plane.reasons).toEqual(['silent']);
  });

  test.each(['before', 'after'])('is cut off at a second stream %s it is connected', async (when) => {
    const plane = await ControlPlane.start();
    const socket = await raw(plane);
    if (when === 'after') {
      socket.write(request(1));
      await until(() => plane.server.connections === 1);
      socket.write(Buffer.concat([rst(1), request(3)]));
    } else socket.write(Buffer.concat([request(1), rst(1), request(3)]));
    await closed(socket);
    await until(() => plane.released.length === 1);
    expect(plane.server.connections).toBe(0);
  });

  test('may reset the connection that a newer one replaces', async () => {
    const plane = await ControlPlane.start();
    const tcp = connectTcp(plane.server.port, '127.0.0.1');
    const old = await raw(plane, tcp);
    old.on('data', (chunk: Buffer) => void (chunk.includes('REPLACED') && tcp.resetAndDestroy()));
    old.write(frame(FRAME.HEADERS, ask, 1, END_HEADERS));
    await until(() => plane.server.connections === 1);
    await plane.dial();
    await until(() => plane.released.length === 1);
    expect([plane.released, plane.server.connections]).toEqual([[plane.admitted[0]!.connection], 1]);
  });

  test.each([undefined, 'REVOKED'] as const)('is let go once it takes its request back: %s', async (code) => {
    const plane = await ControlPlane.start();
    plane.refused = code;
    let look = (): void => undefined;
    plane.looking = new Promise((resolve) => (look = resolve));
    const socket = await raw(plane);
    const heard = listenTo(socket);
    socket.write(request(1));
    await until(() => plane.asked === 1);
    // The answer to the ping says that the reset was read.
    socket.write(Buffer.concat([rst(1), frame(FRAME.PING, Buffer.from('was read'))]));
    await until(() => heard().includes('was read'));
    look();
    await closed(socket);
    if (code === undefined) await until(() => plane.released.length === 1);
    expect(plane.server.connections).toBe(0);
  });

  test('is stored after its earlier connection, and not where a newer one came meanwhile', async () => {
    const plane = await ControlPlane.start();
    let look = (): void => undefined;
    plane.looking = new Promise((resolve) => (look = resolve));
    const sockets: TLSSocket[] = [];
    for (let each = 0; each < 3; each++) {
      const socket = await raw(plane);
      sockets.push(socket);
      const heard = listenTo(socket);
      socket.write(Buffer.concat([request(1), frame(FRAME.PING, Buffer.from('was read'))]));
      await until(() => heard().includes('was read'));
    }
    await Promise.all([closed(sockets[0]!), closed(sockets[1]!)]);
    expect(plane.asked).toBe(1);
    look();
    await until(() => plane.server.connections === 1);
    expect(plane.asked).toBe(2);
    await until(() => plane.released.includes(plane.admitted[0]!.connection));
    expect(plane.released).not.toContain(plane.admitted[1]!.connection);
  });

  test('gets a second stream refused while the first is open', async () => {
    const plane = await ControlPlane.start();
    const socket = await raw(plane);
    const heard = listenTo(socket);
    socket.write(request(1));
    await until(() => plane.server.connections === 1);
    const refusal = frame(FRAME.RST_STREAM, Buffer.from([0, 0, 0, 7]), 3).toString('latin1');
    socket.write(request(3));
    await until(() => heard().includes(refusal));
    expect(plane.server.connections).toBe(1);
    // The sixth one is too many.
    socket.write(Buffer.concat([5, 7, 9, 11, 13].map(request)));
    await closed(socket);
    await until(() => plane.server.connections === 0);
  });

  test('is cut off when it sends data', async () => {
    const plane = await ControlPlane.start();
    const made = await session(plane);
    const first = made.request(good, { endStream: false });
    first.on('error', () => undefined);
    await once(first, 'response');
    first.write(Buffer.alloc(100));
    await closed(made);
    expect([plane.reasons, plane.server.connections]).toEqual([['data'], 0]);
  });

  test.each([
    ['another path', { ':path': '/api/v1/chains' }],
    ['another method', { ...good, ':method': 'POST' }],
    ['no version', { ':path': '/uplink' }],
    ['absurd versions', { ...good, 'task-chain-protocol': '1-99999999999999999999' }],
  ])('asks for nothing else: %s', async (_, headers) => {
    const plane = await ControlPlane.start();
    const made = await session(plane);
    const stream = made.request(headers, { endStream: true });
    const [answer] = (await once(stream, 'response')) as [{ ':status': number }];
    expect([404, 426]).toContain(answer[':status']);
    stream.resume();
    await closed(made);
    expect(plane.admitted).toEqual([]);
  });

  test('tells no more of its software than fits', async () => {
    const plane = await ControlPlane.start();
    await plane.dial({ software: 'x'.repeat(1_000) });
    expect(plane.admitted[0]!.software).toBe('unknown');
  });
});

describe('a control plane that does not keep to the protocol', () => {
  const serve = async (answer: (stream: ServerHttp2Stream) => void): Promise<number> => {
    const server = createSecureServer({ ...(await authority.controlPlane()), requestCert: true, ca: authority.cert });
    server.on('stream', answer).on('sessionError', () => undefined);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    undo.push(() => server.close());
    return (server.address() as AddressInfo).port;
  };

  test('has no say over a terminal', async () => {
    const port = await serve((stream) => {
      stream.respond({ ':status': 403 });
      stream.end(JSON.stringify({ code: 'CLOSED', detail: 'closed\u001b[2J\r\u009bok' }));
    });
    expect((await faultOf(dialAt(port))).message).toBe('closed [2J  ok');
  });

  test('is left once, however often it says that it ends', async () => {
    const port = await serve((stream) => {
      stream.on('error', () => undefined);
      stream.respond({ ':status': 200, 'task-chain-protocol': '1' });
      for (let each = 0; each < 20; each++) stream.session!.goaway(0, 0, Buffer.from('DRAINING'));
      stream.session!.ping(() => stream.session!.destroy());
    });
    const timers = jest.spyOn(globalThis, 'setTimeout');
    undo.push(() => timers.mockRestore());
    const { ended } = await dialAt(port);
    expect((await ended).code).toBe('DRAINING');
    expect(timers.mock.calls.filter(([, ms]) => ms === 5_000)).toHaveLength(1);
  });
});

describe('a control plane that is another one', () => {
  const cases: Record<string, () => Promise<Identity>> = {
    'of another authority': () => other.controlPlane(),
    'of a self-signed certificate': () => makeIdentity(CONTROL_PLANE),
    'that is a site of the authority': () => Promise.resolve(identity),
  };
  test.each(Object.keys(cases))('is not answered: %s', async (name) => {
    let asked = 0;
    const server = createSecureServer({ ...(await cases[name]!()), requestCert: true, rejectUnauthorized: false });
    server.on('stream', () => (asked += 1));
    server.on('sessionError', () => undefined).on('error', () => undefined);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    undo.push(() => server.close());
    const fault = await faultOf(dialAt((server.address() as AddressInfo).port));
    expect(fault).toBeInstanceOf(UplinkFault);
    expect(asked).toBe(0);
  });
});

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

function listenTo(socket: Socket | TLSSocket): () => string {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined);
  undo.push(() => socket.destroy());
  return () => Buffer.concat(chunks).toString('latin1');
}

/** A way to a port that swallows all bytes from a call on. */
async function swallowing(port: number): Promise<{ readonly port: number; swallow(): void }> {
  const pairs: [Socket, Socket][] = [];
  const server: Server = createTcp((from) => {
    const to = connectTcp(port, '127.0.0.1');
    pairs.push([from, to]);
    for (const each of [from, to]) each.on('error', () => undefined);
    from.on('data', (chunk) => to.write(chunk));
    to.on('data', (chunk) => from.write(chunk));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  undo.push(() => {
    for (const pair of pairs) for (const each of pair) each.destroy();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    swallow() {
      for (const pair of pairs) for (const each of pair) each.removeAllListeners('data').resume();
    },
  };
}
