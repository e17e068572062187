import { runParties, type CrossedMessage } from '../party/run-parties.js';
import type { PartyUrl } from '../party/party-program.js';
import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { EvaluationConfig } from './evaluation-config.js';
import type * as EvaluationDealer from './evaluation-dealer.js';
import type * as EvaluationParty from './evaluation-party.js';
import { receiverOf } from './evaluation-schema.js';

const program: PartyUrl<typeof EvaluationParty> = new URL('./evaluation-party.js', import.meta.url);
const dealer: PartyUrl<typeof EvaluationDealer> = new URL('./evaluation-dealer.js', import.meta.url);

/**
 * Runs `evaluation`, whose parameters have been checked: a process for each party of the model, and with several of them one for
 * the dealer. `recorder` is for tests.
 */
export async function runEvaluation(
  run: TaskRun<EvaluationConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const labelParty = receiverOf(config.model, config.label_party)!;
  const parties = Object.keys(config.model);
  const partOf = (party: string): EvaluationParty.EvaluationPart => ({
    model: config.model[party]!,
    testData: config.test_data[party]!,
    labelParty,
    label: party === labelParty ? config.label : null,
    buckets: config.bucket_size ?? 10,
    report: config.output_report ?? null,
    predictions: config.prediction_output ?? null,
    gates: config.assert ?? {},
  });
  const outcomes = await runParties({
    program,
    parties: Object.fromEntries(parties.map((party) => [party, partOf(party)])),
    neutral: parties.length > 1 ? { program: dealer, args: { receiver: labelParty } } : undefined,
    resultOf: labelParty,
    run,
    recorder,
  });
  const { value, artifacts } = outcomes.parties[labelParty]!;
  return { result: { party: labelParty, ...value }, artifacts, partyResults: outcomes.partyResults };
}
