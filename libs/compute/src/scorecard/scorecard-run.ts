import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import { scaleOf, type ScorecardConfig } from './scorecard-config.js';
import type * as ScorecardDealer from './scorecard-dealer.js';
import type * as ScorecardParty from './scorecard-party.js';

const program: PartyUrl<typeof ScorecardParty> = new URL('./scorecard-party.js', import.meta.url);
const dealer: PartyUrl<typeof ScorecardDealer> = new URL('./scorecard-dealer.js', import.meta.url);

/** Runs `scorecard` with checked parameters. `recorder` is for tests. */
export async function runScorecard(
  run: TaskRun<ScorecardConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const names = Object.keys(config.model).sort();
  const scale = scaleOf(config);
  const partOf = (party: string): ScorecardParty.ScorecardPart => ({
    model: config.model[party]!,
    trainData: config.train_data[party]!,
    label: party === config.label_party ? config.label : null,
    scale,
  });
  const { parties, artifacts, partyResults } = await runParties({
    program,
    parties: Object.fromEntries(names.map((party) => [party, partOf(party)])),
    neutral: { program: dealer, args: null },
    run,
    recorder,
  });
  const result = {
    rows: parties[names[0]!]!.value.rows,
    columns: Object.fromEntries(names.map((party) => [party, parties[party]!.value.columns])),
    ...{ scaled_value: scale.scaledValue, odd_base: scale.oddBase, pdo: scale.pdo, positive: scale.positive },
  };
  return { result, artifacts, partyResults };
}
