import { expect } from '@jest/globals';
import type { ExampleOutcome } from './example-outcome.js';

/** Columns of German credit of which every category has enough rows of both classes. */
const WHOLE = { alice: ['checking_status', 'savings_status'], bob: ['employment', 'personal_status', 'housing'] };

/** Weights of evidence of the customers in common, worked out in plain arithmetic by the label. */
export function expectWoe(outcome: ExampleOutcome): void {
  const { rows, columns_binned: binned } = outcome.results.bin;
  expect(rows).toBe(940);
  expect(Object.values(binned).flat()).toHaveLength(12);
  const labels = outcome.written('intersect', 'alice', 'bad');
  const shareOf = (label: string, rowsIn: readonly string[]): number =>
    rowsIn.filter((each) => each === label).length / labels.filter((each) => each === label).length;
  for (const [party, names] of Object.entries(WHOLE)) {
    for (const name of names) {
      const given = outcome.written('intersect', party, name);
      const written = outcome.written('bin', party, name);
      for (const category of new Set(given)) {
        const rowsIn = labels.filter((_, row) => given[row] === category);
        const woe = Math.log(shareOf('1', rowsIn) / shareOf('0', rowsIn));
        const here = new Set(written.filter((_, row) => given[row] === category));
        expect([...here].map(Number)).toEqual([expect.closeTo(woe, 5)]);
      }
    }
  }
}
