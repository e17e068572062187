import { describe, expect, it } from '@jest/globals';
import { MAX_LIST_BYTES, openEvent, type ControlJob } from './open-control.js';

const CLOCKS = { nowMs: 1_000_000, lagMs: 5_000 };
const open = (taskType: string, params: object, more: Partial<ControlJob> = {}) =>
  openEvent({ taskType, taskId: 't', attempt: 2, params, inputs: {}, parents: [], ...more } as ControlJob, 7, CLOCKS);

describe('a control task that is opened', () => {
  it('waits by the counted time, which lags behind the clock of the database', () => {
    const wait = (config: object) => open('wait', { task_config: config }).event;
    const held = { kind: 'TaskHeld', position: 7, attempt: 2, hold: 'WAIT' };
    expect(wait({ seconds: 3 })).toEqual({ ...held, until: 1_003_000 });
    expect(wait({ until: new Date(1_020_000).toISOString() })).toEqual({ ...held, until: 1_015_000 });
    expect(wait({ seconds: -1 })).toMatchObject({ kind: 'TaskFailed', error: { code: 'INVALID_PARAMS' } });
  });

  it('waits for a signal or an answer, by the key and the time that its references came to', () => {
    const signal = open('signal', { task_config: { name: 'go', key: 7, timeout: 2 } });
    expect(signal).toMatchObject({
      event: { hold: 'SIGNAL', until: 1_002_000 },
      report: { awaits: { name: 'go', key: '7' } },
    });
    const asks = open('sign_off', { task_config: { question: 'May it?', who: ['role:admin'], timeout: 3 } });
    expect(asks).toMatchObject({
      event: { hold: 'SIGN_OFF', until: 1_003_000 },
      report: { awaits: { who: ['role:admin'] } },
    });
  });

  it('collects the results of instances in their order, if enough of them succeeded', () => {
    const collect = (parents: string[], inputs: object, at_least?: number) =>
      open('for_each', { items: parents.length, ...(at_least !== undefined && { at_least }) }, {
        parents,
        inputs,
      } as never);
    const inputs = { 'e[0]': { n: 2 }, 'e[1]': null, 'e[2]': { n: 1 } };
    const parents = ['SUCCESS', 'FAILURE', 'SUCCESS'];
    expect(collect(parents, inputs, 2)).toMatchObject({
      event: { kind: 'TaskSucceeded', runId: null },
      report: { result: [{ n: 2 }, null, { n: 1 }] },
    });
    expect(collect(parents, inputs, 3)).toMatchObject({ event: { error: { code: 'TOO_FEW_SUCCEEDED' } } });
    expect(collect([], {})).toMatchObject({ event: { kind: 'TaskSucceeded' }, report: { result: [] } });
    const text = (bytes: number) => ({ 'e[0]': 'x'.repeat(bytes - 4) });
    expect(collect(['SUCCESS'], text(MAX_LIST_BYTES)).event.kind).toBe('TaskSucceeded');
    expect(collect(['SUCCESS'], text(MAX_LIST_BYTES + 1))).toMatchObject({
      event: { error: { code: 'RESULT_TOO_LARGE' } },
    });
  });
});
