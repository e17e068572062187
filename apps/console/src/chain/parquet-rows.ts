import { parquetMetadata, parquetRead, parquetSchema } from 'hyparquet';
import { MOST_COLUMNS, MOST_ROWS, type ColumnType, type FirstRows } from './table-part.js';

const TYPES: Readonly<Record<string, ColumnType>> = {
  BOOLEAN: 'boolean',
  INT32: 'integer',
  INT64: 'integer',
  INT96: 'time',
  FLOAT: 'number',
  DOUBLE: 'number',
};
/** By what a number or bytes stand for. */
const MEANT: readonly (readonly [RegExp, ColumnType])[] = [
  [/^(DATE|TIME|TIMESTAMP)/, 'time'],
  [/^DECIMAL/, 'number'],
  [/^(UTF8|STRING|JSON|ENUM|UUID)/, 'text'],
];

/** The first rows of a Parquet file as tasks write it, plain or by Snappy, with the types that the file names. Throws for any other. */
export async function parquetRows(file: ArrayBuffer): Promise<FirstRows> {
  const metadata = parquetMetadata(file);
  const all = parquetSchema(metadata).children;
  const shown = all.slice(0, MOST_COLUMNS);
  const total = Number(metadata.num_rows);
  let read: unknown[][] = [];
  if (total > 0) {
    await parquetRead({
      file,
      metadata,
      columns: shown.map(({ element: { name } }) => name),
      rowStart: 0,
      rowEnd: Math.min(total, MOST_ROWS),
      onComplete: (rows) => void (read = rows),
    });
  }
  return {
    columns: shown.map(({ element: { name, type, converted_type: converted, logical_type: logical } }) => {
      const meant = MEANT.find(([pattern]) => pattern.test(converted ?? logical?.type ?? ''))?.[1];
      return { name, type: meant ?? TYPES[type ?? ''] ?? 'text' };
    }),
    rows: read.map((row) => row.slice(0, MOST_COLUMNS).map(textOf)),
    isWhole: total <= MOST_ROWS && all.length <= MOST_COLUMNS,
  };
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString().replace('T00:00:00.000Z', '');
  if (value instanceof Uint8Array)
    return `0x${[...value.slice(0, 32)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
  return typeof value === 'object'
    ? JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? String(each) : each))
    : String(value);
}
