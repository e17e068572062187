import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readCsv, toNumber } from './csv-reader.js';
import { csvRow } from './csv-writer.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'csv-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('what is written is read back, whatever the fields hold', async () => {
  const field = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ', 'é', '\ufeff', '中', '😀', '0') });
  const table = fc
    .integer({ min: 1, max: 4 })
    .chain((width) => fc.array(fc.array(field, { minLength: width, maxLength: width })));
  const path = join(folder, 't.csv');
  await fc.assert(
    fc.asyncProperty(table, async (rows) => {
      const header = Array.from({ length: rows[0]?.length ?? 1 }, (_, i) => `c${i}`);
      await writeFile(path, [header, ...rows].map(csvRow).join(''));
      const handle = await open(path);
      const input = { label: 't.csv', name: 't.csv', path, sizeBytes: 1, handle, close: () => handle.close() };
      const read = await readCsv('alice', input);
      const back: string[][] = [];
      for await (const batch of read.batches()) back.push(...batch);
      await input.close();
      expect(read.columns).toEqual(header);
      expect(back).toEqual(rows);
    }),
    { numRuns: 60 },
  );
});

test('a finite number survives being written and read', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(toNumber(String(value))).toBe(value === 0 ? Number(String(value)) : value);
    }),
  );
});

test('a number is what JavaScript makes of its text, however it is written', () => {
  const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 18 });
  const sign = fc.constantFrom('', '-', '+', ' ');
  const exponent = fc.constantFrom('', 'e5', 'E-300', 'e400', ' ', 'x');
  fc.assert(
    fc.property(sign, digits, fc.constantFrom('', '.', '..'), digits, exponent, (...parts) => {
      const text = parts.join('');
      const value = /\d/.test(text) ? Number(text) : NaN;
      expect(toNumber(text)).toBe(Number.isFinite(value) ? value : undefined);
    }),
    { numRuns: 2_000 },
  );
});
