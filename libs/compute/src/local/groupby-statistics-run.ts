import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import { writtenResult } from '../rules/written-result.js';
import type { GroupbyStatisticsConfig } from './groupby-statistics-config.js';
import type * as GroupbyStatisticsParty from './groupby-statistics-party.js';

const program: PartyUrl<typeof GroupbyStatisticsParty> = new URL('./groupby-statistics-party.js', import.meta.url);

/** Runs `groupby_statistics`. `recorder` is for tests. */
export async function runGroupbyStatistics(
  run: TaskRun<GroupbyStatisticsConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const { input_data: tables, output_data: outputs, by, columns } = run.params.task_config;
  const argsOf = (party: string): GroupbyStatisticsParty.GroupbyStatisticsArgs => ({
    inputPath: tables[party]!,
    outputPath: outputs?.[party] ?? null,
    by: by[party]!,
    columns: columns?.[party] ?? [],
  });
  const parties = Object.keys(tables).sort();
  const args = Object.fromEntries(parties.map((party) => [party, argsOf(party)]));
  const outcomes = await runParties({ program, parties: args, run, recorder });
  return writtenResult(outcomes);
}
