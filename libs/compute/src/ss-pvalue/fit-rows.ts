import { checkApart, checkGroup } from '../contract/privacy.js';
import { TaskFailure } from '../contract/task-type.js';
import { readModelPart, type ModelPart } from '../evaluation/model-file.js';
import { checkSameModel } from '../evaluation/same-model.js';
import type { PartyContext } from '../party/party-program.js';
import { readNumericColumns, type NumericColumns } from '../table/numeric-columns.js';
import { checkAligned, checkBinary } from '../vertical/vertical-rows.js';
import type { Slice } from '../ss-lr/slice.js';
import { MAX_COLUMNS, type FitShape } from './fit-shape.js';
import { standardRows, type StandardRows } from './standard-rows.js';

/** Arguments of a party's process. */
export interface FitPart {
  readonly model: string;
  readonly trainData: string;
  /** With the party that has it. */
  readonly label: string | null;
}

/** A party's rows of a fit, checked, and what both parties know of it. */
export interface FitRows {
  readonly index: 0 | 1;
  readonly shape: FitShape;
  /** The party's columns: its features, then the label where it has it. */
  readonly names: readonly string[];
  readonly table: NumericColumns;
  readonly standard: StandardRows;
  /** The smallest group of rows that a figure may cover. */
  readonly least: number;
}

/** A slice of a model of two parties. */
type PairSlice = Slice & { readonly columns: readonly [number, number] };

/** The fewest rows for each column: with fewer, figures of all columns are too many equations about the rows. */
const ROWS_PER_COLUMN = 20;

/**
 * Reads a party's slice and its table, and compares both with the peer's. Throws TaskFailure MODEL_INCOMPATIBLE, NOT_ALIGNED, GROUP_TOO_SMALL,
 * TOO_MANY_COLUMNS, LABEL_NOT_BINARY, CONSTANT_COLUMN, NON_NUMERIC, and what reading the table throws.
 */
export async function readFitRows(context: PartyContext, part: FitPart): Promise<FitRows> {
  const { party } = context;
  const { label, trainData: path } = part;
  const peer = context.peers[0]!;
  const index = party < peer ? 0 : 1;
  const model = await readModelPart(context, part.model);
  const slice = sliceOf(context, part, model, index);
  const names = label === null ? slice.features : [...slice.features, label];
  const table = await readNumericColumns(context, path, names, (read) => context.progress(0.1 * read, 'reading'));
  await checkSameModel(context, model);
  // Before the peer compares: an empty table and one of a row fail alike.
  checkGroup(context, path, table.rows);
  const least = await checkAligned(context, [peer], { train: table.rows });
  checkSizes(table.rows, least, slice);
  if (label !== null && slice.regType === 'logistic') checkBinary(party, path, table, label);
  for (const [column, name] of names.entries()) {
    checkApart({ party, minGroupRows: least, path, name }, table.values, column, names.length);
  }
  const shape: FitShape = {
    regType: slice.regType,
    rows: table.rows,
    counts: slice.columns,
    labelOwner: slice.hasLabel === (index === 0) ? 0 : 1,
  };
  const standard = standardRows({ party, path, names }, table, shape, label !== null);
  return { index, shape, names, table, standard, least };
}

function sliceOf(context: PartyContext, { model: path, label }: FitPart, model: ModelPart, index: 0 | 1): PairSlice {
  const refuse = (why: string): TaskFailure =>
    new TaskFailure('MODEL_INCOMPATIBLE', `Party ${context.party}: ${path} ${why}.`, false, { party: context.party });
  if (model.kind !== 'slice') throw refuse('is no slice of ss_lr');
  if (model.slice.hasLabel !== (label !== null))
    throw refuse('has another role than label_party says: name the one of its training');
  const { columns } = model.slice;
  if (columns.length > 2)
    throw refuse(`is a slice of a model of ${columns.length} parties, which cannot be tested yet: train one of two`);
  if (columns[index] !== model.features.length) throw refuse('is of parties in another order');
  return { ...model.slice, columns: [columns[0]!, columns[1]!] };
}

function checkSizes(rows: number, least: number, { columns: [first, second] }: PairSlice): void {
  const columns = first + second;
  if (columns > MAX_COLUMNS) {
    throw new TaskFailure(
      'TOO_MANY_COLUMNS',
      `The model has ${columns} columns, over the ${MAX_COLUMNS} that are tested at once; train one of fewer.`,
      false,
      { columns, limit: MAX_COLUMNS },
    );
  }
  checkRowsPerColumn(rows, least, columns);
}

/** Refuses figures about each column of a fit of too few rows. Throws TaskFailure GROUP_TOO_SMALL. */
export function checkRowsPerColumn(rows: number, least: number, columns: number): void {
  const min_rows = Math.max(ROWS_PER_COLUMN, least) * columns;
  if (rows >= min_rows) return;
  throw new TaskFailure(
    'GROUP_TOO_SMALL',
    `There are under ${min_rows} rows for ${columns} columns. Each figure is an equation about the rows: have at least ` +
      `${Math.max(ROWS_PER_COLUMN, least)} rows for each column, or train on fewer columns.`,
    false,
    { min_rows },
  );
}
