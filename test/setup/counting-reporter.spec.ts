import { afterEach, describe, expect, it, jest } from '@jest/globals';
import CountingReporter, { closingLines, count } from './counting-reporter.js';

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

describe('a test that hangs', () => {
  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('ends the run, and a file that takes long for many tests does not', () => {
    jest.useFakeTimers();
    const exit = jest.spyOn(process, 'exit').mockImplementation((() => undefined) as never);
    const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    const reporter = new CountingReporter({});
    reporter.onTestFileStart({ path: 'long' });
    for (let test = 0; test < 5; test++) {
      jest.advanceTimersByTime(14 * 60_000);
      reporter.onTestCaseResult({ path: 'long' });
    }
    expect(exit).not.toHaveBeenCalled();
    jest.advanceTimersByTime(16 * 60_000);
    expect(exit).toHaveBeenCalledWith(1);
    expect(write).toHaveBeenCalledWith('long did not end a test within 15 minutes\n');
  });
});
