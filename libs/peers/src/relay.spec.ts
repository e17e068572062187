import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTcp, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { Authority, CONTROL_PLANE, makeRequest, readRequest } from './authority.js';
import { HostileRelay } from './hostile-relay-for-tests.js';
import { makeIdentity, ownFingerprint, type Identity } from './identity.js';
import { sendJson } from './json-lines.js';
import { meet, type Met } from './meet.js';
import type { Meeting } from './meeting.js';
import type { PeerFault } from './peer-fault.js';
import type { RelayBounds, RelayLeg } from './relay.js';
import { reachOverRelay } from './relay-client.js';
import { RELAY_PROTOCOL } from './relay-words.js';
import { holdTimeouts } from './timeouts-for-tests.js';
import { UplinkServer } from './uplink-server.js';

const TASK = `sha256:${'0'.repeat(64)}`;
const RUN = randomUUID();
const LONG = 60_000;
const [authority, other] = [await Authority.of(randomBytes(32)), await Authority.of(randomBytes(32))];
const admitted = async (key: Identity, name: string, tenant = 'default'): Promise<Identity> => {
  const asked = await readRequest(await makeRequest(key, { tenant, name }));
  return { key: key.key, cert: await authority.admit(asked!) };
};

/** A site: its own key, and the certificate that admits it to the control plane. */
class Site {
  private constructor(
    readonly name: string,
    readonly own: Identity,
    readonly admitted: Identity,
  ) {}

  static async make(name: string, tenant?: string): Promise<Site> {
    const own = await makeIdentity(name);
    return new Site(name, own, await admitted(own, name, tenant));
  }

  get fingerprint(): string {
    return ownFingerprint(this.own);
  }

  reach(port: number, to: string, run = RUN, signal = stop.signal): Promise<TLSSocket> {
    const dial = { address: { host: '127.0.0.1', port }, identity: this.admitted, authority: authority.cert, run };
    return reachOverRelay(dial, to, signal);
  }

  meet(port: number, peer: Site, more: Partial<Meeting> = {}): Promise<Met> {
    return meet({
      member: this.name,
      identity: this.own,
      task: TASK,
      data: `sha256:${'d'.repeat(64)}`,
      run: RUN,
      peers: new Map([[peer.name, { fingerprint: peer.fingerprint, relay: true }]]),
      overRelay: (to, signal) => this.reach(port, to, RUN, signal),
      waitMs: LONG,
      signal: stop.signal,
      log: (message) => logs.push(message),
      ...more,
    });
  }
}
const [a, b, c] = (await Promise.all(['bank-a', 'bank-b', 'bank-c'].map((name) => Site.make(name)))) as [
  Site,
  Site,
  Site,
];

/** What has to be closed after each test. */
const undo: (() => unknown)[] = [];
const logs: string[] = [];
let stop = new AbortController();
afterEach(async () => {
  stop.abort(new Error('the test is over'));
  stop = new AbortController();
  for (const step of undo.splice(0).reverse()) await step();
  logs.length = 0;
});

/** A control plane where these may meet. */
class ControlPlane {
  readonly asked: (readonly RelayLeg[])[] = [];
  readonly reasons: string[] = [];
  may: (leg: RelayLeg) => boolean = ({ run }) => run === RUN;
  /** What it answers after. */
  asks: Promise<void> = Promise.resolve();
  /** How many questions it has at most been asked at once. */
  most = 0;
  private open = 0;
  private server!: UplinkServer;

  static async start(relay: Partial<RelayBounds> = {}): Promise<ControlPlane> {
    const made = new ControlPlane();
    const beat = { everyMs: LONG, withinMs: LONG };
    made.server = await UplinkServer.listen({
      ...{ authority, host: '127.0.0.1', port: 0, relay },
      admission: {
        admit: () => Promise.resolve(undefined),
        hold: () => Promise.resolve(new Map()),
        release: () => Promise.resolve(),
        async mayMeet(legs) {
          made.asked.push(legs);
          made.most = Math.max(made.most, (made.open += 1));
          await made.asks;
          made.open -= 1;
          return legs.map((leg) => made.may(leg));
        },
      },
      offers: {
        offers: () => Promise.resolve(new Map()),
        task: () => Promise.resolve(undefined),
        votes: () => Promise.resolve(undefined),
        answer: () => Promise.resolve(false),
      },
      onRefused: (reason) => void made.reasons.push(reason),
      onFault: () => undefined,
      times: { greetMs: LONG, beat, holdMs: LONG, offersMs: LONG, unheldMs: LONG },
    });
    undo.push(() => made.server.close());
    return made;
  }

