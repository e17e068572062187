import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import { csvRow } from '../table/csv-writer.js';
import { runPsi } from './psi-run.js';

const OF_ONE_RECEIVER = 'ECDH_OPRF_UB_PSI_2PC';
const OF_TWO = ['ECDH_PSI_2PC', OF_ONE_RECEIVER, 'KKRT_PSI_2PC'];
let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
});
afterAll(() => folder.remove());

test('the intersection is what a plain join of the normalised keys gives, row by row', async () => {
  const part = fc.string({
    unit: fc.constantFrom('a', 'b', ',', '"', '\n', ' ', '\u0301', 'é', '😀', '0'),
    minLength: 1,
    maxLength: 3,
  });
  const keyOf = (fields: readonly string[]): string =>
    JSON.stringify(fields.slice(0, 2).map((field) => field.normalize('NFC')));
  const rows = fc.uniqueArray(fc.tuple(part, part), { selector: keyOf, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(
      rows,
      rows,
      fc.boolean(),
      fc.constantFrom(...OF_TWO),
      async (alice, bob, oneReceiver, protocol) => {
        const tableOf = (name: string, keys: readonly [string, string][]): string[][] => [
          ['k1', 'k2', name],
          ...keys.map((key, i) => [...key, `${name}${i}`]),
        ];
        const [aliceTable, bobTable] = [tableOf('a', alice), tableOf('b', bob)];
        await folder.table('alice', 'a.csv', aliceTable.map(csvRow).join(''));
        await folder.table('bob', 'b.csv', bobTable.map(csvRow).join(''));
        const { result, partyResults } = await runPsi(
          folder.run({
            keys: { alice: ['k1', 'k2'], bob: ['k1', 'k2'] },
            input_paths: { alice: 'a.csv', bob: 'b.csv' },
            allow_empty_result: true,
            ...(oneReceiver && { receiver: 'alice' }),
            ...((oneReceiver || protocol !== OF_ONE_RECEIVER) && { protocol }),
          }),
        );
        const paths = result.output_paths as Record<string, string>;
        expect(Object.keys(paths)).toEqual(oneReceiver ? ['alice'] : ['alice', 'bob']);
        const bobByKey = new Map(bobTable.slice(1).map((row) => [keyOf(row), row]));
        const joined = aliceTable.slice(1).filter((row) => bobByKey.has(keyOf(row)));
        const own = partyResults?.alice as { readonly value: { readonly intersection_count: number } } | undefined;
        expect(oneReceiver ? own?.value.intersection_count : result.intersection_count).toBe(joined.length);
        const [, ...aliceOut] = await folder.rows('alice', paths.alice!);
        expect(aliceOut.map((row) => row[2]).sort()).toEqual(joined.map((row) => row[2]).sort());
        if (oneReceiver) return;
        const [, ...bobOut] = await folder.rows('bob', paths.bob!);
        expect(bobOut).toEqual(aliceOut.map((row) => bobByKey.get(keyOf(row))));
      },
    ),
    { numRuns: 24 },
  );
});
