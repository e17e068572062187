import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import { choicesOf } from '../party/model-card.js';
import type { PartyUrl } from '../party/party-program.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { runVertical } from '../vertical/run-vertical.js';
import { verticalPartsOf } from '../vertical/vertical-plan.js';
import { secureboostSchema, type SecureBoostConfig } from './secureboost-config.js';
import type * as SecureBoostDealer from './secureboost-dealer.js';
import type * as SecureBoostParty from './secureboost-party.js';
import { ROWS_PER_LOSS } from './shown-losses.js';
import { planOf } from './secureboost-plan.js';

const program: PartyUrl<typeof SecureBoostParty> = new URL('./secureboost-party.js', import.meta.url);
const dealer: PartyUrl<typeof SecureBoostDealer> = new URL('./secureboost-dealer.js', import.meta.url);

const WHY = `one loss is opened for every ${ROWS_PER_LOSS} rows of training at most, and fewer where more would not fit half a bit a row`;

/** Runs `secureboost` with checked parameters. `recorder` is for tests. */
export async function runSecureBoost(
  run: TaskRun<SecureBoostConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const plan = planOf(config);
  const parts = verticalPartsOf(config, plan, choicesOf(secureboostSchema, config.params));
  return runVertical({ program, dealer, plan, parts, run, recorder }, (outcomeOf) => {
    const trained = outcomeOf(plan.labelParty);
    const { losses } = trained;
    return {
      num_trees: losses.length,
      final_loss: losses.at(-1)!,
      loss: plan.boosting.objective === 'logistic' ? 'mean_log_loss' : 'mean_squared_error',
      loss_by_round: [...losses],
      splits: { ...trained.splits },
      rows: trained.rows,
      held_out_rows: trained.heldOut,
      ...(losses.includes(null) && {
        withheld: { ...(losses.at(-1) === null && { final_loss: WHY }), loss_by_round: WHY },
      }),
    };
  });
}
