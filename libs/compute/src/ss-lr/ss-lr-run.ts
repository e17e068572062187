import type { JsonObject, TaskRun, TaskRunResult } from '../contract/task-type.js';
import { choicesOf } from '../party/model-card.js';
import type { PartyUrl } from '../party/party-program.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { runVertical } from '../vertical/run-vertical.js';
import { verticalPartsOf } from '../vertical/vertical-plan.js';
import { ssLrSchema, type SsLrConfig } from './ss-lr-config.js';
import type * as SsLrDealer from './ss-lr-dealer.js';
import type * as SsLrParty from './ss-lr-party.js';
import { ROWS_PER_LOSS } from './losses.js';
import { planOf, type SsLrOutcome, type SsLrPlan } from './ss-lr-plan.js';

const program: PartyUrl<typeof SsLrParty> = new URL('./ss-lr-party.js', import.meta.url);
const dealer: PartyUrl<typeof SsLrDealer> = new URL('./ss-lr-dealer.js', import.meta.url);

/** Runs `ss_lr` with checked parameters. `recorder` is for tests. */
export async function runSsLr(
  run: TaskRun<SsLrConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const plan = planOf(config);
  const parts = verticalPartsOf(config, plan, choicesOf(ssLrSchema, config.params));
  return runVertical({ program, dealer, plan, parts, run, recorder }, (outcomeOf) => metricsOf(plan, outcomeOf));
}

/** `training_metrics` of a result. */
export function metricsOf({ parties, training }: SsLrPlan, outcomeOf: (party: string) => SsLrOutcome): JsonObject {
  const first = outcomeOf(parties[0]!);
  const withheld = withheldOf(first);
  return {
    epochs: training.epochs,
    batch_size: first.batchSize,
    final_loss: first.finalLoss,
    loss: 'mean_squared_residual',
    loss_by_epoch: [...first.losses],
    rows: first.rows,
    held_out_rows: first.heldOut,
    ...(Object.keys(withheld).length > 0 && { withheld }),
  };
}

/** Why losses are not opened, by key. */
function withheldOf({ losses, finalLoss }: SsLrOutcome): Record<string, string> {
  const why = `one loss is opened for every ${ROWS_PER_LOSS} rows of training at most, and fewer where more would not fit half a bit a row`;
  return {
    ...(finalLoss === null && { final_loss: why }),
    ...(losses.includes(null) && { loss_by_epoch: why }),
  };
}
