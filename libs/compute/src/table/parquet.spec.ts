import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { parquetReadObjects } from 'hyparquet';
import { parquetWriteBuffer, type ColumnSource } from 'hyparquet-writer';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import { runTask } from '../catalogue/run-task.js';
import { readTable } from './read-table.js';

const given = fileURLToPath(new URL('../../../../../libs/compute/src/table/parquet-for-tests', import.meta.url));

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
});
afterAll(() => folder.remove());

/** Columns and rows of a table in a file. */
async function read(path: string): Promise<{ columns: readonly string[]; rows: string[][] }> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    const input = { label: 't.parquet', name: 't.parquet', path, sizeBytes: size, handle, close: () => handle.close() };
    const table = await readTable('alice', input);
    const rows: string[][] = [];
    for await (const batch of table.batches()) rows.push(...batch);
    return { columns: table.columns, rows };
  } finally {
    await handle.close();
  }
}

async function readColumns(columnData: ColumnSource[], options: object = {}): Promise<string[][]> {
  const path = join(folder.path, 'made.parquet');
  await writeFile(path, new Uint8Array(parquetWriteBuffer({ columnData, ...options })));
  return (await read(path)).rows;
}

describe('tables that others wrote', () => {
  test('are read: types, dictionaries, INT96 times (Impala)', async () => {
    const { columns, rows } = await read(join(given, 'alltypes_plain.parquet'));
    expect(columns).toEqual(
      'id bool_col tinyint_col smallint_col int_col bigint_col float_col double_col date_string_col string_col timestamp_col'.split(
        ' ',
      ),
    );
    expect(rows.map(([id]) => id)).toEqual(['4', '5', '6', '7', '2', '3', '0', '1']);
    // A 32-bit 1.1 is not 1.1, and is written as what it is.
    expect(rows[1]).toEqual('5 false 1 1 1 10 1.100000023841858 10.1 03/01/09 1 2009-03-01T00:01:00.000'.split(' '));
  });
  test('are read: decimals', async () => {
    const { rows } = await read(join(given, 'int32_decimal.parquet'));
    expect(rows.map(([value]) => value)).toEqual(Array.from({ length: 24 }, (_, at) => String(at + 1)));
  });
  test('are read: LZ4', async () => {
    expect((await read(join(given, 'lz4_raw_compressed.parquet'))).rows.slice(1, 3)).toEqual([
      ['1593604800', 'def', '7.7'],
      ['1593604801', 'abc', '42.125'],
    ]);
  });
  test('are read: gzip of several members', async () => {
    expect((await read(join(given, 'concatenated_gzip_members.parquet'))).rows.at(-1)).toEqual(['513']);
  });
  for (const [file, column] of [
    ['null_list', 'emptylist'],
    ['datapage_v2.snappy', 'e'],
  ]) {
    test(`are refused when nested (${file})`, async () => {
      await expect(read(join(given, `${file}.parquet`))).rejects.toMatchObject({
        code: 'PARQUET_UNSUPPORTED',
        message: `Party alice: t.parquet has a column "${column}" that is nested; write its parts as separate columns.`,
      });
    });
  }
  test('are refused when broken (PARQUET-1481)', async () => {
    await expect(read(join(given, 'PARQUET-1481.parquet'))).rejects.toMatchObject({ code: 'PARQUET_MALFORMED' });
  });
});

