import { withhold } from '../contract/privacy.js';
import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import { choicesOf } from '../party/model-card.js';
import type { PartyUrl } from '../party/party-program.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { runVertical } from '../vertical/run-vertical.js';
import { verticalPartsOf } from '../vertical/vertical-plan.js';
import { ssXgbSchema, type SsXgbConfig } from './ss-xgb-config.js';
import type * as SsXgbDealer from './ss-xgb-dealer.js';
import type * as SsXgbParty from './ss-xgb-party.js';
import { planOf } from './ss-xgb-plan.js';

const program: PartyUrl<typeof SsXgbParty> = new URL('./ss-xgb-party.js', import.meta.url);
const dealer: PartyUrl<typeof SsXgbDealer> = new URL('./ss-xgb-dealer.js', import.meta.url);

const NO_LOSS = 'It stays on shares; evaluate the predictions instead.';

/** Runs `ss_xgb` with checked parameters. `recorder` is for tests. */
export async function runSsXgb(
  run: TaskRun<SsXgbConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const plan = planOf(config);
  const parts = verticalPartsOf(config, plan, choicesOf(ssXgbSchema, config.params));
  return runVertical({ program, dealer, plan, parts, run, recorder }, (outcomeOf) => {
    const { rows, heldOut } = outcomeOf(plan.labelParty);
    const metrics = { num_trees: plan.boosting.rounds, rows, held_out_rows: heldOut };
    return withhold(metrics, { final_loss: NO_LOSS, loss_by_round: NO_LOSS });
  });
}
