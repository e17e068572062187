import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import type { ConditionFilterConfig } from './condition-filter-config.js';
import type * as ConditionFilterParty from './condition-filter-party.js';

const program: PartyUrl<typeof ConditionFilterParty> = new URL('./condition-filter-party.js', import.meta.url);

/** Runs `condition_filter`. `recorder` is for tests. */
export async function runConditionFilter(
  run: TaskRun<ConditionFilterConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const { input_data: tables, conditions, output_data: outputs, rest_output: rests } = run.params.task_config;
  const parties = Object.keys(tables).sort();
  const argsOf = (party: string): ConditionFilterParty.ConditionFilterArgs => ({
    inputPath: tables[party]!,
    condition: conditions[party]!,
    keptPath: outputs?.[party] ?? null,
    restPath: rests?.[party] ?? null,
  });
  const outcomes = await runParties({
    program,
    parties: Object.fromEntries(parties.map((party) => [party, argsOf(party)])),
    run,
    recorder,
  });
  const byParty = <T>(of: (value: ConditionFilterParty.ConditionFilterValue) => T): Record<string, T> =>
    Object.fromEntries(Object.entries(outcomes.parties).map(([party, { value }]) => [party, of(value)]));
  return {
    result: {
      output_paths: byParty(({ kept }) => kept),
      rest_paths: byParty(({ rest }) => rest),
      rows: byParty(({ rows }) => rows),
    },
    artifacts: outcomes.artifacts,
    partyResults: outcomes.partyResults,
  };
}
