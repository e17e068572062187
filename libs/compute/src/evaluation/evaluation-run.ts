import { runParties, type CrossedMessage } from '../party/run-parties.js';
import type { Json, JsonObject, TaskRun, TaskRunResult } from '../contract/task-type.js';
import { labelPartyOf, type EvaluationConfig } from './evaluation-config.js';
import type { EvaluationPart } from './evaluation-party.js';

/**
 * Runs `evaluation`, whose parameters have been checked: a thread for each party of the model, and with two of them one for
 * the dealer. `recorder` is for tests.
 */
export async function runEvaluation(
  run: TaskRun,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const config = run.params.task_config as unknown as EvaluationConfig;
  const labelParty = labelPartyOf(config)!;
  const parties = Object.keys(config.model);
  const partOf = (party: string): EvaluationPart => ({
    model: config.model[party]!,
    testData: config.test_data[party]!,
    label: party === labelParty ? config.label : null,
    buckets: config.bucket_size ?? 10,
    report: config.output_report ?? null,
    predictions: config.prediction_output ?? null,
    gates: config.assert ?? {},
  });
  const outcomes = await runParties({
    program: 'evaluation',
    parties: Object.fromEntries(parties.map((party) => [party, partOf(party) as unknown as Json])),
    ...(parties.length > 1 && { neutral: { program: 'evaluation-dealer' as const, args: { labelParty } } }),
    run,
    ...(recorder && { recorder }),
  });
  const { value, artifacts } = outcomes[labelParty]!;
  return { result: { party: labelParty, ...(value as JsonObject) }, artifacts };
}
