import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { KeyHasher, POINT_BYTES } from '../../mpc/curve.js';
import { TestLines, type Body, type SeenMessage } from '../../mpc/lines-for-tests.js';
import { bytesOf } from '../../mpc/rings.js';
import { BaseReceiver, BaseSender } from './base-transfers.js';
import { Bins } from './bins.js';
import { ITEM_BYTES, PseudoRandomCode } from './code.js';
import { ReceiverMatrix, SenderMatrix } from './extension.js';
import { parametersOf, TABLES } from './parameters.js';
import { exchangeByKkrt } from './psi-by-kkrt.js';
import { TagHash } from './tags.js';

const SESSION = randomBytes(64);
const keysFrom = (first: number, count: number): string[] => Array.from({ length: count }, (_, at) => `u${first + at}`);

function hashesOf(keys: readonly string[], session = SESSION): Buffer {
  const hashes = Buffer.alloc(keys.length * POINT_BYTES);
  const hasher = new KeyHasher(session);
  keys.forEach((key, at) => hasher.hash([key], hashes, at));
  return hashes;
}

/** Changes what arrives of the messages of one party, which are counted from 0. */
class BentLines extends TestLines {
  private count = 0;

  constructor(
    private readonly liar: string,
    private readonly bend: (bytes: Buffer, nth: number) => Buffer,
  ) {
    super();
  }

  protected override arriving({ from, body }: SeenMessage): Body {
    return from === this.liar ? this.bend(Buffer.from(body as Uint8Array), this.count++) : body;
  }
}

interface Sides {
  readonly alice: readonly string[];
  readonly bob: readonly string[];
  readonly learners?: readonly string[];
}

/** Both sides; alice is the receiver where bob is not the only learner. */
function start({ alice, bob, learners = ['alice'] }: Sides, lines = new TestLines()) {
  const side = (party: 'alice' | 'bob', peer: 'alice' | 'bob', keys: readonly string[], peerRows: number) =>
    exchangeByKkrt(lines.party(party), {
      ...{ peer, hashes: hashesOf(keys), session: SESSION, peerRows, worked: () => undefined },
      ...{ learns: learners.includes(party), peerLearns: learners.includes(peer) },
    });
  return { lines, alice: side('alice', 'bob', alice, bob.length), bob: side('bob', 'alice', bob, alice.length) };
}

async function run(sides: Sides) {
  const { lines, ...parties } = start(sides);
  const [alice, bob] = await Promise.all([parties.alice, parties.bob]);
  const sent = (party: string): Buffer[] =>
    lines.seen.filter(({ from }) => from === party).map(({ body }) => Buffer.from(body as Uint8Array));
  return { alice, bob, ofAlice: sent('alice'), ofBob: sent('bob') };
}

const foundBy = (keys: readonly string[], places: Int32Array | null): string[] =>
  keys.filter((_, row) => places![row]! >= 0);
const ones = (bytes: Uint8Array): number => {
  let count = 0;
  for (const byte of bytes) for (let bit = 0; bit < 8; bit += 1) count += (byte >> bit) & 1;
  return count;
};

