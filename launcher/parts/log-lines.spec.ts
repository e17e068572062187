import { describe, expect, it } from '@jest/globals';
import { compactLine } from './log-lines.js';

describe('lines on the terminal', () => {
  it('shorten an app’s JSON log', () => {
    const entry = {
      level: 'warn',
      time: '2026-11-25T12:00:01.123Z',
      app: 'api',
      pid: 1,
      context: 'Chains',
      chain_id: 'chain-1',
      n: [1],
      msg: 'created',
    };
    expect(compactLine(JSON.stringify(entry))).toBe('12:00:01.123 WARN  [Chains] created chain_id=chain-1 n=[1]');
  });

  it('leave out what the framework says as it starts, but for its warnings', () => {
    for (const more of [
      { context: 'RouterExplorer', msg: 'Mapped {/, GET} route' },
      { engine: 'native', msg: 'm' },
    ]) {
      expect(compactLine(JSON.stringify({ level: 'info', ...more }))).toBeUndefined();
      expect(compactLine(JSON.stringify({ level: 'warn', ...more }))).toMatch(/^WARN/);
    }
    expect(compactLine('{"level":"info","msg":"the api is ready"}')).toBe('INFO  the api is ready');
  });

  it('show where an error came from', () => {
    const entry = { level: 'error', msg: 'failed', err: { message: 'no', stack: 'Error: no\n    at x' } };
    expect(compactLine(JSON.stringify(entry))).toBe('ERROR failed\nError: no\n    at x');
  });

  it('leave everything else as it is', () => {
    for (const line of ['plain words', '{"half": ', '{"a":1}', '']) expect(compactLine(line)).toBe(line);
  });
});