describe('values', () => {
  test('of every plain type become text that is the same again', async () => {
    const rows = await readColumns([
      { name: 'i', data: [1, -2, null], type: 'INT32' },
      { name: 'l', data: [2n ** 62n, -1n, null], type: 'INT64' },
      { name: 'd', data: [0.1, -1e-9, null], type: 'DOUBLE' },
      { name: 'b', data: [true, false, null], type: 'BOOLEAN' },
      { name: 's', data: ['中 "a",\n', '', null], type: 'STRING' },
      { name: 'j', data: [{ a: 1 }, [2], null], type: 'JSON' },
      { name: 't', data: [new Date('1969-12-31T23:59:59.999Z'), new Date(0), null], type: 'TIMESTAMP' },
    ]);
    expect(rows).toEqual([
      ['1', '4611686018427387904', '0.1', 'true', '中 "a",\n', '{"a":1}', '1969-12-31T23:59:59.999'],
      ['-2', '-1', '-1e-9', 'false', '', '[2]', '1970-01-01T00:00:00.000'],
      ['', '', '', '', '', '', ''],
    ]);
  });
  test('of decimals have no digits that they were not given', async () => {
    const schema = [
      { name: 'root', num_children: 1 },
      { name: 'x', type: 'INT32', converted_type: 'DECIMAL', scale: 1, precision: 9, repetition_type: 'REQUIRED' },
    ];
    expect(await readColumns([{ name: 'x', data: [0.7, 1.1, -0.3, 3] }], { schema })).toEqual([
      ['0.7'],
      ['1.1'],
      ['-0.3'],
      ['3'],
    ]);
  });
  test('come in their order from many row groups, with and without an index of their pages', async () => {
    const data = Array.from({ length: 200_000 }, (_, at) => `r${at}`);
    for (const offsetIndex of [true, false]) {
      const columnData = [{ name: 'x', data, type: 'STRING' as const, offsetIndex }];
      const rows = await readColumns(columnData, { rowGroupSize: 150_000, pageSize: 50_000 });
      expect(rows.length).toBe(data.length);
      expect(rows.findIndex(([value], at) => value !== data[at])).toBe(-1);
    }
  });
  test('that are no UTF-8 are refused, and not shown', async () => {
    const column = { name: 'x', data: [new Uint8Array([0x73, 0xff])], type: 'BYTE_ARRAY' as const };
    await expect(readColumns([column])).rejects.toMatchObject({ code: 'NOT_UTF8' });
  });
});

describe('files', () => {
  test('that are cut off, or written over, are told of and never quoted', async () => {
    const whole = Buffer.from(parquetWriteBuffer({ columnData: [{ name: 'x', data: Array(500).fill('secret') }] }));
    const path = join(folder.path, 'cut.parquet');
    const footer = whole.readUInt32LE(whole.length - 8) + 8;
    const broken = [4, 12, 60, whole.length - 1].map((length) => whole.subarray(0, length));
    const zeroed = Buffer.from(whole);
    zeroed.fill(0, 4, whole.length - footer);
    for (const bytes of [...broken, zeroed]) {
      await writeFile(path, bytes);
      const failure = (await read(path).catch((error: unknown) => error)) as Error;
      expect(failure).toMatchObject({ code: 'PARQUET_MALFORMED', retryable: false });
      expect(JSON.stringify(failure) + failure.message).not.toMatch(/secret/);
    }
  });
  test('that are encrypted are refused', async () => {
    const path = join(folder.path, 'secret.parquet');
    await writeFile(path, 'PARE000000000000PARE');
    await expect(read(path)).rejects.toMatchObject({ code: 'PARQUET_UNSUPPORTED' });
  });
  test('need a name for each column, and one alone', async () => {
    const twice = ['x', 'x'].map((name) => ({ name, data: [1] }));
    const schema = [
      { name: 'root', num_children: 2 },
      { name: 'x', type: 'DOUBLE', repetition_type: 'REQUIRED' },
      { name: 'x', type: 'DOUBLE', repetition_type: 'REQUIRED' },
    ];
    await expect(readColumns(twice, { schema })).rejects.toMatchObject({ code: 'DUPLICATE_COLUMNS' });
  });
});

