import { describe, expect, it } from '@jest/globals';
import { datasetFacts } from './dataset-facts.js';
import { leastGroupRows } from './group-rows.js';
import { MIN_GROUP_ROWS, type PolicyStatement } from './statements.js';

describe('the facts of datasets', () => {
  it('are the rows of the shortest version and the purposes that all versions allow', () => {
    const facts = datasetFacts([
      { name: 'a', statement: { rows: 30, purposes: ['x', 'y', 'z'] } },
      { name: 'a', statement: { rows: 20 } },
      { name: 'a', statement: { rows: 40, purposes: ['z', 'y', 'w'] } },
      { name: 'b', statement: { rows: 7 } },
    ]);
    expect(facts).toEqual({ datasets: ['a', 'b'], rows: { a: 20, b: 7 }, purposes: { a: ['y', 'z'] } });
  });

  it('are no rows where a version is not known, whatever comes before or after it', () => {
    const known = { name: 'a', statement: { rows: 30 } };
    const unknown = { name: 'a', statement: undefined };
    for (const versions of [[known, unknown], [unknown, known], [unknown]]) {
      expect(datasetFacts(versions)).toEqual({ datasets: ['a'], rows: { a: 0 }, purposes: {} });
    }
    expect(datasetFacts([])).toEqual({ datasets: [], rows: {}, purposes: {} });
  });
});

describe('the smallest group of rows', () => {
  const policy = (dataset: string, min_group_rows?: number) => ({ dataset, min_group_rows }) as PolicyStatement;

  it('is the largest that a policy of the datasets asks for, and never below the floor', () => {
    const policies = [policy('a', 50), policy('b', 80), policy('c'), policy('d', 500)];
    expect(leastGroupRows(['a', 'b', 'c'], policies)).toBe(80);
    expect(leastGroupRows(['a'], policies)).toBe(50);
    for (const datasets of [['c'], ['x'], []]) expect(leastGroupRows(datasets, policies)).toBe(MIN_GROUP_ROWS);
    expect(leastGroupRows(['e'], [policy('e', 3)])).toBe(20);
  });
});