describe('an intersection by KKRT', () => {
  test.each([
    [1, 1],
    [1, 3_000],
    [3_000, 1],
    [20_000, 18_000],
  ])('of %i and %i keys tells the receiver which match, and beside which place of the other', async (own, other) => {
    const [alice, bob] = [keysFrom(0, own), keysFrom(Math.floor(own / 2), other).reverse()];
    const done = await run({ alice, bob });
    const found = [...done.alice.places!].map((place) => (place < 0 ? null : bob[done.bob.order[place]!]));
    const held = new Set(bob);
    expect(found).toEqual(alice.map((key) => (held.has(key) ? key : null)));
    expect(found.filter((key) => key !== null).length).toBeGreaterThan(0);
    expect(done.bob.places).toBeNull();
    expect([...done.bob.order].sort((a, b) => a - b)).toEqual(bob.map((_, row) => row));
  });

  test('of no key in common, and of no key, is empty', async () => {
    expect(
      foundBy(keysFrom(0, 90), (await run({ alice: keysFrom(0, 90), bob: keysFrom(90, 90) })).alice.places),
    ).toEqual([]);
    for (const learners of [['alice'], ['alice', 'bob']])
      for (const [own, other] of [
        [0, 5],
        [5, 0],
        [0, 0],
      ] as const) {
        const done = await run({ alice: keysFrom(0, own), bob: keysFrom(0, other), learners });
        expect(done.alice.places).toEqual(new Int32Array(own).fill(-1));
        expect(done.bob.places).toEqual(learners.includes('bob') ? new Int32Array(other).fill(-1) : null);
      }
  });

  test('goes to the second party alone, or to both, where that is so', async () => {
    const [alice, bob] = [keysFrom(0, 300), keysFrom(200, 500)];
    const second = await run({ alice, bob, learners: ['bob'] });
    expect(second.alice.places).toBeNull();
    expect(foundBy(bob, second.bob.places)).toEqual(keysFrom(200, 100));
    const both = await run({ alice, bob, learners: ['alice', 'bob'] });
    expect(foundBy(alice, both.alice.places)).toEqual(keysFrom(200, 100));
    expect(foundBy(bob, both.bob.places)).toEqual(keysFrom(200, 100));
    // Beyond what one alone gets: a bit for each place of the other's order.
    expect(both.ofAlice.slice(-1).map((bytes) => bytes.length)).toEqual([Math.ceil(500 / 8)]);
  });
});

describe('the sender', () => {
  const alice = keysFrom(0, 400);
  test('learns nothing of the keys from the sizes of messages, which follow from the numbers of rows', async () => {
    const sizes = new Set<string>();
    for (const own of [alice, keysFrom(5_000, 400), keysFrom(0, 399).concat('a key of another length')]) {
      const { ofAlice, ofBob } = await run({ alice: own, bob: keysFrom(0, 700) });
      sizes.add(JSON.stringify([ofAlice, ofBob].map((all) => all.map((bytes) => bytes.length))));
    }
    expect(sizes.size).toBe(1);
  });

  test('gets a matrix under masks that are new in each run, though keys and salt are the same', async () => {
    const runs = [await run({ alice, bob: ['x'] }), await run({ alice, bob: ['x'] })];
    const [first, second] = runs.map(({ ofAlice }) => ofAlice[1]!) as [Buffer, Buffer];
    const bits = first.length * 8;
    for (const bytes of [first, second, first.map((byte, at) => byte ^ second[at]!)])
      expect(Math.abs(ones(bytes) - bits / 2)).toBeLessThan(3.6 * Math.sqrt(bits));
    expect(runs[0]!.ofAlice[0]!.subarray(0, 32)).not.toEqual(runs[1]!.ofAlice[0]!.subarray(0, 32));
    expect(runs[0]!.ofAlice[0]!.subarray(32)).not.toEqual(runs[1]!.ofAlice[0]!.subarray(32));
  });

  test('finds no key in the matrix, whichever it guesses for a bin, and though it knows a stream of each column', async () => {
    const { codeBits, binsPerTable } = parametersOf(alice.length, 2);
    const lines = new TestLines();
    const receiver = exchangeByKkrt(lines.party('alice'), {
      ...{ peer: 'bob', hashes: hashesOf(alice), session: SESSION, peerRows: 2 },
      ...{ learns: true, peerLearns: false, worked: () => undefined },
    });
    receiver.catch(() => undefined);
    const bob = lines.party('bob');
    const choices = Array.from(randomBytes(codeBits), (byte) => byte % 2 === 1);
    const base = new BaseReceiver(SESSION, 'alice', await bob.receiveBytes('alice'), choices);
    await bob.send('alice', base.answer);
    // Once as it is meant to be read, and once as if it had the other choices.
    const message = await bob.receiveBytes('alice');
    const height = message.byteLength / 4 / codeBits;
    const bins = new Bins(hashesOf(alice), binsPerTable);
    const words = PseudoRandomCode.ofSession(SESSION, codeBits).of(itemsOf(alice));
    const width = codeBits / 32;
    for (const seen of [choices, choices.map((choice) => !choice)]) {
      const rows = new SenderMatrix('alice', seen, base.keys).next(message, height);
      let nearest = Infinity;
      alice.forEach((_, row) => {
        for (let table = 0; table < TABLES; table += 1) {
          const bin = bins.of(row, table);
          if (bin >= height * 32) continue;
          const apart = rows.slice(bin * width, (bin + 1) * width).map((word, at) => word ^ words[row * width + at]!);
          const off = ones(bytesOf(apart));
          nearest = Math.min(nearest, off, codeBits - off);
        }
      });
      // A row is random to it: of 448 bits 224 are off, and hardly ever under 145.
      expect(nearest).toBeGreaterThan(145);
    }
    lines.lose('bob');
    await expect(receiver).rejects.toMatchObject({ code: 'PARTY_LOST' });
  });
});

