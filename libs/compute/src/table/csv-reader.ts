import { Readable, pipeline } from 'node:stream';
import { TextDecoder } from 'node:util';
import { CsvError, parse, type Parser } from 'csv-parse';
import { TaskFailure } from '../task-type.js';
import type { InputFile } from '../party/input-files.js';

/** Rows handed on at a time: enough to make the hand-over cheap, few enough to bound memory. */
const BATCH_ROWS = 4096;
const CHUNK_BYTES = 256 * 1024;
/** Longest row, in characters: a quote that is never closed must not swallow a whole file. */
const MAX_ROW = 4 * 1024 * 1024;

/** A CSV table as a stream; it can be read more than once. */
export interface CsvTable {
  /** Path as the parameters give it: for messages. */
  readonly label: string;
  readonly party: string;
  readonly columns: readonly string[];
  /** Data rows, without the header, `columns.length` fields each. Row 1 is the first after the header. */
  batches(): AsyncGenerator<string[][], void, undefined>;
}

/** Missing in the sense of the statistics and the steps: an empty field, or the usual words for it. */
export function isMissing(field: string): boolean {
  return field === '' || field === 'NA' || field === 'NaN' || field === 'nan' || field === 'null' || field === 'NULL';
}

const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/;

/** The field as a finite decimal number, or undefined when it is none (hex, Infinity, text, missing). */
export function toNumber(field: string): number | undefined {
  if (!NUMBER.test(field)) return undefined;
  const value = Number(field);
  return Number.isFinite(value) ? value : undefined;
}

/**
 * Opens a CSV table (UTF-8 with or without BOM; LF, CRLF or CR; RFC 4180 quoting) and reads its header.
 * Throws TaskFailure NO_HEADER, DUPLICATE_COLUMNS, NOT_UTF8 or CSV_MALFORMED with the line, never its text.
 */
export async function readCsv(party: string, input: InputFile): Promise<CsvTable> {
  const failure = (code: string, why: string): TaskFailure =>
    new TaskFailure(code, `Party ${party}: ${input.label} ${why}.`);
  const first = parserOf(party, input);
  let columns: string[] | undefined;
  try {
    for await (const record of first) {
      columns = record as string[];
      break;
    }
  } catch (error) {
    throw translate(error, failure);
  }
  if (!columns) throw failure('NO_HEADER', 'has no header row');
  if (columns.includes('')) throw failure('NO_HEADER', 'has a column without a name in its header row');
  const twice = columns.find((column, index) => columns.indexOf(column) !== index);
  if (twice !== undefined) throw failure('DUPLICATE_COLUMNS', `has two columns named ${JSON.stringify(twice)}`);
  return {
    label: input.label,
    party,
    columns,
    async *batches() {
      let batch: string[][] = [];
      let header = true;
      try {
        for await (const record of parserOf(party, input)) {
          if (header) header = false;
          else if (batch.push(record as string[]) === BATCH_ROWS) {
            yield batch;
            batch = [];
          }
        }
      } catch (error) {
        throw translate(error, failure);
      }
      if (batch.length > 0) yield batch;
    },
  };
}

/** Position of each named column. Throws COLUMN_NOT_FOUND naming the first that is missing. */
export function columnIndexes(table: CsvTable, names: readonly string[]): number[] {
  return names.map((name) => {
    const index = table.columns.indexOf(name);
    if (index < 0) {
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

function parserOf(party: string, input: InputFile): Parser {
  const parser = parse({ bom: true, skip_empty_lines: true, max_record_size: MAX_ROW });
  const source = Readable.from(chunksOf(party, input), { objectMode: false });
  // Errors reach whoever reads the parser; the callback only keeps the pipeline from throwing them a second time.
  pipeline(source, parser, () => undefined);
  return parser;
}

/** The file from its start, by position: a file stream would close the handle, and the table is read again. */
async function* chunksOf(party: string, input: InputFile): AsyncGenerator<Buffer, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const check = (chunk?: Uint8Array): void => {
    try {
      decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      throw new TaskFailure('NOT_UTF8', `Party ${party}: ${input.label} is not UTF-8; save it as UTF-8.`);
    }
  };
  let position = 0;
  for (;;) {
    const { bytesRead, buffer } = await input.handle.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    const chunk = buffer.subarray(0, bytesRead);
    check(chunk);
    yield chunk;
  }
  check();
}

function translate(error: unknown, failure: (code: string, why: string) => TaskFailure): unknown {
  if (!(error instanceof CsvError)) return error;
  const line = (error as unknown as { lines?: number }).lines;
  const where = line === undefined ? '' : ` at line ${line}`;
  switch (error.code) {
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH':
      return failure('CSV_MALFORMED', `has a row with another number of fields than its header${where}`);
    case 'CSV_QUOTE_NOT_CLOSED':
      return failure('CSV_MALFORMED', `has a quote that is never closed${where}`);
    case 'CSV_MAX_RECORD_SIZE':
      return failure('CSV_MALFORMED', `has a row of over ${MAX_ROW} characters${where}`);
    default:
      return failure('CSV_MALFORMED', `is not valid CSV${where} (${error.code})`);
  }
}
