import { FEW_VALUES, type OpenedColumn } from '#libs/consent';
import { isMap } from '../contract/json-values.js';
import type { JsonObject } from '../contract/task-type.js';
import { ELEMENT_BYTES, fromBytes, toBytes, type RingVector } from '../mpc/ring.js';
import { featuresIn, type ColumnCounts } from '../mpc/split-matrix.js';
import { MOST_PARTIES } from '../vertical/vertical-schema.js';
import { MOST_SIZE } from './room.js';
import type { Schedule } from './schedule.js';

/** The format of all parties' slice files. */
export const SLICE_FORMAT = 'taskchain/vertical-regression/v2';

/** A party's slice of a model: its share of all weights, which reveals nothing without all others'. */
export interface Slice {
  /** The other parties, in the order of their shares. Absent in older files of two parties. */
  readonly peers?: readonly string[] | undefined;
  /** The name of the training, random: shares of two trainings do not fit together. */
  readonly training: string;
  readonly regType: Schedule['regType'];
  /** The party's own columns. */
  readonly features: readonly string[];
  /** How many columns each party has. */
  readonly columns: ColumnCounts;
  readonly hasLabel: boolean;
  /** No weight exceeds 2^weightBits, and no label of the training 2^labelSize. */
  readonly weightBits: number;
  readonly labelSize: number;
  /** What the ledger counts where weights are opened. Absent in older files. */
  readonly seen?: SeenRows | undefined;
  /** Own share of the weights of each party's columns, in their order, and of the intercept. */
  readonly share: RingVector;
}

/** What a party's weights describe: its training rows, and its columns, with the label where it has it. */
export interface SeenRows {
  readonly rows: number;
  readonly columns: readonly Pick<OpenedColumn, 'column' | 'distinct'>[];
}

/** The slice as it is saved. */
export function sliceFile(party: string, slice: Slice): JsonObject {
  const { peers } = slice;
  return {
    format: SLICE_FORMAT,
    party,
    ...(peers && (peers.length === 1 ? { peer: peers[0]! } : { peers: [...peers] })),
    training: slice.training,
    reg_type: slice.regType,
    features: [...slice.features],
    columns: [...slice.columns],
    has_label: slice.hasLabel,
    weight_bits: slice.weightBits,
    label_bits: slice.labelSize,
    ...(slice.seen && { seen: { rows: slice.seen.rows, columns: slice.seen.columns.map((each) => ({ ...each })) } }),
    share: Buffer.from(toBytes(slice.share)).toString('base64'),
  };
}

/** A slice out of the content of its file, or undefined if it is none. */
export function sliceOf(content: unknown): Slice | undefined {
  if (!isMap(content) || content.format !== SLICE_FORMAT) return undefined;
  const { training, reg_type: regType, features, columns, has_label: hasLabel, share } = content;
  const { weight_bits: weightBits, label_bits: labelSize } = content;
  if (typeof training !== 'string' || (regType !== 'logistic' && regType !== 'linear')) return undefined;
  if (!Array.isArray(features) || !features.every((name) => typeof name === 'string')) return undefined;
  if (!isCounts(columns) || !columns.includes(features.length)) return undefined;
  if (typeof hasLabel !== 'boolean' || typeof share !== 'string') return undefined;
  if (!isExponent(weightBits, 64) || !isExponent(labelSize, MOST_SIZE)) return undefined;
  const bytes = Buffer.from(share, 'base64');
  const weights = featuresIn(columns) + 1;
  if (bytes.length !== weights * ELEMENT_BYTES) return undefined;
  const peers = peersOf(content);
  if (peers === undefined ? columns.length > 2 : peers.length !== columns.length - 1) return undefined;
  if (peers && columns[placeOf(content.party, peers)] !== features.length) return undefined;
  const seen = seenOf(content.seen, features.length + Number(hasLabel));
  const size = { weightBits, labelSize };
  return { ...size, peers, training, regType, features, columns, hasLabel, seen, share: fromBytes(bytes, weights) };
}

/** Files of two parties name the other as `peer`. */
function peersOf({ peer, peers }: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  if (typeof peer === 'string') return [peer];
  return Array.isArray(peers) && peers.every((each) => typeof each === 'string') ? peers : undefined;
}

/** The index of a party's shares. */
const placeOf = (party: unknown, peers: readonly string[]): number =>
  [String(party), ...peers].sort().indexOf(String(party));

function seenOf(value: unknown, count: number): SeenRows | undefined {
  if (!isMap(value) || !Number.isInteger(value.rows) || !Array.isArray(value.columns)) return undefined;
  const fits = (each: unknown): each is SeenRows['columns'][number] =>
    isMap(each) &&
    typeof each.column === 'string' &&
    Number.isInteger(each.distinct) &&
    (each.distinct as number) >= 1 &&
    (each.distinct as number) <= FEW_VALUES + 1;
  const { columns } = value;
  return columns.length === count && columns.every(fits) ? { rows: value.rows as number, columns } : undefined;
}

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) &&
  value.length >= 2 &&
  value.length <= MOST_PARTIES &&
  value.every((count) => Number.isInteger(count) && count >= 0);

const isExponent = (value: unknown, most: number): value is number =>
  Number.isInteger(value) && (value as number) >= -64 && (value as number) <= most;
