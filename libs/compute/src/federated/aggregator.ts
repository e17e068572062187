import type { PartyProgram } from '../party/party-program.js';
import { TaskFailure } from '../contract/task-type.js';
import type { Signature } from './model.js';
import { signatureFrom } from './sum-messages.js';
import { SumServer } from './sum-server.js';

/** Arguments of the aggregator, a process of no party. */
export interface AggregatorArgs {
  readonly parties: readonly string[];
  /** Parties that must be left at the end of each sum. */
  readonly threshold: number;
  /** The number of sums. */
  readonly sums: number;
  readonly receivers: readonly string[];
  /** Whether the parties first say what their models are of, to be compared. */
  readonly compare: boolean;
}

export interface AggregatorValue {
  /** The parties that are in the last sum. */
  readonly summed: string[];
}

/** The aggregator of `aggregate`, `merge_models`, `federated_training` and joint figures. Throws MODEL_INCOMPATIBLE or PARTY_LOST. */
export const run: PartyProgram<AggregatorArgs, AggregatorValue> = async (context, args) => {
  const { parties, threshold, sums, receivers, compare } = args;
  const server = new SumServer(context, parties, threshold);
  if (compare) assertAlike(await server.gather(signatureFrom));
  let summed: string[] = [];
  for (let done = 0; done < sums; done += 1) {
    context.progress(done / sums, 'adding masked vectors');
    summed = await server.sum(receivers);
  }
  return { summed };
};

/** Throws MODEL_INCOMPATIBLE, naming what differs from the first party's model. */
export function assertAlike(signatures: ReadonlyMap<string, Signature>): void {
  const [[first, model], ...others] = [...signatures] as [[string, Signature], ...[string, Signature][]];
  for (const [party, other] of others) {
    const difference = differenceOf(model, other);
    if (difference === undefined) continue;
    throw new TaskFailure(
      'MODEL_INCOMPATIBLE',
      `The models of ${first} and ${party} differ in ${difference}. Train them with the same model, label and features.`,
      false,
      { parties: [first, party] },
    );
  }
}

/** The first difference of two signatures, or undefined. The order of features has no meaning. */
export function differenceOf(one: Signature, other: Signature): string | undefined {
  if (one.objective !== other.objective) return `their objective (${one.objective}, ${other.objective})`;
  if (one.label !== other.label) return `their label (${JSON.stringify(one.label)}, ${JSON.stringify(other.label)})`;
  const [ours, theirs] = [new Set(one.features), new Set(other.features)];
  const odd = one.features.find((name) => !theirs.has(name)) ?? other.features.find((name) => !ours.has(name));
  return odd === undefined ? undefined : `their features: only one has ${JSON.stringify(odd)}`;
}
