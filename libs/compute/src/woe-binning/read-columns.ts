import type { Table } from '../table/table.js';
import { columnIndexes } from '../table/csv-reader.js';
import { FineColumn, inputChanged, type Cuts } from './fine-columns.js';
import { BinaryLabel } from './label.js';

/** A column with the fine bin of each row. */
export interface ReadColumn {
  readonly read: FineColumn;
  readonly of: Uint16Array;
}

/** What a party has read of its table. */
export interface ReadColumns {
  readonly rows: number;
  readonly columns: readonly ReadColumn[];
  /** Null at a party without it. */
  readonly label: BinaryLabel | null;
}

interface Reading {
  readonly columns: readonly string[];
  readonly label: { readonly column: string; readonly positive: string } | null;
  readonly plan: { readonly cuts: Cuts };
}

/**
 * Reads the rows of a table twice: for the values of its columns and the label, then for the fine bin of each row, of which it holds 2 bytes a column. Throws
 * TaskFailure COLUMN_NOT_FOUND, LABEL_NOT_BINARY, TOO_MANY_CLASSES, INPUT_CHANGED.
 */
export async function readColumns(
  table: Table,
  { columns: names, label: named, plan }: Reading,
  onRead: (fraction: number) => void,
): Promise<ReadColumns> {
  const indexes = columnIndexes(table, names);
  const [labelIndex] = named === null ? [] : columnIndexes(table, [named.column]);
  const where = { party: table.party, label: table.label };
  const columns = names.map((name) => new FineColumn(where, name, plan.cuts));
  const label = named === null ? null : new BinaryLabel(where, named.column, named.positive);
  let rows = 0;
  for await (const batch of table.batches()) {
    for (const row of batch) {
      columns.forEach((column, at) => column.observe(row[indexes[at]!]!));
      label?.observe(row[labelIndex!]!);
    }
    rows += batch.length;
    onRead(table.read() / 2);
  }
  columns.forEach((column) => column.finish());
  const of = columns.map(() => new Uint16Array(rows));
  let at = 0;
  for await (const batch of table.batches()) {
    if (at + batch.length > rows) throw inputChanged(where);
    for (const row of batch) {
      columns.forEach((column, place) => (of[place]![at] = column.count(row[indexes[place]!]!)));
      at += 1;
    }
    onRead((1 + table.read()) / 2);
  }
  if (at < rows) throw inputChanged(where);
  return { rows, columns: columns.map((read, place) => ({ read, of: of[place]! })), label };
}
