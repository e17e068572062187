import type { SsLrConfig } from './ss-lr-config.js';
import type { Schedule } from './ss-lr-train.js';

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

/** The plan of a checked `task_config`, every default filled in. */
export function planOf(config: SsLrConfig): SsLrPlan {
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

/** What `party` alone is told. */
export function partOf(config: SsLrConfig, plan: SsLrPlan, party: string): SsLrPart {
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
