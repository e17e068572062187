import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, rename, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openInput } from '../party/input-files.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import { runTask } from '../catalogue/run-task.js';
import { readTable } from './read-table.js';

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
  await mkdir(join(folder.path, 'data/alice'), { recursive: true });
});
afterAll(() => folder.remove());

const place = (name: string): string => join(folder.path, 'data/alice', name);
const open = (label: string) =>
  openInput(
    { party: 'alice', root: join(folder.path, 'data/alice'), artifactRoot: folder.path, chainId: 'c', taskId: 't' },
    label,
  );

async function read(name: string): Promise<{ columns: readonly string[]; rows: string[][] }> {
  const input = await open(name);
  try {
    const table = await readTable('alice', input);
    const rows: string[][] = [];
    for await (const batch of table.batches()) rows.push(...batch);
    return { columns: table.columns, rows };
  } finally {
    await input.close();
  }
}

test('a table tells how far it is read, as CSV and as Parquet, each time that it is', async () => {
  await folder.table('alice', 'long.csv', `a,b\n${'1,x\n'.repeat(400_000)}`);
  const config = { input_data: { alice: 'long.csv' }, output_data: { alice: 'long.parquet' }, method: 'mode' };
  await runTask('fillna', folder.run(config));
  for (const name of ['long.csv', 'long.parquet']) {
    const input = await open(name);
    try {
      const table = await readTable('alice', input);
      for (const _ of ['once', 'again']) {
        const told: number[] = [];
        for await (const batch of table.batches()) told.push(batch.length && table.read());
        expect(told).toEqual(told.toSorted((a, b) => a - b));
        expect(Math.max(...told.map((part, at) => part - (told[at - 1] ?? 0)))).toBeLessThan(0.25);
        expect(told.at(-1)).toBe(1);
      }
    } finally {
      await input.close();
    }
  }
});

