import type { JsonObject } from '../contract/task-type.js';
import { ELEMENT_BYTES, fromBytes, toBytes, type RingVector } from '../mpc/ring.js';
import { LINKS, type Family } from './family.js';
import type { Place } from './glm-rows.js';
import { MOST_SCALE } from './own-label.js';

/** The format of both parties' slices of a generalised linear model. */
export const GLM_FORMAT = 'taskchain/generalised-linear/v1';

/** A party's slice: its shares of all coefficients, which reveal nothing without the other's, and where it moves its own columns. */
export interface GlmSlice {
  /** The name of the training, random: shares of two trainings do not fit together. */
  readonly training: string;
  readonly link: Family['link'];
  /** The party's own columns, the offset behind the features. */
  readonly features: readonly string[];
  /** Of each of them. */
  readonly places: readonly Place[];
  /** How many features each party has. */
  readonly columns: readonly [number, number];
  readonly hasLabel: boolean;
  readonly hasOffset: boolean;
  /** Rows of the training. */
  readonly rows: number;
  /** Predictions are in units of 2^scaleBits. */
  readonly scaleBits: number;
  /** Own share of the coefficients of the first party's columns, of the second's, and of the intercept. */
  readonly share: RingVector;
}

/** The slice as it is saved. */
export function glmSliceFile(party: string, slice: GlmSlice): JsonObject {
  return {
    format: GLM_FORMAT,
    party,
    training: slice.training,
    link: slice.link,
    features: [...slice.features],
    centers: slice.places.map(({ center }) => center),
    scales: slice.places.map(({ scale }) => scale),
    columns: [...slice.columns],
    has_label: slice.hasLabel,
    has_offset: slice.hasOffset,
    rows: slice.rows,
    scale_bits: slice.scaleBits,
    share: Buffer.from(toBytes(slice.share)).toString('base64'),
  };
}

/** A slice out of the content of its file, or undefined if it is not one. */
export function glmSliceOf(content: Readonly<Record<string, unknown>>): GlmSlice | undefined {
  const { training, features, centers, scales, columns, rows, share } = content;
  const { has_label: hasLabel, has_offset: hasOffset, scale_bits: scaleBits } = content;
  const link = LINKS.find((each) => each === content.link);
  if (link === undefined || typeof training !== 'string') return undefined;
  if (typeof hasLabel !== 'boolean' || typeof hasOffset !== 'boolean') return undefined;
  if (!isList(features, (each): each is string => typeof each === 'string')) return undefined;
  if (!isNumbers(centers, features.length) || !isNumbers(scales, features.length) || !scales.every((each) => each > 0))
    return undefined;
  if (!isList(columns, isCount) || columns.length !== 2 || !isCount(rows) || rows === 0) return undefined;
  const [first, second] = columns as [number, number];
  if (![first, second].includes(features.length - Number(hasLabel && hasOffset))) return undefined;
  if (!Number.isInteger(scaleBits) || Math.abs(scaleBits as number) > MOST_SCALE) return undefined;
  const bytes = Buffer.from(typeof share === 'string' ? share : '', 'base64');
  const coefficients = first + second + 1;
  if (bytes.length !== coefficients * ELEMENT_BYTES) return undefined;
  return {
    ...{ training, link, features, hasLabel, hasOffset, rows },
    places: centers.map((center, at) => ({ center, scale: scales[at]! })),
    columns: [first, second],
    scaleBits: scaleBits as number,
    share: fromBytes(bytes, coefficients),
  };
}

function isList<T>(value: unknown, is: (each: unknown) => each is T): value is T[] {
  return Array.isArray(value) && value.every(is);
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const isNumbers = (value: unknown, length: number): value is number[] =>
  isList(value, (each): each is number => Number.isFinite(each)) && value.length === length;
