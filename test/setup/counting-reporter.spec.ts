import { describe, expect, it } from '@jest/globals';
import { closingLines, count } from './counting-reporter.js';

const file = (testExecError: unknown, ...tests: [status: string, title: string][]) => ({
  testFilePath: '/x.spec.js',
  testExecError,
  testResults: tests.map(([status, title]) => ({ status, title })),
});

describe('counting tests', () => {
  it('counts tests, and a file that does not load as a failure', () => {
    const testResults = [file(undefined, ['passed', 'a'], ['failed', 'b']), file(new Error('no such import'))];
    expect(count({ testResults })).toEqual({ passed: 1, failed: 2, skipped: [] });
  });

  it('names what is skipped and why', () => {
    const counts = count({ testResults: [file(undefined, ['pending', 'a [skipped: no Redis]'], ['todo', 'b'])] });
    expect(counts.skipped).toEqual([
      { name: 'a', reason: 'no Redis' },
      { name: 'b', reason: 'no reason given' },
    ]);
    expect(closingLines(counts)).toEqual([
      'skipped: a: no Redis',
      'skipped: b: no reason given',
      '0 passed, 0 failed, 2 skipped',
    ]);
  });
});
