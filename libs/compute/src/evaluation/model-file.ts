import { OBJECTIVES, readModelFile, regressionOf, type Objective, type RegressionModel } from '../federated/model.js';
import { isMap } from '../contract/json-values.js';
import type { PartyContext } from '../party/party-program.js';
import { GLM_FORMAT, glmSliceOf, type GlmSlice } from '../ss-glm/glm-slice.js';
import { SLICE_FORMAT, sliceOf, type Slice } from '../ss-lr/slice.js';
import type { OwnSplit } from '../secureboost/feature-holder.js';
import type { ModelNode } from '../secureboost/predict.js';
import { TREES_FORMAT } from '../secureboost/secureboost-plan.js';
import { SHARED_TREES_FORMAT, sharedSliceOf, type SharedSlice } from '../ss-xgb/shared-model.js';

interface Facts {
  readonly objective: Objective;
  readonly features: readonly string[];
}

/** A slice has the name of its training, null where it was made before trainings had names. */
interface SliceFacts extends Facts {
  readonly training: string | null;
}

/** A model as a party holds it: the whole, or its slice of one that two parties trained. */
export type ModelPart = ({ readonly kind: 'whole' } & RegressionModel) | SlicePart;
type SlicePart = SliceFacts &
  (
    | { readonly kind: 'slice'; readonly slice: Slice }
    | { readonly kind: 'glm'; readonly slice: GlmSlice }
    | { readonly kind: 'shared'; readonly slice: SharedSlice }
    | { readonly kind: 'trees'; readonly baseScore: number; readonly trees: readonly (readonly ModelNode[])[] }
    | { readonly kind: 'splits'; readonly maxDepth: number; readonly splits: readonly OwnSplit[] }
  );

/** Reads a party's model of any type that trains one. Throws MODEL_INCOMPATIBLE, besides what opening the file throws. */
export async function readModelPart(context: PartyContext, path: string): Promise<ModelPart> {
  const { content, refuse } = await readModelFile(context, path);
  const whole = regressionOf(content);
  if (whole) return { kind: 'whole', ...whole };
  if (isMap(content) && content.format === CLEAR_SLICE_FORMAT) {
    throw refuse('is a slice of an earlier release, which holds weights in clear: train again with ss_lr');
  }
  const part = isMap(content) ? slicePart(content) : undefined;
  if (!part) {
    throw refuse(
      'is no model of train, aggregate, merge_models, federated_training, ss_lr, ss_glm, ss_xgb or secureboost',
    );
  }
  if ((content as { party?: unknown }).party !== context.party) throw refuse("is another party's slice");
  return part;
}

/** The format of slices of `ss_lr` until their weights stayed on shares. */
const CLEAR_SLICE_FORMAT = 'taskchain/vertical-regression/v1';

function slicePart(content: Record<string, unknown>): SlicePart | undefined {
  const { format, features, objective, training = null } = content;
  if (format === SLICE_FORMAT) {
    const slice = sliceOf(content);
    return (
      slice && { kind: 'slice', objective: slice.regType, features: slice.features, training: slice.training, slice }
    );
  }
  if (format === GLM_FORMAT) {
    const slice = glmSliceOf(content);
    return slice && { kind: 'glm', slice, ...slice, objective: slice.link === 'logit' ? 'logistic' : 'linear' };
  }
  if (format === SHARED_TREES_FORMAT) {
    const slice = sharedSliceOf(content);
    return slice && { kind: 'shared', slice, ...slice };
  }
  if (!OBJECTIVES.includes(objective as Objective) || !isList(features, isText)) return undefined;
  if (training !== null && !isText(training)) return undefined;
  const facts = { objective: objective as Objective, features, training };
  if (format !== TREES_FORMAT) return undefined;
  if (Array.isArray(content.trees)) {
    const trees = content.trees.map((nodes: unknown) => treeOf(nodes, features));
    if (!isNumber(content.base_score) || !trees.every((tree) => tree !== undefined)) return undefined;
    return { kind: 'trees', ...facts, baseScore: content.base_score, trees };
  }
  const { max_depth: maxDepth } = content;
  if (!Array.isArray(content.splits) || !isPlace(maxDepth)) return undefined;
  const splits = content.splits.map((split: unknown) => splitOf(split, features));
  return splits.every((split) => split !== undefined) ? { kind: 'splits', ...facts, maxDepth, splits } : undefined;
}

/** Each node lies before those below it, so that a row that walks down comes to an end. */
function treeOf(nodes: unknown, features: readonly string[]): ModelNode[] | undefined {
  if (!Array.isArray(nodes) || nodes.length === 0) return undefined;
  const tree = nodes.map((node: unknown, at): ModelNode | undefined => {
    if (!isMap(node)) return undefined;
    if (isNumber(node.weight)) return { weight: node.weight };
    const { left, right, peer_split: peerSplit } = node;
    const below = (place: unknown): place is number => isPlace(place) && place > at && place < nodes.length;
    if (!below(left) || !below(right)) return undefined;
    if (isPlace(peerSplit)) return { peerSplit, left, right };
    const own = splitOf({ ...node, tree: 0 }, features);
    return own && { feature: own.column, threshold: own.threshold, left, right };
  });
  return tree.every((node) => node !== undefined) ? tree : undefined;
}

function splitOf(split: unknown, features: readonly string[]): OwnSplit | undefined {
  if (!isMap(split)) return undefined;
  const column = features.indexOf(split.feature as string);
  const { tree, threshold } = split;
  return column >= 0 && isNumber(threshold) && isPlace(tree) ? { tree, column, threshold } : undefined;
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => Number.isFinite(value);
const isPlace = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;

function isList<T>(value: unknown, is: (each: unknown) => each is T): value is T[] {
  return Array.isArray(value) && value.every(is);
}
