import type { PartyContext } from '../party/party-program.js';
import { checkApart, checkGroup } from '../contract/privacy.js';
import { readNumericColumns, type NumericColumns } from '../table/numeric-columns.js';
import { Moments } from '../table/accumulators.js';
import { NumericFinder } from '../table/numeric-finder.js';
import { readTable } from '../table/read-table.js';
import { ColumnFinder, namedColumns } from '../table/named-columns.js';
import type { Json } from '../contract/task-type.js';
import { standardise } from '../table/standardise.js';

/** Columns moved to mean 0 and scaled to a sum of squares of 1, so that a product of two is their correlation. */
export interface StandardColumns extends NumericColumns {
  readonly names: readonly string[];
}

/**
 * Reads the party's chosen columns, by default every numeric one, and standardises them by themselves. Throws TaskFailure
 * CONSTANT_COLUMN, GROUP_TOO_SMALL, COLUMN_NOT_FOUND, CAST_FAILED (also for a gap), NON_NUMERIC, or what opening the table throws.
 */
export async function readStandardColumns(
  context: PartyContext,
  path: string,
  columns: Json | undefined,
): Promise<StandardColumns> {
  return standardColumns(context, path, await chooseNames(context, path, columns, reading(context, 0)));
}

/** Reads these columns of the party and standardises them, as {@link readStandardColumns}. */
export async function standardColumns(
  context: PartyContext,
  path: string,
  names: readonly string[],
): Promise<StandardColumns> {
  const table = await readNumericColumns(context, path, names, reading(context, 0.15));
  checkGroup(context, path, table.rows, 'correlations');
  const { party, minGroupRows } = context;
  for (const [column, name] of names.entries()) {
    checkApart({ party, minGroupRows, path, name }, table.values, column, table.columns);
    standardise(table, column, party, path, name);
  }
  return { ...table, names };
}

function reading(context: PartyContext, from: number): (read: number) => void {
  return (read) => context.progress(from + 0.15 * read, 'reading the table');
}

async function chooseNames(
  context: PartyContext,
  path: string,
  columns: Json | undefined,
  onRead: (fraction: number) => void,
): Promise<string[]> {
  const input = await context.openInput(path);
  try {
    const table = await readTable(context.party, input);
    const choice = namedColumns(columns, context.party);
    const finder = new ColumnFinder();
    const chosen = choice ? finder.find(table, choice, context.peers.length === 0) : null;
    await finder.agree(context);
    if (chosen) return chosen.map((index) => table.columns[index]!);
    const where = { party: context.party, label: path };
    const numbers = new NumericFinder({ where, columns: table.columns, chosen: null }, () => new Moments());
    let rows = 0;
    for await (const batch of table.batches()) {
      for (const row of batch) numbers.observe(row, (rows += 1));
      onRead(table.read());
    }
    return numbers.found().map(({ name }) => name);
  } finally {
    await input.close();
  }
}
