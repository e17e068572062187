import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import { rewrittenResult } from '../rules/rewritten-result.js';
import type { SubstitutionConfig } from './substitution-config.js';
import type * as SubstitutionParty from './substitution-party.js';

const program: PartyUrl<typeof SubstitutionParty> = new URL('./substitution-party.js', import.meta.url);

/** Applies each party's rules to its table. `recorder` is for tests. */
export async function runSubstitution(
  run: TaskRun<SubstitutionConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const {
    input_data: tables,
    rules,
    output_data: outputs,
    unseen = 'fail',
    missing_values: missing = 'keep',
  } = run.params.task_config;
  const parties = Object.keys(rules).sort();
  const argsOf = (party: string): SubstitutionParty.SubstitutionPartyArgs => ({
    inputPath: tables[party]!,
    rulesPath: rules[party]!,
    outputPath: outputs?.[party] ?? null,
    unseen,
    missing,
  });
  const outcomes = await runParties({
    program,
    parties: Object.fromEntries(parties.map((party) => [party, argsOf(party)])),
    run,
    recorder,
  });
  return rewrittenResult(outcomes, 'columns_substituted');
}