  get port(): number {
    return this.server.port;
  }

  get legsAsked(): number {
    return this.asked.flat().length;
  }

  get relayed(): number {
    return this.server.relayed;
  }

  close(): Promise<void> {
    return this.server.close();
  }

  /** Two legs of sites that it has joined. */
  legs(run = RUN): Promise<[TLSSocket, TLSSocket]> {
    return Promise.all([a.reach(this.port, b.fingerprint, run), b.reach(this.port, a.fingerprint, run)]);
  }

  /** Two sites that have met over it. */
  async pair(): Promise<[Duplex, Duplex]> {
    const [one, two] = await Promise.all([a.meet(this.port, b), b.meet(this.port, a)]);
    expect(one.session).toBe(two.session);
    const sockets = [one.connections.get('bank-b')!, two.connections.get('bank-a')!] as const;
    undo.push(() => sockets.forEach((socket) => socket.destroy()));
    return [...sockets];
  }
}
const closed = (socket: Duplex): Promise<void> =>
  new Promise((resolve) => (socket.destroyed ? resolve() : void socket.once('close', () => resolve())));
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await delay(5);
};
const whyNot = (leg: Promise<TLSSocket>): Promise<string> =>
  leg.then(
    () => 'they met',
    (error: Error) => error.message,
  );
const hostile = async (claims?: Identity): Promise<HostileRelay> => {
  const relay = await HostileRelay.listen(authority, claims);
  undo.push(() => relay.close());
  return relay;
};

