/** @jest-environment jsdom */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { parquetWriteBuffer } from 'hyparquet-writer';
import '../i18n.js';
import { parquetRows } from './parquet-rows.js';
import { TablePreview } from './table-preview.js';

const HREF = '/api/v1/chains/c/tasks/t/artifacts/rows.csv';
const bytes = (text: string) => new Uint8Array(Buffer.from(text));

/** What the API does: whom it lets read, and what it sends, part by part. */
let allowed: boolean;
let parts: () => Uint8Array | undefined;
let asked: string[];
let cancelled: boolean;
let mediaType: string;
beforeEach(() => {
  [allowed, asked, cancelled, mediaType] = [true, [], false, 'text/csv'];
  globalThis.fetch = (async (_: string, { method = 'GET' }: RequestInit) => {
    asked.push(method);
    const read = async () => {
      const value = parts();
      return { done: value === undefined, value };
    };
    const cancel = async () => void (cancelled = true);
    return { ok: allowed, status: allowed ? 200 : 403, body: { getReader: () => ({ read, cancel }) } };
  }) as never;
});
afterEach(cleanup);

const send = (text: string) => {
  const all = [bytes(text)];
  parts = () => all.shift();
};
async function open(): Promise<void> {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <QueryClientProvider client={client}>
      <TablePreview name="rows.csv" href={HREF} mediaType={mediaType} />
    </QueryClientProvider>,
  );
  await userEvent.click(await screen.findByRole('button', { name: /Preview rows.csv/ }));
}
const cells = () => screen.getAllByRole('row').map((row) => [...row.children].map((cell) => cell.textContent));

test('a table has the types of its values; what is missing says nothing', async () => {
  send('id,rate,ok,at,name,none\n1,0.5,true,2026-11-29,"a, b",\n-2,,FALSE,2026-11-29T10:00:00Z,7 or so,\n');
  await open();
  await screen.findByText(/All 2 rows/);
  expect(cells()).toEqual([
    ['idinteger', 'ratenumber', 'okboolean', 'attime', 'nametext', 'noneempty'],
    ['1', '0.5', 'true', '2026-11-29', 'a, b', ''],
    ['-2', '', 'FALSE', '2026-11-29T10:00:00Z', '7 or so', ''],
  ]);
});

test('a single row and a single column are named in the singular', async () => {
  send('id\n1\n');
  await open();
  await screen.findByText(/^The only row\./);
  cleanup();
  send('id\n1\n"2\n');
  await open();
  await screen.findByText(/^The first row, 1 column\./);
});

test('of a file without an end the beginning alone is read, and no row that it cuts', async () => {
  let sent = 0;
  parts = () => bytes(sent++ === 0 ? `id,text\n1,"${'x'.repeat(30_000)}"\n2,"` : 'y'.repeat(1_000));
  await open();
  await screen.findByText(/The first row, 2 columns\./);
  expect(cells()).toEqual([
    ['idinteger', 'texttext'],
    ['1', `${'x'.repeat(200)}…`],
  ]);
  expect([sent < 50, cancelled]).toEqual([true, true]);
});

test.each([
  [
    'a,b\n1,2\n"x,3\n4,5\n',
    [
      ['ainteger', 'binteger'],
      ['1', '2'],
    ],
  ],
  ['"a,b\n1,2\n', [[]]],
])('of %j, where a quote is not closed, it does not say that it shows all', async (text, shown) => {
  send(text);
  await open();
  await screen.findByText(/The first /);
  expect(cells()).toEqual(shown);
  expect(screen.queryByText(/All /)).toBeNull();
});

/** A thread, as far as it is asked here: it reads as the real one, never answers, or dies. */
function threads(kind: 'reads' | 'never' | 'dies') {
  const ended: boolean[] = [];
  globalThis.Worker = class {
    onmessage: (event: { data: object }) => void = () => {};
    onerror: () => void = () => {};
    readonly at = ended.push(false) - 1;
    postMessage(file: ArrayBuffer): void {
      if (kind === 'dies') setTimeout(() => this.onerror());
      if (kind === 'reads') {
        const tell = (data: object) => this.onmessage({ data });
        parquetRows(file).then(
          (rows) => tell({ rows }),
          () => tell({}),
        );
      }
    }
    terminate(): void {
      ended[this.at] = true;
    }
  } as never;
  return ended;
}

test('a Parquet file is read in a thread, which ends with it', async () => {
  mediaType = 'application/vnd.apache.parquet';
  const ended = threads('reads');
  const all = [new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'id', data: [1, 2], type: 'INT32' }] }))];
  parts = () => all.shift();
  await open();
  await screen.findByText(/All 2 rows/);
  expect([cells(), ended]).toEqual([[['idinteger'], ['1'], ['2']], [true]]);
});

test('a Parquet file that cannot be read, takes too long, or is too large, is said to be so', async () => {
  mediaType = 'application/vnd.apache.parquet';
  for (const kind of ['reads', 'dies'] as const) {
    const ended = threads(kind);
    send('PAR1 and nothing else');
    await open();
    await screen.findByText(/cannot be shown/);
    expect(ended).toEqual([true]);
    cleanup();
  }
  const ended = threads('never');
  const { setTimeout: real } = globalThis;
  globalThis.setTimeout = ((work: () => void, ms: number) => real(work, ms === 10_000 ? 0 : ms)) as never;
  try {
    send('PAR1 and so on, for ever');
    await open();
    await screen.findByText(/takes too long/);
  } finally {
    globalThis.setTimeout = real;
  }
  expect(ended).toEqual([true]);
  cleanup();
  parts = () => new Uint8Array(1_048_576);
  await open();
  await screen.findByText(/too large/);
});

test('what somebody wrote into a table is text, with a mark where it would turn round', async () => {
  send('<b onmouseover=alert(1)>h</b>,t\n<img src=x onerror=alert(1)>,\u202egnp.exe\n=cmd()');
  await open();
  await screen.findByText(/All 2 rows/);
  expect(cells()[1]).toEqual(['<img src=x onerror=alert(1)>', String.raw`\u202egnp.exe`]);
  expect(document.querySelector('img, b')).toBeNull();
});

test('who may not download it is offered no preview, and nothing is read', async () => {
  allowed = false;
  const client = new QueryClient();
  const { container } = render(
    <QueryClientProvider client={client}>
      <TablePreview name="rows.csv" href={HREF} mediaType={mediaType} />
    </QueryClientProvider>,
  );
  await waitFor(() => expect(client.getQueryData(['may read', HREF])).toBe(false));
  expect(asked).toEqual(['HEAD']);
  expect(container.textContent).toBe('');
});
