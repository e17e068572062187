import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { POINT_BYTES } from '../mpc/curve.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import { readFound, writeKeys } from './spu-keys.js';

const ROWS = 5000;

describe('the keys that SPU gets', () => {
  let folder: TestFolder;
  beforeAll(async () => {
    folder = await testFolder();
  });
  afterAll(() => folder.remove());

  test('lie in another order in each run, and a random one anywhere among them', async () => {
    const hashes = Buffer.alloc(ROWS * POINT_BYTES, 1);
    for (let row = 0; row < ROWS; row += 1) hashes.writeUInt32LE(row, row * POINT_BYTES);
    const rowsOf = async (name: string): Promise<number[]> => {
      const path = join(folder.path, name);
      await writeKeys(path, hashes, ROWS);
      const [header, ...keys] = (await readFile(path, 'utf8')).trimEnd().split('\n');
      expect([header, keys.length]).toEqual(['key', ROWS + 1]);
      // -1 for the random key, whose bytes are not those of a row.
      return keys.map((key) => {
        const bytes = Buffer.from(key.slice(1), 'base64url');
        return bytes.subarray(4).every((byte) => byte === 1) ? bytes.readUInt32LE() : -1;
      });
    };
    const runs = [await rowsOf('a'), await rowsOf('b'), await rowsOf('c')];
    const all = Array.from({ length: ROWS + 1 }, (_, i) => i - 1);
    for (const run of runs) expect(run.toSorted((a, b) => a - b)).toEqual(all);
    const same = (one: number[], other: number[]): number => one.filter((row, at) => row === other[at]).length;
    // One row of a table stays at its place by chance.
    const tables = [all.slice(1), ...runs];
    for (const [i, one] of tables.entries())
      for (const other of tables.slice(i + 1)) expect(same(one, other)).toBeLessThan(20);
    expect(new Set(runs.map((run) => run.indexOf(-1))).size).toBeGreaterThan(1);
  });

  test('are found as the table has them, and no more than the peer announced', async () => {
    const hashes = Buffer.from(Uint8Array.from({ length: 3 * POINT_BYTES }, (_, i) => i / POINT_BYTES));
    const keyOf = (row: number): string => `k${Buffer.alloc(16, row).toString('base64url')}`;
    const found = async (peerRows: number, ...rows: number[]): Promise<number[]> => {
      const path = join(folder.path, 'found.csv');
      await writeFile(path, ['key', ...rows.map(keyOf)].join('\n'));
      return [...(await readFound('alice', path, Buffer.from(hashes), 3, peerRows))];
    };
    expect(await found(2, 2, 0)).toEqual([1, -1, 0]);
    const violation = { code: 'PROTOCOL_VIOLATION' };
    await expect(found(1, 2, 0)).rejects.toMatchObject({ ...violation, message: expect.stringContaining('announced') });
    for (const rows of [[3], [1, 1]]) await expect(found(2, ...rows)).rejects.toMatchObject(violation);
  });
});