describe('two sites that cannot reach each other', () => {
  test('meet over the relay, and each hears all that the other one says before it goes', async () => {
    const plane = await ControlPlane.start();
    const [atA, atB] = await plane.pair();
    expect(plane.relayed).toBe(2);
    const heard: Buffer[] = [];
    atB.on('data', (chunk: Buffer) => heard.push(chunk));
    atB.write('from b');
    expect(String((await once(atA, 'data'))[0])).toBe('from b');
    const said = randomBytes(300_000);
    atA.end(said);
    await closed(atB);
    expect(Buffer.concat(heard).equals(said)).toBe(true);
    await until(() => plane.relayed === 0);
  });

  test('show a relay that looks at what it passes on nothing but ciphertext', async () => {
    const relay = await hostile();
    const [atA, atB] = await Promise.all([a.meet(relay.port, b), b.meet(relay.port, a)]);
    const canary = `canary${randomBytes(8).toString('hex')}`;
    atA.connections.get('bank-b')!.write(canary);
    const [chunk] = (await once(atB.connections.get('bank-a')!, 'data')) as [Buffer];
    expect(chunk.toString()).toBe(canary);
    const seen = Buffer.concat(relay.heard);
    expect(seen.byteLength).toBeGreaterThan(2_000);
    for (const text of [canary, 'bank-a', 'bank-b', TASK, RUN]) expect(seen.includes(text)).toBe(false);
    for (const socket of [...atA.connections.values(), ...atB.connections.values()]) socket.destroy();
  });

  test('give no accept and no byte to a relay that answers as the other one, by a certificate of the authority', async () => {
    const evil = await makeIdentity('bank-b');
    for (const [site, peer] of [
      [a, b],
      [b, a],
    ] as const) {
      const relay = await hostile(await admitted(evil, peer.name));
      const fault = await site.meet(relay.port, peer).then(
        () => 'they met',
        (error: PeerFault) => error,
      );
      expect(fault).toMatchObject({ code: 'PEER_UNKNOWN', member: peer.name });
      expect((fault as PeerFault).message).toContain(`Over the relay answers another key (${ownFingerprint(evil)})`);
      await until(() => relay.answered.length > 0);
      await Promise.all(relay.answered);
      expect(relay.heard).toEqual([]);
    }
  });

  test('take no relay but one of the authority that they have pinned', async () => {
    const relay = await HostileRelay.listen(other);
    undo.push(() => relay.close());
    expect(await whyNot(a.reach(relay.port, b.fingerprint))).toContain('SELF_SIGNED');
  });

  test('lose each other when the relay cuts them off, and meet again in another run', async () => {
    const plane = await ControlPlane.start({ holdMs: 20 });
    const both = await plane.pair();
    plane.may = () => false; // The run is over, or a site was revoked.
    await Promise.all(both.map(closed));
    await until(() => plane.relayed === 0);
    plane.may = () => true;
    await plane.pair();
  });

  test('wait for each other as long as it takes, while the relay answers', async () => {
    const plane = await ControlPlane.start();
    plane.may = () => false;
    const first = a.meet(plane.port, b, { relayLostMs: 0 });
    await until(() => logs.length > 0);
    expect(logs).toEqual(['waits for bank-b over the relay (no such run of these two sites is under way)']);
    plane.may = () => true;
    const [one, two] = await Promise.all([first, b.meet(plane.port, a)]);
    expect(one.session).toBe(two.session);
    for (const { connections } of [one, two]) for (const socket of connections.values()) socket.destroy();
  });

  test('lose the run where the relay is out of reach, as another one may relay the next attempt', async () => {
    const plane = await ControlPlane.start();
    const { port } = plane;
    await plane.close();
    const lost = { code: 'PARTY_LOST', member: 'bank-b', message: expect.stringContaining('ECONNREFUSED') as unknown };
    await expect(a.meet(port, b, { relayLostMs: 0 })).rejects.toMatchObject(lost);
  });

  test('leave no leg open that is there only once they have stopped', async () => {
    const plane = await ControlPlane.start();
    const legs = await plane.legs();
    // Of the two, this one would speak first.
    const [[site, leg], [peer, far]] =
      a.fingerprint < b.fingerprint
        ? ([
            [a, legs[0]],
            [b, legs[1]],
          ] as const)
        : ([
            [b, legs[1]],
            [a, legs[0]],
          ] as const);
    const heard: Buffer[] = [];
    far.on('data', (chunk: Buffer) => heard.push(chunk));
    const stopped = new AbortController();
    const overRelay = async (): Promise<TLSSocket> => {
      stopped.abort(new Error('stopped'));
      return leg;
    };
    await expect(site.meet(plane.port, peer, { overRelay, signal: stopped.signal })).rejects.toThrow('stopped');
    await Promise.all([leg, far].map(closed));
    expect(heard).toEqual([]);
  });
});

