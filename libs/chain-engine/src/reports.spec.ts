import { describe, test } from 'node:test';
import { expect } from 'expect';
import { readDone, resultFault } from './reports.js';

const RUN = { chainId: 'c', taskId: 't', taskRequestId: 'r', attempt: 1, runId: 'u', workerId: 'w', elapsedMs: 1 };

describe('reports', () => {
  test('refuse what PostgreSQL cannot store, wherever it stands', () => {
    for (const bad of ['\0', { a: ['x\0y'] }, { '\0': 1 }, '\\\0', '\ud800', { a: 'x\udfff' }, '\\\ud800']) {
      expect(resultFault(bad)).toMatchObject({ code: 'INVALID_RESULT' });
    }
  });

  test('take text that only looks like an escape', () => {
    for (const good of ['\\u0000', 'C:\\udata', '\\\\u0000', '\\ud800', '😀', { '\\u0000': ['\\\\\\ud800'] }]) {
      expect(resultFault(good)).toBeNull();
      expect(readDone(JSON.stringify({ ...RUN, kind: 'succeeded', result: good, artifacts: [] }))).toMatchObject({
        kind: 'succeeded',
        result: good,
      });
    }
  });
});
