import { describe, expect, it } from '@jest/globals';
import type { ColumnBounds, Statement } from '#libs/consent';
import type { TaskFailure } from '../contract/task-type.js';
import { boundsOf } from './column-bounds.js';

const AGE = { age: { min: 0, max: 100 } };
const policies = (bounds: Readonly<Record<string, Readonly<Record<string, ColumnBounds>>>>): Map<string, Statement> =>
  new Map(
    Object.entries(bounds).map(([dataset, each]) => [
      dataset,
      {
        ...{ kind: 'policy', party: 'alice', dataset, serial: 1, issued_at: '', expires_at: '', rules: [] },
        bounds: each,
      },
    ]),
  );
const codeOf = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return (error as TaskFailure).code;
  }
};

describe('bounds of columns', () => {
  it('are those of the datasets that were read, and of no other', () => {
    const statements = policies({ c: AGE, d: { pay: { min: 0, max: 9 } }, e: { debt: { min: 0, max: 1 } } });
    const bounds = boundsOf('alice', statements, { versions: ['c@1', 'd@2'], plain: false });
    expect([...bounds.keys()]).toEqual(['age', 'pay']);
  });

  it('are none of a file beside the datasets, of which no policy speaks and no ledger counts', () => {
    expect(codeOf(() => boundsOf('alice', policies({ c: AGE }), { versions: ['c@1'], plain: true }))).toBe(
      'BOUNDS_MISSING',
    );
    expect(codeOf(() => boundsOf('alice', policies({ c: AGE }), { versions: [], plain: false }))).toBe(
      'BOUNDS_MISSING',
    );
  });

  it('have room between them', () => {
    const statements = policies({ c: { age: { min: 1, max: 1 } } });
    expect(codeOf(() => boundsOf('alice', statements, { versions: ['c@1'], plain: false }))).toBe('BOUNDS_MISSING');
  });
});
