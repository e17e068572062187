import { parquetMetadataAsync, parquetRead, type AsyncBuffer, type FileMetaData, type SchemaElement } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { TaskFailure } from '../contract/task-type.js';
import type { InputFile } from '../party/input-files.js';
import { checkColumns, rowsAtOnce, type Table } from './table.js';

/** Rows that are decoded at a time where the file's page index allows to read a part of a row group. */
const PART_ROWS = 65_536;

type Failure = (code: string, why: string) => TaskFailure;

/**
 * Opens a flat Parquet table (any codec, plain or dictionary, data pages 1 and 2) and reads its columns. It is held a row group
 * at a time, or a part of one where the file has a page index. Throws PARQUET_MALFORMED or PARQUET_UNSUPPORTED, naming the column.
 */
export async function readParquet(party: string, input: InputFile): Promise<Table> {
  const failure: Failure = (code, why) => new TaskFailure(code, `Party ${party}: ${input.label} ${why}.`);
  const file: AsyncBuffer = {
    byteLength: input.sizeBytes,
    async slice(start, end = input.sizeBytes) {
      const buffer = new ArrayBuffer(end - start);
      for (let done = 0; done < buffer.byteLength;) {
        const { bytesRead } = await input.handle.read(new Uint8Array(buffer, done), 0, undefined, start + done);
        if (bytesRead === 0) throw failure('PARQUET_MALFORMED', 'ends within its data');
        done += bytesRead;
      }
      return buffer;
    },
  };
  if (Buffer.from(await file.slice(0, 4)).toString() === 'PARE')
    throw failure('PARQUET_UNSUPPORTED', 'is encrypted; write it without encryption');
  const metadata = await parquetMetadataAsync(file, { geoparquet: false }).catch((error: unknown) => {
    throw translate(error, failure);
  });
  const leaves = leavesOf(metadata, failure);
  const columns = leaves.map(({ name }) => name);
  checkColumns(columns, failure);
  const writers = leaves.map((element) => textOf(element));
  const batchRows = rowsAtOnce(columns.length);
  let read = 0;
  return {
    label: input.label,
    party,
    columns,
    read: () => read,
    async *batches() {
      for (const [rowStart, rowEnd] of partsOf(metadata)) {
        let rows: unknown[][] = [];
        const onComplete = (read: unknown[][]): void => void (rows = read);
        const options = { file, metadata, compressors, parsers, geoparquet: false, useOffsetIndex: true };
        await parquetRead({ ...options, rowStart, rowEnd, onComplete }).catch((error: unknown) => {
          throw translate(error, failure);
        });
        for (let from = 0; from < rows.length; from += batchRows) {
          read = (rowStart + Math.min(from + batchRows, rows.length)) / Number(metadata.num_rows);
          yield rows
            .slice(from, from + batchRows)
            .map((row) => writers.map((write, column) => (row[column] == null ? '' : write(row[column]))));
        }
      }
    },
  };
}

/** The columns of the schema, which must be flat. */
function leavesOf({ schema }: FileMetaData, failure: Failure): SchemaElement[] {
  const leaves = schema.slice(1);
  for (const { name, type, num_children: children, repetition_type: repetition, ...element } of leaves) {
    const refuse = (why: string): TaskFailure =>
      failure('PARQUET_UNSUPPORTED', `has a column ${JSON.stringify(name)} that ${why}`);
    if (children || repetition === 'REPEATED') throw refuse('is nested; write its parts as separate columns');
    const logical = element.logical_type?.type;
    if (element.converted_type === 'DECIMAL' && (element.precision ?? 99) > 15)
      throw refuse('is a decimal of over 15 digits; write it as text');
    if (element.converted_type === 'INTERVAL' || element.converted_type === 'BSON' || logical === 'BSON')
      throw refuse('is an interval or BSON; write it as text');
    if (
      type === 'FIXED_LEN_BYTE_ARRAY' &&
      !['UUID', 'FLOAT16', 'DECIMAL'].includes(logical ?? '') &&
      element.converted_type !== 'DECIMAL'
    )
      throw refuse('is binary; write it as text');
    if (['GEOMETRY', 'GEOGRAPHY', 'VARIANT'].includes(logical ?? '')) throw refuse('has no form as text; leave it out');
  }
  return leaves;
}

/** Formats a value of a column as text. */
function textOf({ converted_type: converted, scale = 0 }: SchemaElement): (value: unknown) => string {
  // A decimal comes as an integer times a power of ten, with the last bits of that product.
  if (converted === 'DECIMAL') return (value) => String(Number((value as number).toFixed(scale)));
  return String;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const iso = (micros: bigint): string => {
  const millis = micros / 1000n - (micros % 1000n < 0n ? 1n : 0n);
  const rest = micros - millis * 1000n;
  return new Date(Number(millis)).toISOString().replace('Z', rest === 0n ? '' : String(rest).padStart(3, '0'));
};
/** Text that sorts and compares; times of day and nanoseconds as they are, times in UTC without a zone. */
const parsers = {
  stringFromBytes: (bytes: Uint8Array) => bytes && utf8.decode(bytes),
  jsonFromBytes: (bytes: Uint8Array) => bytes && utf8.decode(bytes),
  dateFromDays: (days: number) => new Date(days * 86_400_000).toISOString().slice(0, 10),
  timestampFromMilliseconds: (millis: bigint) => iso(BigInt(millis) * 1000n),
  timestampFromMicroseconds: (micros: bigint) => iso(BigInt(micros)),
  timestampFromNanoseconds: (nanos: bigint) => iso(BigInt(nanos) / 1000n),
};

/** Ranges of rows to read, one after the other: row groups, or parts of them where the pages can be found. */
function* partsOf({ row_groups: groups }: FileMetaData): Generator<[from: number, to: number]> {
  let start = 0;
  for (const group of groups) {
    const end = start + Number(group.num_rows);
    const indexed = group.columns.every((column) => column.offset_index_offset !== undefined);
    const step = indexed ? PART_ROWS : Math.max(1, end - start);
    for (let from = start; from < end; from += step) yield [from, Math.min(end, from + step)];
    start = end;
  }
}

/** Names no value: the text of an error may quote one. */
function translate(error: unknown, failure: Failure): TaskFailure {
  if (error instanceof TaskFailure) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return failure('NOT_UTF8', 'holds text that is not UTF-8');
  const codec = /^parquet unsupported (compression codec|encoding)/.exec(message)?.[1];
  if (codec) return failure('PARQUET_UNSUPPORTED', `has a column of an unknown ${codec}; write it with another`);
  return failure('PARQUET_MALFORMED', 'begins as Parquet and cannot be read to its end');
}
