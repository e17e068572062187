import { isMap } from '../contract/json-values.js';
import type { JsonObject } from '../contract/task-type.js';
import { rounded, type Joint } from '../mpc/joint.js';
import { Z32, bytesOf, vectorFrom, type Vector } from '../mpc/rings.js';
import type { NumericColumns } from '../table/numeric-columns.js';
import type { Objective } from '../vertical/boosting.js';
import { startOf } from './shared-boost.js';
import { valuesOf } from './shared-tree.js';
import { probabilities } from './sigmoid.js';

/** The format of both parties' slices of a model on shares. */
export const SHARED_TREES_FORMAT = 'taskchain/shared-trees/v1';

/** Rows to predict at once. */
export const PREDICT_ROWS = 16_384;

/** Fraction bits of what the receiver of predictions learns of a row: a probability to 1/1024, a number in 4,096 steps. */
const OPENED_BITS: Record<Objective, number> = { logistic: 10, linear: 11 };

/** What is public of a model: what the dealer must know. */
export interface ModelShape {
  readonly objective: Objective;
  /** The score of every row before the first tree. */
  readonly start: number;
  readonly scoreBits: number;
  /** Whose split each node is, by tree: index of the party. */
  readonly owners: readonly (readonly (0 | 1)[])[];
}

/** A split of an own column; null sends every row left, undefined is the other party's. */
export type ModelSplit = { readonly column: number; readonly threshold: number } | null | undefined;

/** A party's slice: its own splits, and its shares of the weights of the leaves. */
export interface SharedSlice extends ModelShape {
  /** The other party. */
  readonly peer: string;
  readonly training: string;
  readonly hasLabel: boolean;
  readonly features: readonly string[];
  /** Numbers are predicted in units of this, from `base` on: 1 and 0 for probabilities. */
  readonly unit: number;
  readonly base: number;
  readonly splits: readonly (readonly ModelSplit[])[];
  readonly weights: readonly Vector[];
}

/** Own shares of the predictions of `rows` rows, with {@link OPENED_BITS}. `sides` are the bits of own splits. */
export async function predictShared(
  joint: Joint,
  { objective, start, scoreBits, owners }: ModelShape,
  weights: readonly Vector[] | null,
  rows: number,
  sides: (tree: number, node: number) => Uint8Array | null,
): Promise<Vector> {
  let scores = startOf(joint, rows, start, scoreBits);
  for (const [tree, ofNode] of owners.entries()) {
    const leaves = weights?.[tree] ?? new Uint32Array(ofNode.length + 1);
    scores = Z32.add(
      scores,
      await valuesOf(joint, { owners: ofNode, weights: leaves }, rows, (node) => sides(tree, node)),
    );
  }
  const bits = OPENED_BITS[objective];
  if (objective === 'logistic') return probabilities(joint, scores, bits);
  return rounded(joint, Z32, scores, Math.max(0, scoreBits - bits));
}

/** Own shares of the predictions of a run of rows. */
export function predictRun(
  joint: Joint,
  slice: SharedSlice,
  { rows, columns, values }: NumericColumns,
): Promise<Vector> {
  return predictShared(joint, slice, slice.weights, rows, (tree, node) => {
    const split = slice.splits[tree]![node];
    if (split === undefined) return null;
    return Uint8Array.from({ length: rows }, (_, row) =>
      split === null || values[row * columns + split.column]! <= split.threshold ? 1 : 0,
    );
  });
}

/** The predictions of which these are both shares. */
export function openedPredictions(slice: SharedSlice, own: Vector, theirs: Vector): Float64Array {
  const bits = Math.min(OPENED_BITS[slice.objective], slice.objective === 'linear' ? slice.scoreBits : Infinity);
  return Float64Array.from(own, (word, row) => {
    const value = ((word + theirs[row]!) | 0) / 2 ** bits;
    const within = slice.objective === 'logistic' ? Math.min(1, Math.max(0, value)) : value;
    return slice.base + within * slice.unit;
  });
}

