import type { JsonObject } from '../contract/task-type.js';
import { modelCard } from '../party/model-card.js';
import type { PartyContext } from '../party/party-program.js';
import type { VerticalPart } from './vertical-plan.js';
import type { PreparedRows } from './vertical-rows.js';

/** The card of a party's part of a vertical model. */
export function verticalCard(
  context: PartyContext,
  { plan, choices, trainData }: VerticalPart,
  { train, heldOut }: PreparedRows,
  figures: JsonObject = {},
): JsonObject {
  const { testFraction, splitSeed } = plan;
  const split = { test_fraction: testFraction, split_seed: splitSeed, held_out_rows: heldOut };
  return modelCard(context, choices, {
    from: [trainData],
    rows: train.rows,
    ...(testFraction > 0 && { split }),
    figures,
  });
}
