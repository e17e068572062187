import { createHash } from 'node:crypto';
import type { Choices } from '../party/model-card.js';

/** The part of a `task_config` that every vertical training has. */
export interface VerticalConfig {
  readonly features: Readonly<Record<string, readonly string[]>>;
  readonly label: string;
  readonly label_party: string;
  readonly train_data: Readonly<Record<string, string>>;
  readonly model_output?: string | Readonly<Record<string, string>>;
  readonly test_data?: Readonly<Record<string, string>>;
  readonly test_fraction?: number;
  readonly split_seed?: number;
  readonly prediction_output?: string | Readonly<Record<string, string>>;
  readonly prediction_receiver?: string;
}

/** The plan that all parties and the dealer receive. */
export interface VerticalPlan {
  /** The parties, two or more. A party's position is the index of its shares. */
  readonly parties: readonly string[];
  /** How many feature columns each party has. */
  readonly columns: readonly number[];
  readonly labelParty: string;
  readonly receiver: string;
  readonly testFraction: number;
  readonly splitSeed: number;
  readonly predictOn: 'test_data' | 'held_out' | 'training' | 'nothing';
}

/** The plan of a training of two parties. */
export interface PairPlan extends VerticalPlan {
  readonly parties: readonly [string, string];
  readonly columns: readonly [number, number];
}

/** A party's own part: its paths and columns, which no other party receives. */
export interface VerticalPart<Plan extends VerticalPlan = VerticalPlan> {
  readonly plan: Plan;
  readonly choices: Choices;
  readonly features: readonly string[];
  readonly label: string | null;
  readonly trainData: string;
  readonly testData: string | null;
  readonly modelOutput: string | null;
  readonly predictionOutput: string | null;
}

/**
 * The name of a training, which the slices of all parties carry to tell trainings apart: a hash of what all
 * know already, so that the same training has the same name again.
 */
export function trainingName(
  plan: VerticalPlan,
  known: {
    readonly rows: number;
    readonly losses: readonly (number | null)[];
    readonly splits: readonly (readonly (readonly number[])[])[];
  },
): string {
  return createHash('sha256')
    .update(JSON.stringify([plan, known]))
    .digest('hex')
    .slice(0, 32);
}

/** The plan of a checked `task_config`, every default filled in. */
export function verticalPlanOf(config: VerticalConfig): VerticalPlan {
  const parties = Object.keys(config.train_data).sort();
  const predictOn = config.test_data
    ? 'test_data'
    : config.test_fraction
      ? 'held_out'
      : config.prediction_output
        ? 'training'
        : 'nothing';
  return {
    parties,
    columns: parties.map((party) => config.features[party]?.length ?? 0),
    labelParty: config.label_party,
    receiver: config.prediction_receiver ?? config.label_party,
    testFraction: config.test_fraction ?? 0,
    splitSeed: config.split_seed ?? 0,
    predictOn,
  };
}

/** As {@link verticalPlanOf}, of a type of two parties alone. */
export function pairPlanOf(config: VerticalConfig): PairPlan {
  const plan = verticalPlanOf(config);
  const [first, second] = plan.parties;
  const [ofFirst, ofSecond] = plan.columns;
  return { ...plan, parties: [first!, second!], columns: [ofFirst!, ofSecond!] };
}

/** The part of each party. */
export function verticalPartsOf<Plan extends VerticalPlan>(
  config: VerticalConfig,
  plan: Plan,
  choices: Choices,
): Record<string, VerticalPart<Plan>> {
  return Object.fromEntries(plan.parties.map((party) => [party, { ...verticalPartOf(config, plan, party), choices }]));
}

/** The part that only `party` receives. */
function verticalPartOf<Plan extends VerticalPlan>(
  config: VerticalConfig,
  plan: Plan,
  party: string,
): Omit<VerticalPart<Plan>, 'choices'> {
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
