import { once } from 'node:events';
import { randomBytes, randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Authority, makeRequest, readRequest } from './authority.js';
import { DATA, frameOf } from './frames.js';
import { HostileRelay } from './hostile-relay-for-tests.js';
import { makeIdentity, ownFingerprint, type Identity } from './identity.js';
import { meet } from './meet.js';
import { reachOverRelay } from './relay-client.js';
import type { ResumableConnection } from './resumable-connection.js';

const authority = await Authority.of(randomBytes(32));
const [a, b] = (await Promise.all(['bank-a', 'bank-b'].map(makeIdentity))) as [Identity, Identity];
const run = randomUUID();
let stop = new AbortController();
let relay: HostileRelay;
afterEach(() => {
  stop.abort(new Error('the test is over'));
  stop = new AbortController();
  relay.close();
});

const member = async (
  name: string,
  identity: Identity,
  peer: string,
  other: Identity,
): Promise<ResumableConnection> => {
  const asked = (await readRequest(await makeRequest(identity, { tenant: 'default', name })))!;
  const dial = {
    address: { host: '127.0.0.1', port: relay.port },
    identity: { key: identity.key, cert: await authority.admit(asked) },
    ...{ authority: authority.cert, run },
  };
  const met = await meet({
    ...{ member: name, identity, run, waitMs: 60_000, signal: stop.signal, log: () => undefined },
    ...{ task: `sha256:${'0'.repeat(64)}`, data: `sha256:${'d'.repeat(64)}` },
    peers: new Map([[peer, { fingerprint: ownFingerprint(other), relay: true }]]),
    overRelay: (to, signal) => reachOverRelay(dial, to, signal),
    resume: { resumeMs: 50 },
  });
  return met.connections.get(peer)!;
};
/** Two sites that have met over the relay. */
const pair = async (): Promise<[ResumableConnection, ResumableConnection]> => {
  relay = await HostileRelay.listen(authority);
  return Promise.all([member('bank-a', a, 'bank-b', b), member('bank-b', b, 'bank-a', a)]);
};
const closed = (connection: Duplex): Promise<void> =>
  new Promise((resolve) => (connection.closed ? resolve() : void connection.once('close', () => resolve())));
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
};

describe('two sites that meet over a relay', () => {
  test.each<[string, () => (piece: Buffer) => readonly Buffer[]]>([
    ['sends each piece twice', () => (piece) => [piece, piece]],
    [
      'leaves a piece out',
      () => {
        let passed = 0;
        return (piece) => ((passed += 1) === 1 ? [] : [piece]);
      },
    ],
    [
      'swaps two pieces',
      () => {
        let first: Buffer | undefined;
        return (piece) => {
          const both = first && [piece, first];
          first ??= piece;
          return both ?? [];
        };
      },
    ],
  ])('are cut off where the relay %s: nobody takes it for what the other site has said', async (_, meddle) => {
    const [ofA, ofB] = await pair();
    let heard = '';
    ofB.on('data', (chunk: Buffer) => (heard += String(chunk)));
    // All that they said as they met has come by then.
    ofA.write('zero');
    await until(() => heard === 'zero');
    ofB.write('back');
    await once(ofA, 'data');
    relay.meddle = meddle();
    for (const words of ['one', 'two']) {
      const before = relay.heard.length;
      ofA.write(words);
      await until(() => relay.heard.length > before);
    }
    await Promise.all([ofA, ofB].map(closed));
    expect([ofA.errored, ofB.errored]).toMatchObject([{ code: 'PARTY_LOST' }, { code: 'PARTY_LOST' }]);
    expect(['zero', 'zeroone']).toContain(heard);
  });

  test.each([
    ['leaves a frame out', [1]],
    ['sends a frame twice', [0, 0]],
    ['sends frames in another order', [0, 2, 1]],
  ])('know which of them %s', async (_, numbers) => {
    const [ofA, ofB] = await pair();
    const socket = Reflect.get(ofA, 'carrier') as Duplex;
    for (const number of numbers) socket.write(frameOf(DATA, number, 10));
    await closed(ofB.resume());
    expect(ofB.errored).toMatchObject({ code: 'PROTOCOL_VIOLATION', member: 'bank-a' });
  });
});
