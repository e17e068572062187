import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import { rewrittenResult } from '../rules/rewritten-result.js';
import type { CaseWhenConfig } from './case-when-config.js';
import type { ExprConfig } from './expr-config.js';
import type * as NewColumnsParty from './new-columns-party.js';

const program: PartyUrl<typeof NewColumnsParty> = new URL('./new-columns-party.js', import.meta.url);

/** Runs `expr`. `recorder` is for tests. */
export const runExpr = (run: TaskRun<ExprConfig>, recorder?: (message: CrossedMessage) => void) =>
  runNewColumns(run, recorder, (party) =>
    (run.params.task_config.new_columns[party] ?? []).map(({ column, expression }) => ({
      name: column,
      cases: [{ when: null, then: expression }],
    })),
  );

/** Runs `case_when`. `recorder` is for tests. */
export const runCaseWhen = (run: TaskRun<CaseWhenConfig>, recorder?: (message: CrossedMessage) => void) =>
  runNewColumns(run, recorder, (party) =>
    (run.params.task_config.new_columns[party] ?? []).map(({ column, cases, otherwise }) => ({
      name: column,
      cases: [...cases, ...(otherwise === undefined ? [] : [{ when: null, then: otherwise }])],
    })),
  );

async function runNewColumns(
  run: TaskRun<Pick<ExprConfig, 'input_data' | 'output_data'>>,
  recorder: ((message: CrossedMessage) => void) | undefined,
  madeBy: (party: string) => readonly NewColumnsParty.NewColumn[],
): Promise<TaskRunResult> {
  const { input_data: tables, output_data: outputs } = run.params.task_config;
  const parties = Object.keys(tables).sort();
  const argsOf = (party: string): NewColumnsParty.NewColumnsArgs => ({
    inputPath: tables[party]!,
    outputPath: outputs?.[party] ?? null,
    made: madeBy(party),
  });
  const outcomes = await runParties({
    program,
    parties: Object.fromEntries(parties.map((party) => [party, argsOf(party)])),
    run,
    recorder,
  });
  return rewrittenResult(outcomes, 'columns_made');
}