const itemsOf = (keys: readonly string[]): Buffer =>
  Buffer.concat(keys.map((key) => hashesOf([key]).subarray(0, ITEM_BYTES)));

describe('the receiver', () => {
  const bob = keysFrom(100, 900);
  const ROWS = 1;
  /** A receiver that keeps all it sees: what each guess could be tested by. */
  async function attack(own: string) {
    const { codeBits, binsPerTable, tagBytes } = parametersOf(ROWS, bob.length);
    const lines = new TestLines();
    const sender = exchangeByKkrt(lines.party('bob'), {
      ...{ peer: 'alice', hashes: hashesOf(bob), session: SESSION, peerRows: ROWS },
      ...{ learns: false, peerLearns: true, worked: () => undefined },
    });
    const alice = lines.party('alice');
    const base = new BaseSender(SESSION);
    await alice.send('bob', base.offer);
    const matrix = new ReceiverMatrix(base.keys('bob', await alice.receiveBytes('bob'), codeBits));
    const code = PseudoRandomCode.ofSession(SESSION, codeBits);
    const count = binsPerTable * TABLES;
    // The same key in all bins, which makes it the key of each bin that it might be in.
    const words = code.of(Buffer.concat(Array.from({ length: Math.ceil(count / 32) * 32 }, () => itemsOf([own]))));
    const { rows, message } = matrix.next(words);
    await alice.send('bob', message);
    const tags = Buffer.from(await alice.receiveBytes('bob'));
    await sender;
    const known = new Set<string>();
    for (let at = 0; at < tags.length; at += tagBytes) known.add(tags.toString('hex', at, at + tagBytes));
    return {
      known,
      rows,
      words,
      code,
      bins: (keys: readonly string[]) => new Bins(hashesOf(keys), binsPerTable),
      tagBytes,
    };
  }

  test('gets values of the keys that it has: no other key of the sender can be tested', async () => {
    const { known, rows, words, code, bins, tagBytes } = await attack('u105');
    expect(known.size).toBe(bob.length * TABLES);
    const hash = new TagHash(SESSION, code.width, tagBytes);
    const tag = Buffer.alloc(tagBytes);
    const hits = (keys: readonly string[], off: (word: number, guess: number, own: number) => number): string[] => {
      const guesses = code.of(itemsOf(keys));
      const places = bins(keys);
      const found: string[] = [];
      keys.forEach((_, row) => {
        for (let table = 0; table < TABLES; table += 1) {
          const bin = places.of(row, table);
          const at = bin * code.width;
          const tried = rows
            .slice(at, at + code.width)
            .map((word, i) => off(word, guesses[row * code.width + i]!, words[at + i]!));
          hash.write(bin, tried, 0, tag, 0);
          if (known.has(tag.toString('hex'))) found.push(tag.toString('hex'));
        }
      });
      return found;
    };
    // Its own key is there, in all three bins: the test would see what it looks for.
    const own = hits(['u105'], (word) => word);
    expect(own).toHaveLength(TABLES);
    // Other keys meet it in its bins.
    for (const each of own) known.delete(each);
    const guesses = bob.filter((key) => key !== 'u105');
    // As if the secret word were all zeros, all ones, or the row were the word itself.
    expect(hits(guesses, (word) => word)).toEqual([]);
    expect(hits(guesses, (word, guess, own) => word ^ guess ^ own)).toEqual([]);
    expect(hits(guesses, (word, guess) => word ^ guess)).toEqual([]);
    expect(hits(guesses, (_, guess) => guess)).toEqual([]);
    expect(hits(guesses, () => 0)).toEqual([]);
  });

  test('gets other values in each run, of bytes that are as good as random', async () => {
    const [first, second] = [await run({ alice: ['u1'], bob }), await run({ alice: ['u1'], bob })];
    const tagsOf = (bytes: Buffer): string[] => bytes.toString('hex').match(/.{16}/g)!;
    const [tags, others] = [tagsOf(first.ofBob[1]!), new Set(tagsOf(second.ofBob[1]!))];
    expect(tags.filter((tag) => others.has(tag))).toEqual([]);
    const bits = first.ofBob[1]!.length * 8;
    expect(Math.abs(ones(first.ofBob[1]!) - bits / 2)).toBeLessThan(3.6 * Math.sqrt(bits));
    expect(first.ofBob[0]).not.toEqual(second.ofBob[0]);
  });

  test('sees no order of the sender, whose rows come shuffled anew', async () => {
    const [first, second] = [await run({ alice: bob, bob }), await run({ alice: bob, bob })];
    for (const { places } of [first.alice, second.alice]) {
      const moved = [...places!].filter((place, row) => place !== row);
      // A place in 900 stays on average.
      expect(moved.length).toBeGreaterThan(880);
    }
    expect(first.alice.places).not.toEqual(second.alice.places);
  });
});

