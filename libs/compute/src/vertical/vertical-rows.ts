import type { PartyContext } from '../party/party-program.js';
import type { OutputRows } from '../party/row-sets.js';
import { PeerMessage } from '../contract/peer-message.js';
import { checkApart } from '../contract/privacy.js';
import { pickRows, readNumericColumns, type NumericColumns } from '../table/numeric-columns.js';
import { splitRows } from './split-rows.js';
import { TaskFailure } from '../contract/task-type.js';
import type { VerticalPart } from './vertical-plan.js';

/** The requirements of a training on its rows. */
export interface RowRules {
  /** Whether the label must be 0 or 1. */
  readonly binaryLabel: boolean;
  /** The largest absolute value of a feature or label. */
  readonly maxSize: number;
  /** The minimum number of training rows, in groups of the fewest rows that a figure may cover, and why. */
  readonly minGroups: number;
  readonly minRowsWhy: (least: number) => string;
  /** Whether to refuse a column in which fewer of these rows than that differ from the most frequent value. */
  readonly refusesFewApart: boolean;
}

/** One party's training rows, in the order of the split. */
export interface TrainingRows {
  readonly rows: number;
  /** How many columns the party has. */
  readonly columns: number;
  /** Row-major, `rows * columns` finite numbers. */
  readonly values: Float64Array;
  /** Labels; null for the party without them. */
  readonly label: Float64Array | null;
}

/** Rows to predict. */
export interface PredictedRows extends NumericColumns {
  /** Which rows of a table they are. */
  readonly made: OutputRows;
}

/** A party's rows, ready for training. Nothing else of its tables stays in memory. */
export interface PreparedRows {
  readonly train: TrainingRows;
  /** Which rows of the table `train` are. */
  readonly made: OutputRows;
  /** How many rows are held out of training. */
  readonly heldOut: number;
  /** Rows to predict on: features, then the label if the party has it. Null if there is nothing to predict. */
  readonly predict: PredictedRows | null;
  /** The smallest group of rows that a figure, a bucket or a split may cover: the largest of what the parties ask for. */
  readonly least: number;
}

/**
 * Reads a party's tables, checks them, agrees with the others on the row counts, splits the rows, and notes those of the training. Throws TaskFailure
 * ROWS_TOO_CLOSE, NOT_ALIGNED, LABEL_NOT_BINARY, INSUFFICIENT_ROWS, GROUP_TOO_SMALL, NOT_CONVERGED (a value out of range), COLUMN_NOT_FOUND, CAST_FAILED,
 * and what opening a table throws.
 */
export async function prepareRows(context: PartyContext, part: VerticalPart, rules: RowRules): Promise<PreparedRows> {
  const { plan } = part;
  const names = part.label === null ? part.features : [...part.features, part.label];
  const read = async (path: string): Promise<NumericColumns> => {
    const table = await readNumericColumns(context, path, names, (read) => context.progress(0.02 * read, 'reading'));
    checkValues(context.party, path, table, names, part.label, rules);
    return table;
  };
  const table = await read(part.trainData);
  const test = part.testData === null ? null : await read(part.testData);
  // Before others compare: an empty table and one of a row fail alike.
  if (table.rows < context.minGroupRows) throw insufficient(rules, context.minGroupRows);
  const least = await checkAligned(context, context.peers, { train: table.rows, test: test?.rows ?? 0 });
  const minRows = rules.minGroups * least;

  const split = splitRows(table.rows, plan.testFraction, plan.splitSeed);
  const columns = part.features.length;
  if (split.train.length < minRows) throw insufficient(rules, least);
  const made = { of: part.trainData, ...(split.heldOut.length > 0 && { picks: split.train }) };
  // Before any size of them is sent, and before they can fail.
  await context.reserve({ columns: [], ofRows: true, rows: made });
  const predict = {
    test_data: () => test && { ...test, made: { of: part.testData! } },
    held_out: () => ({
      made: { of: part.trainData, picks: split.heldOut },
      rows: split.heldOut.length,
      columns: table.columns,
      values: pickRows(table, split.heldOut, 0, table.columns),
    }),
    training: () => ({ ...table, made: { of: part.trainData } }),
    nothing: () => null,
  }[plan.predictOn]();
  const train = {
    rows: split.train.length,
    columns,
    values: pickRows(table, split.train, 0, columns),
    label: part.label === null ? null : pickRows(table, split.train, columns, columns + 1),
  };
  if (rules.refusesFewApart) {
    const whereOf = (name: string) => ({ party: context.party, minGroupRows: least, path: part.trainData, name });
    part.features.forEach((name, column) => checkApart(whereOf(name), train.values, column, columns));
    if (train.label !== null) checkApart(whereOf(part.label!), train.label, 0, 1);
  }
  return { train, made, heldOut: split.heldOut.length, predict, least };
}

