import { choicesOf } from '../party/model-card.js';
import { verticalPartsOf, pairPlanOf, type VerticalPart, type PairPlan } from '../vertical/vertical-plan.js';
import { familyOf, type Family } from './family.js';
import type { GlmShape } from './fit-glm.js';
import { ssGlmSchema, type SsGlmConfig } from './ss-glm-config.js';

/** The plan that both parties and the dealer receive. */
export interface SsGlmPlan extends PairPlan {
  readonly family: Family;
  readonly epochs: number;
  readonly l2: number;
  readonly hasOffset: boolean;
  readonly hasWeights: boolean;
}

/** A party's own part; `features` are the columns to read beside the label: the features, then the offset and the weight of the label's party. */
export interface SsGlmPart extends VerticalPart<SsGlmPlan> {
  readonly ownColumns: number;
  readonly offset: string | null;
  readonly weight: string | null;
}

/** What a party returns: nothing beyond the task's result. */
export interface SsGlmOutcome {
  readonly rows: number;
  readonly heldOut: number;
  readonly explained: number | null;
  readonly model: string;
  readonly prediction: { readonly reference: string; readonly rows: number } | null;
}

/** The plan of a checked `task_config`, every default filled in. */
export function planOf(config: SsGlmConfig): SsGlmPlan {
  const {
    distribution = 'bernoulli',
    tweedie_power: power = 1.5,
    epochs = 10,
    l2_lambda: l2 = 0,
  } = config.params ?? {};
  return {
    ...pairPlanOf(config),
    family: familyOf(distribution, power),
    epochs,
    l2,
    hasOffset: config.offset !== undefined,
    hasWeights: config.weight !== undefined,
  };
}

/** The part of each party. */
export function partsOf(config: SsGlmConfig, plan: SsGlmPlan): Record<string, SsGlmPart> {
  const withOwn = ([party, part]: [string, VerticalPart<SsGlmPlan>]): [string, SsGlmPart] => {
    const has = party === plan.labelParty;
    const [offset, weight] = [config.offset, config.weight].map((name) => (has ? (name ?? null) : null)) as [
      string | null,
      string | null,
    ];
    const more = [offset, weight].filter((name) => name !== null);
    return [
      party,
      { ...part, features: [...part.features, ...more], ownColumns: part.features.length, offset, weight },
    ];
  };
  return Object.fromEntries(
    Object.entries(verticalPartsOf(config, plan, choicesOf(ssGlmSchema, config.params))).map(withOwn),
  );
}

/** A larger penalty leaves nothing but the intercept. */
const MOST_PENALTY = 2 ** 20;

/** What a fit is like. The label is divided by 2^scaleBits, and so its deviance by that to the power of 2 - power. */
export function shapeOf(plan: SsGlmPlan, rows: number, scaleBits: number): GlmShape {
  const { family, columns, epochs, hasOffset, hasWeights } = plan;
  const l2 = plan.l2 * 2 ** (scaleBits * (family.power - 2));
  return { family, columns, epochs, hasOffset, hasWeights, rows, l2: plan.l2 > 0 ? Math.min(l2, MOST_PENALTY) : null };
}
