import { coarseRows } from '../contract/coarse.js';
import type { PartyProgram } from '../party/party-program.js';
import type { WrittenTable } from '../rules/written-result.js';
import { Moments, Range } from '../table/accumulators.js';
import { castFailed, unusable } from '../table/column-faults.js';
import { columnIndexes, isMissing, toNumber } from '../table/csv-reader.js';
import { readTable } from '../table/read-table.js';
import { rowsAtOnce } from '../table/table.js';
import { writeTable } from '../table/write-table.js';

export interface GroupbyStatisticsArgs {
  readonly inputPath: string;
  readonly outputPath: string | null;
  readonly by: readonly string[];
  readonly columns: readonly string[];
}

/** Groups that are held in memory. */
const MAX_GROUPS = 100_000;
const FIGURES = ['count', 'sum', 'mean', 'min', 'max', 'var'];

/** The numbers of a column in one group. */
class GroupColumn {
  private readonly moments = new Moments();
  private readonly range = new Range();
  private sum = 0;

  add(value: number): void {
    this.moments.add(value);
    this.range.add(value);
    this.sum += value;
  }

  /** In the order of `FIGURES`; '' for what so few values do not have. `var` is of a sample. */
  fields(): string[] {
    const { count, mean } = this.moments;
    const of = (value: number, least = 1): string => (count >= least && Number.isFinite(value) ? String(value) : '');
    const variance = of(this.moments.variance(1), 2);
    return [String(count), of(this.sum), of(mean), of(this.range.min), of(this.range.max), variance];
  }
}

interface Group {
  readonly values: readonly string[];
  /** The place of its first row. */
  readonly first: number;
  rows: number;
  readonly columns: readonly GroupColumn[];
}

/**
 * Describes a party's table by group, in one pass over the rows; the groups stand in the order of their first rows. Throws TaskFailure
 * COLUMN_NOT_FOUND, CAST_FAILED, TOO_MANY_CLASSES, and what opening a table throws.
 */
export const run: PartyProgram<GroupbyStatisticsArgs, WrittenTable> = async (context, args) => {
  const where = { party: context.party, label: args.inputPath };
  context.progress(0, 'grouping rows');
  const input = await context.openInput(args.inputPath);
  try {
    const table = await readTable(context.party, input);
    const keys = columnIndexes(table, args.by);
    const numbers = columnIndexes(table, args.columns);
    const groups = new Map<string, Group>();
    let rows = 0;
    for await (const batch of table.batches()) {
      for (const row of batch) {
        const values = keys.map((index) => (isMissing(row[index]!) ? '' : row[index]!));
        const key = JSON.stringify(values);
        let group = groups.get(key);
        if (group === undefined) {
          if (groups.size === MAX_GROUPS) throw tooMany(where, args.by);
          group = { values, first: rows, rows: 0, columns: numbers.map(() => new GroupColumn()) };
          groups.set(key, group);
        }
        rows += 1;
        group.rows += 1;
        for (const [at, index] of numbers.entries()) {
          const value = toNumber(row[index]!);
          if (value !== undefined) group.columns[at]!.add(value);
          else if (!isMissing(row[index]!)) throw castFailed(where, args.columns[at]!, rows);
        }
      }
      context.progress(0.9 * table.read(), 'grouping rows');
    }
    const found = [...groups.values()];
    const picks = Uint32Array.from(found, ({ first }) => first);
    const made = args.columns.flatMap((column) => FIGURES.map((figure) => `${column}_${figure}`));
    const columns = [...args.by, 'rows', ...made];
    const output = await writeTable(
      context,
      {
        target: args.outputPath ?? undefined,
        name: 'table.csv',
        rows: { of: args.inputPath, picks, values: args.by, learnt: [args.inputPath] },
      },
      columns,
    );
    const most = rowsAtOnce(columns.length);
    for (let from = 0; from < found.length; from += most) {
      await output.rows(found.slice(from, from + most).map(fieldsOf));
      context.progress(0.9 + (0.1 * from) / found.length, 'writing the groups');
    }
    await output.finish();
    context.keepResult({ rows, groups: found.length });
    return { output: output.reference, rows: coarseRows(rows, context.minGroupRows) };
  } finally {
    await input.close();
  }
};

const fieldsOf = ({ values, rows, columns }: Group): string[] => [
  ...values,
  String(rows),
  ...columns.flatMap((column) => column.fields()),
];

const tooMany = (where: { readonly party: string; readonly label: string }, by: readonly string[]) =>
  unusable(where, by.join(', '), `makes more than ${MAX_GROUPS} groups`, 'TOO_MANY_CLASSES');
