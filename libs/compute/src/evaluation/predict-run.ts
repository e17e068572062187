import { runParties, type CrossedMessage } from '../party/run-parties.js';
import type { PartyUrl } from '../party/party-program.js';
import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import type * as EvaluationDealer from './evaluation-dealer.js';
import { receiverOf } from './evaluation-schema.js';
import type { PredictConfig } from './predict-config.js';
import type * as PredictParty from './predict-party.js';

const program: PartyUrl<typeof PredictParty> = new URL('./predict-party.js', import.meta.url);
const dealer: PartyUrl<typeof EvaluationDealer> = new URL('./evaluation-dealer.js', import.meta.url);

/**
 * Runs `predict`, whose parameters have been checked: a process for each party of the model, and with several of them one for the
 * dealer. `recorder` is for tests.
 */
export async function runPredict(
  run: TaskRun<PredictConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const receiver = receiverOf(config.model, config.prediction_receiver)!;
  const parties = Object.keys(config.model);
  const { serve } = config;
  const endpoint = run.site?.endpoint ?? null;
  const partOf = (party: string): PredictParty.PredictPart => ({
    model: config.model[party]!,
    inputData: config.input_data[party]!,
    receiver,
    receives: party === receiver && {
      name: config.prediction_name ?? 'prediction',
      keep: serve ? [serve.key] : (config.keep_columns ?? []),
      output: config.prediction_output ?? null,
    },
    serving: serve ? { ...serve, minutes: serve.minutes ?? 480, endpoint: party === receiver ? endpoint : null } : null,
  });
  const outcomes = await runParties({
    program,
    parties: Object.fromEntries(parties.map((party) => [party, partOf(party)])),
    neutral: parties.length > 1 ? { program: dealer, args: { receiver } } : undefined,
    resultOf: receiver,
    run,
    recorder,
  });
  const { value, artifacts } = outcomes.parties[receiver]!;
  return { result: { party: receiver, ...value }, artifacts, partyResults: outcomes.partyResults };
}
