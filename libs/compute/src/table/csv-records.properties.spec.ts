import { describe, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { CsvFault, CsvRecords } from './csv-records.js';

/** The records of a text that comes in pieces which end at these places. */
function split(text: string, cuts: readonly number[], maxRecord = 1000): string[][] {
  const records = new CsvRecords(maxRecord);
  const places = [...new Set(cuts.map((cut) => Math.min(cut, text.length)))].sort((a, b) => a - b);
  const pieces = [...places, text.length].map((to, at) => text.slice(places[at - 1] ?? 0, to));
  return [...pieces.flatMap((piece) => [...records.split(piece, false)]), ...records.split('', true)];
}

const cuts = fc.array(fc.nat(60), { maxLength: 8 });

describe('CSV text', () => {
  test('in any pieces comes to what csv-parse makes of it, or both refuse it', () => {
    const text = fc
      .tuple(
        fc.string({ unit: fc.constantFrom('a', 'b', ',', ',', '"', '"', '\n', '\n', ' ', '中'), maxLength: 40 }),
        fc.constantFrom('\n', '\r\n', '\r'),
      )
      .map(([lines, end]) => lines.replaceAll('\n', end));
    fc.assert(
      fc.property(text, cuts, (given, at) => {
        let reference: string[][] | 'refused';
        try {
          reference = parse(given, { skip_empty_lines: true, record_delimiter: ['\r\n', '\n', '\r'] });
        } catch {
          reference = 'refused';
        }
        let ours: string[][] | 'refused';
        try {
          ours = split(given, at);
        } catch (error) {
          expect(error).toBeInstanceOf(CsvFault);
          ours = 'refused';
        }
        expect(ours).toEqual(reference);
      }),
      { numRuns: 3000 },
    );
  });

  test('with quotes where they are not needed comes to the same', () => {
    const field = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', '中', ' ') });
    const table = fc.array(fc.tuple(field, field), { minLength: 1 });
    const end = fc.constantFrom('\n', '\r\n', '\r');
    fc.assert(
      fc.property(table, cuts, end, (rows, at, lineEnd) => {
        const quoted = rows.map((row) => row.map((each) => `"${each.replaceAll('"', '""')}"`).join(','));
        expect(split(quoted.join(lineEnd), at)).toEqual(rows);
      }),
    );
  });

  test('with a row that never ends is refused before it fills the memory', () => {
    const records = new CsvRecords(1000);
    const pour = (): void => {
      for (let n = 0; n < 100; n += 1)
        for (const _ of records.split(`${n === 0 ? '"' : ''}aaaaaaaaaaaaaaaaaaaa\n`, false));
    };
    expect(pour).toThrow('has a row of over 1000 characters at line 1');
  });

  test('has the line of its fault named, quoted line ends and CRLF counted', () => {
    const lineOf = (text: string): number => {
      try {
        split(text, [7]);
        return 0;
      } catch (error) {
        return (error as CsvFault).line;
      }
    };
    expect(['a,b\n1,2\n3\n', 'a,b\r\n\r\n"x\r\ny",2\r\n3\r\n', 'a\n"b\nc"d\n', 'a\r\rb"\r'].map(lineOf)).toEqual([
      3, 5, 3, 3,
    ]);
  });
});
