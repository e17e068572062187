import type { JsonObject, TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import { rewrittenResult } from '../rules/rewritten-result.js';
import type { TablesConfig } from './steps-config.js';
import type * as StepsParty from './steps-party.js';

const program: PartyUrl<typeof StepsParty> = new URL('./steps-party.js', import.meta.url);

interface StepsTask {
  readonly taskType: string;
  readonly steps: readonly JsonObject[];
  readonly resultKey: string;
}

/**
 * Runs `steps` on each party's table. `resultKey` names the list of changed columns in the result, cut where it is long.
 * `recorder` is for tests.
 */
export async function runSteps(
  run: TaskRun<TablesConfig>,
  { taskType, steps, resultKey }: StepsTask,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const parties = Object.keys(config.input_data).sort();
  const argsOf = (party: string): StepsParty.StepsPartyArgs => ({
    taskType,
    inputPath: config.input_data[party]!,
    outputPath: config.output_data?.[party] ?? null,
    steps,
  });
  const outcomes = await runParties({
    program,
    parties: Object.fromEntries(parties.map((party) => [party, argsOf(party)])),
    run,
    recorder,
  });
  const rules = Object.entries(outcomes.parties).map(([party, { value }]) => [party, value.rules]);
  const rewritten = rewrittenResult(outcomes, resultKey);
  return { ...rewritten, result: { ...rewritten.result, rules_paths: Object.fromEntries(rules) as JsonObject } };
}
