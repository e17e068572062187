import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import type { PsiCountConfig } from './psi-count-config.js';
import type * as PsiCountParty from './psi-count-party.js';

const program: PartyUrl<typeof PsiCountParty> = new URL('./psi-count-party.js', import.meta.url);

/** Runs `psi_count`. `recorder` is for the test that reads every message that crosses. */
export async function runPsiCount(
  run: TaskRun<PsiCountConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const { keys, input_paths: inputs, receiver } = run.params.task_config;
  const parties = Object.keys(inputs).sort();
  const outcomes = await runParties({
    program,
    parties: Object.fromEntries(
      parties.map((party) => [party, { keys: keys[party]!, inputPath: inputs[party]!, learns: party === receiver }]),
    ),
    addons: true,
    run,
    recorder,
  });
  return {
    result: {
      intersection_count: null,
      withheld: { intersection_count: `Only ${receiver} learns it: see party_results.${receiver}.` },
      receiver,
      parties,
    },
    artifacts: outcomes.artifacts,
    partyResults: outcomes.partyResults,
  };
}
