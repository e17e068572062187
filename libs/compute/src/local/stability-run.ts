import type { JsonObject, TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import { DEFAULT_BINS, DEFAULT_THRESHOLD, type StabilityConfig } from './stability-config.js';
import type * as StabilityParty from './stability-party.js';

const program: PartyUrl<typeof StabilityParty> = new URL('./stability-party.js', import.meta.url);

/** Runs `stability`. `recorder` is for tests. */
export async function runStability(
  run: TaskRun<StabilityConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const argsOf = (party: string): StabilityParty.StabilityArgs => ({
    basePath: config.base_data[party]!,
    inputPath: config.input_data[party]!,
    columns: config.columns?.[party] ?? null,
    bins: config.bin_num ?? DEFAULT_BINS,
    threshold: config.threshold ?? DEFAULT_THRESHOLD,
  });
  const parties = Object.keys(config.base_data).sort();
  const args = Object.fromEntries(parties.map((party) => [party, argsOf(party)]));
  const outcomes = await runParties({ program, parties: args, run, recorder });
  const values = Object.entries(outcomes.parties);
  const reasons = values.flatMap(([party, { value }]) =>
    value.withheld === null ? [] : [[`stable.${party}`, value.withheld] as const],
  );
  const result: JsonObject = {
    stable: Object.fromEntries(values.map(([party, { value }]) => [party, value.stable])),
    report_paths: Object.fromEntries(values.map(([party, { value }]) => [party, value.report])),
    withheld: Object.fromEntries(reasons),
  };
  return { result, artifacts: outcomes.artifacts, partyResults: outcomes.partyResults };
}
