import { describe, expect, test } from '@jest/globals';
import type { Rational } from '../dp/discrete-laplace.js';
import { chiSquare, excessOver } from '../dp/draws-for-tests.js';
import { PrivateColumn } from '../dp/private-figures.js';
import { restoreSecret, selfMask, SumParty } from '../federated/masked-sum.js';
import { StarNetwork } from '../federated/network-for-tests.js';
import type { SeenMessage } from '../mpc/lines-for-tests.js';
import type { UnmaskShares } from '../federated/sum-messages.js';
import { SumServer } from '../federated/sum-server.js';
import { encode, fromBytes, subtractInto, toBytes } from '../mpc/ring.js';
import { jointSums } from './joint-statistics-party.js';
import type { PrivateFigure } from './table-statistics-config.js';

const DRAWS = 20_000;
const ONE: Rational = { numerator: 1n, denominator: 1n };
/** Half the noise. */
const TWO: Rational = { numerator: 2n, denominator: 1n };
/** In under one run of 10^7 is one of forty values beyond. */
const CHANCE = 5.8;

const VALUES = [3, 14, 15, 35, 58, 79, 93, 99];
const columnOf = (values: readonly number[]): PrivateColumn => {
  const column = new PrivateColumn({ min: 0, max: 100 });
  for (const value of values) column.add(value);
  return column;
};
/** With and without one row, whose value is as far out as it can be. */
const [TABLE, NEIGHBOUR] = [columnOf(VALUES), columnOf([...VALUES, 100])];

const PARTIES = ['alice', 'bob', 'carol'];
const [VICTIM, ...COLLUDERS] = PARTIES as [string, ...string[]];
/** Numbers that a column has in the vectors. */
const WIDTHS = { count: 1, sum: 2, histogram: 10, quartiles: 100 } as const;

interface Loot {
  /** What is left of the victim's columns when the colluders have taken from the sum all that they put in, with its noise. */
  readonly left: readonly (readonly number[])[];
  readonly seen: readonly SeenMessage[];
}

/** One joint sum over `times` copies of the victim's column, in which all other parties and the aggregator pool what they know. */
async function pooled(
  column: PrivateColumn,
  of: { readonly figure: keyof typeof WIDTHS; readonly epsilon: Rational; readonly times: number },
): Promise<Loot> {
  const width = WIDTHS[of.figure];
  const network = new StarNetwork(PARTIES);
  const known = COLLUDERS.map((_, at) =>
    Array.from({ length: of.times * width }, (__, index) => (at + 2) * index - 1_000),
  );
  const figures: PrivateFigure[] = [of.figure];
  const columns = Array.from({ length: of.times }, () => column);
  const [sums] = await Promise.all([
    jointSums(new SumParty(network.party(VICTIM), PARTIES.length), columns, { figures, epsilon: of.epsilon }),
    ...COLLUDERS.map((name, at) => new SumParty(network.party(name), PARTIES.length).add(encode(known[at]!, 0))),
    new SumServer(network.server(), PARTIES, PARTIES.length).sum(PARTIES),
  ]);
  const taken = (at: number): number => known.reduce((sum, vector) => sum + vector[at]!, 0);
  const left = sums.map((each, row) => each.map((sum, at) => sum - taken(row * width + at)));
  return { left, seen: network.seen };
}

/** Of discrete Laplace noise. */
const probabilities = (epsilon: number): Map<number, number> => {
  const decay = Math.exp(-epsilon);
  const sizes = Array.from({ length: 81 }, (_, at) => at - 40);
  return new Map(sizes.map((z) => [z, ((1 - decay) / (1 + decay)) * decay ** Math.abs(z)]));
};

describe('what all parties but one, and the aggregator, can put together', () => {
  test.each([
    ['count', (of: readonly number[]) => of[0]!],
    // In half scales of the noise, which is half the grid.
    ['sum', (of: readonly number[]) => Math.floor(of[1]! / 2 ** 18)],
  ] as const)(
    'of the %s keeps the promise by the noise of that party alone, and breaks it with half of that',
    async (figure, of) => {
      const drawn = async (column: PrivateColumn, epsilon: Rational): Promise<number[]> =>
        (await pooled(column, { figure, epsilon, times: DRAWS })).left.map(of);
      const excess = async (epsilon: Rational): Promise<number> =>
        excessOver(1, await drawn(TABLE, epsilon), await drawn(NEIGHBOUR, epsilon));
      expect(await excess(ONE)).toBeLessThan(CHANCE);
      expect(await excess(TWO)).toBeGreaterThan(2 * CHANCE);
    },
    60_000,
  );

  test.each([
    ['histogram', 10],
    ['quartiles', 1],
  ] as const)('of each part of the %s is its count with one whole draw', async (figure, step) => {
    const { left } = await pooled(TABLE, { figure, epsilon: ONE, times: DRAWS / WIDTHS[figure] });
    const exact = (part: number): number => VALUES.filter((value) => Math.floor(value / step) === part).length;
    const noise = left.flatMap((each) => each.map((count, part) => count - exact(part)));
    expect(noise).toHaveLength(DRAWS);
    expect(chiSquare(noise, probabilities(1))).toBeLessThan(6);
    expect(chiSquare(noise, probabilities(2))).toBeGreaterThan(20);
  });

  test('is uniform to the aggregator alone, also when it has opened the seed of the private mask', async () => {
    const { left, seen } = await pooled(TABLE, { figure: 'count', epsilon: ONE, times: DRAWS });
    expect(left).toHaveLength(DRAWS);
    const sent = seen.filter(({ from }) => from === VICTIM).map(({ body }) => body);
    expect(sent.map((body) => (typeof body === 'string' ? Object.keys(JSON.parse(body) as object) : 'vector'))).toEqual(
      [['mask', 'seal', 'sign', 'seed'], COLLUDERS, 'vector', ['signature'], ['seeds', 'keys']],
    );
    const masked = sent[2] as Uint8Array;
    const answers = PARTIES.map((party) => {
      const texts = seen.filter(({ from, body }) => from === party && typeof body === 'string');
      return JSON.parse(texts.at(-1)!.body as string) as UnmaskShares;
    });
    const seed = await restoreSecret(answers.map(({ seeds }) => seeds[VICTIM]!));
    const opened = toBytes(subtractInto(fromBytes(masked.slice(), DRAWS), selfMask(seed, DRAWS)));
    for (const bytes of [masked, opened]) {
      const cells = new Map(Array.from({ length: 256 }, (_, byte) => [byte, 1 / 256]));
      for (let place = 0; place < 16; place += 1) {
        const drawn = Array.from({ length: DRAWS }, (_, at) => bytes[at * 16 + place]!);
        expect(chiSquare(drawn, cells)).toBeLessThan(6);
      }
    }
  });
});
