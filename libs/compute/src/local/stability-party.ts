import { FEW_VALUES } from '#libs/consent';
import { fitting } from '../contract/inline-result.js';
import { checkGroup } from '../contract/privacy.js';
import { BITS, withheldBy } from '../party/opened.js';
import type { PartyProgram } from '../party/party-program.js';
import { writeJson } from '../party/write-json.js';
import { columnIndexes } from '../table/csv-reader.js';
import { readTable } from '../table/read-table.js';
import type { Table } from '../table/table.js';
import { BaseColumn, stabilityIndex, type Bins } from './stability-index.js';

export interface StabilityArgs {
  readonly basePath: string;
  readonly inputPath: string;
  /** null for all of the earlier table. */
  readonly columns: readonly string[] | null;
  readonly bins: number;
  readonly threshold: number;
}

export interface StabilityValue {
  readonly report: string;
  /** Whether no column has shifted; null where others may not see it. */
  readonly stable: boolean | null;
  readonly withheld: string | null;
}

/**
 * Compares two tables of a party, in two passes over the earlier one and one over the later. Throws TaskFailure COLUMN_NOT_FOUND, and what opening a table throws.
 */
export const run: PartyProgram<StabilityArgs, StabilityValue> = async (context, args) => {
  context.progress(0, 'reading the earlier table');
  const base = await context.openInput(args.basePath);
  const input = await context.openInput(args.inputPath).catch(async (error: unknown) => {
    await base.close();
    throw error;
  });
  try {
    const [earlier, later] = [await readTable(context.party, base), await readTable(context.party, input)];
    const names = args.columns ?? earlier.columns;
    const places = columnIndexes(later, names);
    const columns = columnIndexes(earlier, names).map((index) => ({ index, column: new BaseColumn() }));
    for await (const batch of earlier.batches()) {
      for (const row of batch) for (const { index, column } of columns) column.observe(row[index]!);
      context.progress(0.3 * earlier.read(), 'reading the earlier table');
    }
    const bins = columns.map(({ column }) => column.bins(args.bins));
    const before = await countBins(
      earlier,
      bins,
      columns.map(({ index }) => index),
      (read) => context.progress(0.3 + 0.3 * read, 'counting the earlier table'),
    );
    const now = await countBins(later, bins, places, (read) =>
      context.progress(0.6 + 0.4 * read, 'counting the later table'),
    );
    const rows = { base: before.rows, later: now.rows };
    const indexes = names.map((name, at) => [name, stabilityIndex(before.counts[at]!, now.counts[at]!)] as const);
    const shifted = indexes.filter(([, index]) => index > args.threshold).map(([name]) => name);
    const exact = { rows_base: rows.base, rows: rows.later, index: Object.fromEntries(indexes), shifted };
    const report = await writeJson(context, null, 'stability.json', exact);
    context.keepResult({ ...exact, index: fitting(exact.index, 24 * 1024).inline, shifted: shifted.slice(0, 20) });
    const least = Math.min(rows.base, rows.later);
    const withheld = await withheldBy(async () => {
      for (const [path, count] of [
        [args.basePath, rows.base],
        [args.inputPath, rows.later],
      ] as const)
        checkGroup({ party: context.party, minGroupRows: context.minGroupRows }, path, count);
      const opened = columns.map(({ column }, at) => ({
        ...{
          column: names[at]!,
          figures: 1,
          bits: BITS.verdict,
          rows: least,
          distinct: Math.min(column.distinct, FEW_VALUES + 1),
        },
      }));
      await context.reserve({ columns: opened });
    });
    return { report, stable: withheld ? null : shifted.length === 0, withheld: withheld?.why ?? null };
  } finally {
    await base.close();
    await input.close();
  }
};

/** The fields of each column by bin. */
async function countBins(
  table: Table,
  bins: readonly Bins[],
  places: readonly number[],
  progress: (read: number) => void,
): Promise<{ readonly rows: number; readonly counts: readonly number[][] }> {
  const counts = bins.map((each) => Array<number>(each.bins).fill(0));
  let rows = 0;
  for await (const batch of table.batches()) {
    rows += batch.length;
    for (const row of batch)
      for (const [at, place] of places.entries()) counts[at]![bins[at]!.binOf(row[place]!)]! += 1;
    progress(table.read());
  }
  return { rows, counts };
}
