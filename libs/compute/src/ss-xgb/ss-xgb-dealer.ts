import { BucketMatrixDealer } from '../mpc/bucket-matrix.js';
import { JointDealer } from '../mpc/joint.js';
import { lineTo } from '../mpc/party-line.js';
import { deal } from '../mpc/session.js';
import type { PartyProgram } from '../party/party-program.js';
import { sizesFrom } from './agreement.js';
import { bitsOf, boostShared } from './shared-boost.js';
import { PREDICT_ROWS, predictShared } from './shared-model.js';
import type { SsXgbPlan } from './ss-xgb-plan.js';

/** The dealer of `ss_xgb`, in a process without tables: it receives sizes and whose split each node is, and sends masks. */
export const run: PartyProgram<SsXgbPlan, null> = async (context, { parties, columns, labelParty, boosting }) => {
  const [first] = parties;
  const { train, predict, least, counts } = sizesFrom(first, await context.receiveJson<unknown>(first), columns);
  const dealt = await deal([lineTo(context, first), lineTo(context, parties[1])]);
  const joint = new JointDealer(dealt, () => context.receiveBytes(first));
  const widths = counts.map((each) => each.reduce((sum, count) => sum + count, 0)) as [number, number];
  const matrix = new BucketMatrixDealer(joint, train, widths);
  const home = parties[0] === labelParty ? 0 : 1;
  const training = { boosting, rows: train, home, counts, least } as const;
  const winners = { open: async (owners: readonly (0 | 1)[]) => owners.map(() => undefined) };
  const trees = await boostShared(joint, matrix, winners, null, null, training, (tree) =>
    context.progress((0.9 * tree) / boosting.rounds, 'handing out masks'),
  );
  const shape = {
    objective: boosting.objective,
    start: 0,
    scoreBits: bitsOf(training).score,
    owners: trees.map(({ owners }) => owners),
  };
  for (let from = 0; from < predict; from += PREDICT_ROWS) {
    await predictShared(joint, shape, null, Math.min(PREDICT_ROWS, predict - from), () => null);
  }
  await joint.flush();
  context.progress(1, 'done');
  return null;
};
