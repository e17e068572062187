import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MIN_GROUP_ROWS } from '#libs/consent';
import { BucketDealer, BucketHolder, NumberHolder } from '../mpc/bucket-sums.js';
import { inProcessLine } from '../mpc/channel.js';
import { answerChosen, askChosen, dealChosen } from '../mpc/chosen-bits.js';
import { addInto, zeros } from '../mpc/ring.js';
import { deal, joinSession } from '../mpc/session.js';
import { boost } from './boost.js';
import { bucketed } from '../vertical/buckets.js';
import { ClearPeer } from './clear-peer-for-tests.js';
import { gradientsOf, packed, unpacked } from './gradients.js';
import type { Boosting } from '../vertical/boosting.js';

const BOOSTING: Boosting & { least: number } = {
  least: MIN_GROUP_ROWS,
  objective: 'logistic',
  rounds: 5,
  maxDepth: 3,
  learningRate: 0.3,
  lambda: 1,
  subsample: 1,
  colsample: 1,
  buckets: 10,
  baseScore: 0,
  seed: 1,
};

/** Lines between two parties and a dealer in this process. */
function lines(seen: (from: 0 | 1, bytes: Uint8Array) => void = () => {}) {
  const [peer0, peer1] = inProcessLine(seen);
  const [deal0, party0] = inProcessLine();
  const [deal1, party1] = inProcessLine();
  return {
    first: joinSession(0, peer0, party0),
    second: joinSession(1, peer1, party1),
    dealt: deal([deal0, deal1]),
  };
}

describe('sums by bucket', () => {
  const table = fc.integer({ min: 1, max: 80 }).chain((rows) =>
    fc.record({
      rows: fc.constant(rows),
      buckets: fc.array(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: rows, maxLength: rows }), {
        minLength: 1,
        maxLength: 4,
      }),
      numbers: fc.array(fc.array(fc.integer({ min: -(2 ** 30), max: 2 ** 30 }), { minLength: rows, maxLength: rows }), {
        minLength: 1,
        maxLength: 3,
      }),
    }),
  );

  test('equal plain ones exactly, for several vectors over chosen columns', async () => {
    await fc.assert(
      fc.asyncProperty(table, async ({ rows, buckets, numbers }) => {
        const counts = buckets.map((of) => Math.max(...of) + 1);
        const sizes = buckets.map((of, at) =>
          Array.from({ length: counts[at]! }, (_, bucket) => of.filter((each) => each === bucket).length),
        );
        const chosen = buckets.map((_, at) => at).filter((at) => at % 2 === 0);
        const all = Uint32Array.from({ length: rows }, (_, row) => row);
        const vectors = numbers.map((each) => {
          const first = Float64Array.from(each);
          return { first, second: first.map(Math.abs), unit: 1 };
        });
        const { first, second, dealt } = lines();
        const [sums] = await Promise.all([
          first.then(async (session) => {
            const holder = await NumberHolder.start(session, rows, counts);
            const found = [];
            for (const vector of vectors) {
              await holder.ask(packed(vector, all), chosen);
              found.push(unpacked(await holder.collect(chosen)));
            }
            return found;
          }),
          second.then(async (session) => {
            const holder = await BucketHolder.start(
              session,
              buckets.map((of) => Uint16Array.from(of)),
              counts,
            );
            for (let at = 0; at < vectors.length; at += 1) await holder.answer(chosen);
          }),
          dealt.then(async ([numberHolder, bucketHolder]) => {
            const dealer = new BucketDealer(numberHolder, bucketHolder, rows, sizes);
            for (let at = 0; at < vectors.length; at += 1) await dealer.deal(chosen);
          }),
        ]);
        vectors.forEach((vector, at) => {
          const plain = (values: Float64Array): number[] =>
            chosen.flatMap((column) =>
              Array.from({ length: counts[column]! }, (_, bucket) =>
                values.reduce((sum, value, row) => (buckets[column]![row] === bucket ? sum + value : sum), 0),
              ),
            );
          expect([...sums[at]!.first]).toEqual(plain(vector.first).map((sum) => sum + 0));
          expect([...sums[at]!.second]).toEqual(plain(vector.second));
        });
      }),
      { numRuns: 60 },
    );
  });

  test('show neither side more than uniform bytes and an order that says nothing', async () => {
    const rows = 4000;
    const bucketOf = Uint16Array.from({ length: rows }, (_, row) => Math.floor((row * 8) / rows));
    const ones = { first: new Float64Array(rows).fill(1), second: new Float64Array(rows).fill(1), unit: 1 };
    const all = Uint32Array.from({ length: rows }, (_, row) => row);
    const crossed: [0 | 1, Uint8Array][] = [];
    const { first, second, dealt } = lines((from, bytes) => crossed.push([from, bytes]));
    await Promise.all([
      first.then(async (session) => {
        const holder = await NumberHolder.start(session, rows, [8]);
        await holder.ask(packed(ones, all), [0]);
        await holder.collect([0]);
      }),
      second.then(async (session) => (await BucketHolder.start(session, [bucketOf], [8])).answer([0])),
      dealt.then(([numbers, buckets]) => new BucketDealer(numbers, buckets, rows, [Array(8).fill(500)]).deal([0])),
    ]);
    const [[, order], [, masked]] = [crossed.find(([from]) => from === 1)!, crossed.find(([from]) => from === 0)!];
    const slots = new Uint32Array(order.buffer, order.byteOffset, rows);
    expect([...slots].sort((a, b) => a - b)).toEqual([...all]);
    // Each half of the slots holds about half of each bucket: 250, give or take 5 deviations of 8.
    for (let bucket = 0; bucket < 8; bucket += 1) {
      const here = slots.subarray(0, rows / 2).filter((row) => bucketOf[row] === bucket).length;
      expect(Math.abs(here - 250)).toBeLessThan(41);
    }
    const counts = new Float64Array(256);
    for (const byte of masked) counts[byte]! += 1;
    const even = masked.length / 256;
    expect(counts.reduce((sum, count) => sum + (count - even) ** 2 / even, 0)).toBeLessThan(400);
  });
});

