import { parquetMetadata, parquetRead, parquetSchema, snappyUncompress, type Compressors } from 'hyparquet';
import {
  decompressBrotli,
  decompressGzip,
  decompressLz4,
  decompressLz4Raw,
  decompressZstd,
} from 'hyparquet-compressors';
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

/** What the pages of a file may hold together, unpacked: a few bytes may say that they are gigabytes. */
const MOST_UNPACKED = 256 * 1_048_576;
/** Of a cell or a name: more is not shown. */
const LONGEST_TEXT = 1_000;

/**
 * The first rows of a Parquet file, whatever packed it, with the types that the file names. Throws for what is none. It may take any time: it is
 * for a thread that can be ended.
 */
export async function parquetRows(file: ArrayBuffer, mostUnpacked = MOST_UNPACKED): Promise<FirstRows> {
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
      compressors: bounded(mostUnpacked),
      onComplete: (rows) => void (read = rows),
    });
  }
  return {
    columns: shown.map(({ element: { name, type, converted_type: converted, logical_type: logical } }) => {
      const meant = MEANT.find(([pattern]) => pattern.test(converted ?? logical?.type ?? ''))?.[1];
      return { name: name.slice(0, LONGEST_TEXT), type: meant ?? TYPES[type ?? ''] ?? 'text' };
    }),
    rows: read.map((row) => row.slice(0, MOST_COLUMNS).map((value) => textOf(value).slice(0, LONGEST_TEXT))),
    isWhole: total <= MOST_ROWS && all.length <= MOST_COLUMNS,
  };
}

/** All in JavaScript: the page's policy allows no WebAssembly. */
const UNPACK: Compressors = {
  SNAPPY: (packed, length) => {
    const page = new Uint8Array(length);
    snappyUncompress(packed, page);
    return page;
  },
  GZIP: decompressGzip,
  BROTLI: decompressBrotli,
  ZSTD: (packed, length) => decompressZstd(packed, new Uint8Array(length)),
  LZ4: decompressLz4,
  LZ4_RAW: decompressLz4Raw,
};

/** They throw once the pages would be too much together. */
function bounded(most: number): Compressors {
  let left = most;
  const counted = (unpack: NonNullable<Compressors['GZIP']>) => (packed: Uint8Array, length: number) => {
    left -= length;
    if (left < 0) throw new Error('the file holds too much');
    return unpack(packed, length);
  };
  return Object.fromEntries(Object.entries(UNPACK).map(([codec, unpack]) => [codec, counted(unpack)]));
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
