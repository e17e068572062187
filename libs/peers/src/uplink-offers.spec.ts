import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Authority, makeRequest, readRequest } from './authority.js';
import { makeIdentity } from './identity.js';
import type { OfferLine, SiteAnswer, ToSite } from './offer-frames.js';
import { RoundTrips } from './round-trips.js';
import { dial, type Uplink } from './uplink-client.js';
import { UplinkServer } from './uplink-server.js';

const LONG = 60_000;
const beat = { everyMs: LONG, withinMs: LONG };
const run = '6d7d5f0f-7c11-4b58-9d0b-2c534a52b589';
const authority = await Authority.of(randomBytes(32));

let server: UplinkServer;
let offered: OfferLine[];
let answers: SiteAnswer[];
let reasons: string[];
let faults: unknown[];
let looks: number;
let broken: boolean;
let held: (number | undefined)[][];
const open: Uplink[] = [];
beforeEach(async () => {
  [offered, answers, reasons, faults, looks, broken] = [[{ run, state: 'OFFERED' }], [], [], [], 0, false];
  held = [];
  server = await UplinkServer.listen({
    ...{ authority, host: '127.0.0.1', port: 0 },
    admission: {
      admit: async () => undefined,
      hold: async (_, roundTrips) => {
        held.push([...roundTrips]);
        return new Map();
      },
      release: async () => undefined,
      mayMeet: async () => [],
    },
    offers: {
      async offers(connections) {
        looks += 1;
        return new Map(connections.map((each) => [each, offered]));
      },
      task: async () => JSON.stringify({ task_id: 'match' }),
      votes: () => Promise.resolve(undefined),
      answer(_, answer) {
        if (broken) throw new Error('broken');
        answers.push(answer);
        return Promise.resolve(true);
      },
    },
    onRefused: (reason) => void reasons.push(reason),
    onFault: (error) => void faults.push(error),
    times: { greetMs: LONG, beat, holdMs: 10, offersMs: 5, unheldMs: LONG },
  });
});
afterEach(async () => {
  for (const uplink of open.splice(0)) uplink.close();
  await server.close();
});

async function connect(name: string, receive?: (frame: ToSite) => void): Promise<Uplink> {
  const own = await makeIdentity(name);
  const asked = await readRequest(await makeRequest(own, { tenant: 'default', name }));
  const uplink = await dial({
    address: { host: '127.0.0.1', port: server.port },
    identity: { key: own.key, cert: await authority.admit(asked!) },
    authority: authority.cert,
    software: '1.2.3',
    signal: new AbortController().signal,
    beat,
    ...(receive && { receive }),
  });
  open.push(uplink);
  return uplink;
}
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
};

test('cross from version 3 on: the task once on each connection, the state when it changes, and answers back', async () => {
  const frames: ToSite[] = [];
  const uplink = await connect('bank-a', (frame) => void frames.push(frame));
  expect(uplink.version).toBe(3);
  await until(() => frames.length === 2);
  uplink.send({ run, state: 'ACCEPTED' });
  await until(() => answers.length === 1);
  offered = [{ run, state: 'GO' }];
  await until(() => frames.length === 3);
  offered = [];
  await until(() => frames.length === 4);
  expect(frames).toEqual([
    { kind: 'offers', offers: [{ run, state: 'OFFERED' }] },
    { kind: 'task', run, task: { task_id: 'match' } },
    { kind: 'offers', offers: [{ run, state: 'GO' }] },
    { kind: 'offers', offers: [] },
  ]);
  expect(answers).toEqual([{ run, state: 'ACCEPTED' }]);
});

test('are told once at least on each connection, also that there is none', async () => {
  offered = [];
  const frames: ToSite[] = [];
  await connect('bank-a', (frame) => void frames.push(frame));
  await until(() => frames.length >= 1);
  expect(frames).toEqual([{ kind: 'offers', offers: [] }]);
});

test('are for no site that speaks version 1', async () => {
  const old = await connect('bank-a');
  expect(old.version).toBe(1);
  const seen: ToSite[] = [];
  await connect('bank-b', (frame) => void seen.push(frame));
  await until(() => seen.length === 2);
  // Data would end the connection of the older one.
  expect([server.connections, looks > 0]).toEqual([2, true]);
});

test('are answered by answers alone: a site that sends anything else is cut off', async () => {
  const uplink = await connect('bank-a', () => undefined);
  uplink.send({ run: 'x', state: 'ACCEPTED' });
  await uplink.ended;
  expect([reasons, answers]).toEqual([['data'], []]);
});

test('outlive an answer that cannot be stored, which is told', async () => {
  const uplink = await connect('bank-a', () => undefined);
  broken = true;
  uplink.send({ run, state: 'ACCEPTED' });
  await until(() => faults.length === 1);
  expect(faults).toEqual([new Error('broken')]);
  broken = false;
  uplink.send({ run, state: 'ACCEPTED' });
  await until(() => answers.length === 1);
  expect(reasons).toEqual([]);
});

test('end with the connection, at once on both sides', async () => {
  const uplink = await connect('bank-a', () => undefined);
  await server.close();
  expect(await uplink.ended).toMatchObject({ code: 'DRAINING' });
});

test('are measured by pings: the shortest of the last counts, from the first on', async () => {
  await connect('bank-a');
  // Pings of the test are a minute apart: the first one goes out at once.
  await until(() => typeof held.at(-1)?.[0] === 'number');
  expect(held.at(-1)![0]).toBeGreaterThan(0);
  const roundTrips = new RoundTrips();
  expect(roundTrips.shortest).toBeUndefined();
  for (const ms of [5, 40, 30, 60, 50, 70]) roundTrips.add(ms);
  expect(roundTrips.shortest).toBe(5);
  // That was more than a minute ago: the way has become longer.
  roundTrips.add(80);
  expect(roundTrips.shortest).toBe(30);
});