describe('what is written', () => {
  const drop = (input: string, output: string) =>
    runTask(
      'preprocessing',
      folder.run({
        input_data: { alice: input },
        output_data: { alice: output },
        steps: [{ op: 'drop_columns', columns: ['gone'] }],
      }),
    );

  test('has numbers where every field is one that is written that way, else text, and null for an empty field', async () => {
    const header = 'gone,whole,real,mixed,code,big,empty,word\n';
    await folder.table('alice', 'a.csv', `${header}1,1,1.5,2,007,9007199254740993,,中\n2,-3,1e-7,x,8,1,,\n`);
    await drop('a.csv', 'out.parquet');
    const bytes = await readFile(join(folder.path, 'data/alice/out.parquet'));
    const rows = await parquetReadObjects({
      file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
    });
    expect(rows).toEqual([
      { whole: 1n, real: 1.5, mixed: '2', code: '007', big: '9007199254740993', empty: null, word: '中' },
      { whole: -3n, real: 1e-7, mixed: 'x', code: '8', big: '1', empty: null, word: null },
    ]);
    expect(await folder.temporaries()).toEqual([]);
  });

  test('is the same table when it is read again, whatever its fields hold', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', ' ', '中', '0', '-', '.') });
    const field = fc.oneof(text, fc.integer().map(String), fc.double().map(String), fc.constantFrom('', '-0', '1e5'));
    const width = 3;
    const table = fc.array(fc.array(field, { minLength: width, maxLength: width }), { maxLength: 20 });
    const quoted = (row: string[]): string => row.map((each) => `"${each.replaceAll('"', '""')}"`).join(',');
    await fc.assert(
      fc.asyncProperty(table, async (rows) => {
        await folder.table(
          'alice',
          'b.csv',
          `${['gone,a,b,c', ...rows.map((row) => `1,${quoted(row)}`)].join('\n')}\n`,
        );
        await drop('b.csv', 'b.parquet');
        expect(await read(join(folder.path, 'data/alice/b.parquet'))).toEqual({ columns: ['a', 'b', 'c'], rows });
      }),
      { numRuns: 15 },
    );
  });

  test('is the same file in each run, also from Parquet and of 10,000 columns', async () => {
    const names = Array.from({ length: 10_000 }, (_, at) => `c${at}`);
    const row = (n: number): string => names.map((_, at) => at * n).join(',');
    await folder.table('alice', 'wide.csv', `gone,${names.join(',')}\n1,${row(1)}\n2,${row(2)}\n`);
    await drop('wide.csv', 'wide.parquet');
    const bytes = await readFile(join(folder.path, 'data/alice/wide.parquet'));
    await drop('wide.csv', 'wide.parquet');
    expect((await readFile(join(folder.path, 'data/alice/wide.parquet'))).equals(bytes)).toBe(true);
    const { columns, rows } = await read(join(folder.path, 'data/alice/wide.parquet'));
    expect(columns).toEqual(names);
    expect(rows.map((each) => each.join(','))).toEqual([row(1), row(2)]);
  });

  test('by psi is aligned as its CSV is', async () => {
    await folder.table('alice', 'p.csv', 'id,v\nc,3\na,1\nb,2\n');
    await folder.table('bob', 'p.csv', 'id,w\nb,8\nc,9\n');
    const { artifacts, result } = await runTask(
      'psi',
      folder.run({
        keys: { alice: ['id'], bob: ['id'] },
        input_paths: { alice: 'p.csv', bob: 'p.csv' },
        output_paths: { alice: 'artifact:both.parquet', bob: 'both.parquet' },
      }),
    );
    expect(artifacts).toMatchObject([{ name: 'alice/both.parquet', mediaType: 'application/vnd.apache.parquet' }]);
    const { alice } = result.output_paths as Record<string, string>;
    expect((await read(join(folder.path, 'artifacts', alice!.slice('artifact:'.length)))).rows).toEqual([
      ['b', '2'],
      ['c', '3'],
    ]);
    expect((await read(join(folder.path, 'data/bob/both.parquet'))).rows).toEqual([
      ['b', '8'],
      ['c', '9'],
    ]);
  });
});
