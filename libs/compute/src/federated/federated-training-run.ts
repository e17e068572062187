import { choicesOf } from '../party/model-card.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties } from '../party/run-parties.js';
import { TaskFailure, type TaskRun, type TaskRunResult } from '../contract/task-type.js';
import { addedUpBy, type Instruments } from './aggregate-run.js';
import { countSums, federatedTrainingSchema, type FederatedTrainingConfig } from './federated-training-config.js';
import type * as FederatedTrainingParty from './federated-training-party.js';
import { fitPlanOf, signatureOf } from './fit-config.js';
import { toldAlike } from './told-alike.js';
import { lossFacts, sharesNeeded } from './warnings.js';

type Party = typeof FederatedTrainingParty;
const trainingParty: PartyUrl<Party> = new URL('./federated-training-party.js', import.meta.url);

/** Runs `federated_training`, whose parameters have been checked. */
export async function runFederatedTraining(
  run: TaskRun<FederatedTrainingConfig>,
  { recorder, program = trainingParty }: Instruments<Party> = {},
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const parties = Object.keys(config.train_data).sort();
  const threshold = sharesNeeded(parties.length, config.min_parties ?? 2);
  const rounds = config.params?.rounds ?? 30;
  const standardize = config.params?.standardize ?? true;
  const sums = countSums(rounds, standardize);
  const { plan, ...by } = addedUpBy(run, { parties, threshold, sums, receivers: parties, compare: false });
  const argsOf = (party: string): FederatedTrainingParty.FederatedTrainingArgs => ({
    signature: signatureOf(config),
    plan: fitPlanOf(config, 1),
    rounds,
    standardize,
    seed: config.params?.seed ?? 0,
    sums: plan,
    trainData: config.train_data[party]!,
    initialModel: config.initial_model?.[party] ?? null,
    modelOutput: config.model_output?.[party] ?? null,
    choices: choicesOf(federatedTrainingSchema, config.params),
  });
  const outcomes = await runParties({
    program,
    parties: Object.fromEntries(parties.map((party) => [party, argsOf(party)])),
    ...by,
    addons: true,
    run,
    recorder,
  });
  const summed = outcomes.neutral?.value.summed ?? parties;
  const values = Object.entries(outcomes.parties).map(([party, { value }]) => ({ party, ...value }));
  const first = toldAlike(
    run,
    values.map(({ party, rows: count, losses }) => [party, { rows: count, losses }]),
  );
  if (!first) throw new TaskFailure('PARTY_LOST', 'Every party was lost before it had kept the model.', true);
  return {
    result: {
      model_saved: true,
      model_paths: Object.fromEntries(values.map(({ party, model }) => [party, model])),
      model: config.model ?? 'logistic',
      feature_count: config.features.length,
      rows: first.rows,
      training_metrics: {
        rounds,
        rows: first.rows,
        initial_loss: first.losses[0]!,
        final_loss: first.losses.at(-1)!,
        loss_by_epoch: first.losses.slice(1),
      },
      parties: summed,
      ...lossFacts(run, { parties, summed, receivers: parties, kept: values.map(({ party }) => party) }),
    },
    artifacts: outcomes.artifacts,
  };
}
