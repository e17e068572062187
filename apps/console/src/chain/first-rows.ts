import { ProblemError, type ProblemDto } from '#client';
import { parquetRowsInThread, TooSlow } from './parquet-thread.js';
import { MOST_COLUMNS, MOST_ROWS, type ColumnType, type FirstRows } from './table-part.js';

/** What is read of a file: enough for its first rows. */
const MOST_BYTES = 65_536;
/** A Parquet file is read whole: what it holds stands at its end. */
const MOST_PARQUET_BYTES = 16 * 1_048_576;

interface Part<Content> {
  readonly content: Content;
  readonly isWhole: boolean;
}

/** Why a file cannot be shown here; a name of the words. */
export class NoPreview extends Error {
  constructor(readonly why: 'tooLarge' | 'tooSlow' | 'unreadable') {
    super(why);
  }
}

/** The first rows of a table as its media type says. */
export async function firstRows(href: string, mediaType: string, signal: AbortSignal): Promise<FirstRows> {
  if (!isParquet(mediaType)) {
    const { content, isWhole } = await firstBytes(href, MOST_BYTES, signal);
    return tableOf({ content: new TextDecoder().decode(content, { stream: !isWhole }), isWhole });
  }
  const { content, isWhole } = await firstBytes(href, MOST_PARQUET_BYTES, signal);
  if (!isWhole) throw new NoPreview('tooLarge');
  const rows = await parquetRowsInThread(content.buffer, signal).catch((error: unknown) => {
    throw error instanceof TooSlow ? new NoPreview('tooSlow') : error;
  });
  if (rows === undefined) throw new NoPreview('unreadable');
  return rows;
}

const isParquet = (mediaType: string): boolean => mediaType === 'application/vnd.apache.parquet';
export const isTable = (mediaType: string): boolean => mediaType.startsWith('text/csv') || isParquet(mediaType);

/** The beginning of a file. The rest of one is never read, however large it is. */
async function firstBytes(href: string, most: number, signal: AbortSignal): Promise<Part<Uint8Array<ArrayBuffer>>> {
  const response = await fetch(href, { signal });
  if (!response.ok) {
    const problem = (await response.json().catch(() => ({}))) as Partial<ProblemDto>;
    throw new ProblemError(response.status, problem, response.headers.get('X-Request-Id') ?? undefined);
  }
  const reader = response.body!.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let read = 0;
  try {
    while (read <= most) {
      const { done, value } = await reader.read();
      if (done) return { content: joined(parts, read), isWhole: true };
      read += value.length;
      parts.push(value);
    }
    return { content: joined(parts, read).slice(0, most), isWhole: false };
  } finally {
    await reader.cancel();
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The first rows of a CSV file with a head. A row that the end of the part cuts is left out. */
async function tableOf({ content: text, isWhole }: Part<string>): Promise<FirstRows> {
  const { parse } = await import('csv-parse/browser/esm/sync');
  const whole = isWhole ? text : text.slice(0, text.lastIndexOf('\n') + 1);
  let skipped = 0;
  const [head = [], ...all] = parse(whole, {
    ...{
      bom: true,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      skip_records_with_error: true,
    },
    // All behind a quote that nothing closes.
    on_skip: () => void skipped++,
    to: MOST_ROWS + 2,
  });
  const rows = all.slice(0, MOST_ROWS).map((row) => row.slice(0, MOST_COLUMNS));
  const columns = head
    .slice(0, MOST_COLUMNS)
    .map((name, at) => ({ name, type: typeOf(rows.map((row) => row[at] ?? '')) }));
  const isAll = isWhole && skipped === 0 && all.length <= MOST_ROWS && head.length <= MOST_COLUMNS;
  return { columns, rows, isWhole: isAll };
}

const TYPES: readonly (readonly [ColumnType, RegExp])[] = [
  ['integer', /^[-+]?\d{1,18}$/],
  ['number', /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i],
  ['boolean', /^(true|false)$/i],
  ['time', /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[-+]\d\d:?\d\d)?)?$/],
];

/** The narrowest type that all values have; those that are missing say nothing. */
function typeOf(values: readonly string[]): ColumnType {
  const given = values.filter((value) => value !== '');
  if (given.length === 0) return 'empty';
  return TYPES.find(([, pattern]) => given.every((value) => pattern.test(value)))?.[0] ?? 'text';
}
