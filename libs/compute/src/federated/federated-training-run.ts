import { NEUTRAL } from '../party/party-program.js';
import { runParties } from '../party/run-parties.js';
import { TaskFailure, type Json, type JsonObject, type TaskRun, type TaskRunResult } from '../contract/task-type.js';
import type { Instruments } from './aggregate-run.js';
import type { AggregatorArgs, AggregatorValue } from './aggregator.js';
import { countSums, type FederatedTrainingConfig } from './federated-training-config.js';
import type { FederatedTrainingArgs, FederatedTrainingValue } from './federated-training-party.js';
import { fitPlanOf, signatureOf } from './fit-config.js';
import { lossFacts, sharesNeeded } from './warnings.js';

/** Runs `federated_training`, whose parameters have been checked. */
export async function runFederatedTraining(
  run: TaskRun,
  { recorder, program }: Instruments = {},
): Promise<TaskRunResult> {
  const config = run.params.task_config as unknown as FederatedTrainingConfig;
  const parties = Object.keys(config.train_data).sort();
  const threshold = sharesNeeded(parties.length, config.min_parties ?? 2);
  const rounds = config.params?.rounds ?? 30;
  const standardize = config.params?.standardize ?? true;
  const argsOf = (party: string): FederatedTrainingArgs => ({
    signature: signatureOf(config),
    plan: fitPlanOf(config, 1),
    rounds,
    standardize,
    seed: config.params?.seed ?? 0,
    threshold,
    trainData: config.train_data[party]!,
    modelOutput: config.model_output?.[party] ?? null,
  });
  const aggregator: AggregatorArgs = {
    parties,
    threshold,
    sums: countSums(rounds, standardize),
    receivers: parties,
    compare: false,
  };
  const outcomes = await runParties({
    program: program ?? 'federated-training',
    parties: Object.fromEntries(parties.map((party) => [party, argsOf(party) as unknown as Json])),
    neutral: { program: 'aggregator', args: aggregator as unknown as Json },
    toleratesLoss: true,
    run,
    ...(recorder && { recorder }),
  });
  const { summed } = outcomes[NEUTRAL]!.value as unknown as AggregatorValue;
  const values = parties.flatMap((party) => {
    const value = outcomes[party]?.value as unknown as FederatedTrainingValue | undefined;
    return value ? [{ party, ...value }] : [];
  });
  const [first] = values;
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
        final_loss: first.losses.at(-1)!,
        loss_by_epoch: first.losses.slice(1),
      },
      parties: summed,
      ...lossFacts(run, { parties, summed, receivers: parties, kept: values.map(({ party }) => party) }),
    } as unknown as JsonObject,
    artifacts: parties.flatMap((party) => outcomes[party]?.artifacts ?? []),
  };
}
