import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import { describeTable } from './describe-table.js';

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
});
afterAll(() => folder.remove());
const describeFile = (name: string) => describeTable('alice', join(folder.path, 'data/alice'), name);

test('a CSV table is described by what its fields are, missing ones left out', async () => {
  const text = 'id,rate,city,when,none\n1,0.5,Köln,2026-01-01,\n2,,上海,NA,NULL\n-3,1e3,7,2026-02-01,\n';
  await folder.table('alice', 't.csv', text);
  expect(await describeFile('t.csv')).toEqual({
    format: 'csv',
    columns: [
      { name: 'id', type: 'integer' },
      { name: 'rate', type: 'number' },
      { name: 'city', type: 'string' },
      { name: 'when', type: 'string' },
      { name: 'none', type: 'string' },
    ],
    rows: 3,
    sha256: createHash('sha256').update(text).digest('hex'),
  });
});

test('a Parquet table is described whatever its name', async () => {
  const columnData = [
    { name: 'id', data: [1, 2], type: 'INT32' as const },
    { name: 'city', data: ['a', 'b'], type: 'STRING' as const },
  ];
  await folder.table('alice', 't.table', new Uint8Array(parquetWriteBuffer({ columnData })));
  expect(await describeFile('t.table')).toMatchObject({
    format: 'parquet',
    columns: [
      { name: 'id', type: 'integer' },
      { name: 'city', type: 'string' },
    ],
    rows: 2,
  });
});

test('what no task could read is not described', async () => {
  await folder.table('alice', 'numbers.csv', '1,2\n3,4\n');
  await folder.table('alice', '.party/notes.csv', 'a\n1\n');
  for (const [file, code] of [
    ['numbers.csv', 'NO_HEADER'],
    ['.party/notes.csv', 'PATH_RESERVED'],
    ['../bob/t.csv', 'PATH_OUTSIDE_ROOT'],
    ['artifact:c/t/alice/x', 'PATH_OUTSIDE_ROOT'],
    ['none.csv', 'FILE_NOT_FOUND'],
  ] as const) {
    await expect(describeFile(file)).rejects.toMatchObject({ code });
  }
});