describe('chosen bits', () => {
  /** The asker's bits of the chosen lists, by group. */
  async function choose(rows: number, groups: number[][][], choices: number[][], seen: (bytes: Uint8Array) => void) {
    const lists = groups.map(({ length }) => length);
    const width = Math.ceil(rows / 8);
    const bits = new Uint8Array(groups.flat().length * width);
    groups
      .flat()
      .forEach((list, at) => list.forEach((bit, row) => (bits[at * width + (row >>> 3)]! |= bit << (row & 7))));
    const { first, second, dealt } = lines((_, bytes) => seen(bytes));
    const [chosen] = await Promise.all([
      first.then((session) =>
        askChosen(
          session,
          lists,
          choices.map((each) => Uint16Array.from(each)),
        ),
      ),
      second.then((session) => answerChosen(session, { rows, lists }, bits)),
      dealt.then(([asker, answerer]) => dealChosen(asker, answerer, { rows, lists })),
    ]);
    return chosen.map((each) => [...each]);
  }

  test('are those of one list for each row and group, or 0', async () => {
    const cases = fc.integer({ min: 1, max: 30 }).chain((rows) => {
      const list = fc.array(fc.integer({ min: 0, max: 1 }), { minLength: rows, maxLength: rows });
      const group = fc
        .array(list, { minLength: 1, maxLength: 9 })
        .chain((lists) =>
          fc.tuple(
            fc.constant(lists),
            fc.array(fc.integer({ min: 0, max: lists.length }), { minLength: rows, maxLength: rows }),
          ),
        );
      return fc.tuple(fc.constant(rows), fc.array(group, { minLength: 1, maxLength: 3 }));
    });
    await fc.assert(
      fc.asyncProperty(cases, async ([rows, groups]) => {
        const [lists, choices] = [groups.map(([each]) => each), groups.map(([, each]) => each)];
        expect(await choose(rows, lists, choices, () => {})).toEqual(
          choices.map((choice, group) => choice.map((list, row) => (list === 0 ? 0 : lists[group]![list - 1]![row]))),
        );
      }),
    );
  });

  test('cross as uniform bytes, whatever the bits and the choice', async () => {
    const rows = 40_000;
    for (const bit of [0, 1]) {
      const crossed: Uint8Array[] = [];
      const list = Array<number>(rows).fill(bit);
      await choose(rows, [[list, list, list]], [Array<number>(rows).fill(3 * bit)], (bytes) => crossed.push(bytes));
      const [options, answers] = crossed as [Uint8Array, Uint8Array];
      const chosen = new Uint16Array(options.buffer);
      for (let option = 0; option < 4; option += 1) {
        // 10,000, give or take 5 deviations of 87.
        expect(Math.abs(chosen.filter((each) => each === option).length - rows / 4)).toBeLessThan(435);
      }
      const counts = new Float64Array(256);
      for (const byte of answers) counts[byte]! += 1;
      const even = answers.length / 256;
      expect(counts.reduce((sum, count) => sum + (count - even) ** 2 / even, 0)).toBeLessThan(400);
    }
  });

  test('of a row are no more than one, also to an asker that keeps every message', async () => {
    // All that the asker has of an option that it did not choose is masked by a bit that only answerer and dealer know.
    const seenOf = async (bit: number): Promise<number> => {
      const crossed: Uint8Array[] = [];
      const rows = 8_000;
      const lists = [Array<number>(rows).fill(1), Array<number>(rows).fill(bit)];
      await choose(rows, [lists], [Array<number>(rows).fill(1)], (bytes) => crossed.push(bytes));
      const other = crossed[1]!.subarray((2 * rows) / 8, (3 * rows) / 8);
      return other.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
    };
    for (const bit of [0, 1]) expect(Math.abs((await seenOf(bit)) - 4_000)).toBeLessThan(225);
  });
});

