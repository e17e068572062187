import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import { writtenResult } from '../rules/written-result.js';
import type { SampleConfig } from './sample-config.js';
import type * as SampleParty from './sample-party.js';

const program: PartyUrl<typeof SampleParty> = new URL('./sample-party.js', import.meta.url);

/** Runs `sample`. `recorder` is for tests. */
export async function runSample(
  run: TaskRun<SampleConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const argsOf = (party: string): SampleParty.SampleArgs => ({
    inputPath: config.input_data[party]!,
    outputPath: config.output_data?.[party] ?? null,
    fraction: config.fraction ?? null,
    count: config.count ?? null,
    seed: config.random_state ?? 0,
    label: config.label_column?.[party] ?? null,
  });
  const parties = Object.keys(config.input_data).sort();
  const args = Object.fromEntries(parties.map((party) => [party, argsOf(party)]));
  const outcomes = await runParties({ program, parties: args, run, recorder });
  return writtenResult(outcomes);
}