describe('CSV', () => {
  for (const [what, text, rows] of [
    ['UTF-8', 'a,b\né,中\n', [['é', '中']]],
    ['UTF-8 with BOM', '\ufeffa,b\né,中\n', [['é', '中']]],
    [
      'CRLF',
      'a,b\r\n1,2\r\n3,4\r\n',
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    [
      'CR',
      'a,b\r1,2\r3,4',
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    ['no end of line at its end', 'a,b\n1,2', [['1', '2']]],
    ['empty lines', 'a,b\n\n1,2\n\n\n', [['1', '2']]],
    [
      'quoted newlines, quotes and commas',
      'a,b\n"x\ny","""q"", r"\n"\r\n",\n',
      [
        ['x\ny', '"q", r'],
        ['\r\n', ''],
      ],
    ],
    ['a quoted header with BOM', '\ufeff"a","b"\n1,2\n', [['1', '2']]],
    ['spaces, which are part of a field', 'a,b\n 1, \n', [[' 1', ' ']]],
    ['a header alone', 'a,b\n', []],
  ] as const) {
    test(`with ${what} is read`, async () => {
      await writeFile(place('t.csv'), text);
      expect(await read('t.csv')).toEqual({ columns: ['a', 'b'], rows });
    });
  }

  test('with a character, a quote and a line end over the edge of what is read at once is read', async () => {
    const chunk = 256 * 1024;
    for (const over of ['中', '""', '\r\n', '","', '"\r\n"']) {
      for (let shift = 0; shift <= Buffer.byteLength(over); shift += 1) {
        const text = `a,b\r\n"${'x'.repeat(chunk - 6 - shift)}${over}y","z"\r\n`;
        await writeFile(place('edge.csv'), text);
        const plain = `${'x'.repeat(chunk - 6 - shift)}${over}y`;
        const expected = over === '","' ? null : over === '"\r\n"' ? null : [[plain.replaceAll('""', '"'), 'z']];
        if (expected) expect((await read('edge.csv')).rows).toEqual(expected);
        else await expect(read('edge.csv')).rejects.toMatchObject({ code: 'CSV_MALFORMED' });
      }
    }
  });

  test('of 10,000 columns is read, and described', async () => {
    const names = Array.from({ length: 10_000 }, (_, at) => `c${at}`);
    const rows = Array.from({ length: 21 }, (_, n) => names.map((__, at) => at * n));
    await writeFile(place('wide.csv'), [names, ...rows].map((row) => row.join(',')).join('\n'));
    expect((await read('wide.csv')).rows).toEqual(rows.map((row) => row.map(String)));
    const { result } = await runTask('table_statistics', folder.run({ input_data: { alice: 'wide.csv' } }));
    expect(result).toMatchObject({ rows: { alice: 20 }, statistics_truncated: true });
    expect((result.statistics as Record<string, { mean: number }>).c7!.mean).toBe(7 * 10);
  });

  test('of 10,000 columns is handed on a few rows at a time, also as Parquet', async () => {
    const names = Array.from({ length: 10_000 }, (_, at) => `c${at}`);
    await writeFile(
      place('wide.csv'),
      [names, ...Array<string[]>(70).fill(names)].map((row) => row.join(',')).join('\n'),
    );
    const config = { input_data: { alice: 'wide.csv' }, output_data: { alice: 'wide.parquet' }, method: 'mode' };
    await runTask('fillna', folder.run({ ...config, columns: ['c0'] }));
    for (const name of ['wide.csv', 'wide.parquet']) {
      const input = await open(name);
      try {
        const sizes: number[] = [];
        for await (const batch of (await readTable('alice', input)).batches()) sizes.push(batch.length);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(70);
        expect(Math.max(...sizes)).toBeLessThan(30);
      } finally {
        await input.close();
      }
    }
  });

  for (const [what, text, code, message] of [
    ['nothing', '', 'EMPTY_FILE', 'is empty'],
    ['a BOM alone', '\ufeff', 'NO_HEADER', 'has no header row'],
    ['empty lines alone', '\n\r\n\n', 'NO_HEADER', 'has no header row'],
    ['a column without a name', 'a,,c\n', 'NO_HEADER', 'has a column without a name in its header row'],
    ['two columns of one name', 'a,a\n', 'DUPLICATE_COLUMNS', 'has two columns named "a"'],
    ['a short row', 'a,b\n1,2\n3\n', 'CSV_MALFORMED', 'at line 3'],
    ['a long row', 'a,b\n1,2,3\n', 'CSV_MALFORMED', 'at line 2'],
    ['a quote that is never closed', 'a,b\n1,"2\n3,4\n', 'CSV_MALFORMED', 'has a quote that is never closed'],
    ['a quote within a field', 'a,b\n1,2"3"\n', 'CSV_MALFORMED', 'at line 2'],
    ['text after a quote', 'a,b\n1,"2"3\n', 'CSV_MALFORMED', 'at line 2'],
    ['UTF-16', Buffer.from('\ufeffa,b\n1,2\n', 'utf16le'), 'NOT_UTF8', 'is not UTF-8; save it as UTF-8'],
    ['Latin-1', Buffer.from('a,b\nä,2\n', 'latin1'), 'NOT_UTF8', 'is not UTF-8; save it as UTF-8'],
    ['half a character at its end', Buffer.from('a\n中').subarray(0, -1), 'NOT_UTF8', 'is not UTF-8'],
  ] as const) {
    test(`with ${what} is refused with ${code}`, async () => {
      await writeFile(place('t.csv'), text);
      await expect(read('t.csv')).rejects.toMatchObject({
        code,
        retryable: false,
        message: expect.stringMatching(new RegExp(`^Party alice: t\\.csv .*${message.replaceAll('.', '\\.')}`)),
      });
    });
  }
});

describe('a path', () => {
  beforeAll(async () => {
    await writeFile(join(folder.path, 'outside.csv'), 'a\n1\n');
    await mkdir(join(folder.path, 'data/bob'), { recursive: true });
    await writeFile(join(folder.path, 'data/bob/b.csv'), 'a\n1\n');
    await mkdir(place('folder'));
    execFileSync('mkfifo', [place('pipe')]);
    for (const [name, target] of [
      ['out', '../../outside.csv'],
      ['up', '../..'],
      ['peer', '../bob/b.csv'],
      ['loop', 'loop'],
      ['dangling', 'nowhere.csv'],
      ['inside', 'here.csv'],
    ] as const)
      await symlink(target, place(name));
    await writeFile(place('here.csv'), 'a\n1\n');
  });

  for (const [path, code] of [
    ['missing.csv', 'FILE_NOT_FOUND'],
    ['dangling', 'FILE_NOT_FOUND'],
    ['here.csv/below', 'FILE_NOT_FOUND'],
    ['folder', 'NOT_A_FILE'],
    ['.', 'NOT_A_FILE'],
    ['pipe', 'NOT_A_FILE'],
    ['loop', 'FILE_UNREADABLE'],
    ['x'.repeat(300), 'FILE_UNREADABLE'],
    ['out', 'PATH_OUTSIDE_ROOT'],
    ['peer', 'PATH_OUTSIDE_ROOT'],
    ['up/outside.csv', 'PATH_OUTSIDE_ROOT'],
    ['../bob/b.csv', 'PATH_OUTSIDE_ROOT'],
    ['folder/../../bob/b.csv', 'PATH_OUTSIDE_ROOT'],
    ['/etc/passwd', 'PATH_OUTSIDE_ROOT'],
    ['~/here.csv', 'PATH_OUTSIDE_ROOT'],
    ['a\0b', 'PATH_OUTSIDE_ROOT'],
    ['', 'PATH_OUTSIDE_ROOT'],
  ] as const) {
    test(`${JSON.stringify(path.slice(0, 30))} is refused with ${code}`, async () => {
      await expect(open(path)).rejects.toMatchObject({ code, retryable: false });
    });
  }

  test('by a link that stays inside is read', async () => {
    expect((await read('inside')).rows).toEqual([['1']]);
    expect((await read('folder/../here.csv')).rows).toEqual([['1']]);
  });
});

test('a CSV file whose first row is numbers alone has no header, and the message tells none of them', async () => {
  for (const [text, column] of [
    ['4711,2.5\n1,2\n', undefined],
    ['-1e3\n1\n', undefined],
    ['4711,id\n1,2\n', '4711'],
  ] as const) {
    await writeFile(place('bare.csv'), text);
    const found = await read('bare.csv').catch((error: unknown) => error);
    if (column !== undefined) expect(found).toMatchObject({ columns: [column, 'id'] });
    else {
      expect(found).toMatchObject({ code: 'NO_HEADER', retryable: false });
      expect((found as Error).message).not.toMatch(/4711|2\.5|1e3/);
    }
  }
});

describe('a file that changes while it is read', () => {
  const rows = Array.from({ length: 20_000 }, (_, at) => `${at},${at}`).join('\n');
  const readWith = async (change: () => Promise<void>): Promise<number> => {
    await writeFile(place('moving.csv'), `a,b\n${rows}\n`);
    // Long past, so that a change now is another time on a clock of any step.
    await utimes(place('moving.csv'), 1_000_000_000, 1_000_000_000);
    const input = await open('moving.csv');
    try {
      const table = await readTable('alice', input);
      let count = 0;
      for await (const batch of table.batches()) {
        if (count === 0) await change();
        count += batch.length;
      }
      return count;
    } finally {
      await input.close();
    }
  };

  for (const [what, change] of [
    ['grows', () => appendFile(place('moving.csv'), '1,2\n')],
    ['is cut off', () => truncate(place('moving.csv'), 100_000)],
    ['gets other text of the same length', () => writeFile(place('moving.csv'), `a,b\n${rows.replaceAll('1', '2')}\n`)],
    ['gets what is no table', () => writeFile(place('moving.csv'), '"'.repeat(300_001))],
  ] as const) {
    test(`and ${what} is told of, to be tried again`, async () => {
      await expect(readWith(change)).rejects.toMatchObject({ code: 'INPUT_CHANGED', retryable: true });
    });
  }

  test('by being replaced is read to its end as it was', async () => {
    const replace = async (): Promise<void> => {
      await writeFile(place('new.csv'), 'a,b\n1,2\n');
      await rename(place('new.csv'), place('moving.csv'));
    };
    expect(await readWith(replace)).toBe(20_000);
    expect((await read('moving.csv')).rows).toEqual([['1', '2']]);
  });
});
