import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import { writtenResult } from '../rules/written-result.js';
import type { UnionConfig } from './union-config.js';
import type * as UnionParty from './union-party.js';

const program: PartyUrl<typeof UnionParty> = new URL('./union-party.js', import.meta.url);

/** Runs `union`. `recorder` is for tests. */
export async function runUnion(
  run: TaskRun<UnionConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const { input_data: tables, output_data: outputs } = run.params.task_config;
  const parties = Object.entries(tables).sort();
  const args = parties.map(
    ([party, inputPaths]) => [party, { inputPaths, outputPath: outputs?.[party] ?? null }] as const,
  );
  const outcomes = await runParties({ program, parties: Object.fromEntries(args), run, recorder });
  return writtenResult(outcomes);
}
