import { TaskFailure } from '../contract/task-type.js';
import { BITS, openedOf } from '../party/opened.js';
import type { PartyContext } from '../party/party-program.js';
import type { PreparedRows } from '../vertical/vertical-rows.js';
import type { SsXgbPart } from './ss-xgb-plan.js';

/**
 * Counts which party each of `nodes` belongs to: one bit of the label and all features of both parties. Throws TaskFailure
 * BUDGET_EXHAUSTED before anything is trained.
 */
export async function countNodes(
  context: PartyContext,
  { features, label }: SsXgbPart,
  { train }: PreparedRows,
  nodes: number,
): Promise<void> {
  const { values, rows } = train;
  const columns = [
    ...openedOf({ names: features, values, rows }, nodes, BITS.verdict),
    ...(train.label ? openedOf({ names: [label!], values: train.label, rows }, nodes, BITS.verdict) : []),
  ];
  await context.reserve({ columns, joint: true }).catch((fault: unknown) => {
    if (!(fault instanceof TaskFailure) || fault.code !== 'BUDGET_EXHAUSTED') throw fault;
    const advice = `Which party a node belongs to is open, a bit for each of ${nodes} nodes: lower params.num_boost_round or params.max_depth.`;
    throw new TaskFailure(fault.code, `${fault.message} ${advice}`, false, fault.details);
  });
}
