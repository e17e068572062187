import { ProblemError, type ProblemDto } from '#client';

/** What is read of a file: enough for its first rows. */
const MOST_BYTES = 65_536;
const MOST_ROWS = 20;
const MOST_COLUMNS = 50;

/** The type that the values of a column have, as far as they are shown. */
type ColumnType = 'integer' | 'number' | 'boolean' | 'time' | 'text' | 'empty';
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

interface FirstRows {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
  /** Whether these are all rows and columns: none cut, and none that cannot be read. */
  readonly isWhole: boolean;
}

interface Part {
  readonly text: string;
  readonly isWhole: boolean;
}

/** The beginning of a file. The rest of one is never read, however large it is. */
export async function firstBytes(href: string, signal: AbortSignal): Promise<Part> {
  const response = await fetch(href, { signal });
  if (!response.ok) {
    const problem = (await response.json().catch(() => ({}))) as Partial<ProblemDto>;
    throw new ProblemError(response.status, problem, response.headers.get('X-Request-Id') ?? undefined);
  }
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (let read = 0; read <= MOST_BYTES;) {
      const { done, value } = await reader.read();
      if (done) return { text: text + decoder.decode(), isWhole: true };
      read += value.length;
      text += decoder.decode(value, { stream: true });
    }
    return { text: text.slice(0, MOST_BYTES), isWhole: false };
  } finally {
    await reader.cancel();
  }
}

/** The first rows of a CSV file with a head. A row that the end of the part cuts is left out. */
export async function tableOf({ text, isWhole }: Part): Promise<FirstRows> {
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
