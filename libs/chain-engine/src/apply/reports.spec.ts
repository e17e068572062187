import { describe, expect, test } from '@jest/globals';
import { readDone } from './reports.js';

const RUN = { chainId: 'c', taskId: 't', taskRequestId: 'r', attempt: 1, runId: 'u', workerId: 'w', elapsedMs: 1 };

describe('reports', () => {
  test('refuse what PostgreSQL cannot store, wherever it stands', () => {
    for (const result of ['\0', { a: ['x\0y'] }, { '\0': 1 }, '\\\0', '\ud800', { a: 'x\udfff' }, '\\\ud800']) {
      expect(readDone(JSON.stringify({ ...RUN, kind: 'succeeded', result, artifacts: [] }))).toMatchObject({
        kind: 'failed',
        error: { code: 'INVALID_RESULT' },
      });
    }
  });

  test('take text that only looks like an escape', () => {
    for (const good of ['\\u0000', 'C:\\udata', '\\\\u0000', '\\ud800', '😀', { '\\u0000': ['\\\\\\ud800'] }]) {
      expect(readDone(JSON.stringify({ ...RUN, kind: 'succeeded', result: good, artifacts: [] }))).toMatchObject({
        kind: 'succeeded',
        result: good,
      });
    }
  });
});

const ids = { chainId: 'c', taskId: 't', taskRequestId: 'c.t', attempt: 1, runId: 'r' };
const report = { ...ids, workerId: 'w', elapsedMs: 5, kind: 'succeeded', result: { a: 1 }, artifacts: [] };
const read = (more: object): unknown => readDone(JSON.stringify({ ...report, ...more }));

describe('a report of a run', () => {
  test('is taken as it is when all of it can be stored', () => {
    expect(read({})).toEqual(report);
  });

  for (const [what, more, kept] of [
    ['a negative time', { elapsedMs: -1 }, { workerId: 'w', elapsedMs: 0 }],
    ['a time beyond any run', { elapsedMs: 1e300 }, { workerId: 'w', elapsedMs: 0 }],
    ['no time', { elapsedMs: undefined, kind: 'released' }, { workerId: 'w', elapsedMs: 0 }],
    ['a kind that is unknown', { kind: 'paused' }, { workerId: 'w', elapsedMs: 5 }],
    ['an over-long worker id', { workerId: 'w'.repeat(200) }, { workerId: 'unreadable', elapsedMs: 5 }],
    ['no worker id', { workerId: undefined }, { workerId: 'unreadable', elapsedMs: 5 }],
  ] as const) {
    test(`with ${what} fails its own task`, () => {
      const error = { code: 'INVALID_RESULT', message: expect.any(String) };
      expect(read(more)).toEqual({ ...ids, ...kept, kind: 'failed', error, retryable: false });
    });
  }

  test('is dropped when it names no run', () => {
    for (const more of [{ runId: 'r'.repeat(200) }, { attempt: 1.5 }, { chainId: '' }, { taskRequestId: undefined }]) {
      expect(read(more)).toMatchObject({ kind: 'unreadable' });
    }
  });
});
