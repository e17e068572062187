import { Duplex, PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { receiveJson } from './json-lines.js';
import { OfferDesk } from './offer-desk.js';
import { FRAME_BYTES, type OfferLine, type ToSite } from './offer-frames.js';

const runOf = (at: number): string => `6d7d5f0f-7c11-4b58-9d0b-${String(at).padStart(12, '0')}`;
const offeredOf = (...ats: number[]): OfferLine[] => ats.map((at) => ({ run: runOf(at), state: 'OFFERED' }));

let now: number;
let desk: OfferDesk;
/** By connection. One that is left out is not the current one of its site. */
let offered: Map<string, OfferLine[]>;
let looks: number;
let held: Promise<void>;
/** Of each task. */
let params: string;
beforeEach(() => {
  [now, offered, looks, held, params] = [0, new Map(), 0, Promise.resolve(), ''];
  desk = new OfferDesk(
    {
      async offers(connections) {
        const found = new Map([...offered].filter(([connection]) => connections.includes(connection)));
        looks += 1;
        await held;
        return found;
      },
      task: async (_, run) => JSON.stringify({ run, params }),
      votes: async () => JSON.stringify([`a.b.${'c'.repeat(86)}`]),
      answer: async () => true,
    },
    1,
    (error) => {
      throw error;
    },
    () => now,
  );
  desk.start();
});
afterEach(() => desk.stop());

function connect(connection: string): ToSite[] {
  const stream = new PassThrough();
  const frames: ToSite[] = [];
  // Writes alone: what the desk reads of it would be its own frames.
  const site = new PassThrough();
  stream.write = ((chunk: Buffer) => site.write(chunk)) as typeof stream.write;
  void (async () => {
    for (;;) frames.push((await receiveJson(site)) as ToSite);
  })();
  desk.serve(connection, stream, () => undefined);
  return frames;
}
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
};
/** Until it has looked anew, and has said what it found. */
const looked = async (): Promise<void> => {
  const before = looks;
  await until(() => looks >= before + 2);
};
const kinds = (frames: readonly ToSite[]): string[] =>
  frames.map((each) =>
    each.kind === 'offers' ? `${each.offers.length} offers` : `${each.kind} ${Number(each.run.slice(-4))}`,
  );

test('nothing is said on a connection that came during the look, or that its site has replaced', async () => {
  offered.set('a', offeredOf(1)).set('b', offeredOf(1));
  let go: () => void = () => undefined;
  held = new Promise((resolve) => (go = resolve));
  const a = connect('a');
  await until(() => looks === 1);
  const b = connect('b');
  held = Promise.resolve();
  go();
  await until(() => b.length === 2);
  expect([kinds(a), kinds(b)]).toEqual([
    ['1 offers', 'task 1'],
    ['1 offers', 'task 1'],
  ]);
  offered.delete('a');
  offered.set('b', []);
  now += 60_000;
  await until(() => b.length === 3);
  await looked();
  expect([kinds(a), kinds(b)]).toEqual([
    ['1 offers', 'task 1'],
    ['1 offers', 'task 1', '0 offers'],
  ]);
});

test('a site hears what is over before it gets another task', async () => {
  offered.set('a', offeredOf(1, 2));
  const a = connect('a');
  await until(() => a.length === 3);
  offered.set('a', offeredOf(2, 3));
  await until(() => a.length === 5);
  expect(kinds(a)).toEqual(['2 offers', 'task 1', 'task 2', '2 offers', 'task 3']);
});

test('a task is sent again each 30 s until the site has answered it', async () => {
  offered.set('a', [...offeredOf(1), { run: runOf(2), state: 'ACCEPTED' }]);
  const a = connect('a');
  await until(() => a.length === 3);
  now += 4_000;
  await looked();
  now += 1_000;
  await until(() => a.length === 4);
  now += 25_000;
  await until(() => a.length === 6);
  await looked();
  expect(kinds(a)).toEqual(['2 offers', 'task 1', 'task 2', '2 offers', '2 offers', 'task 1']);
});

test('the votes for a run that counts are said once, and again where the site has not settled it; of one that does not, nothing more', async () => {
  const lines: OfferLine[] = [
    { run: runOf(1), state: 'COMMIT' },
    { run: runOf(2), state: 'ABORT' },
    { run: runOf(3), state: 'PREPARED' },
  ];
  offered.set('a', lines);
  const a = connect('a');
  await until(() => a.length === 3);
  await looked();
  expect(kinds(a)).toEqual(['3 offers', 'votes 1', 'task 3']);
  now += 30_000;
  await until(() => a.length === 5);
  await looked();
  expect(kinds(a).slice(3)).toEqual(['3 offers', 'votes 1']);
});

test('to a site that does not read, nothing is added beyond a frame', async () => {
  params = 'x'.repeat(FRAME_BYTES / 2);
  offered.set('a', offeredOf(1, 2, 3, 4, 5));
  const stream = new Duplex({ read: () => undefined, write: () => undefined });
  desk.serve('a', stream, () => undefined);
  await until(() => stream.writableLength > FRAME_BYTES);
  const unsent = stream.writableLength;
  expect(unsent).toBeLessThan(2 * FRAME_BYTES);
  now += 30_000;
  await looked();
  expect(stream.writableLength).toBe(unsent);
});