function insufficient({ minGroups, minRowsWhy }: RowRules, least: number): TaskFailure {
  const min_rows = minGroups * least;
  const message = `There are under ${min_rows} rows to train on; ${minRowsWhy(least)}`;
  return new TaskFailure('INSUFFICIENT_ROWS', message, false, { min_rows });
}

function checkValues(
  party: string,
  path: string,
  table: NumericColumns,
  names: readonly string[],
  label: string | null,
  { binaryLabel, maxSize }: RowRules,
): void {
  const far = table.values.findIndex((value) => Math.abs(value) > maxSize);
  if (far >= 0) {
    const column = names[far % table.columns]!;
    throw new TaskFailure(
      'NOT_CONVERGED',
      `Party ${party}: column ${JSON.stringify(column)} of ${path} is beyond ${maxSize} in data row ` +
        `${Math.floor(far / table.columns) + 1}; scale it first (standard_scaler).`,
      false,
      { party, column },
    );
  }
  if (label !== null && binaryLabel) checkBinary(party, path, table, label);
}

/** Throws TaskFailure LABEL_NOT_BINARY unless the last column of a table holds 0 and 1 alone. */
export function checkBinary(party: string, path: string, table: NumericColumns, label: string): void {
  for (let at = table.columns - 1; at < table.values.length; at += table.columns) {
    if (table.values[at] !== 0 && table.values[at] !== 1) {
      throw new TaskFailure(
        'LABEL_NOT_BINARY',
        `Party ${party}: label ${JSON.stringify(label)} of ${path} is neither 0 nor 1 in data row ` +
          `${Math.floor(at / table.columns) + 1}; encode it (label_encoder), or train a linear model.`,
        false,
        { party, column: label },
      );
    }
  }
}

/** Tables of which all parties must have the same number of rows: the parameter `<kind>_data`. */
type Compared = 'train' | 'test' | 'input';

/**
 * Compares the row counts of each kind of table with those of each peer, and throws NOT_ALIGNED, which names no number, if they differ. Returns the smallest group of
 * rows that a figure of these parties' rows may cover.
 */
export async function checkAligned(
  context: Pick<PartyContext, 'party' | 'minGroupRows' | 'send' | 'receiveJson'>,
  peers: readonly string[],
  own: Readonly<Partial<Record<Compared, number>>>,
): Promise<number> {
  for (const peer of peers) await context.send(peer, { ...own, min_group_rows: context.minGroupRows });
  let least = context.minGroupRows;
  for (const peer of peers) {
    const theirs = new PeerMessage(peer, await context.receiveJson<unknown>(peer));
    for (const [kind, rows] of Object.entries(own) as [Compared, number][]) {
      const others = theirs.count(kind, Number.MAX_SAFE_INTEGER);
      if (rows === others) continue;
      throw new TaskFailure(
        'NOT_ALIGNED',
        `${kind}_data: parties ${[context.party, peer].sort().join(' and ')} do not have the same number of rows. Align the tables with psi first.`,
      );
    }
    least = Math.max(least, theirs.count('min_group_rows', Number.MAX_SAFE_INTEGER));
  }
  return least;
}
