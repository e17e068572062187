import { runParties, type CrossedMessage } from '../party/run-parties.js';
import type { PartyUrl } from '../party/party-program.js';
import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import { verticalPartOf } from '../vertical/vertical-plan.js';
import { verticalResult } from '../vertical/vertical-result.js';
import type { SecureBoostConfig } from './secureboost-config.js';
import type * as SecureBoostDealer from './secureboost-dealer.js';
import type * as SecureBoostParty from './secureboost-party.js';
import { planOf } from './secureboost-plan.js';

const program: PartyUrl<typeof SecureBoostParty> = new URL('./secureboost-party.js', import.meta.url);
const dealer: PartyUrl<typeof SecureBoostDealer> = new URL('./secureboost-dealer.js', import.meta.url);

/** Runs `secureboost` with checked parameters: a thread per party, and one for the dealer. `recorder` is for tests. */
export async function runSecureBoost(
  run: TaskRun<SecureBoostConfig>,
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
    num_trees: trained.losses.length,
    final_loss: trained.losses.at(-1)!,
    loss: plan.boosting.objective === 'logistic' ? 'mean_log_loss' : 'mean_squared_error',
    loss_by_round: [...trained.losses],
    splits: { ...trained.splits },
    rows: trained.rows,
    held_out_rows: trained.heldOut,
  };
  return { result: verticalResult(plan, valueOf, metrics), artifacts: outcomes.artifacts };
}
