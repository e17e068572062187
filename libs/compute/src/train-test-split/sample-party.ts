import { coarseRows } from '../contract/coarse.js';
import { MaskStream, permutationOf } from '../mpc/random.js';
import { sha256Of } from '../party/lineage.js';
import type { PartyProgram } from '../party/party-program.js';
import { writeParts } from '../rules/write-parts.js';
import type { WrittenTable } from '../rules/written-result.js';
import { readTable } from '../table/read-table.js';
import { bitsOfDraw, drawn, trainCounts, trainRowsOf } from './draw.js';
import { checkClasses, readClasses } from './label-classes.js';

export interface SampleArgs {
  readonly inputPath: string;
  readonly outputPath: string | null;
  /** One of the two is null. */
  readonly fraction: number | null;
  readonly count: number | null;
  readonly seed: number;
  readonly label: string | null;
}

/**
 * Takes random rows of a party's table, in two passes over the rows. Throws TaskFailure GROUP_TOO_SMALL, TOO_MANY_LABEL_VALUES, COLUMN_NOT_FOUND,
 * BUDGET_EXHAUSTED, and what opening a table throws.
 */
export const run: PartyProgram<SampleArgs, WrittenTable> = async (context, args) => {
  const { inputPath, fraction, count, seed, label } = args;
  context.progress(0, 'reading rows');
  const input = await context.openInput(inputPath);
  try {
    const table = await readTable(context.party, input);
    const classes = await readClasses(table, label, () => context.progress(table.read() / 2, 'reading rows'));
    const { rows } = classes;
    const taken = fraction === null ? Math.min(count!, rows) : trainRowsOf(rows, fraction);
    const share = rows === 0 ? 0 : taken / rows;
    if (label !== null && rows > 1) {
      checkClasses(table, label, classes, context.minGroupRows);
      const distinct = classes.counts.length;
      // A later psi of the sample shows which rows it has.
      const opened = { column: label, figures: distinct - 1, bits: bitsOfDraw(rows, share), rows, distinct };
      await context.reserve({ columns: [opened] });
    }
    // Of the whole table: equal draws of two tables would show that they have something in common.
    const use = JSON.stringify(['sample', label, fraction, count, seed, await sha256Of(input)]);
    const order = permutationOf(rows, new MaskStream(context.keyOf(use), 'permutation'));
    const flags = drawn(order, classes.ofRows, trainCounts(classes.counts, share));
    const [output] = await writeParts(context, {
      ...{ table, parts: flags.map((isTaken) => 1 - isTaken), values: label === null ? [] : [label] },
      outputs: [{ name: 'table.csv', target: args.outputPath }],
      progress: (read) => context.progress((1 + read) / 2, 'writing the sample'),
    });
    context.keepResult({ rows, sampled: taken });
    return { output: output!, rows: coarseRows(rows, context.minGroupRows) };
  } finally {
    await input.close();
  }
};
