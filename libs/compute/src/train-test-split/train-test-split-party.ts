import { coarseRows } from '../contract/coarse.js';
import { TaskFailure } from '../contract/task-type.js';
import { packed } from '../mpc/bit-strings.js';
import { MaskStream, permutation, permutationOf } from '../mpc/random.js';
import { sha256Of } from '../party/lineage.js';
import type { InputFile } from '../party/input-files.js';
import type { PartyContext, PartyProgram } from '../party/party-program.js';
import { writeParts } from '../rules/write-parts.js';
import { readTable } from '../table/read-table.js';
import type { Table } from '../table/table.js';
import { agreeOnRows } from '../vertical/agree-on-rows.js';
import { bitsOfDraw, drawn, flagsFrom, trainCounts, trainRowsOf, type TrainFlags } from './draw.js';
import { checkClasses, readClasses, type Classes } from './label-classes.js';

/** The split as all parties know it. */
export interface SplitPlan {
  /** Of the rows to train on, between 0 and 1. */
  readonly share: number;
  readonly shuffle: boolean;
  readonly seed: number;
  /** The party that draws; null where each does. */
  readonly labelParty: string | null;
}

export interface SplitArgs {
  readonly plan: SplitPlan;
  readonly inputPath: string;
  /** The column of the party that draws; null at the others. */
  readonly label: string | null;
  readonly trainPath: string | null;
  readonly testPath: string | null;
}

export interface SplitValue {
  readonly train: string;
  readonly test: string;
  /** In steps of the smallest group of rows that a figure may cover. */
  readonly rows: number;
}

/** Ends on the progress bar: of reading the rows, of the draw. Then comes writing. */
const READ = 0.45;
const DRAWN = 0.5;

/**
 * One party of `train_test_split`. Throws TaskFailure NOT_ALIGNED, GROUP_TOO_SMALL, INSUFFICIENT_ROWS, TOO_MANY_LABEL_VALUES, COLUMN_NOT_FOUND,
 * BUDGET_EXHAUSTED, and what opening a table throws.
 */
export const run: PartyProgram<SplitArgs, SplitValue> = async (context, args) => {
  const input = await context.openInput(args.inputPath);
  try {
    context.progress(0, 'reading rows');
    const table = await readTable(context.party, input);
    const classes = await readClasses(table, args.label, () => context.progress(READ * table.read(), 'reading rows'));
    const size = { path: table.label, rows: classes.rows, figures: 'parts' };
    const least = await agreeOnRows(context, context.peers, size);
    requireBoth(coarseRows(classes.rows, least), args.plan.share);
    context.progress(READ, 'drawing rows');
    const flags = await flagsOf(context, { args, input, table, classes, least });
    context.progress(DRAWN, 'writing the parts');
    const [test, train] = (await writeParts(context, {
      ...{ table, parts: flags, values: args.label === null ? [] : [args.label] },
      outputs: [
        { name: 'test.csv', target: args.testPath },
        { name: 'train.csv', target: args.trainPath },
      ],
      progress: (read) => context.progress(DRAWN + (1 - DRAWN) * read, 'writing the parts'),
    })) as [string, string];
    const trainRows = trainRowsOf(classes.rows, args.plan.share);
    const counts = { rows: classes.rows, train_rows: trainRows, test_rows: classes.rows - trainRows };
    context.keepResult({ ...counts, train_path: train, test_path: test });
    return { train, test, rows: coarseRows(classes.rows, least) };
  } finally {
    await input.close();
  }
};

/** Refuses a share by which a part could be empty. It looks at the rows as others read them: else many shares would show their number. */
function requireBoth(rows: number, share: number): void {
  if (rows * Math.min(share, 1 - share) >= 1) return;
  throw new TaskFailure(
    'INSUFFICIENT_ROWS',
    `A train_size of ${share} leaves one of the parts of so few rows empty; take a share nearer to 0.5, or more rows.`,
    false,
    { rows, train_size: share },
  );
}

interface Drawing {
  readonly args: SplitArgs;
  readonly input: InputFile;
  readonly table: Table;
  readonly classes: Classes;
  readonly least: number;
}

async function flagsOf(context: PartyContext, { args, input, table, classes, least }: Drawing): Promise<TrainFlags> {
  const { rows, ofRows } = classes;
  const { share, shuffle, seed, labelParty } = args.plan;
  if (labelParty === null) {
    const order = shuffle ? permutation(rows, seed) : Uint32Array.from(ofRows, (_, row) => row);
    return drawn(order, ofRows, [trainRowsOf(rows, share)]);
  }
  if (args.label === null)
    return flagsFrom(labelParty, await context.receiveBytes(labelParty), rows, trainRowsOf(rows, share));
  checkClasses(table, args.label, classes, least);
  // Also where no other party is there: a later psi of the parts shows which rows they have.
  const distinct = classes.counts.length;
  const opened = { column: args.label, figures: distinct - 1, bits: bitsOfDraw(rows, share), rows, distinct };
  await context.reserve({ columns: [opened] });
  // Of the whole table: equal draws of two tables would show that their labels are equal.
  const use = JSON.stringify(['train_test_split', args.label, share, seed, await sha256Of(input)]);
  const order = permutationOf(rows, new MaskStream(context.keyOf(use), 'permutation'));
  const flags = drawn(order, ofRows, trainCounts(classes.counts, share));
  for (const peer of context.peers) await context.send(peer, packed(flags));
  return flags;
}