describe('a relay', () => {
  /** TLS of a site that speaks for itself. */
  const tls = (tcp: Socket): TLSSocket => {
    const socket = connect({
      ...{ ...a.admitted, socket: tcp, ca: authority.cert },
      ...{ servername: CONTROL_PLANE, ALPNProtocols: [RELAY_PROTOCOL] },
    });
    socket.on('error', () => undefined);
    socket.resume();
    undo.push(() => socket.destroy());
    return socket;
  };
  const raw = async (plane: ControlPlane): Promise<[TLSSocket, Socket]> => {
    const tcp = connectTcp(plane.port, '127.0.0.1');
    const socket = tls(tcp);
    await once(socket, 'secureConnect');
    return [socket, tcp];
  };
  const hello = { run: RUN, to: b.fingerprint };

  test('reads on only as the other site does', async () => {
    const plane = await ControlPlane.start();
    const [atA, atB] = await plane.pair();
    const [chunk, count] = [randomBytes(1024 * 1024), 64];
    let sent = 0;
    const send = (): void => {
      while (sent < count) {
        sent += 1;
        if (!atA.write(chunk)) return void atA.once('drain', send);
      }
      atA.end();
    };
    send();
    // Until nothing moves: what is on its way are buffers of sockets.
    for (let before = -1; before !== sent;) {
      before = sent;
      await delay(200);
    }
    expect(sent).toBeLessThan(count / 2);
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const part of atB as AsyncIterable<Buffer>) {
      hash.update(part);
      bytes += part.byteLength;
    }
    expect(bytes).toBe(count * chunk.byteLength);
    const wanted = createHash('sha256');
    for (let at = 0; at < count; at += 1) wanted.update(chunk);
    expect(hash.digest('hex')).toBe(wanted.digest('hex'));
  });

  test('lets nobody meet but who may, for this run alone', async () => {
    const plane = await ControlPlane.start({ waitMs: 300 });
    const members = [a, b].map(({ fingerprint }) => fingerprint);
    plane.may = ({ run, fingerprint, to }) => run === RUN && members.includes(fingerprint) && members.includes(to);
    const refused = 'no such run of these two sites is under way';
    expect(await whyNot(c.reach(plane.port, a.fingerprint))).toBe(refused);
    expect(await whyNot(a.reach(plane.port, c.fingerprint))).toBe(refused);
    expect(await whyNot(a.reach(plane.port, b.fingerprint, randomUUID()))).toBe(refused);
    expect(plane.asked.flat().map(({ tenant, fingerprint }) => [tenant, fingerprint])).toEqual(
      [c, a, a].map(({ fingerprint }) => ['default', fingerprint]),
    );
    expect(plane.reasons).toEqual(['relay RUN', 'relay RUN', 'relay RUN']);
    // Two runs of the same sites, and two sites that wait for others.
    plane.may = () => true;
    const late = 'the other site did not come';
    const apart = [
      a.reach(plane.port, b.fingerprint),
      b.reach(plane.port, a.fingerprint, randomUUID()),
      c.reach(plane.port, a.fingerprint),
    ];
    expect(await Promise.all(apart.map(whyNot))).toEqual([late, late, late]);
    expect(plane.reasons.slice(3)).toEqual(['relay TIME', 'relay TIME', 'relay TIME']);
    await until(() => plane.relayed === 0);
  });

  test('ends who waits once the run is over, and everybody while nobody can say which run goes on', async () => {
    const plane = await ControlPlane.start({ holdMs: 20, unheldMs: 2_000 });
    const waits = whyNot(a.reach(plane.port, b.fingerprint));
    await until(() => plane.asked.length > 2);
    plane.may = () => false;
    expect(await waits).toBe('no such run of these two sites is under way');
    plane.may = () => true;
    const both = await plane.pair();
    plane.may = () => {
      throw new Error('the database does not answer');
    };
    await Promise.all(both.map(closed));
    expect(await whyNot(a.reach(plane.port, b.fingerprint))).toBe('it cannot look runs up now');
  });

  test.each([
    ['the other site', Promise.resolve(), 60_000, 'TIME', 'the other site did not come'],
    ['the database', new Promise<void>(() => undefined), 10_000, 'UNAVAILABLE', 'the connection ended'],
  ])('ends who waits too long for %s', async (_, asks, ms, reason, why) => {
    const plane = await ControlPlane.start();
    plane.asks = asks;
    undo.push(holdTimeouts());
    const leg = whyNot(a.reach(plane.port, b.fingerprint));
    await until(() => plane.asked.length === 1);
    jest.advanceTimersByTime(ms);
    expect(plane.reasons).toEqual([`relay ${reason}`]);
    expect(await leg).toBe(why);
  });

  test('ends of two pairs the one whose run is over', async () => {
    const plane = await ControlPlane.start({ holdMs: 20 });
    plane.may = () => true;
    const [over, goesOn] = [randomUUID(), randomUUID()];
    const [stays, ends] = [await plane.legs(goesOn), await plane.legs(over)];
    plane.may = ({ run }) => run === goesOn;
    await Promise.all(ends.map((leg) => closed(leg.resume())));
    expect(plane.reasons).toEqual(['relay RUN', 'relay RUN']);
    const asked = plane.asked.length;
    await until(() => plane.asked.length > asked + 2);
    stays[0].write('hello');
    expect(String((await once(stays[1], 'data'))[0])).toBe('hello');
    expect(plane.relayed).toBe(2);
  });

  test('asks for all at once while it waits for an answer', async () => {
    const plane = await ControlPlane.start({ holdMs: 5, waitMs: 200 });
    let answer!: () => void;
    plane.asks = new Promise((resolve) => (answer = resolve));
    const legs = [1, 2, 3].map(() => whyNot(a.reach(plane.port, b.fingerprint, randomUUID())));
    await until(() => plane.relayed === 3 && plane.asked.length > 0);
    const second = whyNot(a.reach(plane.port, b.fingerprint, randomUUID()));
    await until(() => plane.relayed === 4);
    answer();
    await Promise.all([...legs, second]);
    expect(plane.most).toBe(1);
  });

  test('takes nobody once it is closed, also where TLS began before', async () => {
    const plane = await ControlPlane.start({ waitMs: 200 });
    const early = connectTcp(plane.port, '127.0.0.1');
    await once(early, 'connect');
    await raw(plane); // One that came later is there.
    await plane.close();
    const socket = tls(early);
    socket.once('secureConnect', () => sendJson(socket, hello));
    await closed(socket);
    expect(plane.asked).toEqual([]);
  });

  test('ends both legs of a pair where the network resets one, and has room for the pair again', async () => {
    const plane = await ControlPlane.start();
    // Between one site and the relay stands a network that ends connections with RST alone.
    const ways: Socket[] = [];
    const network = createServer((near) => {
      const far = connectTcp(plane.port, '127.0.0.1');
      for (const each of [near, far]) ways.push(each.on('error', () => undefined));
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => network.listen(0, '127.0.0.1', resolve));
    undo.push(() => network.close());
    const { port } = network.address() as AddressInfo;
    const pair = (): Promise<[TLSSocket, TLSSocket]> =>
      Promise.all([a.reach(port, b.fingerprint), b.reach(plane.port, a.fingerprint)]);
    const [ofA, ofB] = await pair();
    ofA.write('half of it');
    expect(String(await once(ofB, 'data'))).toBe('half of it');
    const legs = [ofA, ofB].map((leg) => leg.on('error', () => undefined));
    const ended = Promise.all(legs.map((leg) => new Promise((resolve) => leg.once('close', resolve))));
    for (const way of ways) way.resetAndDestroy();
    await ended;
    await until(() => plane.relayed === 0);
    const [again, andB] = await pair();
    again.end('whole');
    expect(String(await once(andB, 'data'))).toBe('whole');
  });

  test('brings a site all that the other one said before it went, though it reads late and talks on', async () => {
    const plane = await ControlPlane.start({ flushMs: LONG });
    const [atA, atB] = await plane.legs();
    const chunk = randomBytes(64 * 1024);
    const talk = (): void => {
      while (atB.write(chunk));
    };
    atB.on('drain', talk);
    talk();
    const said = randomBytes(100_000);
    atA.resume().end(said);
    await until(() => plane.relayed < 2);
    const heard: Buffer[] = [];
    atB.on('data', (part: Buffer) => heard.push(part));
    await closed(atB);
    expect(Buffer.concat(heard).equals(said)).toBe(true);
    await until(() => plane.relayed === 0);
  });

  test('waits for a site that does not read what the other one said, and not long', async () => {
    const plane = await ControlPlane.start({ flushMs: 50 });
    const [atA, atB] = await plane.legs();
    atA.resume().end(randomBytes(100_000));
    await until(() => plane.relayed === 0);
    expect(atB.readableLength).toBeGreaterThan(0);
    atB.destroy();
  });

  test('has room for few connections of a site, and keeps some for others', async () => {
    const plane = await ControlPlane.start({ mostLegsOfSite: 2, mostLegs: 3 });
    plane.may = () => true;
    const waiting = [1, 2].map(() => a.reach(plane.port, b.fingerprint, randomUUID()));
    for (const leg of waiting) leg.catch(() => undefined);
    await until(() => plane.legsAsked >= 2);
    const full = 'it has no room for another connection';
    expect(await whyNot(a.reach(plane.port, b.fingerprint, randomUUID()))).toBe(full);
    await until(() => plane.relayed === 2);
    b.reach(plane.port, a.fingerprint, randomUUID()).catch(() => undefined);
    await until(() => plane.legsAsked >= 3);
    expect(await whyNot(c.reach(plane.port, a.fingerprint))).toBe(full);
    expect(plane.reasons).toEqual(['relay FULL', 'relay FULL']);
  });

  test('keeps room for the sites of other tenants', async () => {
    const plane = await ControlPlane.start({ mostLegsOfTenant: 2 });
    plane.may = () => true;
    const reach = (site: Site): Promise<string> => whyNot(site.reach(plane.port, c.fingerprint, randomUUID()));
    for (const [at, site] of [a, b].entries()) {
      void reach(site);
      await until(() => plane.legsAsked > at);
    }
    expect(await reach(a)).toBe('it has no room for another connection');
    void reach(await Site.make('bank-a', 'other'));
    await until(() => plane.legsAsked >= 3);
    expect(plane.asked.flat().some(({ tenant }) => tenant === 'other')).toBe(true);
  });

  test('has one pair of two sites in a run: the newest', async () => {
    const plane = await ControlPlane.start();
    const before = await plane.legs();
    const [atA, atB] = await plane.legs();
    await Promise.all(before.map((leg) => closed(leg.resume())));
    expect(plane.reasons).toEqual(['relay REPLACED', 'relay REPLACED']);
    atA.write('hello');
    expect(String((await once(atB, 'data'))[0])).toBe('hello');
    expect(plane.relayed).toBe(2);
  });

  test('ends the pair of a site that comes again, so that the other one comes as well', async () => {
    const plane = await ControlPlane.start();
    const before = await plane.legs();
    const again = a.reach(plane.port, b.fingerprint);
    await Promise.all(before.map((leg) => closed(leg.resume())));
    const [atA, atB] = await Promise.all([again, b.reach(plane.port, a.fingerprint)]);
    atA.write('hello');
    expect(String((await once(atB, 'data'))[0])).toBe('hello');
  });

  test('has one place for a site that comes twice', async () => {
    const plane = await ControlPlane.start();
    const first = whyNot(a.reach(plane.port, b.fingerprint));
    await until(() => plane.asked.length === 1);
    const second = a.reach(plane.port, b.fingerprint);
    expect(await first).toBe('the connection ended');
    expect(plane.reasons).toEqual(['relay REPLACED']);
    const [atA, atB] = await Promise.all([second, b.reach(plane.port, a.fingerprint)]);
    atA.write('hello');
    expect(String((await once(atB, 'data'))[0])).toBe('hello');
    atA.destroy();
    await closed(atB);
  });

  const lies: Record<string, (socket: TLSSocket, tcp: Socket) => void> = {
    'names no run': (socket) => sendJson(socket, { to: b.fingerprint }),
    'names nobody': (socket) => sendJson(socket, { run: RUN, to: 'bank-b' }),
    'names itself': (socket) => sendJson(socket, { run: RUN, to: a.fingerprint }),
    'sends a list': (socket) => sendJson(socket, [hello]),
    'sends no JSON': (socket) => void socket.write('\0\0\0\x03{]}'),
    'sends a long message': (socket) => sendJson(socket, { ...hello, more: 'x'.repeat(1_024) }),
    'announces 4 GiB': (socket) => void socket.write(Buffer.from('\xff\xff\xff\xff', 'latin1')),
    'says something before the other one is there': (socket) => {
      sendJson(socket, hello);
      sendJson(socket, hello);
    },
    'says nothing': () => undefined,
    'sends no TLS record': (_, tcp) => void tcp.write(randomBytes(64)),
  };
  test.each(Object.keys(lies))('ends the connection of a site that %s', async (name) => {
    const plane = await ControlPlane.start({ greetMs: name === 'says nothing' ? 50 : LONG });
    const [socket, tcp] = await raw(plane);
    if (name !== 'says nothing') await until(() => plane.relayed === 1);
    lies[name]!(socket, tcp);
    await closed(socket);
    await until(() => plane.relayed === 0);
    const reasons = { 'says nothing': ['relay silent'], 'sends no TLS record': [] };
    expect(plane.reasons).toEqual(reasons[name as keyof typeof reasons] ?? ['relay data']);
  });
});
