import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import type { SqlConfig } from './sql-config.js';
import type * as SqlParty from './sql-party.js';

const program: PartyUrl<typeof SqlParty> = new URL('./sql-party.js', import.meta.url);

/** Most of a table that a statement may give, bytes of CSV. */
const MAX_OUTPUT_BYTES = 1024 ** 3;

/** Runs `sql`. `recorder` and `maxBytes` are for tests. */
export async function runSql(
  run: TaskRun<SqlConfig>,
  recorder?: (message: CrossedMessage) => void,
  maxBytes = MAX_OUTPUT_BYTES,
): Promise<TaskRunResult> {
  const { input_data: tables, sql, output_data: outputs } = run.params.task_config;
  const [[party, named]] = Object.entries(tables) as [[string, Readonly<Record<string, string>>]];
  const args: SqlParty.SqlPartyArgs = {
    tables: Object.entries(named),
    statement: [sql],
    outputPath: outputs?.[party] ?? null,
    maxBytes,
  };
  const outcomes = await runParties({ program, parties: { [party]: args }, addons: true, run, recorder });
  return {
    result: { output_paths: { [party]: outcomes.parties[party]!.value.output } },
    artifacts: outcomes.artifacts,
    partyResults: outcomes.partyResults,
  };
}
