import { runParties, type CrossedMessage } from '../party/run-parties.js';
import { choicesOf } from '../party/model-card.js';
import type { PartyUrl } from '../party/party-program.js';
import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import { fitPlanOf, signatureOf } from './fit-config.js';
import { trainSchema, type TrainConfig } from './train-config.js';
import type * as TrainParty from './train-party.js';

const program: PartyUrl<typeof TrainParty> = new URL('./train-party.js', import.meta.url);

/** Runs `train`, whose parameters have been checked. `recorder` is for tests. */
export async function runTrain(
  run: TaskRun<TrainConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const parties = Object.keys(config.train_data).sort();
  const argsOf = (party: string): TrainParty.TrainArgs => ({
    signature: signatureOf(config),
    plan: fitPlanOf(config, 50),
    standardize: config.params?.standardize ?? true,
    seed: config.params?.seed ?? 0,
    trainData: config.train_data[party]!,
    modelOutput: config.model_output?.[party] ?? null,
    choices: choicesOf(trainSchema, config.params),
  });
  const outcomes = await runParties({
    program,
    parties: Object.fromEntries(parties.map((party) => [party, argsOf(party)])),
    run,
    recorder,
  });
  const { objective, features } = signatureOf(config);
  return {
    result: {
      model_saved: true,
      model_paths: Object.fromEntries(
        Object.entries(outcomes.parties).map(([party, { value }]) => [party, value.model]),
      ),
      model: objective,
      feature_count: features.length,
    },
    artifacts: outcomes.artifacts,
    partyResults: outcomes.partyResults,
  };
}