/** A party's slice as it is saved: of the other's columns it has nothing. */
export function sliceFile(party: string, slice: SharedSlice): JsonObject {
  return {
    format: SHARED_TREES_FORMAT,
    party,
    peer: slice.peer,
    training: slice.training,
    objective: slice.objective,
    features: [...slice.features],
    has_label: slice.hasLabel,
    start: slice.start,
    base: slice.base,
    unit: slice.unit,
    score_bits: slice.scoreBits,
    trees: slice.owners.map((owners, tree) => ({
      owners: [...owners],
      splits: packedSplits(slice.splits[tree]!),
      weight_shares: Buffer.from(bytesOf(slice.weights[tree]!)).toString('base64'),
    })),
  };
}

/** A slice from its file, or undefined if it is none. */
export function sharedSliceOf(content: Record<string, unknown>): SharedSlice | undefined {
  const {
    peer,
    training,
    objective,
    features,
    has_label: hasLabel,
    start,
    base,
    unit,
    score_bits: scoreBits,
    trees,
  } = content;
  if (typeof peer !== 'string' || typeof training !== 'string' || (objective !== 'logistic' && objective !== 'linear'))
    return undefined;
  if (!isList(features, (each) => typeof each === 'string') || typeof hasLabel !== 'boolean') return undefined;
  if (![start, base, unit].every(Number.isFinite) || !isWord(scoreBits) || scoreBits > 20) return undefined;
  if (!isList<Record<string, unknown>>(trees, isMap) || trees.length === 0) return undefined;
  const read = trees.map((tree) => treeOf(tree, features as string[]));
  if (!read.every((tree) => tree !== undefined)) return undefined;
  return {
    peer,
    training,
    objective,
    features: features as string[],
    hasLabel,
    start: start as number,
    base: base as number,
    unit: unit as number,
    scoreBits,
    owners: read.map(({ owners }) => owners),
    splits: read.map(({ splits }) => splits),
    weights: read.map(({ weights }) => weights),
  };
}

function treeOf(
  { owners, splits, weight_shares: weights }: Record<string, unknown>,
  features: readonly string[],
): { owners: (0 | 1)[]; splits: ModelSplit[]; weights: Vector } | undefined {
  const isOwners = isList<0 | 1>(owners, (each) => each === 0 || each === 1);
  if (!isOwners || typeof splits !== 'string' || typeof weights !== 'string') return undefined;
  const leaves = owners.length + 1;
  const read = unpackedSplits(splits, features.length);
  const bytes = Buffer.from(weights, 'base64');
  if (read?.length !== owners.length || bytes.length !== 4 * leaves || (leaves & (leaves - 1)) !== 0) return undefined;
  return { owners, splits: read, weights: vectorFrom(bytes, leaves) };
}

/** A split is the number of its column (-1 for none, -2 for the other party's) and its threshold, so that files are of one size. */
const SPLIT_BYTES = 12;

function packedSplits(splits: readonly ModelSplit[]): string {
  const bytes = Buffer.alloc(splits.length * SPLIT_BYTES);
  for (const [node, split] of splits.entries()) {
    bytes.writeInt32LE(split?.column ?? (split === null ? -1 : -2), node * SPLIT_BYTES);
    bytes.writeDoubleLE(split?.threshold ?? 0, node * SPLIT_BYTES + 4);
  }
  return bytes.toString('base64');
}

/** The splits of a tree as they are packed, or undefined if they are none. */
export function unpackedSplits(text: string, columns: number): ModelSplit[] | undefined {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length % SPLIT_BYTES !== 0) return undefined;
  const splits: ModelSplit[] = [];
  for (let at = 0; at < bytes.length; at += SPLIT_BYTES) {
    const [column, threshold] = [bytes.readInt32LE(at), bytes.readDoubleLE(at + 4)];
    if (column < -2 || column >= columns || !Number.isFinite(threshold)) return undefined;
    splits.push(column === -2 ? undefined : column === -1 ? null : { column, threshold });
  }
  return splits;
}

const isWord = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 32;

function isList<T>(value: unknown, is: (each: unknown) => boolean): value is T[] {
  return Array.isArray(value) && value.every(is);
}
