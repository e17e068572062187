import { expect, test } from '@jest/globals';
import { BucketMatrix, BucketMatrixDealer } from '../mpc/bucket-matrix.js';
import { JointParty, type JointDealer } from '../mpc/joint.js';
import { jointly } from '../mpc/joint-for-tests.js';
import { encode, zeros } from '../mpc/ring.js';
import { familyOf, type Distribution } from '../ss-glm/family.js';
import { fitGlm, type GlmShape } from '../ss-glm/fit-glm.js';
import { boostShared, type SharedTraining } from '../ss-xgb/shared-boost.js';
import type { Winners } from '../ss-xgb/shared-tree.js';
import { boostingOf } from '../vertical/boosting.js';
import { roundsAtSites } from './rounds-at-sites.js';

const roundsOf = (type: string, params: object, features?: object): number =>
  roundsAtSites(type, { params, ...(features && { features, label_party: 'a' }) })!.rounds;

/** Messages that the first party sends the second from a tree of two to the next one. */
async function messagesOfTree(depth: number, widths: readonly [number, number], buckets: number): Promise<number> {
  const rows = 60;
  const column = (at: number) => ({
    of: Uint16Array.from({ length: rows }, (_, row) => (row * (at + 3)) % buckets),
    count: buckets,
    edges: Array.from({ length: buckets - 1 }, (_, edge) => edge),
  });
  const columns = widths.map((width) => Array.from({ length: width }, (_, at) => column(at)));
  const counts = columns.map((each) => each.map(({ count }) => count)) as [number[], number[]];
  const training: SharedTraining = {
    ...{ boosting: boostingOf({ num_boost_round: 2, max_depth: depth }), rows, home: 0, counts, least: 20 },
  };
  const label = Float64Array.from({ length: rows }, (_, row) => row % 2);
  // Of no consequence here: whichever bucket splits a node, a tree has all its levels.
  const winners = (index: number | null): Winners => ({
    open: async (owners) => owners.map((owner) => (owner === index ? 0 : undefined)),
  });
  let sent = 0;
  const begun: number[] = [];
  await jointly(
    async (joint) => {
      const watch = (): void => void (joint.index === 0 && begun.push(sent));
      if (!(joint instanceof JointParty)) {
        const sums = widths.map((width) => width * buckets) as [number, number];
        const matrix = new BucketMatrixDealer(joint as JointDealer, rows, sums);
        return boostShared(joint, matrix, winners(null), null, null, training, watch);
      }
      const own = columns[joint.index]!;
      const of = { of: own.map((each) => each.of), counts: counts[joint.index] };
      const matrix = await BucketMatrix.mask(joint, rows, of, widths[1 - joint.index]! * buckets);
      return boostShared(joint, matrix, winners(joint.index), own, joint.index === 0 ? label : null, training, watch);
    },
    (from) => (sent += from === 0 ? 1 : 0),
  );
  return begun[1]! - begun[0]!;
}

test.each([
  [1, 1, 2],
  [2, 3, 4],
  [8, 8, 10],
])(
  'a level of ss_xgb takes as many rounds as messages, with %i and %i columns of %i buckets',
  async (one, other, buckets) => {
    const widths = [one, other] as const;
    const found = (await messagesOfTree(3, widths, buckets)) - (await messagesOfTree(2, widths, buckets));
    const features = { a: Array(one).fill('x'), b: Array(other).fill('y') };
    const said = (depth: number): number =>
      roundsOf('ss_xgb', { num_boost_round: 1, max_depth: depth, sketch_eps: 1 / buckets }, features);
    // One more for the numbers of winners, which these get in another way.
    expect(found + 1).toBe(said(3) - said(2));
  },
);

/** Messages that the first party sends the second: for a run of rows, and for a Newton step over two of them. */
async function messagesOfFit(distribution: Distribution): Promise<{ readonly run: number; readonly step: number }> {
  const rows = 2_049;
  const shape: GlmShape = {
    ...{ family: familyOf(distribution, 1.5), rows, columns: [1, 0], epochs: 2, l2: null },
    ...{ hasOffset: false, hasWeights: false },
  };
  const features = (from: number, to: number) => {
    const places = Array.from({ length: to - from }, (_, at) => from + at);
    return encode(
      places.flatMap((row) => [Math.sin(row) / 32, 1 / Math.sqrt(rows)]),
      40,
    );
  };
  const own = {
    ...{ features, start: zeros(2), offset: (from: number, to: number) => zeros(to - from) },
    label: (from: number, to: number) =>
      encode(
        Array.from({ length: to - from }, (_, at) => 1 - (at % 2) / 2),
        40,
      ),
    weights: (from: number, to: number) => zeros(to - from),
  };
  const none = (from: number, to: number) => zeros(to - from);
  const others = { ...own, features: (from: number, to: number) => zeros(2 * (to - from)), label: none };
  let sent = 0;
  const summed: number[] = [];
  await jointly(
    (joint) =>
      fitGlm(joint, shape, joint.index === 0 ? own : others, () => void (joint.index === 0 && summed.push(sent))),
    (from) => (sent += from === 0 ? 1 : 0),
  );
  return { run: summed[1]! - summed[0]!, step: summed[2]! - summed[0]! };
}

test.each<Distribution>(['bernoulli', 'poisson', 'gamma', 'tweedie'])(
  'a step of ss_glm takes as many rounds as messages: %s',
  async (distribution) => {
    const { run, step } = await messagesOfFit(distribution);
    const runs = Math.ceil(100_000 / 2_048);
    const said = (epochs: number): number => roundsOf('ss_glm', { distribution, epochs });
    expect(step + (runs - 2) * run).toBe(said(2) - said(1));
  },
);

test('a tree of the example of ss_xgb.md takes some 1,080 rounds', () => {
  const eight = Array.from({ length: 8 }, (_, at) => `x${at}`);
  const ofTree = roundsOf('ss_xgb', { num_boost_round: 1 }, { a: eight, b: eight });
  expect(Math.abs(ofTree - 1_080)).toBeLessThan(30);
  // Columns that a reference gives later count as eight.
  expect(roundsOf('ss_xgb', { num_boost_round: 1 }, { a: '${tasks.a.result.columns}', b: eight })).toBe(ofTree);
});
