import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { WINDOW_BYTES } from './party-link.js';
import { SiteTunnel, type OfTunnel } from './site-tunnel.js';

/** An engine's process that listens, as SPU does, and what it was sent. */
let engine: Server;
let port: number;
let taken: Socket[];
beforeEach(async () => {
  taken = [];
  engine = createServer({ pauseOnConnect: true }, (socket) => taken.push(socket));
  engine.listen(0, '127.0.0.1');
  await once(engine, 'listening');
  ({ port } = engine.address() as AddressInfo);
});
afterEach(() => {
  for (const socket of taken) socket.destroy();
  engine.close();
});

/** A tunnel of a session that loses nothing, and what it does with that session. */
function tunnelOf() {
  const seen = { posted: [] as OfTunnel[], paused: 0, resumed: 0, refused: 0 };
  const tunnel = new SiteTunnel({
    post: (message) => seen.posted.push(message),
    unsentBytes: () => 0,
    flushed: () => Promise.resolve(),
    pause: () => (seen.paused += 1),
    resume: () => (seen.resumed += 1),
    refuse: () => (seen.refused += 1),
  });
  return { tunnel, seen };
}

const piece = (id: number, text: string): OfTunnel => ({ kind: 'piece', id, back: false, body: Buffer.from(text) });
const connected = async (): Promise<Socket> => {
  if (taken.length === 0) await once(engine, 'connection');
  return taken[0]!;
};

test('what the other engine sends while this one starts is handed on in its order, as soon as there is a port', async () => {
  const { tunnel, seen } = tunnelOf();
  tunnel.expect();
  tunnel.take({ kind: 'dial', id: 7 });
  tunnel.take(piece(7, 'early '));
  await tunnel.open(port);
  tunnel.take(piece(7, 'and late'));
  tunnel.take({ kind: 'hung', id: 7, back: false });
  const socket = await connected();
  const text: string[] = [];
  socket.on('data', (body: Buffer) => text.push(body.toString())).resume();
  await once(socket, 'end');
  expect(text.join('')).toBe('early and late');
  expect(seen.refused).toBe(0);
  tunnel.close();
});

test('where no engine is to run, and beyond a window, it is refused', () => {
  const none = tunnelOf();
  none.tunnel.take({ kind: 'dial', id: 1 });
  expect(none.seen.refused).toBe(1);
  const full = tunnelOf();
  full.tunnel.expect();
  full.tunnel.take({ kind: 'dial', id: 1 });
  full.tunnel.take({ kind: 'piece', id: 1, back: false, body: Buffer.alloc(WINDOW_BYTES) });
  expect(full.seen.refused).toBe(0);
  full.tunnel.take(piece(1, '!'));
  expect(full.seen.refused).toBe(1);
});

test('an engine that does not read holds the session up, and lets it go on once it reads or is gone', async () => {
  const { tunnel, seen } = tunnelOf();
  await tunnel.open(port);
  tunnel.take({ kind: 'dial', id: 1 });
  tunnel.take({ kind: 'dial', id: 2 });
  await connected();
  while (taken.length < 2) await once(engine, 'connection');
  const much = Buffer.alloc(4 * WINDOW_BYTES);
  tunnel.take({ kind: 'piece', id: 1, back: false, body: much });
  tunnel.take({ kind: 'piece', id: 2, back: false, body: much });
  expect(seen).toMatchObject({ paused: 1, resumed: 0 });
  let read = 0;
  const [first, second] = taken as [Socket, Socket];
  await new Promise<void>((resolve) =>
    first.on('data', ({ byteLength }: Buffer) => (read += byteLength) === much.byteLength && resolve()).resume(),
  );
  // The other one is still full.
  expect(seen).toMatchObject({ paused: 1, resumed: 0 });
  second.destroy();
  while (seen.resumed === 0) await new Promise(setImmediate);
  expect(seen).toMatchObject({ paused: 1, resumed: 1, refused: 0 });
  tunnel.close();
});

test('of two connections with one number, each side has its own', async () => {
  const { tunnel, seen } = tunnelOf();
  const here = connect(await tunnel.open(port), '127.0.0.1');
  while (seen.posted.length < 1) await new Promise(setImmediate);
  tunnel.take({ kind: 'dial', id: 1 });
  const there = await connected();
  tunnel.take({ kind: 'piece', id: 1, back: true, body: Buffer.from('answered') });
  tunnel.take(piece(1, 'asked'));
  const [[atHere], [atThere]] = (await Promise.all([once(here, 'data'), once(there.resume(), 'data')])) as [
    [Buffer],
    [Buffer],
  ];
  expect([String(atHere), String(atThere)]).toEqual(['answered', 'asked']);
  tunnel.close();
});

test('a site that dials without end is refused, and so is a number twice', async () => {
  const { tunnel, seen } = tunnelOf();
  await tunnel.open(port);
  for (let id = 1; id <= 1_024; id += 1) tunnel.take({ kind: 'dial', id });
  expect(seen.refused).toBe(0);
  tunnel.take({ kind: 'dial', id: 1_025 });
  expect(seen.refused).toBe(1);
  tunnel.take({ kind: 'dial', id: 1 });
  expect(seen.refused).toBe(2);
  tunnel.close();
});

test('what is dialled here goes to the other site, and what comes back to whoever dialled', async () => {
  const { tunnel, seen } = tunnelOf();
  const stands = await tunnel.open(port);
  const socket = connect(stands, '127.0.0.1');
  socket.write('asked');
  while (seen.posted.length < 2) await new Promise(setImmediate);
  expect(seen.posted).toEqual([
    { kind: 'dial', id: 1 },
    { kind: 'piece', id: 1, back: false, body: Buffer.from('asked') },
  ]);
  tunnel.take({ kind: 'piece', id: 1, back: true, body: Buffer.from('answered') });
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toBe('answered');
  tunnel.take({ kind: 'hung', id: 1, back: true });
  await once(socket, 'close');
  tunnel.close();
});
