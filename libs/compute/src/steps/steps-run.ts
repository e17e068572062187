import type { Json, JsonObject, TaskRun, TaskRunResult } from '../contract/task-type.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import { fittingNames } from '../contract/inline-result.js';
import type { StepsPartyArgs, StepsPartyValue } from './steps-party.js';

interface TablesConfig {
  input_data: Record<string, string>;
  output_data?: Record<string, string>;
}

/**
 * Runs `steps` on each party's table. `resultKey` names the list of changed columns in the result, cut where it is long.
 * `recorder` is for tests.
 */
export async function runSteps(
  run: TaskRun,
  steps: readonly JsonObject[],
  resultKey: string,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const config = run.params.task_config as unknown as TablesConfig;
  const parties = Object.keys(config.input_data).sort();
  const argsOf = (party: string): StepsPartyArgs => ({
    inputPath: config.input_data[party]!,
    outputPath: config.output_data?.[party] ?? null,
    steps,
  });
  const outcomes = await runParties({
    program: 'steps',
    parties: Object.fromEntries(parties.map((party) => [party, argsOf(party) as unknown as Json])),
    run,
    ...(recorder && { recorder }),
  });
  const values = parties.map((party) => [party, outcomes[party]!.value as unknown as StepsPartyValue] as const);
  const { inline, truncated } = fittingNames(
    Object.fromEntries(values.map(([party, { touched }]) => [party, touched])),
  );
  return {
    result: {
      output_paths: Object.fromEntries(values.map(([party, { output }]) => [party, output])),
      rows: Object.fromEntries(values.map(([party, { rows }]) => [party, rows])),
      [resultKey]: inline,
      ...(truncated && { [`${resultKey}_truncated`]: true }),
    },
    artifacts: parties.flatMap((party) => outcomes[party]!.artifacts),
  };
}