describe('derivatives', () => {
  test('add up in packed form as they do in numbers', () => {
    const row = fc.tuple(fc.double({ min: -8, max: 8, noNaN: true }), fc.integer({ min: 0, max: 1 }));
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 200 }), (rows) => {
        const scores = Float64Array.from(rows, ([score]) => score);
        const label = Float64Array.from(rows, ([, y]) => y);
        const gradients = gradientsOf('logistic', scores, label, null);
        const all = Uint32Array.from(rows, (_, at) => at);
        const sum = zeros(1);
        const vector = packed(gradients, all);
        for (let at = 0; at < vector.length; at += 4) addInto(sum, vector.subarray(at, at + 4));
        const { first, second } = unpacked(sum);
        const plain = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
        expect([first[0], second[0]]).toEqual([plain(gradients.first) + 0, plain(gradients.second)]);
      }),
    );
  });

  test('of squared errors keep their digits, whatever the size of the label', () => {
    const label = fc.double({ min: -1e12, max: 1e12, noNaN: true }).map((y) => (Math.abs(y) < 1e-200 ? 0 : y));
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 30 }), (labels) => {
        const gradients = gradientsOf('linear', new Float64Array(labels.length), Float64Array.from(labels), null);
        const largest = Math.max(...labels.map(Math.abs));
        labels.forEach((y, row) =>
          expect(Math.abs(gradients.first[row]! * gradients.unit + y)).toBeLessThanOrEqual(largest * 2 ** -29),
        );
      }),
    );
  });
});

describe('buckets', () => {
  const column = fc.array(fc.oneof(fc.double({ noNaN: true }), fc.integer({ min: 0, max: 3 })), {
    minLength: 1,
    maxLength: 300,
  });

  test('hold at least 20 rows each, keep the order of values, and put equal values together', () => {
    fc.assert(
      fc.property(column, fc.integer({ min: 2, max: 30 }), (values, most) => {
        const { of, count, edges } = bucketed(Float64Array.from(values), 0, 1, most, MIN_GROUP_ROWS);
        expect(count).toBeLessThanOrEqual(most);
        expect(edges).toEqual([...edges].sort((a, b) => a - b));
        const sizes = Array.from({ length: count }, (_, bucket) => of.filter((each) => each === bucket).length);
        if (count > 1) for (const size of sizes) expect(size).toBeGreaterThanOrEqual(MIN_GROUP_ROWS);
        values.forEach((value, row) => {
          expect(of[row]).toBe(edges.filter((edge) => value > edge).length);
        });
      }),
    );
  });
});

describe('boosting', () => {
  const row = fc.tuple(fc.double({ min: -2, max: 2, noNaN: true }), fc.double({ min: -2, max: 2, noNaN: true }));
  const data = fc.array(row, { minLength: 40, maxLength: 160 });

  test('never raises the loss, and takes no side of under 20 rows', async () => {
    await fc.assert(
      fc.asyncProperty(data, async (rows) => {
        const label = Float64Array.from(rows, ([x, y], at) => (x * y + Math.sin(at) > 0 ? 1 : 0));
        const own = bucketed(
          Float64Array.from(rows, ([x]) => x),
          0,
          1,
          10,
          MIN_GROUP_ROWS,
        );
        const theirs = bucketed(
          Float64Array.from(rows, ([, y]) => y),
          0,
          1,
          10,
          MIN_GROUP_ROWS,
        );
        const { trees, losses } = await boost([own], new ClearPeer([theirs]), label, BOOSTING);
        losses.forEach((loss, at) => expect(loss).toBeLessThanOrEqual((losses[at - 1] ?? Math.log(2)) + 1e-9));
        for (const nodes of trees) {
          const reach = new Map<number, number>();
          rows.forEach((_, at) => {
            let node = 0;
            for (let each = nodes[0]!; !('weight' in each); each = nodes[node]!) {
              const bucket = each.column === 0 ? own.of[at]! : theirs.of[at]!;
              node = bucket <= each.bucket ? each.left : each.right;
            }
            reach.set(node, (reach.get(node) ?? 0) + 1);
          });
          for (const count of reach.values()) expect(count).toBeGreaterThanOrEqual(MIN_GROUP_ROWS);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('does not depend on which party has a column, but for ties', async () => {
    await fc.assert(
      fc.asyncProperty(data, async (rows) => {
        const label = Float64Array.from(rows, ([x, y], at) => x + 2 * y + Math.cos(at));
        const first = bucketed(
          Float64Array.from(rows, ([x]) => x),
          0,
          1,
          10,
          MIN_GROUP_ROWS,
        );
        const second = bucketed(
          Float64Array.from(rows, ([, y]) => y),
          0,
          1,
          10,
          MIN_GROUP_ROWS,
        );
        const linear = { ...BOOSTING, objective: 'linear' as const };
        const split = await boost([first], new ClearPeer([second]), label, linear);
        const alone = await boost([first, second], new ClearPeer([]), label, linear);
        expect(split).toEqual(alone);
      }),
      { numRuns: 40 },
    );
  });
});
