import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { BlindingScalar, KeyHasher, POINT_BYTES } from './curve.js';
import { mapToCurve } from './elligator.js';
import { TestLines, type SeenMessage } from './lines-for-tests.js';
import { OUTPUT_BYTES, outputsOf } from './oprf.js';
import { exchangeByOprf } from './psi-by-oprf.js';
import { exchange, type Matches } from './psi-exchange.js';

const SALT = randomBytes(32);
/** Hashed points of keys. */
function pointsOf(keys: readonly string[]): Buffer {
  const points = Buffer.alloc(keys.length * POINT_BYTES);
  const hasher = new KeyHasher(SALT);
  keys.forEach((key, at) => hasher.hash([key], points, at));
  mapToCurve(points, keys.length);
  return points;
}
const split = (bytes: Buffer): string[] =>
  Array.from({ length: bytes.length / POINT_BYTES }, (_, at) =>
    bytes.toString('hex', at * POINT_BYTES, (at + 1) * POINT_BYTES),
  );

async function run(learner: readonly string[], other: readonly string[]) {
  const lines = new TestLines();
  const side = (party: string, peer: string, keys: readonly string[], peerRows: number): Promise<Matches> =>
    exchangeByOprf(lines.party(party), {
      ...{ peer, points: pointsOf(keys), peerRows, learns: party === 'alice', worked: () => undefined },
    });
  const [own, theirs] = await Promise.all([
    side('alice', 'bob', learner, other.length),
    side('bob', 'alice', other, learner.length),
  ]);
  const sent = (from: string): Buffer =>
    Buffer.concat(lines.seen.filter(is(from)).map(({ body }) => body as Uint8Array));
  const answers = sent('bob');
  return {
    own,
    theirs,
    asked: sent('alice'),
    products: answers.subarray(0, learner.length * POINT_BYTES),
    tags: answers.subarray(learner.length * POINT_BYTES),
  };
}
const is =
  (party: string) =>
  ({ from }: SeenMessage): boolean =>
    from === party;

describe('an intersection by an oblivious pseudo-random function', () => {
  const learner = Array.from({ length: 40 }, (_, at) => `u${at * 25}`);
  const other = Array.from({ length: 5_000 }, (_, at) => `u${at + 500}`);
  let done: Awaited<ReturnType<typeof run>>;
  beforeAll(async () => {
    done = await run(learner, other);
  });

  test('tells the learner which of its keys match, and beside which place of the other', () => {
    const { own, theirs } = done;
    const found = [...own.places!].map((place) => (place === -1 ? null : other[theirs.order[place]!]));
    expect(found).toEqual(learner.map((key) => (other.includes(key) ? key : null)));
    expect(found.filter(Boolean)).toHaveLength(20);
    expect(theirs.places).toBeNull();
  });

  test('gives the learner nothing to test a key with that it did not ask for', async () => {
    const tags = new Set(split(done.tags));
    expect(tags.size).toBe(other.length);
    const guesses = pointsOf(other);
    // What it has: points of its keys and guesses, alone and under what it may choose or was sent.
    const tagsOf = (products: Buffer): string[] => {
      const outputs = outputsOf(guesses, products);
      return split(guesses).map((_, at) => outputs.toString('hex', at * OUTPUT_BYTES, at * OUTPUT_BYTES + POINT_BYTES));
    };
    const sent = Buffer.concat(
      Array.from({ length: other.length }, (_, at) => done.products.subarray((at % 40) * 32, (at % 40) * 32 + 32)),
    );
    for (const products of [guesses, sent, new BlindingScalar().multiply(guesses)])
      expect(tagsOf(products).filter((tag) => tags.has(tag))).toEqual([]);
    expect(split(guesses).filter((point) => tags.has(point))).toEqual([]);
    // A tag says nothing in another run: the key is new.
    const again = await run(learner.slice(0, 2), other);
    expect(split(again.tags).filter((tag) => tags.has(tag))).toEqual([]);
  });

  test('shows the learner no order of the other, whose rows come shuffled', () => {
    const places = done.own.places!.filter((place) => place !== -1);
    expect([...places]).not.toEqual([...places].sort((a, b) => a - b));
    expect([...done.theirs.order]).not.toEqual(other.map((_, at) => at));
  });

  test('shows the other points under a secret that is new in each run, and no order', async () => {
    const hashed = new Set(split(pointsOf([...learner, ...other])));
    const asked = split(done.asked);
    expect(asked.filter((point) => hashed.has(point))).toEqual([]);
    const again = split((await run(learner, other.slice(0, 2))).asked);
    expect(again.filter((point) => asked.includes(point))).toEqual([]);
    expect([...done.own.order]).not.toEqual(learner.map((_, at) => at));
  });

  test.each([
    ['too many points', (own: number) => Buffer.alloc((own + 1) * POINT_BYTES, 9)],
    ['half a point', () => Buffer.alloc(POINT_BYTES / 2, 9)],
    ['nothing', () => Buffer.alloc(0)],
  ])('ends where a peer sends %s', async (_, sent) => {
    for (const learns of [true, false]) {
      const lines = new TestLines();
      await lines.party('bob').send('alice', sent(2));
      const points = pointsOf(['a', 'b']);
      const call = exchangeByOprf(lines.party('alice'), {
        ...{ peer: 'bob', points, peerRows: 2, learns, worked: () => undefined },
      });
      await expect(call).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' });
    }
  });

  test.each([
    ['by OPRF', exchangeByOprf],
    ['by ECDH', (context: never, request: object) => exchange(context, { ...request, peerLearns: true } as never)],
  ] as const)('%s sends nothing more once a peer has sent what does not fit', async (_, call) => {
    const lines = new TestLines();
    const points = pointsOf(Array.from({ length: 20_000 }, (_, at) => `u${at}`));
    await lines.party('bob').send('alice', Buffer.alloc(1));
    const request = { peer: 'bob', points, peerRows: 2, learns: true, worked: () => undefined };
    await expect(call(lines.party('alice') as never, request)).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' });
    const sent = lines.seen.length;
    await delay(400);
    // Under a secret that was wiped whoever guesses a key would know its point.
    expect(lines.seen.length).toBe(sent);
    expect(sent).toBeLessThan(4);
  });
});
