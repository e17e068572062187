import { withhold } from '../contract/privacy.js';
import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import { verticalPartOf } from '../vertical/vertical-plan.js';
import { verticalResult } from '../vertical/vertical-result.js';
import type { SsXgbConfig } from './ss-xgb-config.js';
import type * as SsXgbDealer from './ss-xgb-dealer.js';
import type * as SsXgbParty from './ss-xgb-party.js';
import { planOf } from './ss-xgb-plan.js';

const program: PartyUrl<typeof SsXgbParty> = new URL('./ss-xgb-party.js', import.meta.url);
const dealer: PartyUrl<typeof SsXgbDealer> = new URL('./ss-xgb-dealer.js', import.meta.url);

const NO_LOSS = 'It stays on shares; evaluate the predictions instead.';

/** Runs `ss_xgb` with checked parameters: a process per party, and one for the dealer. `recorder` is for tests. */
export async function runSsXgb(
  run: TaskRun<SsXgbConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const plan = planOf(config);
  const parts = plan.parties.map((party) => [party, verticalPartOf(config, plan, party)] as const);
  const outcomes = await runParties({
    program,
    parties: Object.fromEntries(parts),
    neutral: { program: dealer, args: plan },
    run,
    recorder,
  });
  const valueOf = (party: string) => outcomes.parties[party]!.value;
  const trained = valueOf(plan.labelParty);
  const metrics = {
    num_trees: plan.boosting.rounds,
    rows: trained.rows,
    held_out_rows: trained.heldOut,
  };
  const shown = withhold(metrics, { final_loss: NO_LOSS, loss_by_round: NO_LOSS });
  return { result: verticalResult(plan, valueOf, shown), artifacts: outcomes.artifacts };
}
