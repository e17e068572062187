import { runParties, type CrossedMessage } from './party/run-parties.js';
import type { SsLrConfig } from './ss-lr.js';
import type { Schedule } from './ss-lr-train.js';
import type { JsonObject, TaskRun, TaskRunResult } from './task-type.js';

/** What both parties and the dealer are told alike. */
export interface SsLrPlan {
  readonly schedule: Schedule;
  /** The two parties; the place in this list is the index of a party's shares. */
  readonly parties: readonly [string, string];
  /** How many feature columns each party has. */
  readonly columns: readonly [number, number];
  readonly labelParty: string;
  readonly receiver: string;
  readonly testFraction: number;
  readonly splitSeed: number;
  readonly predictOn: 'test_data' | 'held_out' | 'training' | 'nothing';
}

/** A party's own part: its paths and columns, which the other party is not told. */
export interface SsLrPart {
  readonly plan: SsLrPlan;
  readonly features: readonly string[];
  readonly label: string | null;
  readonly trainData: string;
  readonly testData: string | null;
  readonly modelOutput: string | null;
  readonly predictionOutput: string | null;
}

/** What a party tells of its work: nothing that is not in the task's result. */
export interface SsLrOutcome {
  readonly rows: number;
  readonly heldOut: number;
  readonly losses: readonly number[];
  readonly model: string;
  readonly prediction: { readonly reference: string; readonly rows: number } | null;
}

/**
 * Runs `ss_lr`, whose parameters have been checked: a thread for each party, and one for the dealer. `recorder` is for
 * tests.
 */
export async function runSsLr(run: TaskRun, recorder?: (message: CrossedMessage) => void): Promise<TaskRunResult> {
  const config = run.params.task_config as unknown as SsLrConfig;
  const plan = planOf(config);
  const parts = plan.parties.map((party) => [party, partOf(config, plan, party)] as const);
  const outcomes = await runParties({
    program: 'ss-lr',
    parties: Object.fromEntries(parts) as unknown as Record<string, JsonObject>,
    neutral: { program: 'ss-lr-dealer', args: plan as unknown as JsonObject },
    run,
    ...(recorder && { recorder }),
  });
  const told = plan.parties.map((party) => outcomes[party]!.value as unknown as SsLrOutcome);
  const [first] = told as [SsLrOutcome, SsLrOutcome];
  const prediction = told[plan.parties.indexOf(plan.receiver)]!.prediction;
  return {
    result: {
      model_saved: true,
      model_paths: Object.fromEntries(plan.parties.map((party, index) => [party, told[index]!.model])),
      training_metrics: {
        epochs: plan.schedule.epochs,
        final_loss: first.losses.at(-1)!,
        loss: 'mean_squared_residual',
        loss_by_epoch: [...first.losses],
        rows: first.rows,
        held_out_rows: first.heldOut,
      },
      ...(prediction && {
        prediction_output: prediction.reference,
        prediction_receiver: plan.receiver,
        prediction_rows: prediction.rows,
        predicted_on: plan.predictOn,
      }),
    },
    artifacts: Object.values(outcomes).flatMap((outcome) => outcome.artifacts),
  };
}

function planOf(config: SsLrConfig): SsLrPlan {
  const parties = Object.keys(config.train_data).sort() as [string, string];
  const receiver = config.prediction_receiver ?? config.label_party;
  const columns = parties.map((party) => config.features[party]?.length ?? 0) as [number, number];
  const params = config.params ?? {};
  const predictOn = config.test_data
    ? 'test_data'
    : config.test_fraction
      ? 'held_out'
      : config.prediction_output
        ? 'training'
        : 'nothing';
  return {
    schedule: {
      regType: params.reg_type ?? 'logistic',
      epochs: params.epochs ?? 10,
      batchSize: params.batch_size ?? 64,
      learningRate: params.learning_rate ?? 0.1,
      l2: params.penalty === 'l2' ? (params.l2_norm ?? 0.5) : 0,
    },
    parties,
    columns,
    labelParty: config.label_party,
    receiver,
    testFraction: config.test_fraction ?? 0,
    splitSeed: config.split_seed ?? 0,
    predictOn,
  };
}

function partOf(config: SsLrConfig, plan: SsLrPlan, party: string): SsLrPart {
  const own = (value: string | Readonly<Record<string, string>> | undefined): string | null =>
    typeof value === 'string' ? value : (value?.[party] ?? null);
  return {
    plan,
    features: config.features[party] ?? [],
    label: party === plan.labelParty ? config.label : null,
    trainData: config.train_data[party]!,
    testData: config.test_data?.[party] ?? null,
    modelOutput: own(config.model_output),
    predictionOutput: own(config.prediction_output),
  };
}
