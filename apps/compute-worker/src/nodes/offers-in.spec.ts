import { expect, test } from '@jest/globals';
import type { Database, NodeOfferRepository } from '#libs/repositories';
import { offersIn } from './offers-in.js';

test('sites of a run hear of one relay, each from its own worker, and other runs have another one', async () => {
  const runs = ['0000000a', '0000000b', 'ffffffff'].map((head) => `${head}-0000-4000-8000-000000000000`);
  const lines = runs.flatMap((run) => (['ACCEPTED', 'GO', 'RUNNING'] as const).map((state) => ({ run, state })));
  const offers = { offersOf: () => Promise.resolve(new Map([['c', lines]])) } as unknown as NodeOfferRepository;
  const told = async (...relays: string[]) =>
    (await offersIn({} as Database, offers, relays).offers(['c'])).get('c')!.map(({ relay }) => relay);
  const [none, a, b] = [undefined, 'a:1', 'b:2'];
  expect(await told()).toEqual(Array.from({ length: 9 }, () => none));
  expect(await told('a:1', 'b:2')).toEqual([none, a, a, none, b, b, none, b, b]);
});