describe('a peer that sends what does not fit ends the run by name', () => {
  const sizes: readonly (readonly [string, (bytes: Buffer) => Buffer])[] = [
    ['nothing', () => Buffer.alloc(0)],
    ['a byte less', (bytes) => bytes.subarray(1)],
    ['a byte more', (bytes) => Buffer.concat([bytes, Buffer.of(1)])],
    ['all of it twice', (bytes) => Buffer.concat([bytes, bytes])],
  ];
  const learners = ['alice', 'bob'];
  const cases = [
    ...[0, 1, 2].map((nth) => ({ liar: 'bob', nth, what: `message ${nth} of the sender` })),
    ...[0, 1, 2, 3].map((nth) => ({ liar: 'alice', nth, what: `message ${nth} of the receiver` })),
  ];
  let sides: Sides;
  beforeAll(() => {
    // Two messages of tags, and two of the matrix.
    sides = { alice: keysFrom(0, 6_500), bob: keysFrom(3_000, 16_400), learners };
  });

  async function failureOf(liar: string, nth: number, bend: (bytes: Buffer) => Buffer, of = sides): Promise<unknown> {
    let bent = 0;
    const lines = new BentLines(liar, (bytes, at) => {
      if (at !== nth) return bytes;
      bent += 1;
      return bend(bytes);
    });
    const both = start(of, lines);
    const [victim, other] = liar === 'bob' ? [both.alice, both.bob] : [both.bob, both.alice];
    other.catch(() => undefined);
    const failure = await victim.catch((error: unknown) => error);
    expect(bent).toBe(1);
    for (const party of learners) lines.lose(party);
    await other.catch(() => undefined);
    return failure;
  }

  test.each(cases)('$what', async ({ liar, nth }) => {
    for (const [, bend] of sizes)
      expect(await failureOf(liar, nth, bend)).toMatchObject({ code: 'PROTOCOL_VIOLATION', details: { party: liar } });
  });

  test('the intersection that the receiver tells', async () => {
    // Three keys of the receiver, twenty of the sender: three bytes, of which four bits stay zero.
    const small = { alice: keysFrom(0, 3), bob: keysFrom(0, 20), learners };
    for (const hex of ['0f0000', '010010', '000080', 'ffff0f'])
      expect(await failureOf('alice', 2, () => Buffer.from(hex, 'hex'), small)).toMatchObject({
        code: 'PROTOCOL_VIOLATION',
        details: { party: 'alice' },
      });
    expect(await failureOf('alice', 2, () => Buffer.from('010008', 'hex'), small)).toHaveProperty('places');
  });
});
