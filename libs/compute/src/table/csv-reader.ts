import { TextDecoder } from 'node:util';
import { TaskFailure } from '../contract/task-type.js';
import type { InputFile } from '../party/input-files.js';
import { CsvFault, CsvRecords } from './csv-records.js';
import { checkColumns, rowsAtOnce, type Table } from './table.js';

const CHUNK_BYTES = 256 * 1024;
/** Longest row, in characters: a quote that is never closed must not swallow a whole file. */
const MAX_ROW = 4 * 1024 * 1024;

type CsvFile = Pick<InputFile, 'label' | 'handle'>;

/** Missing in the sense of the statistics and the steps: an empty field, or the usual words for it. */
export function isMissing(field: string): boolean {
  return field === '' || field === 'NA' || field === 'NaN' || field === 'nan' || field === 'null' || field === 'NULL';
}

const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/;

/** Digits that make a whole number of under 2^53. */
const EXACT_DIGITS = 15;
const POWERS = Array.from({ length: EXACT_DIGITS + 1 }, (_, exponent) => 10 ** exponent);
const ZERO = 48;
const POINT = 46 - ZERO;
const MINUS = 45;

/** The field as a finite decimal number, else undefined (hex, Infinity, text, missing). */
export function toNumber(field: string): number | undefined {
  // A quotient of two exact numbers is rounded once, as Number() rounds, at a third of its cost.
  const sign = field.charCodeAt(0) === MINUS ? -1 : 1;
  let whole = 0;
  let digits = 0;
  let point = -1;
  for (let at = sign < 0 ? 1 : 0; at < field.length; at += 1) {
    const digit = field.charCodeAt(at) - ZERO;
    if (digit >= 0 && digit <= 9) {
      whole = whole * 10 + digit;
      digits += 1;
    } else if (digit === POINT && point < 0) point = digits;
    else return anyNumber(field);
  }
  if (digits === 0 || digits > EXACT_DIGITS) return anyNumber(field);
  return (sign * whole) / POWERS[point < 0 ? 0 : digits - point]!;
}

function anyNumber(field: string): number | undefined {
  if (!NUMBER.test(field)) return undefined;
  const value = Number(field);
  return Number.isFinite(value) ? value : undefined;
}

/**
 * Opens a CSV table (UTF-8 with or without BOM; LF, CRLF or CR; RFC 4180 quoting) and reads its header.
 * Throws TaskFailure NO_HEADER, DUPLICATE_COLUMNS, NOT_UTF8 or CSV_MALFORMED with the line, never its text.
 */
export async function readCsv(party: string, input: CsvFile): Promise<Table> {
  const failure = (code: string, why: string): TaskFailure =>
    new TaskFailure(code, `Party ${party}: ${input.label} ${why}.`);
  let columns: string[] | undefined;
  for await (const [first] of recordsOf(input, failure, 1)) {
    columns = first;
    break;
  }
  checkColumns(columns ?? [], failure);
  const { size } = await input.handle.stat();
  let read = 0;
  return {
    label: input.label,
    party,
    columns: columns!,
    read: () => read,
    async *batches() {
      let header = true;
      const onBytes = (bytes: number): void => void (read = Math.min(1, bytes / size));
      for await (const batch of recordsOf(input, failure, rowsAtOnce(columns!.length), onBytes)) {
        if (header) batch.shift();
        header = false;
        if (batch.length > 0) yield batch;
      }
    },
  };
}

/** Position of each named column. Throws COLUMN_NOT_FOUND naming the first that is missing. */
export function columnIndexes(table: Pick<Table, 'party' | 'label' | 'columns'>, names: readonly string[]): number[] {
  const positions = new Map(table.columns.map((column, at) => [column, at]));
  return names.map((name) => {
    const index = positions.get(name);
    if (index === undefined) {
      throw new TaskFailure(
        'COLUMN_NOT_FOUND',
        `Party ${table.party}: ${table.label} has no column ${JSON.stringify(name)}.`,
        false,
        { party: table.party, column: name },
      );
    }
    return index;
  });
}

/** The file from its start, by position: a file stream would close the handle, and the table is read again. */
async function* recordsOf(
  { handle }: CsvFile,
  failure: (code: string, why: string) => TaskFailure,
  batchRows: number,
  onBytes: (read: number) => void = () => {},
): AsyncGenerator<string[][], void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const records = new CsvRecords(MAX_ROW);
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let batch: string[][] = [];
  for (let position = 0, last = false; !last;) {
    const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, position);
    position += bytesRead;
    onBytes(position);
    last = bytesRead === 0;
    let text: string;
    try {
      text = decoder.decode(buffer.subarray(0, bytesRead), { stream: !last });
    } catch {
      throw failure('NOT_UTF8', 'is not UTF-8; save it as UTF-8');
    }
    try {
      for (const record of records.split(text, last)) {
        if (batch.push(record) < batchRows) continue;
        yield batch;
        batch = [];
      }
    } catch (error) {
      if (!(error instanceof CsvFault)) throw error;
      throw failure('CSV_MALFORMED', `${error.why} at line ${error.line}`);
    }
  }
  if (batch.length > 0) yield batch;
}
