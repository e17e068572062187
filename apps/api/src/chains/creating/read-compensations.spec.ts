import { describe, expect, it } from '@jest/globals';
import type { TaskCatalogue } from '../../catalogue/catalogue.js';
import { readChain } from './chain-input.js';
import { newChainOf } from './new-chain.js';

/** Types want `task_config.delay_ms`, where given, to be a number. */
const catalogue: TaskCatalogue = {
  types: ['http', 'diagnostic'],
  find: (type) =>
    ['http', 'diagnostic'].includes(type)
      ? {
          takesSecret: (path) => path.join('/') === 'task_config/secret',
          checkParams: ({ task_config: config }) =>
            typeof (config as { delay_ms?: unknown } | undefined)?.delay_ms === 'string'
              ? [{ pointer: '/task_config/delay_ms', message: 'must be a number' }]
              : [],
        }
      : undefined,
};
type Body = Record<string, unknown>;
const task = (task_id: string, compensate_with?: Body, more: Body = {}): Body => ({
  ...{ task_id, task_type: 'diagnostic', task_params: {}, ...more },
  ...(compensate_with && { compensate_with }),
});
const undo = (task_params: Body, more: Body = {}): Body => ({ task_type: 'http', task_params, ...more });
const read = (tasks: readonly Body[], more: Body = {}) => readChain({ chain_name: 'c', tasks, ...more }, catalogue);
const faultsOf = (tasks: readonly Body[], more: Body = {}) => {
  const reading = read(tasks, more);
  return reading.ok ? [] : reading.faults.map(({ code, pointer }) => `${code} ${pointer ?? '-'}`);
};

describe('how tasks are undone', () => {
  it('is read with the retries of the task, and always waits for an operator in the end', () => {
    const tasks = [
      task('a'),
      task('b', undo({ task_config: { id: '${tasks.a.result.id} ${tasks.b.result.id}' } }, { timeout: 7 }), {
        ...{ task_name: 'book', retry_policy: { max_retries: 2, on_exhausted: 'fail' }, priority: 'high' },
      }),
    ];
    const reading = read(tasks, { options: { retry_policy: { delay_ms: 5 } } });
    if (!reading.ok) throw new Error(JSON.stringify(reading.faults));
    const chain = newChainOf(reading.chain, { actor: null, party: 'alice', isAdmin: false });
    expect(chain.compensation).toMatchObject([
      {
        ...{ position: 1, taskId: 'b', taskName: 'book', taskType: 'http', timeoutSeconds: 7, priority: 7 },
        ...{
          referenced: [0, 1],
          params: tasks[1]!['compensate_with'] && (tasks[1]!['compensate_with'] as Body)['task_params'],
        },
        retryPolicy: { maxRetries: 2, delayMs: 5, onExhausted: 'pause' },
      },
    ]);
    expect(chain.tasks.map(({ taskId }) => taskId)).toEqual(['a', 'b']);
    expect(JSON.stringify(chain.tasks)).not.toContain('compensate');
    expect(chain.config).toMatchObject({ tasks: [{}, { compensate_with: { task_type: 'http' } }] });
  });

  it('is checked as the type and the parameters of a task that follows it', () => {
    const at = '/tasks/0/compensate_with';
    expect(faultsOf([task('a', undo({}, { task_type: 'htp' }))])).toEqual([`UNKNOWN_TASK_TYPE ${at}/task_type`]);
    expect(faultsOf([task('a', undo({ task_config: { delay_ms: 'x' } }))])).toEqual([
      `INVALID_PARAMS ${at}/task_params/task_config/delay_ms`,
    ]);
    for (const type of ['wait', 'for_each'])
      expect(faultsOf([task('a', undo({}, { task_type: type }))])).toContain(`UNKNOWN_TASK_TYPE ${at}/task_type`);
    expect(faultsOf([task('a', { task_type: 'http' })])).toEqual([`REQUIRED ${at}/task_params`]);
    expect(faultsOf([task('a', undo({}, { depends_on: [] }))])).toEqual([`UNKNOWN_FIELD ${at}/depends_on`]);
    expect(faultsOf([task('a', undo({ x: '${tasks.b.result}' })), task('b')])).toEqual([
      `REFERENCE_NOT_ANCESTOR ${at}/task_params/x`,
    ]);
    expect(faultsOf([task('a', undo({ x: '${tasks.none.result}' }))])).toEqual([
      `REFERENCE_UNKNOWN_TASK ${at}/task_params/x`,
    ]);
    expect(faultsOf([task('a', undo({ input_data: { alice: '${tasks.a.party_results.alice.x}' } }))])).toContain(
      `PARTY_RESULT_NOT_ALLOWED ${at}/task_params/input_data/alice`,
    );
    expect(faultsOf([task('a', undo({ x: '${secrets.key}' }))])).toEqual([`SECRET_NOT_ALLOWED ${at}/task_params/x`]);
  });

  it('names secrets that the caller must be allowed to use', () => {
    const { secrets } = read([task('a'), task('b', undo({ task_config: { secret: '${secrets.key}' } }))]);
    expect(secrets).toMatchObject([
      { name: 'key', taskType: 'http', pointer: '/tasks/1/compensate_with/task_params/task_config/secret' },
    ]);
  });

  it('takes parameters of the chain, and its faults name the place that the value came from', () => {
    const params = { type: 'object', properties: { wait: {} } };
    const tasks = [task('a', undo({ task_config: { delay_ms: '${params.wait}' } }))];
    expect(faultsOf(tasks, { params, args: { wait: 3 } })).toEqual([]);
    expect(faultsOf(tasks, { params, args: { wait: 'x' } })).toEqual(['INVALID_PARAMS /args/wait']);
  });

  it('is not there for a task with for_each', () => {
    expect(faultsOf([task('a', undo({}), { for_each: [1, 2] })])).toContain('INVALID_VALUE /tasks/0/compensate_with');
  });

  it('counts in the tasks that a chain may have', () => {
    const tasks = Array.from({ length: 5_001 }, (_, i) => task(`t${i}`, undo({}), { depends_on: [] }));
    expect(faultsOf(tasks)).toEqual(['TOO_MANY_TASKS /tasks']);
    expect(faultsOf(tasks.slice(1))).toEqual([]);
  });

  it('does no harm where a task is none', () => {
    expect(faultsOf([{ compensate_with: {} }, task('a', undo({}))] as Body[]).length).toBeGreaterThan(0);
    for (const junk of [null, 7, 'x', [], { task_params: 7 }])
      expect(faultsOf([{ ...task('a'), compensate_with: junk }])).not.toEqual([]);
  });
});
