import { describe, expect, it } from '@jest/globals';
import { epsilonOf, thousandthsOf, wholeThousandthsIn } from '../contract/epsilon.js';
import { requireEpsilon } from './epsilon-budget.js';
import type { OpeningEntry } from './party-ledger.js';

const entry = (epsilon?: number, datasets: readonly string[] = ['c']): OpeningEntry => ({
  ...{ id: '', at: '', task: '', type: '', use: '', to: [], versions: [], figures: {}, bits: {} },
  datasets,
  ...(epsilon !== undefined && { epsilon }),
});
const asks =
  (epsilon: number | undefined, before: readonly OpeningEntry[], limits: Readonly<Record<string, number>>) => () =>
    requireEpsilon('alice', entry(epsilon, ['c', 'd']), before, (dataset) => limits[dataset]);

describe('a budget of epsilon', () => {
  it('holds to the last thousandth, whatever the order', () => {
    const tenths = Array.from({ length: 9 }, () => entry(0.1));
    expect(asks(0.1, tenths, { c: 1, d: 1 })).not.toThrow();
    expect(asks(0.101, tenths, { c: 1, d: 1 })).toThrow('0.9 were spent');
    expect(asks(0.001, [entry(1)], { c: 1, d: 1 })).toThrow('1 is allowed');
  });

  it('is of each dataset that goes in', () => {
    expect(asks(1, [entry(1, ['d'])], { c: 1, d: 1 })).toThrow('dataset d');
    expect(asks(1, [], { c: 1 })).toThrow('owner of d allows no figures');
    expect(asks(1, [entry(9, ['e']), entry(undefined)], { c: 1, d: 1 })).not.toThrow();
  });

  it('asks nothing of a run without epsilon', () => expect(asks(undefined, [], {})).not.toThrow());

  it('is counted in whole thousandths, an owner’s limit downwards', () => {
    expect([0.57, 0.29, 1.1, 0.0001, 100].map(thousandthsOf)).toEqual([570, 290, 1_100, 1, 100_000]);
    expect([0.57, 0.0019, 1.9999, 2].map(wholeThousandthsIn)).toEqual([570, 1, 1_999, 2_000]);
    expect(epsilonOf(570)).toBe(0.57);
  });
});
