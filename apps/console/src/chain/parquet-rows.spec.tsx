import { expect, test } from '@jest/globals';
import { parquetWriteBuffer } from 'hyparquet-writer';
import packed from './packed-for-tests.json';
import { parquetRows } from './parquet-rows.js';

test('a Parquet file has the types that it names itself', async () => {
  const file = parquetWriteBuffer({
    columnData: [
      { name: 'id', data: [1n, 2n], type: 'INT64' },
      { name: 'rate', data: [0.5, null], type: 'DOUBLE' },
      { name: 'ok', data: [true, false], type: 'BOOLEAN' },
      { name: 'day', data: [new Date('2026-11-29'), new Date('2026-11-30T10:00:00Z')], type: 'TIMESTAMP' },
      { name: 'name', data: ['a', 'b'], type: 'STRING' },
    ],
  });
  const { columns, rows, isWhole } = await parquetRows(file);
  expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
    ...['id integer', 'rate number', 'ok boolean', 'day time', 'name text'],
  ]);
  expect(rows).toEqual([
    ['1', '0.5', 'true', '2026-11-29', 'a'],
    ['2', '', 'false', '2026-11-30T10:00:00.000Z', 'b'],
  ]);
  expect(isWhole).toBe(true);
});

test.each(Object.entries(packed))('reads what Apache Arrow has packed by %s', async (_, base64) => {
  const { columns, rows } = await parquetRows(Uint8Array.from(atob(base64), (each) => each.charCodeAt(0)).buffer);
  expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual(['id integer', 'name text', 'note text']);
  const note = 'x'.repeat(200);
  expect(rows).toEqual([
    ['1', 'alice', note],
    ['2', '爱丽丝', note],
    ['3', '', note],
  ]);
});

test('of a large file the first rows and columns are shown, and that there are more', async () => {
  const data = Array.from({ length: 30 }, (_, row) => row);
  const wide = Array.from({ length: 51 }, (_, at) => ({ name: `c${at}`, data, type: 'INT32' as const }));
  const many = await parquetRows(parquetWriteBuffer({ columnData: wide }));
  expect([many.columns.length, many.rows.length, many.rows[0]!.length, many.isWhole]).toEqual([50, 20, 50, false]);
  const none = await parquetRows(parquetWriteBuffer({ columnData: [{ name: 'c', data: [], type: 'INT32' }] }));
  expect([none.rows, none.isWhole]).toEqual([[], true]);
});

test('a file that holds more than its bytes tell is refused before that is allocated', async () => {
  const columnData = ['a', 'b', 'c'].map((name) => ({ name, data: ['x'.repeat(1_000_000)], type: 'STRING' as const }));
  const file = parquetWriteBuffer({ columnData });
  expect(file.byteLength).toBeLessThan(200_000);
  expect((await parquetRows(file, 3_100_000)).rows).toHaveLength(1);
  await expect(parquetRows(file, 2_900_000)).rejects.toThrow('the file holds too much');
});

test('of a long text no more is given on than is shown', async () => {
  const file = parquetWriteBuffer({ columnData: [{ name: 'c', data: ['x'.repeat(100_000)], type: 'STRING' }] });
  expect((await parquetRows(file)).rows[0]![0]).toHaveLength(1_000);
});
